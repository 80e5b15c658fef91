"""Pipeline velocity: money per day that the pipeline turns into revenue. Definition: metrics.md C.

18 deals × 42 000 × 0.24 ÷ 78 days = 2 326.15 per day. How each factor is taken stands in `_velocity`. n is the
number of closed deals that size, win rate and cycle rest on.
"""

from __future__ import annotations

from abm_pipeline.metrics._base import DEAL_WINDOW_DAYS
from abm_pipeline.metrics._segments import SEGMENTS, by_segment
from abm_pipeline.metrics._spec import MetricSpec
from abm_pipeline.metrics._velocity import CLOSED_DEALS, CYCLE, DEALS, PRODUCT
from abm_pipeline.storage.engine import Step

SPEC = MetricSpec(
    id="pipeline_velocity",
    title="Pipeline velocity",
    formula="Open deals × mean won amount × win rate ÷ mean days from created to won; the last three over the window.",
    unit="money per day",
    grain="open deals, and deals closed in the window",
    window_days=(DEAL_WINDOW_DAYS,),
    segments=SEGMENTS,
    guides=("G3",),
    statistic="ratio",
    example="18 deals × 42 000 × 0.24 ÷ 78 days = 2 326.15 per day.",
    steps=(
        Step(
            "pipeline_velocity",
            "The product of three factors over the fourth, in every segment.",
            by_segment(DEALS, f"{PRODUCT} AS numerator, {CYCLE} AS denominator, {CLOSED_DEALS} AS n"),
        ),
    ),
)
