"""Customer churn: customers at the start of the window that are none at its end. Definition: metrics.md E.

List and tier are those at the start of the window. Who left and came back within the window has not churned. New
customers are in neither part.
"""

from __future__ import annotations

from abm_pipeline.metrics._customers import CUSTOMER_SEGMENTS, CUSTOMERS, QUARTER, YEAR
from abm_pipeline.metrics._segments import by_segment
from abm_pipeline.metrics._spec import MetricSpec
from abm_pipeline.storage.engine import Step

SPEC = MetricSpec(
    id="churn_rate",
    title="Customer churn",
    formula="Customers at the start of the window that are none at its end ÷ customers at its start.",
    unit="share",
    grain="customers at the start of the window",
    window_days=(QUARTER, YEAR),
    segments=CUSTOMER_SEGMENTS,
    guides=("G1", "G2", "G3"),
    statistic="proportion",
    parts=(CUSTOMERS,),
    example="100 customers a year ago, 90 of them still are, 30 new ones: 10 ÷ 100 = 10 %.",
    steps=(
        Step(
            "churn_rate",
            "Lost among the customers at the start, in every segment.",
            by_segment(
                "kept_customer",
                "count(*) FILTER (NOT is_kept) AS numerator, count(*) AS denominator, count(*) AS n",
                CUSTOMER_SEGMENTS,
            ),
        ),
    ),
)
