"""Distinct pieces of content that engaged accounts consume. Definition: metrics.md B (content depth)."""

from __future__ import annotations

from abm_pipeline.metrics._depth import DEPTH, ENGAGED
from abm_pipeline.metrics._segments import SEGMENTS, by_segment
from abm_pipeline.metrics._spec import MetricSpec
from abm_pipeline.storage.engine import Step

SPEC = MetricSpec(
    id="content_pieces",
    title="Pieces of content per engaged account",
    formula="Σ distinct pieces of content consumed in 90 days by engaged target accounts ÷ engaged target accounts. "
    "A piece read "
    "twice, or by two people, is one.",
    unit="pieces",
    grain="engaged target accounts",
    window_days=(90,),
    segments=SEGMENTS,
    guides=("G3",),
    statistic="mean",
    rests_on_score=True,
    parts=(DEPTH,),
    example="A read a blog (twice) and a case study, B nothing: 2 ÷ 2 = 1.",
    steps=(
        Step(
            "content_pieces",
            "Pieces of engaged accounts in every segment.",
            by_segment(
                ENGAGED,
                "CAST(sum(content_pieces) AS BIGINT) AS numerator, count(*) AS denominator, count(*) AS n, "
                "CAST(sum(content_pieces * content_pieces) AS BIGINT) AS sum_squares",
            ),
        ),
    ),
)
