"""Median with its interval, as aggregates: what metrics that are medians share."""

from __future__ import annotations

_HALF = "0.979981992270027 * sqrt(count({x}))"
"""Half of 1.96 standard deviations of the number of observations below the median."""


def median_of(x: str) -> str:
    """SQL aggregates value, ci_low and ci_high over the column x (whole numbers or amounts, nulls left out).

    The interval of 95 % is between two observations: those at n ÷ 2 ∓ 0.98 √n, outwards (Conover, Practical
    Nonparametric Statistics, 3.2, for large n); none where there are too few (below six).
    """
    half = _HALF.format(x=x)
    low = f"CAST(floor(count({x}) / 2.0 - {half}) AS BIGINT)"
    high = f"CAST(ceil(count({x}) / 2.0 + {half}) AS BIGINT) + 1"
    # Element 0 and those past the end of a list are null.
    values = f"list_sort(list(CAST({x} AS DOUBLE)) FILTER ({x} IS NOT NULL))"
    is_inside = f"{low} >= 1 AND {high} <= count({x})"
    return (
        f"median(CAST({x} AS DOUBLE)) AS value, CASE WHEN {is_inside} THEN {values}[{low}] END AS ci_low, "
        f"CASE WHEN {is_inside} THEN {values}[{high}] END AS ci_high"
    )
