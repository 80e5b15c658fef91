"""Marketing-sourced pipeline of target accounts. Definition: metrics.md C.

The first meaningful touch is the first engagement of anybody of the account in the lookback before the deal; exposures
and attempts are none. A touch is sales' by its channel (`attribution.sales_channels`), or if it is e-mail without a
campaign. Without any touch a deal is nobody's.
"""

from __future__ import annotations

from abm_pipeline.metrics._base import DEAL_WINDOW_DAYS
from abm_pipeline.metrics._influence import STORY, part_of_pipeline
from abm_pipeline.metrics._segments import SEGMENTS, by_segment
from abm_pipeline.metrics._spec import MetricSpec
from abm_pipeline.storage.engine import Step

SPEC = MetricSpec(
    id="sourced_pipeline",
    title="Marketing-sourced pipeline",
    formula="Amount of deals whose first engagement in the lookback was marketing's ÷ amount of deals created in the "
    "window; target accounts.",
    unit="share",
    grain="deals of target accounts created in the window",
    window_days=(DEAL_WINDOW_DAYS,),
    segments=SEGMENTS,
    guides=("G3",),
    statistic="weighted",
    rests_on_score=True,
    parts=(STORY,),
    example="Deals of 60 000 after a webinar and of 40 000 after a call: 60 000 ÷ 100 000 = 60 %.",
    steps=(
        Step(
            "sourced_pipeline",
            "Amounts that marketing began, of the pipeline created, in every segment.",
            by_segment("(SELECT * FROM created_story WHERE program = 'abm')", part_of_pipeline("is_sourced")),
        ),
    ),
)
