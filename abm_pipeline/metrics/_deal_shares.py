"""What part of a deal each channel, campaign and type of content earned, and how its path went: `deal_credit`.

Belongs here: the steps from the shares of touches (`_paths`) to shares of deals. A share never changes with the day, so
metrics of a day read this table instead of touches. Each row stands on the day from which it counts: what earned the
pipeline on the day the deal was created, what earned the revenue on the day it closed.
"""

from __future__ import annotations

from abm_pipeline.metrics._base import DEAL_WINDOW_DAYS
from abm_pipeline.metrics._credit_models import MODELS
from abm_pipeline.storage.engine import Step

UNATTRIBUTED = "unattributed"
DIMENSIONS = ("channel", "campaign", "content_type")
RULES = ("three_engagements", "recent_engagement", "abm_event")
"""What makes a deal of a listed account influenced, each by itself."""

RECENT_DAYS = 60
"""An engagement so shortly before a deal was created makes it influenced."""

DEAL_CREDIT_DAYS = 365
"""How far back metrics of a day read: the longest window of deals."""

WHOLE = 10**12
"""A whole deal, in the unit of shares."""

TRACED = Step(
    "traced",
    "Accounts of the paths that end on the days asked for, and of the deals that a touch on these days may have "
    "helped, each with the first day that is asked for.",
    f"""
    WITH asked AS (
        SELECT account_no, first_day AS from_day FROM credited_deal
        WHERE created_day IN (SELECT day FROM days) OR closed_day IN (SELECT day FROM days)
        UNION ALL
        SELECT account_no, created_day FROM credited_deal, params
        WHERE created_day BETWEEN params.first_day - {DEAL_WINDOW_DAYS - 1} AND params.last_day
    )
    SELECT account_no, min(from_day) AS from_day FROM asked WHERE account_no IS NOT NULL GROUP BY account_no
    """,
)
DEAL_SHARE = Step(
    "deal_share",
    "What part of a deal each channel, campaign and type of content earned, in 10^-12; all of it `unattributed` for a "
    "path without touches.",
    f"""
    WITH of_kind AS (
        SELECT path_no, channel, kind,
               {", ".join(f"sum(CAST(round({m} * {WHOLE}) AS BIGINT)) AS {m}" for m in MODELS)}
        FROM touch_share GROUP BY path_no, channel, kind
    ),
    named AS (
        SELECT s.*, coalesce(k.campaign_id, 'none') AS campaign, coalesce(k.content_type, 'none') AS content_type
        FROM of_kind s JOIN engagement_kind k USING (kind)
    )
    SELECT path_no,
           CASE WHEN grouping(channel) = 0 THEN 'channel' WHEN grouping(campaign) = 0 THEN 'campaign'
                ELSE 'content_type' END AS dimension,
           coalesce(channel, campaign, content_type) AS dimension_value,
           {", ".join(f"CAST(sum({m}) AS BIGINT) AS share_{m}" for m in MODELS)}
    FROM named GROUP BY GROUPING SETS ((path_no, channel), (path_no, campaign), (path_no, content_type))
    UNION ALL
    SELECT e.path_no, unnest({list(DIMENSIONS)}), '{UNATTRIBUTED}', {", ".join([str(WHOLE)] * len(MODELS))}
    FROM ended e ANTI JOIN whole_path USING (path_no)
    """,
)
PATH_STORY = Step(
    "path_story",
    "How a path went: whether marketing's touch was the first, and what makes the deal influenced.",
    f"""
    SELECT p.path_no, arg_min(p.is_marketing, p.position) AS is_sourced, count(*) >= 3 AS is_three_engagements,
           bool_or(p.is_before AND p.day >= e.created_day - {RECENT_DAYS}) AS is_recent_engagement,
           coalesce(bool_or(k.touch_type IN ('event_attended', 'webinar_attended') AND m.is_abm), false)
               AS is_abm_event
    FROM path p JOIN ended e USING (path_no) JOIN engagement_kind k USING (kind)
    LEFT JOIN facts.campaign m ON m.campaign_id = k.campaign_id
    GROUP BY p.path_no
    """,
)
HELPED = Step(
    "helped",
    "When marketing first touched a deal once it was open, if that was on one of the days asked for, before it closed "
    "and while metrics of new deals still count it.",
    f"""
    SELECT d.deal_id, min(t.day) AS helped_day
    FROM credited_deal d JOIN engagement t ON t.account_no = d.account_no AND d.created_at < t.occurred_at
    WHERE t.is_marketing AND t.day <= least(d.closed_day, d.created_day + {DEAL_WINDOW_DAYS - 1})
      AND d.created_day >= (SELECT first_day FROM params) - {DEAL_WINDOW_DAYS - 1}
    GROUP BY d.deal_id HAVING min(t.day) IN (SELECT day FROM days)
    """,
)


def _influence(rule: str) -> str:
    return (
        f"UNION ALL SELECT e.day, e.deal_id, 'closed', '{rule}' "
        f"FROM ended e JOIN path_story s USING (path_no) WHERE e.ending = 'closed' AND e.was_won AND s.is_{rule}"
    )


DEAL_CREDIT_ROW = Step(
    "deal_credit_row",
    "Shares and stories, each on the day from which it counts.",
    f"""
    WITH told AS (
        SELECT e.day, e.deal_id, 'created' AS ending, 'sourced' AS dimension_value
        FROM ended e JOIN path_story s USING (path_no) WHERE e.ending = 'created' AND s.is_sourced
        UNION ALL
        SELECT helped_day, deal_id, 'created', 'helped' FROM helped
        {" ".join(map(_influence, RULES))}
    )
    SELECT e.day, e.deal_id, e.ending, s.* EXCLUDE (path_no) FROM deal_share s JOIN ended e USING (path_no)
    WHERE e.ending = 'created' OR e.was_won
    UNION ALL BY NAME
    SELECT *, 'story' AS dimension FROM told
    """,
)
STEPS = (DEAL_SHARE, PATH_STORY, HELPED, DEAL_CREDIT_ROW)
"""After those of `_paths`; the last yields the rows of `deal_credit`."""
