"""How many times the opportunity rate of the lowest fifth the highest has. Definition: metrics.md F (expect ≥ 3).

Numerator and denominator are the two rates of score_calibration; no value while nobody of the lowest fifth opened a
deal. n is the number of accounts of the smaller side. The interval is that of a ratio of two proportions on the log
scale (Katz et al. 1978).
"""

from __future__ import annotations

from abm_pipeline.metrics._calibration import CALIBRATION, FOLLOW_UP_DAYS
from abm_pipeline.metrics._intervals import log_interval
from abm_pipeline.metrics._spec import MetricSpec
from abm_pipeline.storage.engine import Step

SPEC = MetricSpec(
    id="score_calibration_lift",
    title="Lift of the score",
    formula="Opportunity rate of the highest score quintile ÷ that of the lowest, scored the day before the window.",
    unit="ratio",
    grain="target accounts with a score before the window, without an open deal",
    window_days=(FOLLOW_UP_DAYS,),
    segments=(),
    guides=("G3",),
    statistic="given",
    rests_on_score=True,
    parts=(CALIBRATION,),
    example="12 of 50 in the highest fifth, 3 of 50 in the lowest: 24 % ÷ 6 % = 4.",
    steps=(
        Step(
            "score_calibration_lift",
            "The two rates, their ratio and its interval.",
            f"""
            WITH counted AS (
                SELECT day, window_days,
                       count(*) FILTER (engagement_quintile = '5') AS high,
                       count(*) FILTER (engagement_quintile = '1') AS low,
                       count(*) FILTER (engagement_quintile = '5' AND has_opened) AS high_opened,
                       count(*) FILTER (engagement_quintile = '1' AND has_opened) AS low_opened
                FROM score_outcome GROUP BY day, window_days
            ),
            rated AS (
                SELECT *, high_opened / nullif(high, 0) AS numerator, low_opened / nullif(low, 0) AS denominator,
                       1 / nullif(high_opened, 0) - 1 / high + 1 / nullif(low_opened, 0) - 1 / low AS variance
                FROM counted
            )
            SELECT day, window_days, 'all' AS dimension, 'all' AS dimension_value, numerator, denominator,
                   least(high, low) AS n, numerator / nullif(denominator, 0) AS value,
                   {log_interval("value", "variance")}
            FROM rated""",
        ),
    ),
)
