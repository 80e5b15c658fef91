"""Expansion deals among the won ones of the window. Definition: metrics.md E, repeat purchases."""

from __future__ import annotations

from abm_pipeline.metrics._base import DEAL_WINDOW_DAYS
from abm_pipeline.metrics._customers import CUSTOMER_SEGMENTS, CUSTOMERS
from abm_pipeline.metrics._segments import by_segment
from abm_pipeline.metrics._spec import MetricSpec
from abm_pipeline.storage.engine import Step

SPEC = MetricSpec(
    id="add_on_share",
    title="Add-on share",
    formula="Expansion deals won ÷ deals won, of those closed in the window.",
    unit="share",
    grain="deals won in the window",
    window_days=(DEAL_WINDOW_DAYS,),
    segments=CUSTOMER_SEGMENTS,
    guides=("G2",),
    statistic="proportion",
    parts=(CUSTOMERS,),
    example="Four deals won in 90 days, one of them an add-on: 25 %.",
    steps=(
        Step(
            "add_on_share",
            "Expansion deals among the won, in every segment.",
            by_segment(
                "(SELECT * FROM closed WHERE is_won)",
                "count(*) FILTER (deal_type = 'expansion') AS numerator, count(*) AS denominator, count(*) AS n",
                CUSTOMER_SEGMENTS,
            ),
        ),
    ),
)
