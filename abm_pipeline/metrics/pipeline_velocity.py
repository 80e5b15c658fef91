"""Pipeline velocity: money per day that the pipeline turns into revenue. Definition: metrics.md C.

18 deals × 42 000 × 0.24 ÷ 78 days = 2 326.15 per day. How each factor is taken stands in `_velocity`. n is the
number of closed deals that size, win rate and cycle rest on.
"""

from __future__ import annotations

from abm_pipeline.metrics._base import DEAL_WINDOW_DAYS
from abm_pipeline.metrics._intervals import log_interval
from abm_pipeline.metrics._segments import SEGMENTS, by_segment
from abm_pipeline.metrics._spec import MetricSpec
from abm_pipeline.metrics._velocity import CLOSED_DEALS, CYCLE, DEALS, PRODUCT, VARIANCE
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
    statistic="given",
    example="18 deals × 42 000 × 0.24 ÷ 78 days = 2 326.15 per day.",
    steps=(
        Step(
            "velocity_factor",
            "The product of three factors, the fourth, and how sure they are, in every segment.",
            by_segment(
                DEALS,
                f"{PRODUCT} AS numerator, {CYCLE} AS denominator, {CLOSED_DEALS} AS n, {VARIANCE} AS variance, "
                "numerator / nullif(denominator, 0) AS value",
            ),
        ),
        Step(
            "pipeline_velocity",
            "The three over the fourth.",
            f"SELECT * EXCLUDE (variance), {log_interval('value', 'variance')} FROM velocity_factor",
        ),
    ),
)
