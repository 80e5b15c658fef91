"""Average annual contract value: what the size of the market is made with. Definition: metrics.md A.

Deals say no term, so a new deal's amount is taken for a year's.
"""

from __future__ import annotations

from abm_pipeline.metrics._market import CONTRACT, YEAR_DAYS
from abm_pipeline.metrics._segments import SEGMENTS, by_segment
from abm_pipeline.metrics._spec import MetricSpec
from abm_pipeline.storage.engine import Step

SPEC = MetricSpec(
    id="annual_contract_value",
    title="Average annual contract value",
    formula="Mean amount of new deals won in the window, at the segments of the deal's creation.",
    unit="money",
    grain="new deals won in the window",
    window_days=(YEAR_DAYS,),
    segments=SEGMENTS,
    guides=("G1",),
    statistic="mean",
    parts=(CONTRACT,),
    example="New deals won in the year: 30 000 and 50 000; a renewal of 90 000 is none. Mean 40 000.",
    steps=(
        Step(
            "annual_contract_value",
            "Mean amount in every segment.",
            by_segment(
                "contract_won",
                "sum(amount_reporting) AS numerator, count(*) AS denominator, count(*) AS n, "
                "sum(amount_reporting::DECIMAL(38,4) * amount_reporting::DECIMAL(38,4)) AS sum_squares",
            ),
        ),
    ),
)
