"""Deals dated closed before they were created: errors in the books that have no cycle. Definition: metrics.md C.

Counted are the records that validation refused by the end of the day and that have not come right since, and deals
whose stage history says so, closed in the window.
"""

from __future__ import annotations

from abm_pipeline.contracts import tables as T
from abm_pipeline.metrics._base import DEAL_WINDOW_DAYS
from abm_pipeline.metrics._spec import EVER, MetricSpec, Part
from abm_pipeline.storage.engine import Step
from abm_pipeline.storage.lake import Input

REFUSED = Part("refused_deals", reads=(Input(T.QUARANTINE, EVER), Input(T.DEAL, EVER)))

SPEC = MetricSpec(
    id="cycle_errors",
    title="Deals closed before they were created",
    formula="Deals refused because they are dated closed before created, and deals closed so in the window.",
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
            "backwards_deal",
            "Deals known to be backwards: from the day they were refused until a sound version came.",
            """
            WITH refused AS (
                SELECT vendor || ':' || record_id AS deal_id, min(day) AS from_day
                FROM quarantine.record WHERE rule = 'closed_before_created' AND table_name = 'staged.deal'
                GROUP BY ALL
            )
            SELECT r.deal_id, r.from_day, min(v.day) AS right_day
            FROM refused r LEFT JOIN staged.deal v
              ON v.source || ':' || v.source_id = r.deal_id AND v.day > r.from_day
            GROUP BY r.deal_id, r.from_day""",
        ),
        Step(
            "cycle_errors",
            "Those of each day.",
            f"""
            WITH wrong AS (
                SELECT d.day, b.deal_id FROM days d JOIN backwards_deal b
                  ON d.day >= b.from_day AND (b.right_day IS NULL OR d.day < b.right_day)
                UNION
                SELECT day, deal_id FROM closed WHERE cycle_days IS NULL
            )
            SELECT day, {DEAL_WINDOW_DAYS} AS window_days, 'all' AS dimension, 'all' AS dimension_value,
                   count(*) AS numerator, CAST(NULL AS BIGINT) AS denominator, count(*) AS n
            FROM wrong GROUP BY day""",
        ),
    ),
)
