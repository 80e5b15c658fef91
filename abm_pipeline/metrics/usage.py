"""How many people of a customer use the product, on an average day. Definition: metrics.md E.

Over the customers with any use in a year, so that those whose use nobody records don't look idle. One person who used
two features on a day counts once as far as the source tells: the most of any feature.
"""

from __future__ import annotations

from abm_pipeline.metrics._customers import CUSTOMER_SEGMENTS
from abm_pipeline.metrics._segments import by_segment
from abm_pipeline.metrics._signals import HEALTH, USE_DAYS
from abm_pipeline.metrics._spec import MetricSpec
from abm_pipeline.storage.engine import Step

SPEC = MetricSpec(
    id="usage",
    title="Active users",
    formula="Σ active users of each of the last 30 days ÷ (customers whose use is recorded × 30).",
    unit="users",
    grain="customers whose use is recorded",
    window_days=(USE_DAYS,),
    segments=CUSTOMER_SEGMENTS,
    guides=("G3",),
    statistic="ratio",
    parts=(HEALTH,),
    example="Two customers, 30 days: one with 3 users on 20 days, one with none: 60 ÷ 60 = 1.",
    steps=(
        Step(
            "usage",
            "User days in every segment.",
            by_segment(
                f"(SELECT *, {USE_DAYS} AS window_days, {USE_DAYS} AS y FROM signal_day WHERE is_tracked)",
                "CAST(sum(user_days) AS BIGINT) AS numerator, CAST(sum(y) AS BIGINT) AS denominator, count(*) AS n, "
                "sum(user_days * user_days) AS sum_xx, sum(user_days * y) AS sum_xy, sum(y * y) AS sum_yy",
                CUSTOMER_SEGMENTS,
            ),
        ),
    ),
)
