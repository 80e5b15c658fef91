"""Intent signal coverage: how much of the list is researching what we sell. Definition: metrics.md B.

Surging at any provider counts for `all` and the segments; dimension `provider` tells them apart, and overlaps.
"""

from __future__ import annotations

from abm_pipeline.metrics._accounts import INTENT_DAYS
from abm_pipeline.metrics._segments import SEGMENTS, by_segment
from abm_pipeline.metrics._spec import MetricSpec
from abm_pipeline.storage.engine import Step

SPEC = MetricSpec(
    id="intent_coverage",
    title="Intent signal coverage",
    formula="Target accounts surging on at least one tracked topic in 30 days ÷ target accounts.",
    unit="share",
    grain="target accounts",
    window_days=(INTENT_DAYS,),
    segments=(*SEGMENTS, "provider"),
    guides=("G3",),
    statistic="proportion",
    choices=("bombora_topics",),
    example="Of 200 target accounts, 40 surged on a tracked topic in 30 days: 40 ÷ 200 = 20 %.",
    steps=(
        Step(
            "intent_coverage",
            "Surging among listed accounts in every segment, and at each provider.",
            by_segment(
                f"(SELECT *, {INTENT_DAYS} AS window_days FROM account_day WHERE is_listed)",
                "count(*) FILTER (providers <> 0) AS numerator, count(*) AS denominator, count(*) AS n",
            )
            + f"""
        UNION ALL BY NAME
        SELECT a.day, {INTENT_DAYS} AS window_days, 'provider' AS dimension, b.source AS dimension_value,
               count(*) FILTER (a.providers & b.bit <> 0) AS numerator, count(*) AS denominator, count(*) AS n
        FROM account_day a JOIN provider_day b USING (day) WHERE a.is_listed GROUP BY a.day, b.source""",
        ),
    ),
)
