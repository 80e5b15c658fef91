"""How often we talk with a target account by phone. Definition: metrics.md B (meetings and calls)."""

from __future__ import annotations

from abm_pipeline.metrics._depth import DEPTH, LISTED
from abm_pipeline.metrics._segments import SEGMENTS, by_segment
from abm_pipeline.metrics._spec import MetricSpec
from abm_pipeline.storage.engine import Step

SPEC = MetricSpec(
    id="calls_per_account",
    title="Calls answered per account",
    formula="Calls answered in 90 days by people of target accounts ÷ target accounts.",
    unit="calls",
    grain="target accounts",
    window_days=(90,),
    segments=SEGMENTS,
    guides=("G2",),
    statistic="mean",
    rests_on_score=False,
    parts=(DEPTH,),
    example="Three target accounts with 4, 1 and 0 calls answered: 5 ÷ 3 = 1.67.",
    steps=(
        Step(
            "calls_per_account",
            "Calls of listed accounts in every segment.",
            by_segment(
                LISTED,
                "CAST(sum(calls_answered_90d) AS BIGINT) AS numerator, count(*) AS denominator, count(*) AS n, "
                "CAST(sum(calls_answered_90d * calls_answered_90d) AS BIGINT) AS sum_squares",
            ),
        ),
    ),
)
