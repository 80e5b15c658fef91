"""What each sales rep won in the window: what the metrics by rep share.

A deal is that of its owner at the end of the day it closed, since customers are often handed over after. Amounts are in
the reporting currency; a deal whose amount could not be converted counts as a deal and for nothing in sums.
"""

from __future__ import annotations

from abm_pipeline.metrics._spec import Part
from abm_pipeline.storage.engine import Step

REPS = Part(
    "reps",
    steps=(
        Step(
            "rep_won",
            "Deals won in the window of each day, with the rep who won them.",
            """
            SELECT c.day, c.window_days, c.deal_id, c.account_id, c.amount_reporting, coalesce(o.owner, c.owner) AS rep
            FROM closed c LEFT JOIN deal o
              ON o.deal_id = c.deal_id AND c.closed_day BETWEEN o.from_day AND o.until_day
            WHERE c.is_won
            """,
        ),
        Step(
            "rep_total",
            "Deals and amount that each rep won in the window.",
            """
            SELECT day, window_days, rep, count(*) AS deals,
                   CAST(coalesce(sum(amount_reporting), 0) AS DECIMAL(18, 4)) AS amount
            FROM rep_won GROUP BY day, window_days, rep
            """,
        ),
    ),
)
"""Makes `rep_won` (day, window_days, deal_id, account_id, amount_reporting, rep) and `rep_total` (deals, amount)."""
