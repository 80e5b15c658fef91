"""What all computations of a refresh share: the engine with the programme's choices set, the lake, the days asked for.

Belongs here: beginning a computation, and what becomes of its tables. Not here: any number.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

import duckdb

from abm_pipeline.contracts.tables import Table
from abm_pipeline.metrics import _base
from abm_pipeline.metrics._setup import IDENTITY, champion, set_choices
from abm_pipeline.programme import Programme
from abm_pipeline.scoring.model import ScoringModel
from abm_pipeline.settings import Settings
from abm_pipeline.storage.engine import connect, run_steps
from abm_pipeline.storage.journal import stretches
from abm_pipeline.storage.lake import Input, Lake, Written, now_ns
from abm_pipeline.storage.report import TableReport

CHUNK_DAYS = 120
"""The longest chunk of days, whatever the accounts: partitioned writing holds one file open per day."""


@dataclass
class Outcome:
    table: Table
    rows: dict[date | None, int] = field(default_factory=dict)
    changed: list[date | None] = field(default_factory=list)
    notes: dict[str, int | float | str] = field(default_factory=dict)

    def add(self, written: Written) -> None:
        for day, rows in written.rows.items():
            self.rows[day] = rows
        self.changed += written.changed

    def report(self) -> TableReport:
        return TableReport(self.table, self.rows, tuple(self.changed), self.notes)


@dataclass(frozen=True)
class Work:
    """One refresh: an engine with the programme's choices set, the lake, and the days asked for."""

    con: duckdb.DuckDBPyConnection
    lake: Lake
    programme: Programme
    model: ScoringModel
    days: frozenset[date]
    computed_at: int

    def todo(self, table: Table, inputs: Iterable[Input]) -> set[date]:
        return set(self.days) | set(self.lake.stale_days(table, inputs))

    def of_champion(self, inputs: Iterable[Input]) -> list[Input]:
        """The inputs, of scores the champion's alone: those of other models may come and go."""
        part = self.model.file_part
        return [replace(each, part=part) if each.table.layer == "scoring" else each for each in inputs]

    def attach(self, inputs: Iterable[Input], days: Sequence[date]) -> None:
        """Make readable what the days need of the inputs."""
        for each in inputs:
            start = days[0] - timedelta(days=each.window_days - 1) if each.table.is_daily else None
            self.lake.attach(self.con, each.table, start, days[-1], part=each.part)

    def write_table(self, table: Table, relation: str) -> TableReport:
        rule = stretches(table, self.programme.reporting_timezone)
        query = f"SELECT * FROM ({relation})"
        changed = self.lake.write_table(self.con, table, query, computed_at=self.computed_at, rule=rule)
        # Of what was written: a relation that is a view would be computed once more.
        self.lake.attach(self.con, table, name="_written")
        rows = self.con.execute("SELECT count(*) FROM _written").fetchall()[0][0]
        return TableReport(table, {None: int(rows)}, (None,) if changed else ())


def connected(settings: Settings) -> AbstractContextManager[duckdb.DuckDBPyConnection]:
    return connect(
        memory_limit=settings.memory_limit,
        threads=settings.threads,
        temp=settings.lake_path / ".spill",
        cluster=settings.cluster,
        abreast=True,
    )


def begin(con: duckdb.DuckDBPyConnection, settings: Settings, days: Sequence[date]) -> Work:
    """The stamp is taken before anything is looked at."""
    model = champion(settings)
    set_choices(con, settings.programme, model)
    stamp = now_ns()
    return Work(con, settings.open_lake.looking_once(), settings.programme, model, frozenset(days), stamp)


def place(work: Work) -> None:
    for table in IDENTITY:
        work.lake.attach(work.con, table)
    run_steps(work.con, _base.WHO_IS_WHO)
