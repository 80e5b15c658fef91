"""Mean health of customers, from 0 to 100. Definition: metrics.md E.

Weights and signals as customers.yaml says; what each account's is made of, and which signals are missing and have left
their weight to the others, is in account_metrics_daily.
"""

from __future__ import annotations

from abm_pipeline.metrics._customers import CUSTOMER_SEGMENTS
from abm_pipeline.metrics._segments import by_segment
from abm_pipeline.metrics._signals import HEALTH
from abm_pipeline.metrics._spec import MetricSpec
from abm_pipeline.storage.engine import Step

SPEC = MetricSpec(
    id="customer_health",
    title="Customer health",
    formula="Mean over customers of Σ weight × signal ÷ Σ weight, of the signals that are known.",
    unit="points",
    grain="customers with a signal",
    window_days=(1,),
    segments=CUSTOMER_SEGMENTS,
    guides=("G3",),
    statistic="mean",
    parts=(HEALTH,),
    example="Usage 80 with weight 30, tickets 100 with 15, nothing else known: (2 400 + 1 500) ÷ 45 = 86.7.",
    steps=(
        Step(
            "customer_health",
            "Health added up in every segment.",
            by_segment(
                """(
                SELECT *, 1 AS window_days, CAST(customer_health AS DECIMAL(9, 4)) AS points
                FROM health WHERE customer_health IS NOT NULL)""",
                "sum(points) AS numerator, count(*) AS denominator, count(*) AS n, sum(points * points) AS sum_squares",
                CUSTOMER_SEGMENTS,
            ),
        ),
    ),
)
