"""Deals dated closed before they were created: errors in the books that have no cycle. Definition: metrics.md C.

Counted are deals whose record validation refused for it in the window, and deals whose stage history says so, closed in
the window. n is their number: what they are a share of is not known.
"""

from __future__ import annotations

from abm_pipeline.contracts import tables as T
from abm_pipeline.metrics._base import DEAL_WINDOW_DAYS
from abm_pipeline.metrics._spec import MetricSpec, Part
from abm_pipeline.storage.engine import Step
from abm_pipeline.storage.lake import Input

REFUSED = Part("refused_deals", reads=(Input(T.QUARANTINE, DEAL_WINDOW_DAYS),))

SPEC = MetricSpec(
    id="cycle_errors",
    title="Deals closed before they were created",
    formula="Deals dated closed before created: refused in the window, or closed in it.",
    unit="deals",
    grain="deals",
    window_days=(DEAL_WINDOW_DAYS,),
    segments=(),
    guides=("G2",),
    statistic="count",
    parts=(REFUSED,),
    example="Created on 10 June and dated closed on 5 June: −5 days are no cycle; the deal is counted here.",
    steps=(
        Step(
            "cycle_errors",
            "Deals refused and deals without a cycle in each day's window, each once.",
            f"""
            WITH wrong AS (
                SELECT d.day, r.vendor || ':' || r.record_id AS deal_id
                FROM days d JOIN quarantine.record r ON r.day BETWEEN d.day - {DEAL_WINDOW_DAYS - 1} AND d.day
                WHERE r.rule = 'closed_before_created' AND r.table_name = 'staged.deal'
                UNION
                SELECT day, deal_id FROM closed WHERE cycle_days IS NULL
            )
            SELECT day, {DEAL_WINDOW_DAYS} AS window_days, 'all' AS dimension, 'all' AS dimension_value,
                   count(*) AS numerator, CAST(NULL AS BIGINT) AS denominator, count(*) AS n
            FROM wrong GROUP BY day""",
        ),
    ),
)
