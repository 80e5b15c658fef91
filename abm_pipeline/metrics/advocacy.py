"""Reviews published in the window, by site. Definition: metrics.md E."""

from __future__ import annotations

from abm_pipeline.metrics._customers import QUARTER, YEAR
from abm_pipeline.metrics._reviews import REVIEWS
from abm_pipeline.metrics._segments import COUNTED, by_segment
from abm_pipeline.metrics._spec import MetricSpec
from abm_pipeline.storage.engine import Step

SPEC = MetricSpec(
    id="advocacy",
    title="Reviews",
    formula="Reviews published in the window.",
    unit="reviews",
    grain="reviews",
    window_days=(QUARTER, YEAR),
    segments=("site",),
    guides=("G2", "G5"),
    statistic="count",
    parts=(REVIEWS,),
    example="Two reviews on one site and one on another in June: 3.",
    steps=(
        Step(
            "advocacy",
            "Counted in total and by site.",
            by_segment(
                "review_day",
                COUNTED,
                ("site",),
            ),
        ),
    ),
)
