"""Average deal size: mean amount of the deals won in the window. Definition: metrics.md C.

In the reporting currency at the rate of the closing day. A deal whose amount could not be converted is in neither sum
nor count; the run's notes say how many there are. Segments are those at the deal's creation, as in win_rate.
"""

from __future__ import annotations

from abm_pipeline.metrics._base import DEAL_WINDOW_DAYS
from abm_pipeline.metrics._segments import SEGMENTS, by_segment
from abm_pipeline.metrics._spec import MetricSpec
from abm_pipeline.storage.engine import Step

SPEC = MetricSpec(
    id="deal_size",
    title="Average deal size",
    formula="Σ amount ÷ number of deals won in the window, in the reporting currency.",
    unit="money",
    grain="deals won in the window",
    window_days=(DEAL_WINDOW_DAYS,),
    segments=SEGMENTS,
    guides=("G3", "G1", "G2"),
    statistic="mean",
    example="Won for 10 000, 20 000 and 60 000: 90 000 ÷ 3 = 30 000; lost and open deals have no part in it.",
    steps=(
        Step(
            "deal_size",
            "Amounts of won deals summed in every segment.",
            by_segment(
                "(SELECT *, amount_reporting AS amount_won FROM closed WHERE is_won AND amount_reporting IS NOT NULL)",
                "sum(amount_won) AS numerator, count(*) AS denominator, count(*) AS n, "
                "sum(amount_won::DECIMAL(38,4) * amount_won::DECIMAL(38,4)) AS sum_squares",
            ),
        ),
    ),
)
