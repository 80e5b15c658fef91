"""Raw to staged for a range of days: every vendor by itself, every table and the quarantine, what changed and why.

Each vendor writes its own part of a table's partitions (`company/day=…/salesforce.parquet`), so a vendor that is down
or silent keeps nobody from being staged. Days asked for are staged together with days whose raw rows changed since
they were staged, and with days whose rows look something up that changed. Everything but that lookup is decided within
a day, so a range ends in the same rows as its days one by one.

Vendors have nothing to do with each other here, so that two are staged at once. Refreshes exclude each other: what one
looks up must not change under another.
"""

from __future__ import annotations

import importlib
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import date

import duckdb
import orjson

from abm_pipeline.contracts import tables as T
from abm_pipeline.contracts.render import empty_select, quoted, select_list
from abm_pipeline.contracts.tables import STAGED, Table, raw_table
from abm_pipeline.programme import Programme
from abm_pipeline.registry import collect
from abm_pipeline.settings import Settings
from abm_pipeline.sources._spec import SourceSpec
from abm_pipeline.staging.domains import register_domain_function
from abm_pipeline.staging.functions import register_functions
from abm_pipeline.staging.parse import drift
from abm_pipeline.staging.records import Vendor, attach_raw, prepare_quarantine, read, want
from abm_pipeline.staging.references import keep_references, refresh_references
from abm_pipeline.staging.restate import keep_restatements, prepare_restatements
from abm_pipeline.staging.rows import Counts, write_table_rows
from abm_pipeline.storage import engine
from abm_pipeline.storage.lake import Input, Lake, now_ns
from abm_pipeline.storage.report import TableReport

# Raw rows staged at once: about 3 kB of memory each. One day may have more, and spills.
CHUNK_ROWS = 250_000
TABLES = (*STAGED, T.QUARANTINE)
# Vendors staged at once: much of staging is many small files, which leave a second processor idle.
VENDORS_AT_ONCE = 2
_WRITER = Table("staged", "refresh", "Held while staging is written.", (), ())

_QUARANTINE = """
SELECT
    q.day, '{vendor}' AS vendor, q.stream, q.record_id, q.version,
    string_agg(DISTINCT q.table_name, ', ' ORDER BY q.table_name) AS table_name, q.rule, min(q."column") AS "column",
    any_value(p.run_id) AS run_id, any_value(r.payload) AS payload
FROM quarantined AS q CROSS JOIN params AS p
JOIN ({raw}) AS r USING (day, stream, record_id, version)
GROUP BY ALL
"""


@dataclass
class _Tally:
    """What is told of one table, over vendors and chunks of days."""

    rows: Counter[date | None] = field(default_factory=Counter)
    changed: set[date | None] = field(default_factory=set)
    counts: Counter[str] = field(default_factory=Counter)
    fields: dict[str, set[str]] = field(default_factory=dict)

    @classmethod
    def sum(cls, parts: Iterable[_Tally]) -> _Tally:
        """Several as one."""
        out = cls()
        for part in parts:
            out.rows.update(part.rows)
            out.changed |= part.changed
            out.counts.update(part.counts)
            for name, fields in part.fields.items():
                out.fields.setdefault(name, set()).update(fields)
        return out

    def report(self, table: Table) -> TableReport:
        """All of it; names of fields as one text."""
        notes: dict[str, int | float | str] = dict(self.counts)
        notes |= {name: ", ".join(sorted(fields)) for name, fields in self.fields.items() if fields}
        return TableReport(table, dict(self.rows), sorted(self.changed, key=str), notes)


def refresh(
    settings: Settings, days: Sequence[date], run_id: str, tables: Collection[Table] | None = None
) -> list[TableReport]:
    """Stage `days` and whatever else has to be staged again; with `tables`, only those of TABLES.

    Notes of a table's report: `rows_in`, `quarantined` and `duplicates` (rows_in is their sum and the rows staged),
    `undeclared_fields` and `absent_fields` of the streams that it is made from.
    """
    programme, lake = settings.programme, settings.open_lake
    wanted = tuple(TABLES if tables is None else tables)
    with (
        lake.lock(_WRITER),
        engine.connect(
            memory_limit=settings.memory_limit, threads=settings.threads, temp=settings.lake_path / ".temp"
        ) as con,
    ):
        register_domain_function(con)
        stamp = now_ns()
        found = vendors(programme)
        todo = iter(found)

        def work(own: duckdb.DuckDBPyConnection) -> dict[Table, _Tally]:
            """Stage vendors while there are any left, with a connection of the thread's own."""
            register_functions(own)
            _make_params(own, programme, run_id)
            prepare_restatements(own)
            tallies = {table: _Tally() for table in wanted}
            for vendor in todo:
                if any(lake.days(raw_table(vendor.name, stream)) for stream in vendor.streams):
                    _refresh_vendor(own, lake, vendor, sorted(set(days)), tallies, stamp)
            return tallies

        connections = [engine.beside(con, f"worker_{n}") for n in range(VENDORS_AT_ONCE)]
        with ThreadPoolExecutor(VENDORS_AT_ONCE, thread_name_prefix="staging") as pool:
            workers = [pool.submit(work, own) for own in connections]
            try:
                wait(workers, return_when=FIRST_EXCEPTION)
            finally:
                # After a fault or an interrupt no further vendor is begun.
                found.clear()
        parts = [worker.result() for worker in workers]
        news = [keep_restatements(own, lake, stamp) for own in connections]
    reports = [_Tally.sum([part[table] for part in parts]).report(table) for table in wanted]
    return [*reports, TableReport(T.RESTATEMENT, {}, (None,) if any(news) else ())]


def vendors(programme: Programme) -> list[Vendor]:
    """Every source with its mapping."""
    out = []
    for spec in collect("abm_pipeline.sources", SourceSpec):
        mapping = importlib.import_module(f"abm_pipeline.sources.{spec.vendor}.mapping").MAPPING
        streams = {stream.name: stream for stream in spec.streams(programme)}
        out.append(Vendor(spec.vendor, streams, mapping, mapping.aliases(programme)))
    return out


def _make_params(con: duckdb.DuckDBPyConnection, programme: Programme, run_id: str) -> None:
    names = programme.salesforce
    con.execute(
        "CREATE OR REPLACE TEMP TABLE params (run_id VARCHAR, reporting_timezone VARCHAR, reporting_currency VARCHAR, "
        "surge_threshold DOUBLE, tier_values MAP(VARCHAR, VARCHAR), tier_field VARCHAR, is_target_field VARCHAR, "
        "has_meeting_outcome BOOLEAN, options JSON)"
    )
    con.execute(
        "INSERT INTO params VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            run_id, programme.reporting_timezone, programme.reporting_currency, programme.surge_threshold,
            dict(names.tier_values), names.tier, names.is_target, names.event_outcome is not None,
            orjson.dumps(programme.sources).decode(),
        ],
    )  # fmt: skip


def _refresh_vendor(
    con: duckdb.DuckDBPyConnection, lake: Lake, vendor: Vendor, days: Sequence[date], tallies: dict[Table, _Tally],
    stamp: int,
) -> None:  # fmt: skip
    """Stage one vendor's part of the tables."""
    feeds: dict[Table, list[str]] = {}
    for select in vendor.mapping.selects:
        feeds.setdefault(select.table, []).append(select.stream)
    # The quarantine has to do with every record.
    with_quarantine = T.QUARANTINE in tallies
    wanted = {table: streams for table, streams in feeds.items() if with_quarantine or table in tallies}
    streams = [s for s in vendor.streams if with_quarantine or any(s in names for names in wanted.values())]
    stale = {day for table, names in wanted.items() if table in tallies for day in _stale(lake, vendor, table, names)}
    if with_quarantine:
        stale |= set(_stale(lake, vendor, T.QUARANTINE, streams))
    asked = sorted(stale | set(days))
    if not asked:
        return
    asked = sorted({*asked, *refresh_references(con, lake, vendor, asked)})
    for chunk in _chunks(lake, vendor, streams, asked):
        prepare_quarantine(con)
        want(con, chunk)
        read_rows = _read_streams(con, lake, vendor, streams, chunk, feeds, tallies)
        for table in wanted:
            counts = write_table_rows(
                con, lake, vendor, table, chunk, stamp, is_written=table in tallies, read_rows=read_rows
            )
            if table in tallies:
                _add(tallies[table], counts)
        if with_quarantine:
            _write_quarantine(con, lake, vendor, chunk, tallies[T.QUARANTINE], stamp)
    # What else hangs on a changed record is staged by the next run of everything.
    if tallies.keys() >= set(TABLES):
        keep_references(con, lake, vendor, stamp)


def _stale(lake: Lake, vendor: Vendor, table: Table, streams: Sequence[str]) -> list[date]:
    return lake.stale_days(table, [Input(raw_table(vendor.name, stream)) for stream in streams], part=vendor.name)


def _read_streams(
    con: duckdb.DuckDBPyConnection, lake: Lake, vendor: Vendor, streams: Sequence[str], days: Sequence[date],
    feeds: dict[Table, list[str]], tallies: dict[Table, _Tally],
) -> dict[str, tuple[int, int]]:  # fmt: skip
    """Make `src.<stream>` of every stream's rows on `days`; returns how many each has, and how many in quarantine."""
    out = {}
    for stream in streams:
        targets = [table for table, names in feeds.items() if stream in names]
        relation = attach_raw(con, lake, vendor, stream, days)
        names = ", ".join(str(table) for table in targets) or f"raw.{vendor.name}_{stream}"
        out[stream] = read(con, vendor, stream, relation, names)
        if not out[stream][0]:
            continue
        found = drift(con, vendor.streams[stream], relation)
        for table in targets:
            if table in tallies:
                fields = tallies[table].fields
                for kind, what in (("undeclared_fields", found.undeclared), ("absent_fields", found.absent)):
                    fields.setdefault(kind, set()).update(f"{vendor.name}.{stream}.{name}" for name in what)
    return out


def _add(tally: _Tally, counts: Counts) -> None:
    tally.rows.update(counts.written.rows)
    tally.changed.update(counts.written.changed)
    tally.counts.update(counts.notes)


def _write_quarantine(
    con: duckdb.DuckDBPyConnection, lake: Lake, vendor: Vendor, days: Sequence[date], tally: _Tally, stamp: int
) -> None:
    # Raw is read once more for the payloads, where there is anything to keep.
    noted = {row[0] for row in con.execute("SELECT DISTINCT stream FROM quarantined").fetchall()}
    columns = "day, stream, record_id, version, payload"
    raw = " UNION ALL ".join(f"SELECT {columns} FROM {quoted('raw_' + stream)}" for stream in sorted(noted))
    query = empty_select(T.QUARANTINE)
    if noted:
        query = f"SELECT {select_list(T.QUARANTINE)} FROM ({_QUARANTINE.format(vendor=vendor.name, raw=raw)})"
    con.execute(f"CREATE OR REPLACE TEMP TABLE in_quarantine AS {query}")
    written = lake.write_days(
        con, T.QUARANTINE, "SELECT * FROM in_quarantine", days, computed_at=stamp, part=vendor.name
    )
    tally.rows.update(written.rows)
    tally.changed.update(written.changed)
    tally.counts.update(dict(con.execute("SELECT rule, count(*) FROM in_quarantine GROUP BY rule").fetchall()))


def _chunks(lake: Lake, vendor: Vendor, streams: Sequence[str], days: Sequence[date]) -> Iterator[list[date]]:
    """Days in order, together as many as fit in memory."""
    sizes: Counter[date] = Counter()
    for stream in streams:
        sizes.update(lake.rows_by_day(raw_table(vendor.name, stream), days[0], days[-1]))
    chunk: list[date] = []
    held = 0
    for day in days:
        if chunk and held + sizes[day] > CHUNK_ROWS:
            yield chunk
            chunk, held = [], 0
        chunk.append(day)
        held += sizes[day]
    yield chunk
