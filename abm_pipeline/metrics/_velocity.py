"""What the metrics of velocity share: the four factors of velocity in one relation.

deals:      open at the end of the day ("deals in the pipeline")
size:       mean amount of the deals won in the 90 days up to it
win rate:   won ÷ closed in those days
cycle days: mean days from created to closed of the deals won in those days; a deal dated closed before it was created
            is an error in the books and has no cycle

All by the segments at the deal's creation. A factor without data makes the product null, never 0.

The interval is that of the logarithm (delta method) over the closed deals, of which size, win rate and cycle are
estimates that hang together: long deals are often large ones. How many deals are open is a count, and known.
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


def _sum(x: str, which: str = "true") -> str:
    return f"nullif(CAST(sum({x}) FILTER ({which}) AS DOUBLE), 0)"


def _count(which: str) -> str:
    return f"nullif(CAST(count(*) FILTER ({which}) AS DOUBLE), 0)"


_A, _N_A = _sum("amount_won"), _count("amount_won IS NOT NULL")
_C, _N_C = _sum("won_cycle_days"), _count("won_cycle_days IS NOT NULL")
_CLOSED = _count("NOT is_open")
_BOTH = "amount_won IS NOT NULL AND won_cycle_days IS NOT NULL"
_SHARED = (
    f"coalesce({_sum('amount_won::DECIMAL(38, 4) * won_cycle_days')}, 0) / ({_A} * {_C}) "
    f"- coalesce({_sum('amount_won', _BOTH)}, 0) / ({_A} * {_N_C}) "
    f"- coalesce({_sum('won_cycle_days', _BOTH)}, 0) / ({_C} * {_N_A}) "
    f"+ coalesce({_count(_BOTH)}, 0) / ({_N_A} * {_N_C})"
)
# Σ of the squares of each deal's part in log(ΣA ÷ n_A) + log(W ÷ N) − log(ΣC ÷ n_C), whose parts add up to 0.
_SQUARES = (
    f"{_sum('amount_won::DECIMAL(38, 4) * amount_won')} / pow({_A}, 2) - 1 / {_N_A} "
    f"+ 1 / {_count('is_won')} - 1 / {_CLOSED} "
    f"+ {_sum('won_cycle_days * won_cycle_days')} / pow({_C}, 2) - 1 / {_N_C} - 2 * ({_SHARED})"
)
VARIANCE = f"(({_SQUARES}) * {_CLOSED} / nullif({_CLOSED} - 1, 0))"
"""Variance of the logarithm of size × win rate ÷ cycle, as an aggregate over DEALS; null below two closed deals."""
