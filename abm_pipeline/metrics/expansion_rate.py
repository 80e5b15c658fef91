"""Customers that pay more than at the start of the window. Definition: metrics.md E, expansion.

Who left has not expanded, and new customers are in neither part. List and tier at the start.
"""

from __future__ import annotations

from abm_pipeline.metrics._customers import CUSTOMER_SEGMENTS, CUSTOMERS, QUARTER, YEAR
from abm_pipeline.metrics._segments import by_segment
from abm_pipeline.metrics._spec import MetricSpec
from abm_pipeline.storage.engine import Step

SPEC = MetricSpec(
    id="expansion_rate",
    title="Customers that expanded",
    formula="Customers at the start of the window that pay more at its end ÷ customers at its start.",
    unit="share",
    grain="customers at the start of the window",
    window_days=(QUARTER, YEAR),
    segments=CUSTOMER_SEGMENTS,
    guides=("G1", "G2", "G4", "G5"),
    statistic="proportion",
    parts=(CUSTOMERS,),
    example="20 customers a year ago; 6 pay more now, 2 have left: 30 %.",
    steps=(
        Step(
            "expansion_rate",
            "Customers that pay more, in every segment.",
            by_segment(
                "kept_customer",
                "count(*) FILTER (mrr_now > mrr_then) AS numerator, count(*) AS denominator, count(*) AS n",
                CUSTOMER_SEGMENTS,
            ),
        ),
    ),
)
