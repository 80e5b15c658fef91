"""Rows by day that are made once and read by every day after: kept beside the lake's tables, and belonging to none.

Belongs here: what such rows declare, and bringing them up to date before they are read. They save a morning from going
through two years again; deleting the folder `kept` of the lake costs time only.

A set is kept under a digest of all that its rows hang on beside what they read: the SQL, the programme's choices, the
champion. So what is found is what would be computed. Of a day whose inputs changed since, rows are made anew, by the
same rule as for tables.
"""

from __future__ import annotations

import hashlib
import shutil
import time
from bisect import bisect_left
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING

import duckdb

from abm_pipeline.contracts.fields import FAILED_TYPES, Field, Type
from abm_pipeline.contracts.tables import Table
from abm_pipeline.metrics._setup import chunks, set_days
from abm_pipeline.programme import JourneyStages
from abm_pipeline.storage.engine import Step, forget_steps, run_steps
from abm_pipeline.storage.lake import EVER, Input

if TYPE_CHECKING:
    from abm_pipeline.metrics._work import Work

# A refresh by another programme may still read a set that was written to lately.
_STAYS_SECONDS = 86_400


@dataclass(frozen=True)
class Kept:
    """The relation `name` with a `day` and the columns `types`, unique by `key` beside the day.

    The last of `steps` has its name, and rows of `days` alone; they can read `_base.ONCE`. A day's rows hang on
    `reads`. Day D of a metric reads those of the `window_days` days up to D that are among `asked`, an SQL SELECT of
    the days that can have rows at all.
    """

    name: str
    types: Mapping[str, Type] = field(hash=False)
    key: tuple[str, ...]
    steps: tuple[Step, ...]
    reads: Callable[[JourneyStages], tuple[Input, ...]]
    asked: str
    window_days: int = EVER

    def inputs(self, journey: JourneyStages) -> tuple[Input, ...]:
        """What a day that reads these rows hangs on by them."""
        reach = self.window_days - 1
        return tuple(replace(each, window_days=min(EVER, each.window_days + reach)) for each in self.reads(journey))


@dataclass(frozen=True)
class _Set(Table):
    """A set of kept rows, as a table of the lake."""

    types: Mapping[str, Type] = field(default_factory=dict, hash=False)

    def fields(self) -> Iterator[Field]:
        return (Field(name, kind, "") for name, kind in self.types.items())


def bring_up(work: Work, each: Kept, days: Collection[date], base: Sequence[Step], longest: int) -> None:
    """Make `each` readable with all rows that `days` read, after making those that are not there or stale.

    `base`: the steps that have run, and that its steps read. `longest`: days made at a time.
    """
    con, lake = work.con, work.lake
    table, reads = _set(work, each, base), work.of_champion(each.reads(work.programme.journey))
    last, ordered = max(days), sorted(days)
    set_days(con, ordered)
    there = sorted(day for (day,) in con.execute(each.asked).fetchall() if day <= last)
    needed = {day for day in there if (ordered[bisect_left(ordered, day)] - day).days < each.window_days}
    todo = needed - lake.computed_at(table).keys() | needed & set(lake.stale_days(table, reads))
    for chunk in chunks(todo, longest):
        work.attach(reads, chunk)
        set_days(con, chunk)
        run_steps(con, each.steps)
        lake.write_days(con, table, f"SELECT * FROM {each.name}", chunk, computed_at=work.computed_at)
        forget_steps(con, each.steps)
    folder = lake.folder(table)
    for old in folder.parent.glob("*"):
        if old != folder and old.stat().st_mtime < time.time() - _STAYS_SECONDS:
            shutil.rmtree(old, ignore_errors=True)
    lake.attach(con, table, min(needed, default=last), last, name=each.name)


def _set(work: Work, each: Kept, base: Sequence[Step]) -> Table:
    """Where the rows are that hang on these choices, this model and this SQL."""
    choices, model = work.con.execute("SELECT * FROM choices").fetchall(), work.model
    told = (duckdb.__version__, choices, model.engagement_types, model.file_part, FAILED_TYPES, each.types)
    sql = "\x1f".join(step.sql for step in (*base, *each.steps))
    name = f"{each.name}/{hashlib.sha256((repr(told) + sql).encode()).hexdigest()[:16]}"
    types = {"day": Type.DATE, **each.types}
    return _Set("kept", name, "", ("day", *each.key), tuple(types), is_daily=True, types=types)
