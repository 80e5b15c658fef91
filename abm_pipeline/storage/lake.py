"""The lake: Parquet files under `{root}/{layer}/{table}/day=YYYY-MM-DD/`, replaced whole and only when they differ.

A partition's file is written beside (`.{part}….new`) and renamed over the old one: a reader sees old or new, never
half. A partition whose rows did not change is left alone, so a file's modification time says when its *content* last
changed. When each partition was last *computed* stands in `_computed_{part}.json` beside the partitions; that is all
there is of a day that never had a row: computed and empty, which is not the same as not computed. A partition is stale
when an input changed after it was computed; that is how late and restated days, identity changes and killed runs find
the days that need computing again, and only those.

Raw tables are kept in another way, see `segments`; readers need not know.

Writers of one table exclude each other by a lock; readers need none.
"""

from __future__ import annotations

import fcntl
import os
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Self

import duckdb
import orjson

from abm_pipeline.contracts.render import empty_select, quoted, select_list
from abm_pipeline.contracts.tables import Table
from abm_pipeline.storage import journal
from abm_pipeline.storage._partitions import day_of, digests, names, no_stray, stamps
from abm_pipeline.storage.engine import on_spark
from abm_pipeline.storage.journal import Change
from abm_pipeline.storage.segments import Segments
from abm_pipeline.storage.whole import write_whole

Watch = Callable[[duckdb.DuckDBPyConnection, list[date]], None]

EVER = 36_525
"""Window of an input that a day reads from its beginning."""


@dataclass(frozen=True)
class Input:
    """A table that another is computed from. For a daily one, day D reads the `window_days` days up to D; an
    unpartitioned one is read in the `way` that `journal` knows, for itself if not told. `part`: of a daily table whose
    partitions have several files, the one that is read.
    """

    table: Table
    window_days: int = 1
    way: str = journal.ROWS
    part: str = "*"


@dataclass(frozen=True)
class Written:
    """What a write did: rows by day computed, and the days whose content changed."""

    rows: Mapping[date, int]
    changed: tuple[date, ...]


class Lake:
    """Tables of the lake under `root`."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._seen: dict[tuple[str, str], dict[date | None, int]] | None = None

    def looking_once(self) -> Self:
        """From now on, when a table's content changed is looked up once, and again after a write of its own: for work
        whose stamp was taken before, so that what others write meanwhile is found the next time."""
        self._seen = {}
        return self

    # -- where things are

    def folder(self, table: Table) -> Path:
        return self.root / table.layer / table.name

    def file(self, table: Table, day: date | None = None, part: str = "data") -> Path:
        """The file of a partition (`day`) or of an unpartitioned table. `part` tells apart files of one partition."""
        folder = self.folder(table)
        return (folder / f"day={day.isoformat()}" if day else folder) / f"{part}.parquet"

    def days(self, table: Table, part: str = "*") -> list[date]:
        """Days that have a partition, in order; those that were computed and are empty too."""
        if segments := Segments.read(self.folder(table)):
            found = set(segments.changed)
        else:
            found = {day_of(path) for path in self._paths(table, part=part)}
        for path in self.folder(table).glob(f"_computed_{part}.json"):
            found |= {day for day in stamps(path) if day is not None}
        return sorted(found)

    def files(self, table: Table, start: date | None = None, end: date | None = None, part: str = "*") -> list[Path]:
        """The table's files with rows of the days from `start` to `end` (both inclusive) if it is daily.

        Files of raw may have rows of other days too.
        """
        return [Path(path) for path in self._paths(table, start, end, part)]

    def _paths(self, table: Table, start: date | None = None, end: date | None = None, part: str = "*") -> list[str]:
        """The same as text: there are thousands, and a Path takes longer to make than its file to be found."""
        folder = self.folder(table)
        if not table.is_daily:
            return sorted(map(str, folder.glob(f"{part}.parquet")))
        if segments := Segments.read(folder):
            return list(map(str, segments.between(start, end)))
        low, high = f"day={start or date.min}", f"day={end or date.max}"
        days = [f"{folder}/{name}" for name in sorted(names(folder)) if low <= name <= high]
        if part != "*":
            return [path for day in days if os.path.exists(path := f"{day}/{part}.parquet")]
        return [f"{day}/{name}" for day in days for name in sorted(names(day)) if name.endswith(".parquet")]

    def rows_by_day(self, table: Table, start: date, end: date, part: str = "*") -> Mapping[date, int]:
        """How many rows a daily table has on each of the days from `start` to `end`, both inclusive."""
        import pyarrow.parquet as pq

        if segments := Segments.read(self.folder(table)):
            return {day: count for day, count in segments.rows().items() if start <= day <= end}
        out: Counter[date] = Counter()
        for path in self.files(table, start, end, part):
            out[day_of(path)] += pq.read_metadata(path).num_rows
        return out

    # -- reading

    def attach(
        self,
        con: duckdb.DuckDBPyConnection,
        table: Table,
        start: date | None = None,
        end: date | None = None,
        *,
        part: str = "*",
        name: str | None = None,
    ) -> None:
        """Make `layer.table` (or the view `name`) readable in `con`: an empty typed table where nothing is written."""
        files = self._paths(table, start, end, part)
        within = ""
        if table.is_daily and (start or end):
            within = f"day BETWEEN DATE '{start or date.min}' AND DATE '{end or date.max}'"
        if files:
            paths = ", ".join("'" + path.replace("'", "''") + "'" for path in files)
            # The engine opens all files to know their columns and rows, and keeps what it read: without the number of
            # rows it takes each table for tiny, and joins the wrong way round.
            read = f"read_parquet([{paths}], union_by_name = true, hive_partitioning = false)"
            read += f" WHERE {within}" if within else ""
            sql = f"SELECT {select_list(table)} FROM {read}"
        else:
            sql = empty_select(table)
        if name is None:
            con.execute(f"CREATE SCHEMA IF NOT EXISTS {table.layer}")
            name = f"{table.layer}.{quoted(table.name)}"
        try:
            con.execute(f"CREATE OR REPLACE VIEW {name} AS {sql}")
        except duckdb.BinderException:
            # No file has a column that was added to the contract since: it reads as null.
            absent = set(table.columns) - set(con.sql(f"FROM {read}").columns)
            con.execute(f"CREATE OR REPLACE VIEW {name} AS SELECT {select_list(table, absent=absent)} FROM {read}")
        if (spark := on_spark(con)) is not None:
            spark.attach(name.replace('"', ""), table, list(map(Path, files)), within)

    # -- writing

    def write_days(
        self,
        con: duckdb.DuckDBPyConnection,
        table: Table,
        query: str,
        days: Iterable[date],
        *,
        computed_at: int,
        part: str = "data",
        watch: Watch | None = None,
    ) -> Written:
        """Replace the partitions `days` with the rows of `query`, which has a `day` column and the table's columns.

        A day without rows is noted as computed, and has a file only if it had rows before. Rows of other days are an
        error. `computed_at` is `time.time_ns()` from before the inputs were read. `watch` is told, before anything is
        replaced, of days that were computed before and change; it can read the rows of `_old` and `_new`.
        """
        wanted = sorted(set(days))
        if not wanted:
            return Written({}, ())
        with self.lock(table):
            if Segments.read(self.folder(table)):
                raise ValueError(f"{table} is added to, never replaced")
            if watch is None and not any(self.file(table, day, part).exists() for day in wanted):
                return self._add(con, table, query, wanted, computed_at, part)
            con.execute(f"CREATE OR REPLACE TEMP TABLE _new AS SELECT {select_list(table)} FROM ({query})")
            try:
                return self._replace(con, table, wanted, computed_at, part, watch)
            finally:
                con.execute("DROP TABLE IF EXISTS _new")

    def _add(
        self, con: duckdb.DuckDBPyConnection, table: Table, query: str, wanted: list[date], computed_at: int, part: str
    ) -> Written:
        """Write days of which nothing stands: with nothing to compare with, rows stream to their files and aren't held.

        An ENUM is not cast to text: it is written as text, in half the time.
        """
        found = con.sql(query)
        enums = {name for name, kind in zip(found.columns, found.types, strict=True) if kind.id == "enum"}
        known = self.computed_at(table, part).keys()
        with self._swept(table, part):
            beside = self._write_beside(con, table, f"SELECT {select_list(table, enums)} FROM ({query})", part)
            no_stray(table, beside, wanted)
            for day, (path, _) in beside.items():
                swap_in(path, self.file(table, day, part))
        self.mark_computed(table, wanted, computed_at, part)
        changed = tuple(day for day in wanted if day in beside or day not in known)
        return Written({day: beside[day][1] if day in beside else 0 for day in wanted}, changed)

    def _replace(
        self,
        con: duckdb.DuckDBPyConnection,
        table: Table,
        wanted: list[date],
        computed_at: int,
        part: str,
        watch: Watch | None,
    ) -> Written:
        folder = str(self.folder(table))
        places = {day: f"{folder}/day={day}/{part}.parquet" for day in wanted}
        have = {day for day, path in places.items() if os.path.exists(path)}
        new = digests(con, "_new", table, hashed=bool(have))
        no_stray(table, new, wanted)
        old: dict[date, tuple[int, int]] = {}
        if have:
            self.attach(con, table, wanted[0], wanted[-1], part=part, name="_old")
            old = digests(con, "_old", table)
            con.execute("DROP VIEW _old")
        known = have | self.computed_at(table, part).keys()
        changed = [day for day in wanted if day not in known or old.get(day) != new.get(day)]
        if watch is not None and (again := [day for day in changed if day in known]):
            self.attach(con, table, again[0], again[-1], part=part, name="_old")
            watch(con, again)
            con.execute("DROP VIEW IF EXISTS _old")
        with self._swept(table, part):
            if again := [day for day in changed if day in new]:
                con.execute(
                    "CREATE OR REPLACE TEMP TABLE _changed AS SELECT unnest(CAST($d AS DATE[])) AS day", {"d": again}
                )
                rows = "SELECT * FROM _new SEMI JOIN _changed USING (day)"
                for day, (written, _) in self._write_beside(con, table, rows, part).items():
                    swap_in(written, places[day])
            for day in changed:
                if day in have and day not in new:
                    beside = f"{folder}/day={day}/.{part}.new"
                    con.execute(f"COPY ({empty_select(table)}) TO '{beside}' (FORMAT parquet)")
                    swap_in(beside, places[day])
        self.mark_computed(table, wanted, computed_at, part)
        return Written({day: new.get(day, (0, 0))[0] for day in wanted}, tuple(changed))

    @contextmanager
    def _swept(self, table: Table, part: str) -> Iterator[None]:
        """Unfinished files go when the block fails. Those of a killed process are read by none, and written over."""
        try:
            yield
        except BaseException:
            for path in self.folder(table).glob(f"day=*/.{part}*.new"):
                path.unlink()
            raise

    def _write_beside(
        self, con: duckdb.DuckDBPyConnection, table: Table, rows: str, part: str
    ) -> dict[date, tuple[str, int]]:
        """Write rows as finished files, each in its partition's folder; returns where, and how many rows it has."""
        folder = self.folder(table)
        folder.mkdir(parents=True, exist_ok=True)
        files = con.execute(
            f"COPY ({rows}) TO '{folder}' "
            "(FORMAT parquet, PARTITION_BY (day), WRITE_PARTITION_COLUMNS true, COMPRESSION zstd, "
            f"FILENAME_PATTERN '.{part}_{{i}}', FILE_EXTENSION 'new', OVERWRITE_OR_IGNORE true, RETURN_STATS true)"
        ).fetchall()
        of_day: dict[date, list[tuple[str, int]]] = {}
        for path, count, *_ in files:
            of_day.setdefault(day_of(path), []).append((path, int(count)))
        out: dict[date, tuple[str, int]] = {}
        for day, found in of_day.items():
            paths = [path for path, _ in found]
            if len(paths) > 1:
                # Memory was short. A partition is one file, to be swapped whole.
                one = f"{os.path.dirname(paths[0])}/.{part}.new"
                con.execute(f"COPY (FROM read_parquet({paths!r})) TO '{one}' (FORMAT parquet, COMPRESSION zstd)")
                for path in paths:
                    os.unlink(path)
                paths = [one]
            out[day] = (paths[0], sum(count for _, count in found))
        return out

    def write_table(
        self,
        con: duckdb.DuckDBPyConnection,
        table: Table,
        query: str,
        *,
        computed_at: int,
        part: str = "data",
        rule: journal.Rule | None = None,
        why: str = "",
    ) -> bool:
        """Replace an unpartitioned table with the rows of `query`; returns whether its content changed.

        `rule` finds the first day that a change matters to (without one: all days), `why` says what it is.
        """
        with self.lock(table):
            con.execute(f"CREATE OR REPLACE TEMP TABLE _new AS SELECT {select_list(table)} FROM ({query})")
            target = self.file(table, part=part)
            before, same, since = None, False, journal.ALWAYS
            if target.exists():
                before = os.stat(target).st_mtime_ns
                self.attach(con, table, part=part, name="_old")
                same = digests(con, "_old", table) == digests(con, "_new", table)
                if rule is not None and not same:
                    since = rule(con)
                con.execute("DROP VIEW _old")
            if not same:
                beside = target.with_name(f".{part}.new")
                target.parent.mkdir(parents=True, exist_ok=True)
                order = ", ".join(quoted(column) for column in table.key)
                con.execute(
                    f"COPY (SELECT * FROM _new ORDER BY {order}) TO '{beside}' (FORMAT parquet, COMPRESSION zstd)"
                )
                swap_in(beside, target)
                journal.add(self._journal(table, part), before, Change(os.stat(target).st_mtime_ns, since, why))
            con.execute("DROP TABLE _new")
            self.mark_computed(table, [None], computed_at, part)
            return not same

    def staging_folder(self, table: Table) -> Path:
        """A new folder on the lake's own disk, for files that are not finished; the caller removes it."""
        folder = self.root / ".staging" / f"{table.layer}.{table.name}.{uuid.uuid4().hex}"
        folder.mkdir(parents=True)
        return folder

    @contextmanager
    def lock(self, table: Table) -> Iterator[None]:
        """Exclude other writers of the table, in this process and others; not re-entrant, freed when a process dies."""
        path = self.root / ".locks" / f"{table.layer}.{table.name}"
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield

    # -- what changed when

    def content_changed_at(self, table: Table, part: str = "*") -> dict[date | None, int]:
        """When the content of each partition last changed, in ns; key None for an unpartitioned table."""
        if self._seen is not None and (seen := self._seen.get((str(table), part))) is not None:
            return seen
        if segments := Segments.read(self.folder(table)):
            return dict(segments.changed.items())
        out: dict[date | None, int] = {}
        for path in self._paths(table, part=part):
            day = day_of(path) if table.is_daily else None
            out[day] = max(out.get(day, 0), os.stat(path).st_mtime_ns)
        if self._seen is not None:
            self._seen[str(table), part] = out
        return out

    def computed_at(self, table: Table, part: str = "data") -> dict[date | None, int]:
        """When each partition was last computed, in ns, changed or not."""
        return stamps(self.folder(table) / f"_computed_{part}.json")

    def mark_current(self, table: Table, computed_at: int, part: str = "data") -> None:
        """Say that every computed day agrees with the inputs as they stood at `computed_at`.

        For a step that itself finds the days which new input partitions touch, and has written all of them.
        """
        with self.lock(table):
            days = [day for day, stamp in self.computed_at(table, part).items() if stamp < computed_at]
            self.mark_computed(table, days, computed_at, part)

    def mark_computed(self, table: Table, days: Iterable[date | None], stamp: int, part: str) -> None:
        """Note when the days were computed. The caller holds the table's lock."""
        if self._seen is not None:
            self._seen = {key: seen for key, seen in self._seen.items() if key[0] != str(table)}
        stamps = self.computed_at(table, part) | dict.fromkeys(days, stamp)
        path = self.folder(table) / f"_computed_{part}.json"
        write_whole(path, orjson.dumps({day.isoformat() if day else "": at for day, at in stamps.items()}))

    def changes(self, table: Table) -> list[Change]:
        """What is known of the changes of an unpartitioned table's content, oldest first."""
        out: list[Change] = []
        for path in self.files(table):
            out += journal.read(self._journal(table, path.stem), os.stat(path).st_mtime_ns)
        return sorted(out, key=lambda change: change.at)

    def stale_days(self, table: Table, inputs: Iterable[Input], part: str = "data") -> list[date]:
        """Days already computed whose inputs changed since: a day of a daily one's window, or an unpartitioned one."""
        return sorted(self.why_stale(table, inputs, part))

    def why_stale(self, table: Table, inputs: Iterable[Input], part: str = "data") -> dict[date, tuple[str, ...]]:
        """The same days, each with what changed since it was computed, in words."""
        computed = sorted((day, at) for day, at in self.computed_at(table, part).items() if day is not None)
        oldest = min((at for _, at in computed), default=0)
        stale: dict[date, dict[str, None]] = {}
        for source in inputs:
            if source.table.is_daily:
                changed = self.content_changed_at(source.table, source.part)
                news = [(d, at) for d, at in changed.items() if d and at > oldest]
                for day in journal.reached(computed, news, source.window_days):
                    stale.setdefault(day, {})[f"late data: {source.table}"] = None
                continue
            for change in self.changes(source.table):
                first = change.first_day(source.way) if change.at > oldest else None
                for day, at in computed if first is not None else ():
                    if first is not None and change.at > at and day >= first:
                        stale.setdefault(day, {})[change.why or f"{source.table} changed"] = None
        return {day: tuple(whys) for day, whys in stale.items()}

    def _journal(self, table: Table, part: str) -> Path:
        return self.folder(table) / f"_changes_{part}.json"


def now_ns() -> int:
    """The stamp to take before reading inputs."""
    return time.time_ns()


def swap_in(source: Path | str, target: Path | str) -> None:
    """Put a finished file in a partition's place, at once, and stamp when its content changed."""
    os.replace(source, target)
    # After the rename: a reader that began before it saw the old file, and must look older than this stamp.
    stamp = time.time_ns()
    os.utime(target, ns=(stamp, stamp))
