"""Median with its interval, as aggregates: what metrics that are medians share."""

from __future__ import annotations


def median_of(x: str) -> str:
    """SQL aggregates value, ci_low and ci_high over the column x (whole numbers or amounts, nulls left out).

    The interval of 95 % is between two observations, equally far from both ends: the r-th and the r-th last, with
    r = (n + 1) ÷ 2 − 0.98 √n rounded down (the normal approximation of the binomial order statistics; Conover,
    Practical Nonparametric Statistics, 3.2). None where there are fewer than six.
    """
    rank = f"CAST(floor((count({x}) + 1) / 2.0 - 0.979981992270027 * sqrt(count({x}))) AS BIGINT)"
    values = f"list_sort(list(CAST({x} AS DOUBLE)) FILTER ({x} IS NOT NULL))"
    return (
        f"median(CAST({x} AS DOUBLE)) AS value, CASE WHEN {rank} >= 1 THEN {values}[{rank}] END AS ci_low, "
        f"CASE WHEN {rank} >= 1 THEN {values}[count({x}) + 1 - {rank}] END AS ci_high"
    )
