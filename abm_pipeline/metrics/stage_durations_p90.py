"""Time in deal stage that nine of ten stays do not exceed. Definition: metrics.md C; otherwise as stage_durations."""

from __future__ import annotations

from abm_pipeline.metrics._base import DEAL_WINDOW_DAYS
from abm_pipeline.metrics._intervals import quantile_of
from abm_pipeline.metrics._segments import by_segment
from abm_pipeline.metrics._spec import MetricSpec
from abm_pipeline.metrics._stages import STAGE_SEGMENTS, STAGES
from abm_pipeline.storage.engine import Step

SPEC = MetricSpec(
    id="stage_durations_p90",
    title="Time in deal stage, 90th percentile",
    formula="Days in an open deal stage that 90 % of the stays that ended in the window did not exceed.",
    unit="days",
    grain="stays that ended in the window",
    window_days=(DEAL_WINDOW_DAYS,),
    segments=STAGE_SEGMENTS,
    guides=("G3",),
    statistic="given",
    parts=(STAGES,),
    example="Ten stays of 1, 2 … 10 days: 9.",
    steps=(
        Step(
            "stage_durations_p90",
            "The observation at nine tenths, in every stage and segment.",
            by_segment(
                "stay_day",
                "CAST(NULL AS BIGINT) AS numerator, count(*) AS denominator, count(*) AS n, "
                + quantile_of("stay_days", 0.9),
                STAGE_SEGMENTS,
            ),
        ),
    ),
)
