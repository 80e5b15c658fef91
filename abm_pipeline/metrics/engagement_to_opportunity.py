"""Engaged → opportunity: do engaged accounts enter the pipeline? Definition: metrics.md C.

`window_days` is the follow-up of 30, 60 or 90 days. The cohort as of D are the accounts first over the engaged
threshold in the 90 days ending D − follow-up: everyone's follow-up has elapsed, so no cohort is cut short and the
value does not sink merely because the newest accounts had no time. Converted: a deal created on the day of first
engagement or within the follow-up after it, and still known at D. Segments are those on the day of first engagement.
"""

from __future__ import annotations

from abm_pipeline.metrics._base import COHORT_DAYS, FOLLOW_UP_DAYS
from abm_pipeline.metrics._segments import SEGMENTS, by_segment
from abm_pipeline.metrics._spec import MetricSpec
from abm_pipeline.storage.engine import Step

SPEC = MetricSpec(
    id="engagement_to_opportunity",
    title="Engaged to opportunity",
    formula="Accounts first engaged in a 90-day cohort that open a deal within the window after ÷ the cohort.",
    unit="share",
    grain="accounts first engaged in the cohort",
    window_days=FOLLOW_UP_DAYS,
    segments=SEGMENTS,
    guides=("G3",),
    statistic="proportion",
    rests_on_score=True,
    example="Of 100 accounts first engaged on 1 March 15 open a deal by day 90: 15 %.",
    steps=(
        Step(
            "cohort_day",
            "Accounts of the cohort of each day and follow-up.",
            f"""
            WITH expanded AS (
                SELECT e.*, w.window_days,
                       unnest(generate_series(
                           greatest(e.first_day + w.window_days, p.first_day),
                           least(e.first_day + w.window_days + {COHORT_DAYS - 1}, p.last_day),
                           INTERVAL 1 DAY))::DATE AS day
                FROM first_engaged e
                CROSS JOIN (SELECT unnest({list(FOLLOW_UP_DAYS)}) AS window_days) w, params p
            )
            SELECT * FROM expanded SEMI JOIN days USING (day)""",
        ),
        Step(
            "cohort_converted",
            "Those of them that opened a deal in time.",
            """
            SELECT DISTINCT c.day, c.window_days, c.account_id
            FROM cohort_day c JOIN deal d
              ON d.account_id = c.account_id
             AND d.created_day BETWEEN c.first_day AND c.first_day + c.window_days
             AND c.day BETWEEN d.from_day AND d.until_day""",
        ),
        Step(
            "engagement_to_opportunity",
            "Converted among the cohort in every segment.",
            by_segment(
                """(SELECT c.*, v.account_id IS NOT NULL AS is_converted
                    FROM cohort_day c LEFT JOIN cohort_converted v USING (day, window_days, account_id))""",
                "count(*) FILTER (is_converted) AS numerator, count(*) AS denominator, count(*) AS n",
            ),
        ),
    ),
)
