"""Customer retention: customers at the start of the window that still are at its end. Definition: metrics.md E.

New customers are in neither part: 90 kept of 100 are 90 %, however many came.
"""

from __future__ import annotations

from abm_pipeline.metrics._customers import CUSTOMER_SEGMENTS, CUSTOMERS, QUARTER, YEAR
from abm_pipeline.metrics._segments import by_segment
from abm_pipeline.metrics._spec import MetricSpec
from abm_pipeline.storage.engine import Step

SPEC = MetricSpec(
    id="retention_rate",
    title="Customer retention",
    formula="Customers at the start of the window that still are at its end ÷ customers at its start.",
    unit="share",
    grain="customers at the start of the window",
    window_days=(QUARTER, YEAR),
    segments=CUSTOMER_SEGMENTS,
    guides=("G5",),
    statistic="proportion",
    parts=(CUSTOMERS,),
    example="100 customers a year ago, 90 of them still are, 30 new ones: 90 ÷ 100 = 90 %.",
    steps=(
        Step(
            "retention_rate",
            "Kept among the customers at the start, in every segment.",
            by_segment(
                "kept_customer",
                "count(*) FILTER (is_kept) AS numerator, count(*) AS denominator, count(*) AS n",
                CUSTOMER_SEGMENTS,
            ),
        ),
    ),
)
