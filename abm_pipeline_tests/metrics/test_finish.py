"""Values, intervals, flags and benchmarks over aggregated rows, against numbers worked by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from abm_pipeline.metrics._finish import (
    clustered_wilson,
    finish,
    mean_interval,
    ratio_interval,
    weighted_wilson,
    wilson,
)
from abm_pipeline.metrics._spec import MetricSpec
from abm_pipeline.programme import Band
from abm_pipeline.storage.engine import Step


def spec(statistic: Any = "proportion", **other: Any) -> MetricSpec:
    """A metric named `m`."""
    text: dict[str, Any] = dict.fromkeys(("title", "formula", "unit", "grain"), "x")
    rest: dict[str, Any] = {"guides": (), "steps": (Step("m", "x", "SELECT 1"),), **other}
    return MetricSpec(id="m", window_days=(90,), segments=(), statistic=statistic, **text, **rest)


def finished(numerator: float, denominator: float, n: int = 10, **other: Any) -> dict[str, Any]:
    """One finished row of `m` in `tier=one_to_one`, benchmarked 0.4 … 0.6."""
    benchmarks = {"m": other.pop("bands", {"tier=one_to_one": Band(low=0.4, high=0.6)})}
    statistic = other.pop("statistic", "proportion")
    row = {"metric": "m", "day": pd.Timestamp("2026-06-30"), "window_days": 90, "n": n, "numerator": numerator}
    cell = {"denominator": denominator, "dimension": "tier", "dimension_value": "one_to_one"}
    out = finish(
        pd.DataFrame([row | cell | other]),
        {"m": spec(statistic)},
        min_sample=10,
        benchmarks=benchmarks,
        score_version="1",
    )
    return dict(out.iloc[0])


def test_wilson_interval_of_eight_in_ten() -> None:
    """8 of 10: (0.8 + 1.92073/10 ± 1.95996·√(0.016 + 0.96036/100)) ÷ (1 + 3.84146/10) = 0.490162 … 0.943318."""
    low, high = wilson(np.array([8.0]), np.array([10.0]))
    assert (0.490162, 0.943318) == (round(low[0], 6), round(high[0], 6))


def test_wilson_at_the_ends() -> None:
    """0 of 10 starts at exactly 0 and ends at 3.84146 ÷ 13.84146 = 0.277533; 10 of 10 mirrors it; 0 of 0 has none."""
    low, high = wilson(np.array([0.0, 10.0, 0.0]), np.array([10.0, 10.0, 0.0]))
    assert [0.0, 0.722467] == [round(each, 6) for each in low[:2]]
    assert [0.277533, 1.0] == [round(each, 6) for each in high[:2]]
    assert np.isnan(low[2])
    assert np.isnan(high[2])


def test_t_interval_of_three_amounts() -> None:
    """10, 20, 30: mean 20, s = 10, t(2) = 4.302653, half width 4.302653 × 10 ÷ √3 = 24.8414."""
    low, high = mean_interval(np.array([60.0]), np.array([3.0]), np.array([1400.0]))
    assert (-4.8414, 44.8414) == (round(low[0], 4), round(high[0], 4))


def test_one_amount_has_no_interval() -> None:
    """With n = 1 nothing is known of the spread."""
    low, _ = mean_interval(np.array([10.0]), np.array([1.0]), np.array([100.0]))
    assert np.isnan(low[0])


def test_ratio_interval_of_two_accounts() -> None:
    """Engaged 1 and 3 of 4 and 4: R = 0.5, residuals −1 and 1, √(2/1 · 2) ÷ 8 = 0.25, t(1) = 12.7062: ± 3.17655."""
    squares = (np.array([10.0]), np.array([16.0]), np.array([32.0]))
    low, high = ratio_interval(np.array([4.0]), np.array([8.0]), np.array([2.0]), squares)
    assert (-2.67655, 3.67655) == (round(low[0], 5), round(high[0], 5))


@given(st.integers(0, 10_000), st.integers(1, 10_000))
def test_wilson_holds_the_share_and_stays_within_0_and_1(successes: int, more: int) -> None:
    """Law: 0 ≤ low ≤ share ≤ high ≤ 1, whatever the counts."""
    trials = successes + more
    low, high = wilson(np.array([float(successes)]), np.array([float(trials)]))
    assert 0 <= low[0] <= successes / trials <= high[0] <= 1


def test_a_share_of_amounts_is_as_sure_as_its_large_ones_are_many() -> None:
    """Of 80, 10 and 10 the 80 count: 80 %, as of 100² ÷ 6 600 = 1.515 units: Wilson's 0.184 to 0.986, within 0 and 1.
    Four alike, two of which count, are 2 of 4. All of it ends at exactly 1."""
    ends = weighted_wilson(np.array([80.0, 20, 50]), np.array([100.0, 40, 50]), np.array([6600.0, 400, 900]))
    two_of_four = wilson(np.array([2.0]), np.array([4.0]))
    assert (0.184, 0.986) == (round(ends[0][0], 3), round(ends[1][0], 3))
    assert [round(each[0], 12) for each in two_of_four] == [round(each[1], 12) for each in ends]
    assert 1 == ends[1][2]


def test_contacts_of_one_account_are_not_independent() -> None:
    """Ten accounts of 10 contacts. If five have all and five none, 50 % is as sure as 9 things are (0.25 ÷ (10/9 ×
    250 ÷ 10 000)); if each has five, as 100 are. One account alone says nothing of the spread."""
    share, whole = np.array([50.0, 50, 5]), np.array([100.0, 100, 10])
    squares = (np.array([500.0, 250, 25]), np.array([500.0, 500, 50]), np.array([1000.0, 1000, 100]))
    low, high = clustered_wilson(share, whole, np.array([10.0, 10, 1]), squares)
    nine, hundred = wilson(np.array([4.5]), np.array([9.0])), wilson(np.array([50.0]), np.array([100.0]))
    assert [round(nine[0][0], 12), round(hundred[0][0], 12)] == [round(each, 12) for each in low[:2]]
    assert [round(nine[1][0], 12), round(hundred[1][0], 12)] == [round(each, 12) for each in high[:2]]
    assert np.isnan(low[2])


def test_denominator_0_gives_no_value() -> None:
    """0 ÷ 0 is null, not 0, and has no interval and no status."""
    row = finished(0, 0, n=0)
    assert np.isnan(row["value"])
    assert np.isnan(row["ci_low"])
    assert "none" == row["status"]


@pytest.mark.parametrize(("won", "status"), [(39, "below"), (40, "within"), (60, "within"), (61, "above")])
def test_status_against_the_benchmark(won: int, status: str) -> None:
    """A benchmark of 40 to 60 % holds its ends: 39 of 100 is below, 40 and 60 are within, 61 is above."""
    assert status == finished(won, 100)["status"]


def test_a_benchmark_with_an_open_end() -> None:
    """At least 90 %: 95 of 100 is within; there is nothing above."""
    assert "within" == finished(95, 100, bands={"tier=one_to_one": Band(low=0.9)})["status"]


def test_a_benchmark_for_one_window_wins() -> None:
    """`tier=one_to_one@90d` is taken before `tier=one_to_one`, and `@60d` is not for this window."""
    bands = {
        "tier=one_to_one": Band(low=0.1),
        "tier=one_to_one@90d": Band(high=0.2),
        "tier=one_to_one@60d": Band(low=9),
    }
    row = finished(30, 100, bands=bands)
    assert (True, 0.2, "above") == (np.isnan(row["benchmark_low"]), row["benchmark_high"], row["status"])


def test_few_observations_are_said_to_be_few() -> None:
    """With min_sample 10, n = 9 is flagged and n = 10 is not."""
    assert [True, False] == [finished(5, n, n=n)["low_sample"] for n in (9, 10)]


def test_a_count_is_its_numerator() -> None:
    """A count has no denominator, and so no share and no interval."""
    row = finished(7, np.nan, statistic="count")
    assert 7 == row["value"]
    assert np.isnan(row["ci_low"])


def test_the_scoring_model_stands_where_the_value_rests_on_it() -> None:
    """A win rate by tier knows no scores and names no model; by engagement quintile it does."""
    assert pd.isna(finished(1, 2)["scoring_model_version"])
    by_quintile = finished(1, 2, dimension="engagement_quintile", dimension_value="5")
    assert "1" == by_quintile["scoring_model_version"]


def test_another_formula_or_sql_is_another_version() -> None:
    """The definition's version follows formula and SQL, and nothing else that people read."""
    other_sql = (Step("m", "x", "SELECT 2"),)
    versions = {spec().definition_version, spec(steps=other_sql).definition_version}
    assert 2 == len(versions)
    assert spec().definition_version == spec(guides=("G1",)).definition_version


def test_the_last_step_is_named_like_the_metric() -> None:
    """A SPEC whose last step has another name is refused where it is written."""
    with pytest.raises(ValueError, match="the last step must be named m"):
        spec(steps=(Step("other", "x", "SELECT 1"),))
