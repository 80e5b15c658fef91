"""Accounts that read and read and never go deeper. Definition: metrics.md B (content depth)."""

from __future__ import annotations

from abm_pipeline.metrics._depth import CONSUMING, DEPTH
from abm_pipeline.metrics._segments import SEGMENTS, by_segment
from abm_pipeline.metrics._spec import MetricSpec
from abm_pipeline.storage.engine import Step

SPEC = MetricSpec(
    id="stuck_at_awareness",
    title="Stuck at awareness",
    formula="Target accounts with at least 5 distinct pieces of top-of-funnel content in 90 days and none deeper ÷ "
    "target accounts "
    "that consumed any content.",
    unit="share",
    grain="target accounts that consume content",
    window_days=(90,),
    segments=SEGMENTS,
    guides=("G3",),
    statistic="proportion",
    rests_on_score=True,
    parts=(DEPTH,),
    example="A read five blogs; B five blogs and a case study; C two blogs; D nothing: 1 ÷ 3 = 33 %.",
    steps=(
        Step(
            "stuck_at_awareness",
            "Stuck among consuming accounts in every segment.",
            by_segment(
                CONSUMING,
                "count(*) FILTER (is_stuck_at_awareness) AS numerator, count(*) AS denominator, count(*) AS n",
            ),
        ),
    ),
)
