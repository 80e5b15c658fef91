"""Scores that rest on a silent source: one that falls because a connector died is no news. Definition: metrics.md F.

A source is silent as of D where data_health says so and it once sent something. An account's score rests on it if one
of its engagements in the model's longest window, or a surge in the last 30 days, came from it. Which sources they are
stands in account_metrics_daily.silent_sources, beside the score and its change.
"""

from __future__ import annotations

from abm_pipeline.contracts import tables as T
from abm_pipeline.metrics._accounts import INTENT_DAYS
from abm_pipeline.metrics._segments import SEGMENTS, by_segment
from abm_pipeline.metrics._spec import MetricSpec, Part
from abm_pipeline.storage.engine import Step
from abm_pipeline.storage.lake import Input

SILENT = Part(
    name="silent_account",
    reads=(Input(T.DATA_HEALTH),),
    columns=("silent_sources",),
    steps=(
        Step(
            "silent_day",
            "Sources that are silent on each day, of those that ever sent anything.",
            "SELECT day, source FROM metrics.data_health SEMI JOIN days USING (day) "
            "WHERE is_silent AND last_day IS NOT NULL",
        ),
        Step(
            "silent_reach",
            "Days on which a silent source told of an account: an engagement, or a surge, and how long that counts.",
            f"""
            SELECT DISTINCT coalesce(c.account_no, r.account_no) AS account_no, t.source, t.day, p.score_window AS lasts
            FROM facts.touch t
            SEMI JOIN silent_day s ON s.source = t.source
            SEMI JOIN engaging_type e ON e.touch_type = t.touch_type
            LEFT JOIN company_unit c ON c.company_key = t.company_key
            LEFT JOIN person_at r ON r.contact_key = t.contact_key AND t.day BETWEEN r.from_day AND r.until_day,
            params p
            WHERE NOT t.is_exposure AND coalesce(c.account_no, r.account_no) IS NOT NULL
            UNION
            SELECT c.account_no, i.source, i.day, {INTENT_DAYS}
            FROM facts.intent i SEMI JOIN silent_day s ON s.source = i.source
            JOIN company_unit c ON c.company_key = i.company_key
            WHERE i.is_surging
            """,
        ),
        Step(
            "silent_account",
            "The silent sources that an account's score rests on, in one text.",
            """
            WITH asked AS (
                SELECT s.day, r.source, r.account_no, r.lasts
                FROM silent_day s JOIN (SELECT DISTINCT source, account_no, lasts FROM silent_reach) r USING (source)
            ),
            resting AS (
                SELECT a.day, a.account_no, a.source
                FROM asked a ASOF JOIN silent_reach r
                  ON r.source = a.source AND r.account_no = a.account_no AND r.lasts = a.lasts AND r.day <= a.day
                WHERE r.day > a.day - a.lasts
            )
            SELECT r.day, f.account_id, string_agg(DISTINCT r.source, ',' ORDER BY r.source) AS silent_sources
            FROM resting r JOIN firm f USING (account_no) GROUP BY r.day, f.account_id
            """,
        ),
    ),
)

SPEC = MetricSpec(
    id="silent_scores",
    title="Scores that rest on a silent source",
    formula="Target accounts with a score to which a silent source contributed ÷ target accounts with a score.",
    unit="share",
    grain="target accounts with a score above 0",
    window_days=(1,),
    segments=SEGMENTS,
    guides=("G3",),
    statistic="proportion",
    rests_on_score=True,
    parts=(SILENT,),
    example="Of three accounts with a score, one had an ad click 20 days ago, and the ad platform has sent nothing "
    "for a week: 1 of 3.",
    steps=(
        Step(
            "silent_scores",
            "Scores that a silent source contributed to, in every segment.",
            by_segment(
                """(SELECT a.*, 1 AS window_days, s.silent_sources FROM account_day a
                    LEFT JOIN silent_account s USING (day, account_id) WHERE a.is_listed AND a.score > 0)""",
                "count(silent_sources) AS numerator, count(*) AS denominator, count(*) AS n",
            ),
        ),
    ),
)
