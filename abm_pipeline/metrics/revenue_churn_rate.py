"""Revenue churn: recurring revenue of the customers lost in the window. Definition: metrics.md E.

What customers that stayed pay less is contraction, not churn.
"""

from __future__ import annotations

from abm_pipeline.metrics._customers import CUSTOMER_SEGMENTS, CUSTOMERS, QUARTER, YEAR
from abm_pipeline.metrics._segments import by_segment
from abm_pipeline.metrics._spec import MetricSpec
from abm_pipeline.storage.engine import Step

SPEC = MetricSpec(
    id="revenue_churn_rate",
    title="Revenue churn",
    formula="Recurring revenue at the start of the window of customers lost by its end ÷ that of all customers then.",
    unit="share",
    grain="customers at the start of the window",
    window_days=(QUARTER, YEAR),
    segments=CUSTOMER_SEGMENTS,
    guides=("G1", "G2", "G3"),
    statistic="weighted",
    parts=(CUSTOMERS,),
    example="A year ago 1 000 a month, 50 of them from customers that left: 5 %.",
    steps=(
        Step(
            "revenue_churn_rate",
            "Recurring revenue of the customers at the start, then and now, in every segment.",
            by_segment(
                "(SELECT *, CASE WHEN is_kept THEN 0 ELSE mrr_then END AS x FROM kept_customer)",
                "sum(x) AS numerator, sum(mrr_then) AS denominator, count(*) AS n, "
                "sum(mrr_then::DECIMAL(38, 4) * mrr_then) AS sum_yy",
                CUSTOMER_SEGMENTS,
            ),
        ),
    ),
)
