"""Metrics: one more day, and a backfill of all days bare, through Dagster, and against an empty one.

One more day is what runs every morning: the days before are computed, then the facts of the next day come. Bare is the
same SQL with plain COPYs in place of atomic replacement, comparison and staleness. The empty backfill is Dagster's
bookkeeping of the same partitions. `attribution_credit`, a row for each touch, deal and model, is no metric of a day
and is timed for itself.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

import duckdb

from abm_pipeline.contracts import tables as T
from abm_pipeline.contracts.render import select_list
from abm_pipeline.contracts.tables import Table
from abm_pipeline.metrics.refresh import OUTPUTS, refresh
from abm_pipeline.settings import Settings
from abm_pipeline.storage import postgres
from abm_pipeline.storage.lake import Lake, Written
from benchmarks._metric_facts import START, Size, make
from benchmarks._timing import Row, Timed, in_process
from benchmarks.rescore import empty_backfill

DAILY = tuple(table for table in OUTPUTS if table is not T.ATTRIBUTION_CREDIT)
_BY_DAY = "PARTITION_BY (day), WRITE_PARTITION_COLUMNS true, OVERWRITE_OR_IGNORE true, FILENAME_PATTERN 'data_{i}', "
PARTS_DAYS = 30
"""Where only a day is asked for, days up to it that have parts of scores."""


class _Bare(Lake):
    """Writes what is computed, and does nothing else."""

    def write_days(
        self, con: duckdb.DuckDBPyConnection, table: Table, query: str, days: Iterable[date], **_: Any
    ) -> Written:
        self._copy(con, table, query, _BY_DAY)
        return Written({}, ())

    def write_table(self, con: duckdb.DuckDBPyConnection, table: Table, query: str, **_: Any) -> bool:
        self._copy(con, table, query, "")
        return True

    def why_stale(self, *_: Any, **__: Any) -> dict[date, tuple[str, ...]]:
        return {}

    def _copy(self, con: duckdb.DuckDBPyConnection, table: Table, query: str, options: str) -> None:
        target = self.folder(table) if table.is_daily else self.file(table)
        (target if table.is_daily else target.parent).mkdir(parents=True, exist_ok=True)
        con.execute(
            f"COPY (SELECT {select_list(table)} FROM ({query})) TO '{target}' (FORMAT parquet, {options}"
            "COMPRESSION zstd)"
        )


class _BareSettings(Settings):
    @property
    def open_lake(self) -> Lake:
        return _Bare(self.lake_path)


def _days(settings: Settings, days: list[date], tables: tuple[Table, ...] = DAILY) -> Mapping[str, int]:
    """Refresh; returns how many rows each table got."""
    return {str(report.table): sum(report.rows.values()) for report in refresh(settings, days, "bench", tables)}


def _bare(settings: Settings, days: list[date]) -> None:
    _forget(settings)
    limit = settings.memory_limit
    _days(_BareSettings(_env_file=None, home=settings.home, lake=settings.lake, memory_limit=limit), days)


def _through_dagster(settings: Settings, days: list[date]) -> None:
    """What `abm run --select metrics` does, from nothing computed."""
    from abm_pipeline.defs.run import run

    _forget(settings)
    if run(settings, days[0], days[-1], select=[f"metrics/{table.name}" for table in DAILY]):
        raise RuntimeError("the backfill failed")


def _forget(settings: Settings) -> None:
    for layer in ("metrics", "kept"):
        shutil.rmtree(settings.lake_path / layer, ignore_errors=True)


def _settings(home: Path, size: Size) -> Settings:
    folder = (home / f"metrics_{size.accounts}_{size.touches}_{size.deals}_{size.days}").absolute()
    folder.mkdir(parents=True, exist_ok=True)
    return Settings(_env_file=None, home=folder, lake=folder / "lake", memory_limit="3GB")


def one_more_day(home: Path, size: Size) -> Iterator[Row]:
    """The day before as a first load, then one more day, then credit of touches."""
    settings = _settings(home, size)
    last = START + timedelta(days=size.days - 1)
    make(settings, size, size.days - 1, size.days - PARTS_DAYS)
    _forget(settings)
    in_process(_days, settings, [last - timedelta(days=1)])
    make(settings, size, size.days)
    more = in_process(_days, settings, [last])
    yield Row(f"metrics of one more day: {size}", more, "limits: 20 s on two idle cores, 4 GiB")
    credit = in_process(_days, settings, [last], (T.ATTRIBUTION_CREDIT,))
    yield Row("credit of every touch under every model, whole", credit, _rows(credit))


def backfill(home: Path, size: Size) -> Iterator[Row]:
    """All days at once: bare, empty, through Dagster."""
    settings = _settings(home, size)
    make(settings, size, size.days)
    days = [START + timedelta(days=offset) for offset in range(size.days)]
    daily = tuple(table for table in DAILY if table.is_daily)
    with postgres.running(settings):
        bare = in_process(_bare, settings, days)
        yield Row(f"metrics of all days: {size}: SQL bare in DuckDB", bare, "1")
        empty = in_process(empty_backfill, settings, days, daily)
        yield Row("an empty Dagster backfill of the same partitions", empty, "")
        ours = in_process(_through_dagster, settings, days)
    floor = bare.seconds + empty.seconds
    yield Row(
        "the backfill through Dagster", ours, f"{ours.seconds / floor:.2f} × (bare + empty = {floor:.0f} s); limit 3"
    )


def _rows(timed: Timed) -> str:
    return f"{sum(timed.result.values()):,} rows"


def measure(home: Path, size: Size) -> Iterator[Row]:
    """One more day at `size` and with a third and a tenth of its touches; the backfill with a tenth of everything."""
    tenth = Size(size.accounts // 10, size.touches // 10, size.deals // 10, size.days)
    yield from one_more_day(home, size)
    for share in (3, 10):
        fewer = Size(size.accounts, size.touches // share, size.deals, size.days)
        yield from islice(one_more_day(home, fewer), 1)
    yield from backfill(home, tenth)
