"""Marketing-accelerated pipeline of target accounts: what marketing did not begin and then touched.

With sourced_pipeline it splits the pipeline: marketing began it, helped it once it was open, or did neither. A deal
counts from the day on which marketing first touched the account while the deal was open.
"""

from __future__ import annotations

from abm_pipeline.metrics._base import DEAL_WINDOW_DAYS
from abm_pipeline.metrics._influence import STORY, part_of_pipeline
from abm_pipeline.metrics._segments import SEGMENTS, by_segment
from abm_pipeline.metrics._spec import MetricSpec
from abm_pipeline.storage.engine import Step

SPEC = MetricSpec(
    id="accelerated_pipeline",
    title="Marketing-accelerated pipeline",
    formula="Amount of deals that marketing did not source and whose account engaged with marketing while the deal was "
    "open ÷ amount of deals created in the window; target accounts.",
    unit="share",
    grain="deals of target accounts created in the window",
    window_days=(DEAL_WINDOW_DAYS,),
    segments=SEGMENTS,
    guides=("G3",),
    statistic="weighted",
    rests_on_score=True,
    parts=(STORY,),
    example="Deals of 60 000 sourced by marketing and of 40 000 begun by a call, whose account came to a webinar "
    "later: 40 000 ÷ 100 000 = 40 %.",
    steps=(
        Step(
            "accelerated_pipeline",
            "Amounts that marketing helped and had not begun, of the pipeline created, in every segment.",
            by_segment(
                "(SELECT * FROM created_story WHERE program = 'abm')",
                part_of_pipeline("NOT is_sourced AND is_helped"),
            ),
        ),
    ),
)
