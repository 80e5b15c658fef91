"""The pipeline's metrics equal those of a second, naive implementation, on several days and in every segment."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import date, timedelta

import pytest

from abm_pipeline.contracts import tables as T
from abm_pipeline_tests.world.conftest import UNTIL, Ran
from abm_pipeline_tests.world.naive import METRICS, Cells, Facts

DAYS = [UNTIL - timedelta(days=back) for back in (0, 1, 17, 46, 80)]


@pytest.fixture(scope="module")
def facts(ran: Ran) -> Facts:
    """The facts of the run."""
    return Facts(ran.table, ran.settings.programme.champion)


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.__name__)
def test_the_naive_implementation_agrees(ran: Ran, facts: Facts, metric: Callable[[Facts, date], Cells]) -> None:
    """On the last day, the one before it and three others; a segment that one has and the other has not is no match."""
    name = metric.__name__
    rows = ran.table(T.METRIC_VALUES, "metric, as_of, window_days, dimension, dimension_value, value")
    rows = rows[(rows.metric == name) & rows.window_days.isin([1, 90])]
    for day in DAYS:
        expected = {key: value for key, value in metric(facts, day).items() if not math.isnan(value)}
        dimensions = {dimension for dimension, _ in expected} or {"all"}
        mine = rows[(rows.as_of.dt.date == day) & rows.dimension.isin(dimensions) & rows.value.notna()]
        actual = {(r.dimension, r.dimension_value): r.value for r in mine.itertuples()}
        if metric.__name__ in ("mql", "target_accounts") and not expected:
            expected = {("all", "all"): 0}
        assert pytest.approx(expected, rel=1e-9) == actual, f"{name} as of {day}"
