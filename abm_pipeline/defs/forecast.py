"""`abm run --dry-run`: which tables a run would compute, how many days and rows, and about how long.

Belongs here: looking, without running anything. What earlier runs of the same days computed since is found by the same
rules as a run finds it; what the run's own first steps would change is not known before, and not counted.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from abm_pipeline.contracts import tables as t
from abm_pipeline.contracts.tables import Table
from abm_pipeline.defs.build import build
from abm_pipeline.defs.layers import LAYERS, key_of
from abm_pipeline.defs.run import check_range, selected_keys
from abm_pipeline.scoring.model import load_models
from abm_pipeline.scoring.refresh import days_to_score
from abm_pipeline.settings import Settings
from abm_pipeline.storage import durations
from abm_pipeline.storage.durations import in_words


@dataclass(frozen=True)
class Line:
    """A table: days to compute, the first and the last of them (None for an unpartitioned one, which is computed
    whole), and about how many rows, None where no day tells.
    """

    table: str
    days: int
    first: date | None
    last: date | None
    rows: int | None


@dataclass(frozen=True)
class Forecast:
    """A layer: its lines, and about how many seconds; None if no run has been measured."""

    layer: str
    lines: tuple[Line, ...]
    seconds: float | None


def forecast(settings: Settings, start: date, end: date, select: Sequence[str] | None) -> list[Forecast]:
    """What `abm run` with these arguments would do, layer by layer. Raises SelectionError for what can't be run."""
    check_range(settings, start, end)
    keys = selected_keys(build(settings), select)
    asked = [start + timedelta(days=offset) for offset in range((end - start).days + 1)]
    out = []
    vendors = sorted({key.path[1] for key in keys if key.path[0] == "raw"})
    if vendors:
        lines = tuple(Line(f"raw.{vendor}", len(asked), start, end, None) for vendor in vendors)
        out.append(Forecast("raw", lines, durations.about(settings.lake_path, "raw", len(asked))))
    for layer in LAYERS:
        chosen = [table for table in layer.tables if key_of(table) in keys]
        if not chosen:
            continue
        days = _to_score(settings, asked) if layer.name == "scoring" else asked
        lines = tuple(_line(settings, table, days) for table in chosen)
        out.append(Forecast(layer.name, lines, durations.about(settings.lake_path, layer.name, len(days))))
    served = [table for table in t.PUBLISHED if any(key.path == ["published", table.published] for key in keys)]
    if served:
        lines = tuple(_line(settings, table, asked) for table in served)
        out.append(Forecast("published", lines, durations.about(settings.lake_path, "published", len(asked))))
    return out


def _to_score(settings: Settings, asked: Sequence[date]) -> list[date]:
    """A day for each model that scores it: that is what the work grows with."""
    return sorted(day for days in days_to_score(settings, load_models(settings.config), asked).values() for day in days)


def _line(settings: Settings, table: Table, days: Sequence[date]) -> Line:
    if not table.is_daily:
        return Line(str(table), 1, None, None, None)
    first, last = min(days, default=None), max(days, default=None)
    return Line(str(table), len(set(days)), first, last, rows(settings, table, len(days)))


def rows(settings: Settings, table: Table, days: int) -> int | None:
    """About how many rows so many days have: as many each as the last one that has a file, shared by the models."""
    lake = settings.open_lake
    known = lake.days(table)
    for last in reversed(known[-7:]):
        if files := lake.files(table, last, last):
            return sum(lake.rows_by_day(table, last, last).values()) * days // len(files)
    return None


def told(found: Sequence[Forecast]) -> Iterator[str]:
    """The forecast in lines for a terminal."""
    for layer in found:
        yield f"{layer.layer}: {in_words(layer.seconds)}"
        for line in layer.lines:
            when = f"{line.days:>5} days, {line.first} to {line.last}" if line.first else "whole" * line.days or "none"
            yield f"  {line.table:<34} {when}" + (f", about {line.rows:,} rows" if line.rows else "")
    known = [layer.seconds for layer in found if layer.seconds is not None]
    left_out = [layer.layer for layer in found if layer.seconds is None]
    more = f", and {', '.join(left_out)} of unknown length" if left_out and known else ""
    yield f"in all {in_words(sum(known) if known else None)}{more}; nothing was run."
