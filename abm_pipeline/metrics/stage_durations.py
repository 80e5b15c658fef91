"""Time in deal stage: half of the stays were over after so many days. Definition: metrics.md C.

Over the stays that ended in the window, of deals won, lost and still open. The whole's median is not a mean of the
stages'.
"""

from __future__ import annotations

from abm_pipeline.metrics._base import DEAL_WINDOW_DAYS
from abm_pipeline.metrics._intervals import median_of
from abm_pipeline.metrics._segments import by_segment
from abm_pipeline.metrics._spec import MetricSpec
from abm_pipeline.metrics._stages import STAGE_SEGMENTS, STAGES
from abm_pipeline.storage.engine import Step

SPEC = MetricSpec(
    id="stage_durations",
    title="Time in deal stage, median",
    formula="Median of days in an open deal stage, over the stays that ended in the window.",
    unit="days",
    grain="stays that ended in the window",
    window_days=(DEAL_WINDOW_DAYS,),
    segments=STAGE_SEGMENTS,
    guides=("G3",),
    statistic="given",
    parts=(STAGES,),
    example="Proposals that took 3, 10 and 50 days: 10. One that still waits after 200 days is in none yet.",
    steps=(
        Step(
            "stage_durations",
            "Median days of the stays in every stage and segment.",
            by_segment(
                "stay_day",
                "CAST(NULL AS BIGINT) AS numerator, count(*) AS denominator, count(*) AS n, " + median_of("stay_days"),
                STAGE_SEGMENTS,
            ),
        ),
    ),
)
