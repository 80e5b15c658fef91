"""Days to close: from the day a deal was created to the day it closed. Definition: metrics.md C.

Mean over the deals closed in the window, won and lost; dimension `outcome` tells them apart. A deal dated closed before
it was created is an error in the books: it has no cycle, and is counted in `cycle_errors`.
"""

from __future__ import annotations

from abm_pipeline.metrics._base import DEAL_WINDOW_DAYS
from abm_pipeline.metrics._segments import SEGMENTS, by_segment
from abm_pipeline.metrics._spec import MetricSpec
from abm_pipeline.storage.engine import Step

CYCLES = """(
    SELECT *, CAST(cycle_days AS BIGINT) AS days, CASE WHEN is_won THEN 'won' ELSE 'lost' END AS outcome
    FROM closed WHERE cycle_days IS NOT NULL)"""
"""Deals closed in the window that have a cycle, with their outcome."""

SPEC = MetricSpec(
    id="cycle_days",
    title="Days to close",
    formula="Σ days from created to closed ÷ deals closed in the window.",
    unit="days",
    grain="deals closed in the window",
    window_days=(DEAL_WINDOW_DAYS,),
    segments=(*SEGMENTS, "outcome"),
    guides=("G2",),
    statistic="mean",
    example="Closed after 10, 20 and 90 days: 120 ÷ 3 = 40; one dated closed 5 days before it was created is left out.",
    steps=(
        Step(
            "cycle_days",
            "Cycle days summed in every segment.",
            by_segment(
                CYCLES,
                "sum(days) AS numerator, count(*) AS denominator, count(*) AS n, sum(days * days) AS sum_squares",
                (*SEGMENTS, "outcome"),
            ),
        ),
    ),
)
