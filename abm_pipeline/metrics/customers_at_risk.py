"""Customers whose health is below `at_risk_below` of customers.yaml."""

from __future__ import annotations

from abm_pipeline.metrics._customers import CUSTOMER_SEGMENTS
from abm_pipeline.metrics._segments import by_segment
from abm_pipeline.metrics._signals import HEALTH
from abm_pipeline.metrics._spec import MetricSpec
from abm_pipeline.storage.engine import Step

SPEC = MetricSpec(
    id="customers_at_risk",
    title="Customers at risk",
    formula="Customers with a health below the threshold ÷ customers with a health.",
    unit="share",
    grain="customers with a signal",
    window_days=(1,),
    segments=CUSTOMER_SEGMENTS,
    guides=("G3",),
    statistic="proportion",
    parts=(HEALTH,),
    example="Threshold 50; health 40, 60 and 90: 1 ÷ 3 = 33 %.",
    steps=(
        Step(
            "customers_at_risk",
            "Customers below the threshold in every segment.",
            by_segment(
                """(
                SELECT *, 1 AS window_days FROM health CROSS JOIN (SELECT at_risk_below FROM health_choice)
                WHERE customer_health IS NOT NULL)""",
                "count(*) FILTER (customer_health < at_risk_below) AS numerator, count(*) AS denominator, "
                "count(*) AS n",
                CUSTOMER_SEGMENTS,
            ),
        ),
    ),
)
