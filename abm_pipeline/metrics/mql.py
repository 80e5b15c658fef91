"""Marketing-qualified leads: people who became one in the window. Definition: metrics.md C.

People, not records: who is a lead in two systems counts once, on the earlier day.
"""

from __future__ import annotations

from abm_pipeline.metrics._leads import LEAD_SEGMENTS, LEAD_WINDOWS, LEADS, counted
from abm_pipeline.metrics._spec import MetricSpec

SPEC = MetricSpec(
    id="mql",
    title="Marketing-qualified leads",
    formula="People whose first day as a marketing-qualified lead is in the window.",
    unit="people",
    grain="people",
    window_days=LEAD_WINDOWS,
    segments=LEAD_SEGMENTS,
    guides=("G5", "G1"),
    statistic="count",
    parts=(LEADS,),
    example="Qualified on 2 May in one system and on 9 May in another: one person, on 2 May.",
    steps=(counted("mql", "mql"),),
)
