"""What the metrics of velocity share: the four factors of velocity in one relation.

deals:      open at the end of the day ("deals in the pipeline")
size:       mean amount of the deals won in the 90 days up to it
win rate:   won ÷ closed in those days
cycle days: mean days from created to closed of the deals won in those days; a deal dated closed before it was created
            is an error in the books and has no cycle

All by the segments at the deal's creation. A factor without data makes the product null, never 0.
"""

from __future__ import annotations

from abm_pipeline.metrics._base import DEAL_WINDOW_DAYS

DEALS = f"""(
    SELECT day, window_days, program, tier, industry, region, employee_band, owner, engagement_quintile,
           false AS is_open, is_won, CASE WHEN is_won THEN amount_reporting END AS amount_won,
           CASE WHEN is_won THEN cycle_days END AS won_cycle_days
    FROM closed
    UNION ALL
    SELECT day, {DEAL_WINDOW_DAYS}, program, tier, industry, region, employee_band, owner, engagement_quintile,
           true, false, NULL, NULL
    FROM open_deal)"""
"""Closed and open deals of each day in one relation."""

CLOSED_DEALS = "count(*) FILTER (NOT is_open)"
SIZE_AND_WIN_RATE = f"""((CAST(sum(amount_won) AS DOUBLE) / nullif(count(amount_won), 0))
    * (CAST(count(*) FILTER (is_won) AS DOUBLE) / nullif({CLOSED_DEALS}, 0)))"""
"""Size × win rate, as an aggregate over DEALS."""

PRODUCT = f"(count(*) FILTER (is_open) * {SIZE_AND_WIN_RATE})"
"""Deals × size × win rate, as an aggregate over DEALS."""

CYCLE = "(CAST(sum(won_cycle_days) AS DOUBLE) / nullif(count(won_cycle_days), 0))"
"""Mean cycle days, as an aggregate over DEALS."""
