"""Engaged accounts for which there is nothing to decide by. Definition: metrics.md B."""

from __future__ import annotations

from abm_pipeline.metrics._depth import DEPTH, ENGAGED
from abm_pipeline.metrics._segments import SEGMENTS, by_segment
from abm_pipeline.metrics._spec import MetricSpec
from abm_pipeline.storage.engine import Step

SPEC = MetricSpec(
    id="content_gap",
    title="Content gap",
    formula="Engaged target accounts with no mid- or bottom-of-funnel content in 90 days ÷ engaged target accounts.",
    unit="share",
    grain="engaged target accounts",
    window_days=(90,),
    segments=SEGMENTS,
    guides=("G3",),
    statistic="proportion",
    rests_on_score=True,
    parts=(DEPTH,),
    example="A read two blogs, B a blog and a case study, C met us and read nothing: A and C, 2 ÷ 3 = 67 %.",
    steps=(
        Step(
            "content_gap",
            "Engaged accounts without deeper content in every segment.",
            by_segment(
                ENGAGED,
                "count(*) FILTER (coalesce(content_stage, 'top') = 'top') AS numerator, count(*) AS denominator, "
                "count(*) AS n",
            ),
        ),
    ),
)
