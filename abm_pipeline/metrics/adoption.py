"""How much of the product customers use. Definition: metrics.md E.

A feature is one that anybody used in the 30 days; over the customers whose use is recorded.
"""

from __future__ import annotations

from abm_pipeline.metrics._customers import CUSTOMER_SEGMENTS
from abm_pipeline.metrics._segments import by_segment
from abm_pipeline.metrics._signals import HEALTH, USE_DAYS
from abm_pipeline.metrics._spec import MetricSpec
from abm_pipeline.storage.engine import Step

SPEC = MetricSpec(
    id="adoption",
    title="Feature adoption",
    formula="Σ features that a customer used ÷ Σ features that anybody did in 30 days, of customers with recorded use.",
    unit="share",
    grain="customers whose use is recorded",
    window_days=(USE_DAYS,),
    segments=CUSTOMER_SEGMENTS,
    guides=("G3",),
    statistic="ratio",
    parts=(HEALTH,),
    example="Four features in use; one customer uses 3 of them, another 1: 4 ÷ 8 = 50 %.",
    steps=(
        Step(
            "adoption",
            "Features used and known in every segment.",
            by_segment(
                f"(SELECT *, {USE_DAYS} AS window_days, features_known AS y FROM signal_day WHERE is_tracked)",
                "CAST(sum(features) AS BIGINT) AS numerator, CAST(sum(y) AS BIGINT) AS denominator, count(*) AS n, "
                "sum(features * features) AS sum_xx, sum(features * y) AS sum_xy, sum(y * y) AS sum_yy",
                CUSTOMER_SEGMENTS,
            ),
        ),
    ),
)
