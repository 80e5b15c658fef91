"""Return on a quarter's and a year's cost. Definition: metrics.md D.

`all` is everything that was spent and won; `program` abm is the ABM programme: what accounts on the list cost, and what
deals brought whose account was listed when they were created.
"""

from __future__ import annotations

from abm_pipeline.metrics._customers import QUARTER, YEAR
from abm_pipeline.metrics._money import MONEY, MONEY_SEGMENTS
from abm_pipeline.metrics._segments import by_segment
from abm_pipeline.metrics._spec import MetricSpec
from abm_pipeline.storage.engine import Step

SPEC = MetricSpec(
    id="program_roi",
    title="Programme ROI",
    formula="(Amount won in the window − cost of the window) ÷ cost of the window.",
    unit="share",
    grain="deals won in the window",
    window_days=(QUARTER, YEAR),
    segments=MONEY_SEGMENTS,
    guides=("G4",),
    statistic="ratio",
    parts=(MONEY,),
    example="Won 200 000 in a year that cost 50 000: (200 − 50) ÷ 50 = 300 %.",
    steps=(
        Step(
            "program_roi",
            "Cost and won amounts of the windows.",
            by_segment(
                "money_day",
                "sum(revenue - cost) AS numerator, sum(cost) AS denominator, CAST(sum(won) AS BIGINT) AS n",
                MONEY_SEGMENTS,
            ),
        ),
    ),
)
