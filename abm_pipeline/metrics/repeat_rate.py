"""Won deals of accounts that were customers before. Definition: metrics.md E.

A customer before is one whose first won deal or first paid subscription came before the day the deal was won.
"""

from __future__ import annotations

from abm_pipeline.metrics._base import DEAL_WINDOW_DAYS
from abm_pipeline.metrics._customers import CUSTOMER_SEGMENTS
from abm_pipeline.metrics._money import MONEY
from abm_pipeline.metrics._segments import by_segment
from abm_pipeline.metrics._spec import MetricSpec
from abm_pipeline.storage.engine import Step

SPEC = MetricSpec(
    id="repeat_rate",
    title="Repeat purchases",
    formula="Won deals of accounts that were customers before ÷ won deals, of those closed in the window.",
    unit="share",
    grain="deals won in the window",
    window_days=(DEAL_WINDOW_DAYS,),
    segments=CUSTOMER_SEGMENTS,
    guides=("G2",),
    statistic="proportion",
    parts=(MONEY,),
    example="Four deals won in 90 days, one of them the second of its account: 25 %.",
    steps=(
        Step(
            "repeat_rate",
            "Won deals of known customers in every segment.",
            by_segment(
                """(
                SELECT c.*, s.first_day < c.closed_day AS is_repeat
                FROM closed c LEFT JOIN (SELECT account_id, first_day FROM customer_start) s USING (account_id)
                WHERE c.is_won)""",
                "count(*) FILTER (is_repeat) AS numerator, count(*) AS denominator, count(*) AS n",
                CUSTOMER_SEGMENTS,
            ),
        ),
    ),
)
