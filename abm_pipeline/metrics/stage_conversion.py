"""Conversion from deal stage to deal stage: stays that ended by going on. Definition: metrics.md C (stage_durations).

On means to a later open stage, or won; lost, or back to an earlier stage, is not. Stays that have not ended are in
neither part.
"""

from __future__ import annotations

from abm_pipeline.metrics._base import DEAL_WINDOW_DAYS
from abm_pipeline.metrics._segments import by_segment
from abm_pipeline.metrics._spec import MetricSpec
from abm_pipeline.metrics._stages import STAGE_SEGMENTS, STAGES
from abm_pipeline.storage.engine import Step

SPEC = MetricSpec(
    id="stage_conversion",
    title="Deal stage conversion",
    formula="Stays in an open deal stage that ended in a later stage or won ÷ stays that ended in the window.",
    unit="share",
    grain="stays that ended in the window",
    window_days=(DEAL_WINDOW_DAYS,),
    segments=STAGE_SEGMENTS,
    guides=("G3",),
    statistic="proportion",
    parts=(STAGES,),
    example="Of five deals that left Discovery three went on to Proposal, one was lost, one went back: 3 ÷ 5 = 60 %.",
    steps=(
        Step(
            "stage_conversion",
            "Stays that went on, in every stage and segment.",
            by_segment(
                "stay_day",
                "count(*) FILTER (is_forward) AS numerator, count(*) AS denominator, count(*) AS n",
                STAGE_SEGMENTS,
            ),
        ),
    ),
)
