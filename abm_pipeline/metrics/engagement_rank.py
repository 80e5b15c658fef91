"""How the target list spreads over the bands of the ranking. Definition: metrics.md B.

An account's rank and percentile, and its band (hot, warm, cool, cold by percentile; none without a score), stand in
account_metrics_daily. Here is the share of the list that is ranked at all, and of each band: bands are cut by
percentile, so that what moves is how many have no score, and how ties fall.
"""

from __future__ import annotations

from abm_pipeline.metrics._scores import LISTED_SCORES, SCORES
from abm_pipeline.metrics._segments import SEGMENTS, by_segment
from abm_pipeline.metrics._spec import MetricSpec
from abm_pipeline.storage.engine import Step

SPEC = MetricSpec(
    id="engagement_rank",
    title="Ranked accounts, and bands",
    formula="Target accounts with a score above 0 ÷ target accounts; dimension band: accounts in the band ÷ target "
    "accounts.",
    unit="share",
    grain="target accounts",
    window_days=(),
    segments=(*SEGMENTS, "band"),
    guides=("G3",),
    statistic="proportion",
    rests_on_score=True,
    parts=(SCORES,),
    example="Ten accounts, of which six have a score: 60 % ranked; hot 1 (10 %), warm 2, cool 3, cold 0, none 4.",
    steps=(
        Step(
            "engagement_rank",
            "Ranked among listed accounts in every segment, and accounts by band, for each window of the model.",
            by_segment(
                LISTED_SCORES,
                "count(*) FILTER (band <> 'none') AS numerator, count(*) AS denominator, count(*) AS n",
            )
            + f"""
        UNION ALL BY NAME
        SELECT s.day, s.window_days, 'band' AS dimension, b.band AS dimension_value,
               count(*) FILTER (s.band = b.band) AS numerator, count(*) AS denominator, count(*) AS n
        FROM {LISTED_SCORES} s CROSS JOIN (VALUES ('hot'), ('warm'), ('cool'), ('cold'), ('none')) b(band)
        GROUP BY s.day, s.window_days, b.band""",
        ),
    ),
)
