"""What happened with accounts on a day: what rows that are kept of it are made of.

Belongs here: the touches with their account, and what a meeting is. Impressions are left out: they are counted as
coverage and cost, and nowhere here.
"""

from __future__ import annotations

from abm_pipeline.contracts import tables as T
from abm_pipeline.metrics._setup import WHO
from abm_pipeline.storage.engine import Step
from abm_pipeline.storage.lake import Input

CONTENT = (
    "is_engagement AND channel NOT IN ('meeting', 'phone', 'survey', 'ads') "
    "AND coalesce(content_id, content_type) IS NOT NULL"
)
"""SQL: whether a happening is content consumed: an engagement with a piece of content, be it read, watched or filled
in. A page is a piece; what a meeting or a call was about is none."""

HAPPENED_READS = (Input(T.TOUCH), Input(T.FACT_CAMPAIGN), *WHO)
"""What they are made of, in which segment an account was on the day included."""

HAPPENED = (
    Step(
        "happening",
        "Touches at accounts, impressions left out: whose, what, of which content, by whom. The company's account; "
        "the person's where the company is not told or belongs to no account.",
        """
        SELECT coalesce(c.account_no, r.account_no) AS account_no, t.day, t.occurred_at, t.source, t.touch_type,
               t.channel, t.contact_key, coalesce(r.role, 'other') AS role, t.content_id, t.content_type,
               t.funnel_stage, t.campaign_id, coalesce(g.personalisation, 'unknown') AS personalisation,
               lower(t.outcome) AS outcome, CAST(round(t.weight_count) AS BIGINT) AS events,
               CAST(round(coalesce(t.duration_seconds, 0)) AS BIGINT) AS seconds,
               NOT t.is_exposure AND e.touch_type IS NOT NULL AS is_engagement
        FROM facts.touch t
        LEFT JOIN company_unit c ON c.company_key = t.company_key
        LEFT JOIN person_at r ON r.contact_key = t.contact_key AND t.day BETWEEN r.from_day AND r.until_day
        LEFT JOIN engaging_type e ON e.touch_type = t.touch_type
        LEFT JOIN facts.campaign g ON g.campaign_id = t.campaign_id
        WHERE t.touch_type <> 'ad_impression' AND coalesce(c.account_no, r.account_no) IS NOT NULL
        """,
    ),
    Step(
        "met",
        "Meetings: what begins at an account in the same minute is one, however many people and systems say so. "
        "Held, if anybody was there; a next step was agreed, if anybody noted one.",
        """
        SELECT account_no, day, date_trunc('minute', occurred_at) AS begins_at, role,
               bool_or(touch_type = 'meeting') AS is_role_there,
               bool_or(bool_or(touch_type = 'meeting')) OVER w AS is_held,
               bool_or(bool_or(regexp_matches(coalesce(outcome, ''), 'next.?step|meeting.?set|follow.?up'))) OVER w
                   AS has_next_step,
               row_number() OVER (PARTITION BY account_no, date_trunc('minute', occurred_at) ORDER BY role) = 1
                   AS is_first
        FROM happening WHERE touch_type IN ('meeting', 'meeting_no_show')
        GROUP BY account_no, day, date_trunc('minute', occurred_at), role
        WINDOW w AS (PARTITION BY account_no, date_trunc('minute', occurred_at))
        """,
    ),
)
"""Makes `happening` and `met` of the days whose touches are attached."""
