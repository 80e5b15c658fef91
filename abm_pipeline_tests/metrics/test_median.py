"""Intervals of order statistics: between observations that hold them in at least 95 of 100 samples."""

from __future__ import annotations

import random
from math import comb

import pytest

from abm_pipeline.metrics._intervals import median_of, quantile_of
from abm_pipeline.storage.engine import connect


def median(values: list[float | None]) -> tuple[float | None, ...]:
    """Value and interval of some values, in any order."""
    random.Random(3).shuffle(values)
    with connect() as con:
        return tuple(
            con.execute(f"SELECT {median_of('x')} FROM (SELECT unnest(?::DOUBLE[]) AS x)", [values]).fetchone()
        )  # type: ignore[arg-type]


def test_of_ten_the_second_to_the_ninth() -> None:
    """1 … 10: median 5.5; 5.5 − 0.98 × √10 = 2.4: from the second to the ninth. A null is no observation."""
    assert (5.5, 2.0, 9.0) == median([*range(1, 11), None])


def test_of_five_there_is_none() -> None:
    """Even all five hold the median in only 30 of 32 samples."""
    assert (3.0, None, None) == median([1, 2, 3, 4, 5])
    assert (None, None, None) == median([])


@pytest.mark.parametrize("n", [6, 7, 8, 12, 20, 41, 100])
def test_the_interval_holds_the_median_often_enough(n: int) -> None:
    """Exactly, by the binomial distribution: fewer than r below it, or above it, in at most 5 of 100 samples."""
    rank = int(median([*range(1, n + 1)])[1] or 0)
    assert 2 * sum(comb(n, k) for k in range(rank)) / 2**n <= 0.05


@pytest.mark.parametrize("n", [53, 54, 80, 200])
def test_the_interval_holds_nine_tenths_often_enough(n: int) -> None:
    """Exactly: at least r, and fewer than the upper rank, of n lie below the 90th percentile in 95 of 100 samples. The
    value is the observation that nine tenths do not exceed."""
    with connect() as con:
        value, low, high = con.execute(f"SELECT {quantile_of('x', 0.9)} FROM range(1, {n} + 1) t(x)").fetchall()[0]
    chance = sum(comb(n, k) * 0.9**k * 0.1 ** (n - k) for k in range(int(low), int(high)))
    assert chance >= 0.95
    assert value == -(-n * 9 // 10)


def test_of_fifty_two_nine_tenths_have_no_upper_end() -> None:
    """The largest of 52 may well lie below the 90th percentile."""
    with connect() as con:
        row = con.execute(f"SELECT {quantile_of('x', 0.9)} FROM range(1, 53) t(x)").fetchall()[0]
    assert (47.0, None, None) == row
