"""Win rate: won among the deals closed in the window. Definition: metrics.md C; count-based.

Open deals are in neither part. The list, tier and engagement quintile of a deal are those at the end of the day it was
created ("win rate by tier at opportunity creation"): what was done to win it had only begun then, and a later tier
move cannot count the deal twice. Every type of deal counts.
"""

from __future__ import annotations

from abm_pipeline.metrics._base import DEAL_WINDOW_DAYS
from abm_pipeline.metrics._segments import SEGMENTS, by_segment
from abm_pipeline.metrics._spec import MetricSpec
from abm_pipeline.storage.engine import Step

SPEC = MetricSpec(
    id="win_rate",
    title="Win rate",
    formula="Deals won ÷ deals won or lost, of those closed in the window.",
    unit="share",
    grain="deals closed in the window",
    window_days=(DEAL_WINDOW_DAYS,),
    segments=SEGMENTS,
    guides=("G3", "G2"),
    statistic="proportion",
    steps=(
        Step(
            "win_rate",
            "Won among closed deals in every segment.",
            by_segment("closed", "count(*) FILTER (is_won) AS numerator, count(*) AS denominator, count(*) AS n"),
        ),
    ),
)
