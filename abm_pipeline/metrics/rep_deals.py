"""Deals won per rep in the window. Definition: metrics.md C (rep_sales, G2); otherwise as rep_sales."""

from __future__ import annotations

from abm_pipeline.metrics._base import DEAL_WINDOW_DAYS
from abm_pipeline.metrics._reps import REPS
from abm_pipeline.metrics._segments import by_segment
from abm_pipeline.metrics._spec import MetricSpec
from abm_pipeline.storage.engine import Step

SPEC = MetricSpec(
    id="rep_deals",
    title="Deals won per rep",
    formula="Deals won in the window ÷ reps who won a deal.",
    unit="deals",
    grain="deals won in the window",
    window_days=(DEAL_WINDOW_DAYS,),
    segments=("rep",),
    guides=("G2",),
    statistic="ratio",
    parts=(REPS,),
    example="Kim won two deals, Lee one: 3 ÷ 2 = 1.5 per rep.",
    steps=(
        Step(
            "rep_deals",
            "Won deals by rep, and per rep.",
            by_segment(
                "rep_total",
                "CAST(sum(deals) AS BIGINT) AS numerator, count(*) AS denominator, CAST(sum(deals) AS BIGINT) AS n, "
                "count(*) AS units, CAST(sum(deals * deals) AS BIGINT) AS sum_xx, "
                "CAST(sum(deals) AS BIGINT) AS sum_xy, count(*) AS sum_yy",
                ("rep",),
            ),
        ),
    ),
)
