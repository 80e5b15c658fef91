"""Does the score predict wins? Win rate of the deals closed after the score, by quintile. Definition: metrics.md F.

Deals closed in the window, by their account's quintile 90 days before; otherwise as score_calibration. win_rate has the
quintile on the day the deal was created.
"""

from __future__ import annotations

from abm_pipeline.metrics._calibration import CALIBRATION, FOLLOW_UP_DAYS
from abm_pipeline.metrics._segments import by_segment
from abm_pipeline.metrics._spec import MetricSpec
from abm_pipeline.storage.engine import Step

SPEC = MetricSpec(
    id="score_calibration_win_rate",
    title="Win rate by earlier score",
    formula="Deals won ÷ deals won or lost in the window, of target accounts with a score the day before it.",
    unit="share",
    grain="deals closed in the window, of accounts scored before it",
    window_days=(FOLLOW_UP_DAYS,),
    segments=("engagement_quintile",),
    guides=("G3",),
    statistic="proportion",
    rests_on_score=True,
    parts=(CALIBRATION,),
    example="20 deals of the highest fifth of 1 April closed by 30 June, 9 of them won: 45 %.",
    steps=(
        Step(
            "score_calibration_win_rate",
            "Won among closed deals, by quintile of the earlier score.",
            by_segment(
                """(SELECT c.day, c.window_days, c.is_won, s.engagement_quintile
                    FROM closed c JOIN score_before s USING (day, account_id))""",
                "count(*) FILTER (is_won) AS numerator, count(*) AS denominator, count(*) AS n",
                ("engagement_quintile",),
            ),
        ),
    ),
)
