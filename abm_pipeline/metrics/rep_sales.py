"""Sales per rep: what each won in the window, and on average. Definition: metrics.md C (G2).

`rep` has the amount each rep won; `all` is the mean over the reps who won a deal, with the interval of their
spread. n counts deals. Whose a deal is
stands in `_reps`.
"""

from __future__ import annotations

from abm_pipeline.metrics._base import DEAL_WINDOW_DAYS
from abm_pipeline.metrics._reps import REPS
from abm_pipeline.metrics._segments import by_segment
from abm_pipeline.metrics._spec import MetricSpec
from abm_pipeline.storage.engine import Step

SPEC = MetricSpec(
    id="rep_sales",
    title="Sales per rep",
    formula="Σ amount won in the window ÷ reps who won a deal.",
    unit="money",
    grain="deals won in the window",
    window_days=(DEAL_WINDOW_DAYS,),
    segments=("rep",),
    guides=("G2",),
    statistic="ratio",
    parts=(REPS,),
    example="Kim won 60 000 and 20 000, Lee 40 000: Kim 80 000, Lee 40 000, per rep 120 000 ÷ 2 = 60 000.",
    steps=(
        Step(
            "rep_sales",
            "Won amounts by rep, and per rep.",
            by_segment(
                "rep_total",
                "sum(amount) AS numerator, count(*) AS denominator, CAST(sum(deals) AS BIGINT) AS n, "
                "count(*) AS units, sum(amount::DECIMAL(38, 4) * amount) AS sum_xx, sum(amount) AS sum_xy, "
                "count(*) AS sum_yy",
                ("rep",),
            ),
        ),
    ),
)
