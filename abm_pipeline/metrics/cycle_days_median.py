"""Median days to close, which a few endless deals do not move. Definition: metrics.md C; otherwise as cycle_days."""

from __future__ import annotations

from abm_pipeline.metrics._base import DEAL_WINDOW_DAYS
from abm_pipeline.metrics._intervals import median_of
from abm_pipeline.metrics._segments import SEGMENTS, by_segment
from abm_pipeline.metrics._spec import MetricSpec
from abm_pipeline.metrics.cycle_days import CYCLES
from abm_pipeline.storage.engine import Step

SPEC = MetricSpec(
    id="cycle_days_median",
    title="Median days to close",
    formula="Median of days from created to closed over the deals closed in the window.",
    unit="days",
    grain="deals closed in the window",
    window_days=(DEAL_WINDOW_DAYS,),
    segments=(*SEGMENTS, "outcome"),
    guides=("G2",),
    statistic="given",
    example="Closed after 10, 20 and 90 days: 20. The median of all is not the mean of the segments' medians.",
    steps=(
        Step(
            "cycle_days_median",
            "Median of cycle days in every segment.",
            by_segment(
                CYCLES,
                "CAST(NULL AS BIGINT) AS numerator, count(*) AS denominator, count(*) AS n, " + median_of("days"),
                (*SEGMENTS, "outcome"),
            ),
        ),
    ),
)
