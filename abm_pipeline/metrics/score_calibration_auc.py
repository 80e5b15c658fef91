"""How well the score tells who opens a deal: the area under the ROC curve. Definition: metrics.md F.

The chance that of two accounts, one that opened a deal in the window and one that did not, the first had the higher
score before; equal scores count half. 0.5 is no better than a coin. Accounts as in score_calibration. The interval is
that of Hanley and McNeil (1982), cut at 0 and 1. n is the number of accounts that opened a deal, or that did not,
whichever is less.
"""

from __future__ import annotations

from abm_pipeline.metrics._calibration import CALIBRATION, FOLLOW_UP_DAYS
from abm_pipeline.metrics._spec import MetricSpec
from abm_pipeline.scoring.discrimination import Z95
from abm_pipeline.storage.engine import Step

SPEC = MetricSpec(
    id="score_calibration_auc",
    title="Discrimination of the score (AUC)",
    formula="Pairs of an account that opened a deal and one that did not in which the first scored higher ÷ pairs.",
    unit="probability",
    grain="target accounts with a score before the window, without an open deal",
    window_days=(FOLLOW_UP_DAYS,),
    segments=(),
    guides=("G3",),
    statistic="given",
    rests_on_score=True,
    parts=(CALIBRATION,),
    example="Opened: scores 50 and 20; did not: 30, 20 and 0. Higher in 4 pairs of 6, equal in one: 4.5 ÷ 6 = 0.75.",
    steps=(
        Step(
            "score_calibration_auc",
            "From the sum of ranks of the accounts that opened (Mann–Whitney), doubled to stay whole.",
            f"""
            WITH placed AS (
                SELECT day, window_days, has_opened,
                       2 * rank() OVER (PARTITION BY day ORDER BY score)
                           + count(*) OVER (PARTITION BY day, score) - 1 AS place
                FROM score_outcome
            ),
            summed AS (
                SELECT day, window_days, count(*) FILTER (has_opened) AS yes, count(*) FILTER (NOT has_opened) AS no,
                       coalesce(sum(place) FILTER (has_opened), 0) - yes * (yes + 1) AS higher
                FROM placed GROUP BY day, window_days
            ),
            area AS (SELECT *, higher / nullif(2 * yes * no, 0) AS value FROM summed),
            spread AS (
                SELECT *, {Z95!r} * sqrt((value * (1 - value) + (yes - 1) * (value / (2 - value) - value ** 2)
                           + (no - 1) * (2 * value ** 2 / (1 + value) - value ** 2)) / (yes * no)) AS half
                FROM area
            )
            SELECT day, window_days, 'all' AS dimension, 'all' AS dimension_value, higher / 2 AS numerator,
                   yes * no AS denominator, least(yes, no) AS n, value,
                   -- greatest and least would pass over a null.
                   CASE WHEN half IS NOT NULL THEN greatest(value - half, 0) END AS ci_low,
                   CASE WHEN half IS NOT NULL THEN least(value + half, 1) END AS ci_high
            FROM spread""",
        ),
    ),
)
