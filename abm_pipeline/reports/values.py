"""Metric values as rows for people and programs: one metric by segment, or the headline numbers of a day.

Belongs here: reading `metric_values` from the lake. How a number is written is `_format`'s.
"""

from __future__ import annotations

import difflib
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd

from abm_pipeline.contracts import tables as T
from abm_pipeline.contracts.views import METRIC_CHANGES
from abm_pipeline.metrics._definitions import metric_specs
from abm_pipeline.metrics._spec import MetricSpec, choose
from abm_pipeline.metrics._values_by_day import preview
from abm_pipeline.programme import Programme
from abm_pipeline.reports._format import benchmark, interval, number, shown, signed
from abm_pipeline.reports.explain import NotFoundError
from abm_pipeline.settings import Settings
from abm_pipeline.storage import engine

_KEY = "metric, as_of, window_days, dimension, dimension_value"
_WITH_CHANGE = f"""
    SELECT v.* EXCLUDE (day), c.value_before, c.change
    FROM metrics.metric_values v JOIN ({METRIC_CHANGES.over("metrics.metric_values")}) c USING ({_KEY})
    WHERE as_of = $day"""
_VALUES = f"""{_WITH_CHANGE} AND metric = $metric
    ORDER BY window_days DESC, dimension <> 'all', dimension, dimension_value"""
_HEADLINE = f"""{_WITH_CHANGE} AND dimension = 'all'
    ORDER BY metric, window_days DESC"""
_QUARTER = timedelta(days=92)
"""No calendar quarter is longer."""


def definitions(programme: Programme | None = None) -> dict[str, MetricSpec]:
    """Every metric's SPEC, by id; as the programme chooses, if one is given."""
    return {spec.id: spec for spec in metric_specs(programme)}


def metric_values(settings: Settings, metric: str | None, day: date | None) -> tuple[date, pd.DataFrame]:
    """The rows of a metric (None: the totals of all) on a day (None: the newest), and that day; each with the value of
    a quarter before and the change, where there are any.

    Raises NotFoundError for an unknown metric, or a day that was not computed.
    """
    known = definitions()
    if metric is not None and metric not in known:
        near = difflib.get_close_matches(metric, known, n=3) or sorted(known)
        raise NotFoundError(f"there is no metric {metric!r}; did you mean {', '.join(near)}?")
    lake = settings.open_lake
    days = lake.days(T.METRIC_VALUES)
    if not days:
        raise NotFoundError("no metrics have been computed yet: `abm run --start DAY --end DAY` first")
    chosen = day or days[-1]
    if chosen not in days:
        raise NotFoundError(f"{chosen} was not computed; there are {len(days)} days from {days[0]} to {days[-1]}")
    with engine.connect(memory_limit=settings.memory_limit, threads=settings.threads) as con:
        lake.attach(con, T.METRIC_VALUES, chosen - _QUARTER, chosen)
        asked = {"day": chosen, "metric": metric} if metric else {"day": chosen}
        rows = con.execute(_VALUES if metric else _HEADLINE, asked).df()
    return chosen, rows


def preset_of(programme: Programme, metric: str, preset: str) -> MetricSpec:
    """Another definition of a metric: a preset's, or the one that holds where the programme chooses none (`default`).

    Raises NotFoundError for an unknown one.
    """
    spec = definitions()[metric]
    known = {"default": spec, **spec.presets}
    if preset not in known:
        raise NotFoundError(f"{metric} has no preset {preset!r}; there are {', '.join(known)}")
    return choose(known[preset], programme)


def under(settings: Settings, spec: MetricSpec, day: date) -> pd.DataFrame:
    """The rows of `metric_values` for a day by a definition that is not published, worked out now."""
    rows = preview(settings, spec, day).drop(columns="day").assign(value_before=np.nan, change=np.nan)
    place = rows["dimension"].ne("all")
    return (
        rows.assign(place=place)
        .sort_values(["window_days", "place", "dimension", "dimension_value"], ascending=[False, True, True, True])
        .drop(columns="place")
    )


def for_people(rows: pd.DataFrame, currency: str) -> list[dict[str, str]]:
    """The rows as texts: what, window, value, interval, change on the quarter before, n, benchmark, status."""
    specs = definitions()
    out = []
    for row in rows.itertuples(index=False):
        item: Any = row
        spec = specs.get(item.metric)
        unit = spec.unit if spec else ""
        out.append(
            {
                "metric": spec.title if spec else item.metric,
                "segment": "all" if item.dimension == "all" else f"{item.dimension} = {item.dimension_value}",
                "days": number(item.window_days),
                "value": shown(item.value, unit, currency),
                "interval": interval(item.ci_low, item.ci_high, unit, currency),
                "change": signed(item.change, unit, currency),
                "n": number(item.n) + (" (low)" if item.low_sample else ""),
                "benchmark": benchmark(item.benchmark_low, item.benchmark_high, unit, currency),
                "status": "" if item.status == "none" else item.status,
            }
        )
    return out
