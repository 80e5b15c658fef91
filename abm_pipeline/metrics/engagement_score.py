"""Engagement score of the target list: the mean. Definition: metrics.md B; the model: config/scoring_models.

Accounts without a score count with 0: they are on the list and nothing happened. Each account's own score stands in
account_metrics_daily.
"""

from __future__ import annotations

from abm_pipeline.metrics._scores import LISTED_SCORES
from abm_pipeline.metrics._segments import SEGMENTS, by_segment
from abm_pipeline.metrics._spec import MetricSpec
from abm_pipeline.storage.engine import Step

SPEC = MetricSpec(
    id="engagement_score",
    title="Account engagement score",
    formula="Mean over target accounts of the champion's score: Σ points × recency × role weight of the window's "
    "engagements, capped by person and day, × breadth of engaged contacts, and intent.",
    unit="points",
    grain="target accounts",
    window_days=(),
    segments=SEGMENTS,
    guides=("G3",),
    statistic="mean",
    rests_on_score=True,
    example="Scores of the list: 60, 20 and none: 80 ÷ 3 = 26.67.",
    steps=(
        Step(
            "engagement_score",
            "Mean score of listed accounts in every segment, for each window of the model.",
            by_segment(
                LISTED_SCORES,
                "sum(points) AS numerator, count(*) AS denominator, count(*) AS n, "
                "sum(points::DECIMAL(38, 4) * points) AS sum_squares",
            ),
        ),
    ),
)
