"""Median engagement score of the target list: what the usual account has, whatever the few hot ones do.

No interval: the whole list is looked at, none of it is a sample.
"""

from __future__ import annotations

from abm_pipeline.metrics._scores import LISTED_SCORES
from abm_pipeline.metrics._segments import SEGMENTS, by_segment
from abm_pipeline.metrics._spec import MetricSpec
from abm_pipeline.storage.engine import Step

SPEC = MetricSpec(
    id="engagement_score_median",
    title="Account engagement score, median",
    formula="Median over target accounts of the champion's score; accounts without one count with 0.",
    unit="points",
    grain="target accounts",
    window_days=(),
    segments=SEGMENTS,
    guides=("G3",),
    statistic="given",
    rests_on_score=True,
    example="Scores of the list: 60, 20 and none: 20.",
    steps=(
        Step(
            "engagement_score_median",
            "Median score of listed accounts in every segment, for each window of the model.",
            by_segment(
                LISTED_SCORES,
                "CAST(NULL AS BIGINT) AS numerator, CAST(NULL AS BIGINT) AS denominator, count(*) AS n, "
                "CAST(quantile_cont(points, 0.5) AS DOUBLE) AS value",
            ),
        ),
    ),
)
