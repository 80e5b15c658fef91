"""What winning a customer costs. Definition: metrics.md D.

`all` is blended: every cost, every new customer. `program` abm and the tiers are ABM only: what listed accounts cost,
and who was listed when becoming a customer. `cost_timing` lagged takes the cost of the window that ended a median sales
cycle earlier, since what won today's customers was spent then.
"""

from __future__ import annotations

from abm_pipeline.metrics._customers import QUARTER, YEAR
from abm_pipeline.metrics._money import MONEY, MONEY_SEGMENTS
from abm_pipeline.metrics._segments import by_segment
from abm_pipeline.metrics._spec import MetricSpec
from abm_pipeline.storage.engine import Step

SPEC = MetricSpec(
    id="cac",
    title="Customer acquisition cost",
    formula="Marketing and sales cost in the window ÷ accounts that became customers in it.",
    unit="money",
    grain="new customers in the window",
    window_days=(QUARTER, YEAR),
    segments=(*MONEY_SEGMENTS, "cost_timing"),
    guides=("G1", "G3", "G5"),
    statistic="ratio",
    parts=(MONEY,),
    example="500 000 spent in a year with 10 new customers: 50 000.",
    steps=(
        Step(
            "cac_now",
            "Cost and new customers of the windows.",
            by_segment(
                "money_day",
                "sum(acquisition) AS numerator, CAST(sum(customers) AS BIGINT) AS denominator, "
                "CAST(sum(customers) AS BIGINT) AS n, sum(acquisition_lagged) AS lagged",
                MONEY_SEGMENTS,
            ),
        ),
        Step(
            "cac",
            "The same, and in total with the cost of a sales cycle earlier.",
            """
            SELECT * EXCLUDE (lagged) FROM cac_now
            UNION ALL BY NAME
            SELECT * EXCLUDE (lagged) REPLACE (lagged AS numerator, 'cost_timing' AS dimension,
                                               'lagged' AS dimension_value)
            FROM cac_now WHERE dimension = 'all'
            """,
        ),
    ),
)
