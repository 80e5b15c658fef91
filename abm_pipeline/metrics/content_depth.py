"""Share of engaged accounts that consume several types of content. Definition: metrics.md B."""

from __future__ import annotations

from abm_pipeline.metrics._depth import DEPTH, ENGAGED, MANY_TYPES
from abm_pipeline.metrics._segments import SEGMENTS, by_segment
from abm_pipeline.metrics._spec import MetricSpec
from abm_pipeline.storage.engine import Step

SPEC = MetricSpec(
    id="content_depth",
    title="Content engagement depth",
    formula="Engaged target accounts with at least 3 distinct content types in 90 days ÷ engaged target accounts.",
    unit="share",
    grain="engaged target accounts",
    window_days=(90,),
    segments=SEGMENTS,
    guides=("G3",),
    statistic="proportion",
    rests_on_score=True,
    parts=(DEPTH,),
    example="Three engaged accounts: A read two blogs, a case study and came to a webinar (3 types), B read ten "
    "blogs (1), C met "
    "us (0): 1 ÷ 3 = 33 %.",
    steps=(
        Step(
            "content_depth",
            "Accounts of many types among engaged ones in every segment.",
            by_segment(
                ENGAGED,
                f"count(*) FILTER (content_types >= {MANY_TYPES}) AS numerator, count(*) AS denominator, count(*) AS n",
            ),
        ),
    ),
)
