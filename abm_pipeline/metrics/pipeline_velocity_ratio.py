"""Pipeline velocity of the programme against the rest. Definition: metrics.md C.

n is the number of closed deals of the smaller side.
"""

from __future__ import annotations

from abm_pipeline.metrics._base import DEAL_WINDOW_DAYS
from abm_pipeline.metrics._intervals import log_interval
from abm_pipeline.metrics._spec import MetricSpec
from abm_pipeline.metrics._velocity import CLOSED_DEALS, CYCLE, DEALS, PRODUCT, VARIANCE
from abm_pipeline.storage.engine import Step

SPEC = MetricSpec(
    id="pipeline_velocity_ratio",
    title="Pipeline velocity, ABM to non-ABM",
    formula="Pipeline velocity of accounts on the list ÷ pipeline velocity of others.",
    unit="ratio",
    grain="open deals, and deals closed in the window",
    window_days=(DEAL_WINDOW_DAYS,),
    segments=(),
    guides=("G3",),
    statistic="given",
    example="400 per day against 50: 8.",
    steps=(
        Step(
            "pipeline_velocity_ratio",
            "The two velocities side by side.",
            f"""
            WITH speed AS (
                SELECT day, window_days, program, {PRODUCT} / nullif({CYCLE}, 0) AS velocity, {CLOSED_DEALS} AS n,
                       {VARIANCE} AS variance
                FROM {DEALS} GROUP BY day, window_days, program
            ),
            compared AS (
            SELECT day, window_days, 'all' AS dimension, 'all' AS dimension_value,
                   max(velocity) FILTER (program = 'abm') AS numerator,
                   max(velocity) FILTER (program = 'non_abm') AS denominator,
                   least(coalesce(max(n) FILTER (program = 'abm'), 0),
                         coalesce(max(n) FILTER (program = 'non_abm'), 0)) AS n,
                   numerator / nullif(denominator, 0) AS value,
                   max(variance) FILTER (program = 'abm') + max(variance) FILTER (program = 'non_abm') AS variance
            FROM speed GROUP BY day, window_days
            )
            SELECT * EXCLUDE (variance), {log_interval("value", "variance")} FROM compared""",
        ),
    ),
)
