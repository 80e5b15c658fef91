"""Customers with whom to talk about more: a subscription's year ends in 90 to 120 days. Definition: metrics.md E.

The year ends on the anniversary of the subscription's start, since billing systems rarely tell the contract's end; the
bounds are `renewal_low_days` and `renewal_high_days` of customers.yaml. Days of each account are in
account_metrics_daily.
"""

from __future__ import annotations

from abm_pipeline.metrics._customers import CUSTOMER_SEGMENTS
from abm_pipeline.metrics._segments import by_segment
from abm_pipeline.metrics._signals import HEALTH
from abm_pipeline.metrics._spec import MetricSpec
from abm_pipeline.storage.engine import Step

SPEC = MetricSpec(
    id="renewal_due",
    title="Renewals due",
    formula="Customers whose next anniversary lies in the days of customers.yaml ÷ customers.",
    unit="share",
    grain="customers",
    window_days=(1,),
    segments=CUSTOMER_SEGMENTS,
    guides=("G3",),
    statistic="proportion",
    parts=(HEALTH,),
    example="40 customers; the year of 5 of them ends in 90 to 120 days: 12.5 %.",
    steps=(
        Step(
            "renewal_due",
            "Customers between the bounds in every segment.",
            by_segment(
                "(SELECT h.*, 1 AS window_days, c.* FROM health h CROSS JOIN customer_choice c)",
                "count(*) FILTER (renewal_days BETWEEN renewal_low AND renewal_high) AS numerator, "
                "count(*) AS denominator, count(*) AS n",
                CUSTOMER_SEGMENTS,
            ),
        ),
    ),
)
