"""Intervals of 95 % as SQL: what metrics share whose value is no plain sum over another.

Belongs here: pieces of SQL for order statistics, logarithms of ratios and shares. Not here: intervals of whole columns
of values (`_finish`).
"""

from __future__ import annotations

from abm_pipeline.scoring.discrimination import Z95


def median_of(x: str) -> str:
    """SQL aggregates value, ci_low and ci_high over the column x (whole numbers or amounts, nulls left out).

    The interval is between two observations, equally far from both ends: the r-th and the r-th last, with
    r = (n + 1) ÷ 2 − 0.98 √n rounded down (the normal approximation of the binomial order statistics; Conover,
    Practical Nonparametric Statistics, 3.2). None where there are fewer than six.
    """
    rank = median_rank(f"count({x})")
    return f"median(CAST({x} AS DOUBLE)) AS value, {_between(x, rank, f'count({x}) + 1 - {rank}')}"


def median_rank(n: str) -> str:
    """SQL for r of `median_of`; below 1 there is no interval."""
    return f"CAST(floor(({n} + 1) / 2.0 - {Z95 / 2!r} * sqrt({n})) AS BIGINT)"


def quantile_of(x: str, share: float) -> str:
    """SQL aggregates value, ci_low and ci_high: the observation that `share` of them do not exceed.

    The interval as in `median_of`, around n × share, both ranks rounded outwards so that it never holds the quantile in
    fewer than 95 of 100 samples; none where the upper one would lie beyond the last (53 observations for 0.9).
    """
    half = f"{Z95!r} * sqrt(count({x}) * {share * (1 - share)!r})"
    low = f"CAST(floor(count({x}) * {share} - {half}) AS BIGINT)"
    high = f"CAST(ceil(count({x}) * {share} + {half}) AS BIGINT) + 1"
    return f"CAST(quantile_disc({x}, {share}) AS DOUBLE) AS value, {_between(x, low, high)}"


def _between(x: str, low: str, high: str) -> str:
    values = f"list_sort(list(CAST({x} AS DOUBLE)) FILTER ({x} IS NOT NULL))"
    exists = f"{low} >= 1 AND {high} <= count({x})"
    return ", ".join(
        f"CASE WHEN {exists} THEN {values}[{rank}] END AS {name}" for rank, name in ((low, "ci_low"), (high, "ci_high"))
    )


def log_interval(value: str, variance: str) -> str:
    """SQL columns ci_low and ci_high of a product or ratio, from the variance of its logarithm (the delta method).

    Null where the variance is, or the value is 0: nothing is known of its spread then.
    """
    half = f"{Z95!r} * sqrt(greatest({variance}, 0))"
    known = f"{variance} IS NOT NULL AND {value} > 0"
    return ", ".join(
        f"CASE WHEN {known} THEN {value} * exp({sign}{half}) END AS {name}"
        for sign, name in (("-", "ci_low"), ("", "ci_high"))
    )


def wilson_bounds(share: str, n: str) -> tuple[str, str]:
    """SQL for the ends of Wilson's score interval of a share of n, as `_finish.wilson` computes it."""
    z = f"({Z95 * Z95!r} / {n})"
    half = f"sqrt({z} * ({share} * (1 - {share}) + {z} / 4))"
    return f"(({share} + {z} / 2 - {half}) / (1 + {z}))", f"(({share} + {z} / 2 + {half}) / (1 + {z}))"
