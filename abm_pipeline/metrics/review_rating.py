"""Mean rating of the reviews published in the window, as stars of 5. Definition: metrics.md E, advocacy."""

from __future__ import annotations

from abm_pipeline.metrics._customers import QUARTER, YEAR
from abm_pipeline.metrics._reviews import REVIEWS
from abm_pipeline.metrics._segments import by_segment
from abm_pipeline.metrics._spec import MetricSpec
from abm_pipeline.storage.engine import Step

SPEC = MetricSpec(
    id="review_rating",
    title="Review rating",
    formula="Mean of rating ÷ best possible rating × 5, of the reviews published in the window.",
    unit="stars",
    grain="reviews",
    window_days=(QUARTER, YEAR),
    segments=("site",),
    guides=("G2", "G5"),
    statistic="mean",
    parts=(REVIEWS,),
    example="4 of 5 stars and 8 of 10 points: (4 + 4) ÷ 2 = 4.",
    steps=(
        Step(
            "review_rating",
            "Stars added up in total and by site.",
            by_segment(
                "review_day",
                "sum(stars) AS numerator, count(*) AS denominator, count(*) AS n, sum(stars * stars) AS sum_squares",
                ("site",),
            ),
        ),
    ),
)
