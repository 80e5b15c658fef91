"""Monthly recurring revenue at the end of the day, with segments of the day."""

from __future__ import annotations

from abm_pipeline.metrics._customers import CUSTOMER_SEGMENTS, CUSTOMERS
from abm_pipeline.metrics._segments import by_segment
from abm_pipeline.metrics._spec import MetricSpec
from abm_pipeline.storage.engine import Step

SPEC = MetricSpec(
    id="mrr",
    title="Monthly recurring revenue",
    formula="Σ what running subscriptions bring a month, in the reporting currency.",
    unit="money",
    grain="customers",
    window_days=(1,),
    segments=CUSTOMER_SEGMENTS,
    guides=("G3",),
    statistic="count",
    parts=(CUSTOMERS,),
    example="Two customers that pay 100 and 250 a month: 350.",
    steps=(
        Step(
            "mrr",
            "What customers pay, in every segment.",
            by_segment(
                "(SELECT *, 1 AS window_days FROM customer_day)",
                "sum(mrr) AS numerator, CAST(NULL AS BIGINT) AS denominator, count(*) AS n",
                CUSTOMER_SEGMENTS,
            ),
        ),
    ),
)
