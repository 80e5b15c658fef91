"""How often we meet a target account. Definition: metrics.md B (meetings: frequency per account)."""

from __future__ import annotations

from abm_pipeline.metrics._depth import DEPTH, LISTED
from abm_pipeline.metrics._segments import SEGMENTS, by_segment
from abm_pipeline.metrics._spec import MetricSpec
from abm_pipeline.storage.engine import Step

SPEC = MetricSpec(
    id="meetings_per_account",
    title="Meetings per account",
    formula="Meetings held in 90 days with target accounts ÷ target accounts; what begins at an account in the same "
    "minute is one "
    "meeting.",
    unit="meetings",
    grain="target accounts",
    window_days=(90,),
    segments=SEGMENTS,
    guides=("G2",),
    statistic="mean",
    rests_on_score=False,
    parts=(DEPTH,),
    example="Three target accounts with 4, 1 and 0 meetings: 5 ÷ 3 = 1.67.",
    steps=(
        Step(
            "meetings_per_account",
            "Meetings of listed accounts in every segment.",
            by_segment(
                LISTED,
                "CAST(sum(meetings_90d) AS BIGINT) AS numerator, count(*) AS denominator, count(*) AS n, "
                "CAST(sum(meetings_90d * meetings_90d) AS BIGINT) AS sum_squares",
            ),
        ),
    ),
)
