"""Points that content brings to engaged accounts. Definition: metrics.md B (content depth)."""

from __future__ import annotations

from abm_pipeline.metrics._depth import DEPTH, ENGAGED
from abm_pipeline.metrics._segments import SEGMENTS, by_segment
from abm_pipeline.metrics._spec import MetricSpec
from abm_pipeline.storage.engine import Step

SPEC = MetricSpec(
    id="content_points",
    title="Content points per engaged account",
    formula="Mean over engaged target accounts of the points that content (downloads, forms, webinars, events, "
    "pages) brings to "
    "the champion's score in its longest window.",
    unit="points",
    grain="engaged target accounts",
    window_days=(90,),
    segments=SEGMENTS,
    guides=("G3",),
    statistic="mean",
    rests_on_score=True,
    parts=(DEPTH,),
    example="A: a download 6 and a webinar 10; B: a meeting alone: 16 ÷ 2 = 8.",
    steps=(
        Step(
            "content_points",
            "Content points of engaged accounts in every segment.",
            by_segment(
                ENGAGED,
                "sum(content_points) AS numerator, count(*) AS denominator, count(*) AS n, "
                "sum(content_points::DECIMAL(38, 4) * content_points) AS sum_squares",
            ),
        ),
    ),
)
