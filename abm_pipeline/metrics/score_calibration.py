"""Does the score predict? Accounts that open a deal after their score, by its quintile. Definition: metrics.md F.

Over the accounts on the target list 90 days before that had no open deal then: who already has one is not waiting for a
first, and its score rests on the deal. Which scores stands in `_calibration`.
"""

from __future__ import annotations

from abm_pipeline.metrics._calibration import CALIBRATION, FOLLOW_UP_DAYS
from abm_pipeline.metrics._segments import by_segment
from abm_pipeline.metrics._spec import MetricSpec
from abm_pipeline.storage.engine import Step

SPEC = MetricSpec(
    id="score_calibration",
    title="Opportunity rate by earlier score",
    formula="Accounts that opened a deal in the window ÷ accounts scored the day before it, without an open deal then.",
    unit="share",
    grain="target accounts with a score before the window, without an open deal",
    window_days=(FOLLOW_UP_DAYS,),
    segments=("engagement_quintile",),
    guides=("G3",),
    statistic="proportion",
    rests_on_score=True,
    parts=(CALIBRATION,),
    example="Of 50 accounts in the highest fifth on 1 April 12 open a deal by 30 June: 24 %; of the lowest 3: 6 %.",
    steps=(
        Step(
            "score_calibration",
            "Accounts that opened a deal, by quintile of the earlier score.",
            by_segment(
                "score_outcome",
                "count(*) FILTER (has_opened) AS numerator, count(*) AS denominator, count(*) AS n",
                ("engagement_quintile",),
            ),
        ),
    ),
)
