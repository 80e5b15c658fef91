"""Sales velocity: pipeline velocity with the count of sales-qualified leads. Definition: metrics.md C (G1).

People who became sales-qualified in the window stand where pipeline_velocity has open deals; size, win rate and cycle
are the same. n is the number of closed deals that they rest on. The interval is theirs too.
"""

from __future__ import annotations

from abm_pipeline.metrics._base import DEAL_WINDOW_DAYS
from abm_pipeline.metrics._intervals import log_interval
from abm_pipeline.metrics._leads import LEAD_SEGMENTS, LEADS
from abm_pipeline.metrics._segments import by_segment
from abm_pipeline.metrics._spec import MetricSpec
from abm_pipeline.metrics._velocity import CLOSED_DEALS, CYCLE, DEALS, SIZE_AND_WIN_RATE, VARIANCE
from abm_pipeline.storage.engine import Step

SPEC = MetricSpec(
    id="sales_velocity",
    title="Sales velocity",
    formula="Sales-qualified leads of the window × mean won amount × win rate ÷ mean days from created to won.",
    unit="money per day",
    grain="sales-qualified leads, and deals closed in the window",
    window_days=(DEAL_WINDOW_DAYS,),
    segments=LEAD_SEGMENTS,
    guides=("G1",),
    statistic="given",
    parts=(LEADS,),
    example="18 sales-qualified leads × 42 000 × 0.24 ÷ 78 days = 2 326.15 per day.",
    steps=(
        Step(
            "won_of_segment",
            "Size × win rate, and cycle, of the deals closed in the window.",
            by_segment(
                DEALS,
                f"{SIZE_AND_WIN_RATE} AS worth, {CYCLE} AS cycle, {CLOSED_DEALS} AS n, {VARIANCE} AS variance",
                LEAD_SEGMENTS,
            ),
        ),
        Step(
            "sales_velocity",
            "Leads of the segment times what a lead is worth.",
            f"""
            SELECT w.day, w.window_days, w.dimension, w.dimension_value, coalesce(l.people, 0) * w.worth AS numerator,
                   w.cycle AS denominator, w.n, numerator / nullif(denominator, 0) AS value,
                   {log_interval("value", "w.variance")}
            FROM won_of_segment w LEFT JOIN (SELECT * FROM lead_count WHERE stage = 'sql') l
              USING (day, window_days, dimension, dimension_value)
            WHERE w.n > 0""",
        ),
    ),
)
