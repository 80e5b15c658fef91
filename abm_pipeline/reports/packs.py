"""Review packs: a page for each whole month, quarter … that `packs.yaml` declares, made of published values alone.

Belongs here: which period a page is about, and its tables. What a metric means is in the catalogue; the weekly review,
which looks at accounts too, is `weekly`.

A pack of n months is about the last period of n calendar months that had ended by the day asked for. Its values are
those as of the period's last day, the change is against the last day of the period before: so a page depends on the
lake alone, and writing it again changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pandas as pd

from abm_pipeline.contracts import tables as T
from abm_pipeline.contracts.fields import ACCOUNT_STAGES, TIERS
from abm_pipeline.metrics._definitions import metric_specs
from abm_pipeline.metrics._spec import MetricSpec
from abm_pipeline.programme import ConfigError, Pack, PackSection
from abm_pipeline.reports import _page, _svg
from abm_pipeline.reports._format import cell, is_missing, signed, words
from abm_pipeline.reports._review import Values, latest_day
from abm_pipeline.settings import Settings
from abm_pipeline.storage import engine

# Columns beside the total that a page has room for, and rows of a table by one metric.
MOST_COLUMNS = 6
MOST_ROWS = 15
# How far back the line beside a value goes.
TREND_DAYS = 365
_ORDER = {name: i for i, name in enumerate((*TIERS, "abm", "non_abm", *ACCOUNT_STAGES))}

_VALUES = "SELECT * EXCLUDE (as_of) FROM metrics.metric_values SEMI JOIN wanted USING (metric) WHERE day IN (?, ?)"
_TREND = """
    SELECT metric, window_days, day, value FROM metrics.metric_values SEMI JOIN wanted USING (metric)
    WHERE dimension = 'all' AND value IS NOT NULL ORDER BY day"""


def refresh(settings: Settings, days: Sequence[date], run_id: str) -> list[Path]:
    """Write the pages of the periods that had ended by the last of `days`: `{home}/reports/{pack}/YYYY-MM.html`.

    A period whose last day was not computed has no page. Raises ConfigError for a pack that names no metric there is.
    """
    written = (write(settings, name, max(days)) for name in settings.programme.packs)
    return [path for path in written if path is not None]


def write(settings: Settings, name: str, day: date | None = None) -> Path | None:
    """The page of one pack; by the newest day with metrics where none is given. None without values to show.

    Raises ConfigError when there is no such pack or it can't be used.
    """
    packs = settings.programme.packs
    if name not in packs:
        raise ConfigError(f"packs.yaml: there is no pack {name!r}; there is {', '.join(sorted(packs))}")
    end = last_period(day or latest_day(settings) or date.today(), packs[name].months)
    page = render(settings, name, packs[name], end)
    return None if page is None else _page.write_dated(settings.reports_path / name, f"{end:%Y-%m}", page)


def last_period(day: date, months: int) -> date:
    """The last day of the last whole period of `months` calendar months that has ended by the end of `day`.

    >>> last_period(date(2026, 6, 30), 3), last_period(date(2026, 6, 29), 3)
    (datetime.date(2026, 6, 30), datetime.date(2026, 3, 31))
    """
    after = day + timedelta(days=1)
    return after.replace(month=(after.month - 1) // months * months + 1, day=1) - timedelta(days=1)


def render(settings: Settings, name: str, pack: Pack, end: date) -> str | None:
    """The page as HTML; None where no value was computed for the period's last day."""
    specs = {spec.id: spec for spec in metric_specs(settings.programme)}
    for section in pack.sections:
        if unknown := [metric for metric in section.metrics if metric not in specs]:
            raise ConfigError(f"packs.yaml: packs.{name}: section {section.title!r}: there is no metric {unknown[0]!r}")
    before = last_period(end - timedelta(days=27), pack.months)
    values, trend = _read(settings, {m for section in pack.sections for m in section.metrics}, end, before)
    now = values[values["day"] == pd.Timestamp(end)]
    if now.empty:
        return None
    then = values[values["day"] == pd.Timestamp(before)]
    table = _Tables(specs, settings.programme.reporting_currency, now, then, trend)
    used = {metric: specs[metric] for section in pack.sections for metric in section.metrics}
    return _page.render(
        "pack.html.j2",
        title=pack.title,
        period=_period(end, pack.months),
        end=end,
        before=before if len(then) else None,
        sections=[filled for section in pack.sections if (filled := table.section(section)) is not None],
        definitions=[{"title": spec.title, "id": id_, "formula": spec.formula} for id_, spec in used.items()],
    )


class _Tables:
    """The sections of one page, from the values of its two days."""

    def __init__(
        self,
        specs: Mapping[str, MetricSpec],
        currency: str,
        now: pd.DataFrame,
        then: pd.DataFrame,
        trend: pd.DataFrame,
    ) -> None:
        self.specs, self.currency = specs, currency
        self.found, self.trend = now, trend
        self.now, self.then = Values(now), Values(then)

    def section(self, section: PackSection) -> dict[str, Any] | None:
        """Title, note, head and rows; None if there is nothing to show."""
        one = section.by is not None and len(section.metrics) == 1
        rows = list(self._by_value(section) if one else self._by_metric(section))
        if not rows:
            return None
        columns = [] if one else self._values_of(section)
        return {
            "title": section.title,
            "note": section.note,
            "is_by_value": one,
            "columns": [words(column) for column in columns],
            "rows": rows,
        }

    def _by_metric(self, section: PackSection) -> Iterator[dict[str, Any]]:
        columns = self._values_of(section)
        for metric in section.metrics:
            total = self.now.row(metric)
            if total is None:
                continue
            cells = [self.now.row(metric, section.by or "all", value, total.window_days) for value in columns]
            yield self._row(metric, self.specs[metric].title, total, self.then.row(metric)) | {
                "cells": [None if each is None else self._cell(each) for each in cells],
                "spark": self._spark(metric, total.window_days),
            }

    def _by_value(self, section: PackSection) -> Iterator[dict[str, Any]]:
        (metric,), by = section.metrics, str(section.by)
        found = self.found[(self.found["metric"] == metric) & (self.found["dimension"] == by)]
        found = found[found["dimension_value"].str.startswith(section.only)]
        found = found[found["window_days"] == found["window_days"].max()]
        known = found["dimension_value"].map(_ORDER)
        order = found.assign(known=known).sort_values(
            ["known", "value", "dimension_value"], ascending=[True, False, True]
        )
        for row in order.head(MOST_ROWS).itertuples(index=False):
            each: Any = row
            before = self.then.row(metric, by, each.dimension_value, each.window_days)
            name = words(each.dimension_value.removeprefix(section.only))
            yield self._row(metric, name, each, before) | {"cells": [], "spark": ""}

    def _row(self, metric: str, title: str, row: Any, before: Any) -> dict[str, Any]:
        unit = self.specs[metric].unit
        known = before is not None and not is_missing(before.value) and not is_missing(row.value)
        delta = row.value - before.value if known else None
        return {
            "title": title,
            "window": row.window_days,
            "total": self._cell(row),
            "change": signed(delta, unit, self.currency).removesuffix(" a day") if delta else "",
        }

    def _cell(self, row: Any) -> dict[str, Any]:
        return cell(row, self.specs[row.metric], self.currency)

    def _spark(self, metric: str, window: int) -> str:
        mine = self.trend[(self.trend["metric"] == metric) & (self.trend["window_days"] == window)]
        return _svg.sparkline(mine["day"], mine["value"], f"{self.specs[metric].title} over time")

    def _values_of(self, section: PackSection) -> list[str]:
        """The values of the section's dimension that any of its metrics has, the known ones in their order."""
        mine = self.found[self.found["metric"].isin(section.metrics) & (self.found["dimension"] == section.by)]
        counted = mine.groupby("dimension_value")["n"].max()
        ranked = sorted(counted.index, key=lambda value: (_ORDER.get(value, len(_ORDER)), -counted[value], value))
        return [value for value in ranked if value != "none"][:MOST_COLUMNS]


def _period(end: date, months: int) -> str:
    if months == 1:
        return f"{end:%B %Y}"
    if months == 3:
        return f"Quarter {(end.month - 1) // 3 + 1} of {end.year}"
    return f"{months} months to {end:%B %Y}"


def _read(settings: Settings, metrics: set[str], end: date, before: date) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The metrics' rows on both days, and their totals over the days before `end`."""
    lake = settings.open_lake
    with engine.connect(memory_limit=settings.memory_limit, threads=settings.threads) as con:
        con.execute("CREATE TEMP TABLE wanted AS SELECT unnest(?::VARCHAR[]) AS metric", [sorted(metrics)])
        lake.attach(con, T.METRIC_VALUES, end - timedelta(days=TREND_DAYS - 1), end)
        return con.execute(_VALUES, [end, before]).df(), con.execute(_TREND).df()
