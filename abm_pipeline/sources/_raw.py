"""Raw partitions: records on their way to disk, and merging them with what a partition has already.

A partition is merged by (record, version), never replaced: an older version pulled earlier stays. Of records without a
stamp the version is their content, and only a content that differs from the newest one is news; so pulling the same
again leaves every file untouched.
"""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from abm_pipeline.contracts.render import empty_select, quoted, select_list
from abm_pipeline.contracts.tables import Table
from abm_pipeline.sources._spec import Page, Stream, Window
from abm_pipeline.storage.lake import Lake, Written, swap_in

# What is held in memory: rows on their way to the spool, and rows of the days merged at once.
FLUSH_BYTES, MERGE_ROWS = 32 << 20, 250_000
STAMP = pa.timestamp("us", "UTC")
SCHEMA = pa.schema(
    [
        ("day", pa.date32()), ("vendor", pa.string()), ("stream", pa.string()), ("record_id", pa.string()),
        ("version", pa.string()), ("fetched_at", STAMP), ("window_start", STAMP), ("window_end", STAMP),
        ("run_id", pa.string()), ("payload", pa.string()),
    ]
)  # fmt: skip
# From the `at` values of records to the days of their partitions.
DayOf = Callable[[Sequence[Any]], pa.Array]


class Spool:
    """Records of one stream and run, on disk as they come in. Gone on leaving."""

    def __init__(self, lake: Lake, table: Table, vendor: str, stream: Stream, run_id: str) -> None:
        self._folder = lake.staging_folder(table)
        self.path = self._folder / "records.parquet"
        self._constants = (vendor, stream.name, run_id)
        self._writer = pq.ParquetWriter(self.path, SCHEMA, compression="lz4", use_dictionary=_FEW)
        self._batches: list[pa.RecordBatch] = []
        self._held = 0
        self.rows = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._writer.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def add(self, page: Page, window: Window, day_of: DayOf) -> None:
        """Take in a page that was fetched for `window`."""
        if not page.records:
            return
        ids, versions, stamps, payloads = zip(*page.records, strict=True)
        size = len(ids)
        vendor, stream, run_id = self._constants
        columns = [
            day_of(stamps), _same(vendor, size), _same(stream, size), pa.array(ids, pa.string()),
            pa.array(versions, pa.string()), _same(page.fetched_at, size, STAMP), _same(window.start, size, STAMP),
            _same(window.end, size, STAMP), _same(run_id, size), pa.array(payloads, pa.string()),
        ]  # fmt: skip
        batch = pa.record_batch(columns, schema=SCHEMA)
        self._batches.append(batch)
        self._held += batch.nbytes
        self.rows += size
        if self._held >= FLUSH_BYTES:
            self._flush()

    def _flush(self) -> None:
        if self._batches:
            self._writer.write_table(pa.Table.from_batches(self._batches))
            self._batches, self._held = [], 0

    def close(self) -> Path:
        """The file, complete."""
        self._flush()
        self._writer.close()
        return self.path


_FEW = ["vendor", "stream", "run_id"]


def _same(value: Any, size: int, kind: pa.DataType | None = None) -> pa.Array:
    return pa.repeat(pa.scalar(value, kind or pa.string()), size)


@dataclass(frozen=True)
class Merged(Written):
    """What a merge did; `outside` counts records of days neither asked for nor kept, which were left out."""

    outside: int = 0


def merge(
    lake: Lake,
    con: duckdb.DuckDBPyConnection,
    table: Table,
    stream: Stream,
    spool: Path,
    *,
    days: Iterable[date],
    stamp: int,
) -> Merged:
    """Merge the spooled records into the partitions.

    Every one of `days` gets a partition, an empty one if it has no record. Records of other days go to theirs if it
    exists. `stamp`: `time.time_ns()` from before the first request.
    """
    wanted = set(days)
    with lake.lock(table):
        known = set(lake.days(table))
        con.execute(f"CREATE OR REPLACE TEMP VIEW incoming AS SELECT * FROM read_parquet({_literal(spool)})")
        if stream.kind == "reference":
            _leave_out_known(lake, con, table)
        sizes = dict(con.execute("SELECT day, count(*) FROM incoming GROUP BY day").fetchall())
        touched = sorted(sizes.keys() & (wanted | known))
        changed: dict[date, int] = {}
        for chunk in _chunks(touched, sizes):
            changed |= _merge_days(lake, con, table, stream, days=chunk, known=known)
        for day in sorted(wanted - known - changed.keys()):
            _place(lake, table, day, _EMPTY)
            changed[day] = 0
        lake.mark_computed(table, wanted | set(touched), stamp, "data")
        rows = {day: changed[day] if day in changed else _rows(lake.file(table, day)) for day in sorted(wanted)}
        outside = sum(size for day, size in sizes.items() if day not in wanted | known)
        return Merged(rows, tuple(sorted(changed)), outside)


def _rows(file: Path) -> int:
    return 0 if file.stat().st_size == len(_EMPTY) else int(pq.read_metadata(file).num_rows)


def _leave_out_known(lake: Lake, con: duckdb.DuckDBPyConnection, table: Table) -> None:
    """A name that has not changed since it was last stored, on whatever day, isn't stored again."""
    lake.attach(con, table, name="ever_stored")
    con.execute(
        """
        CREATE OR REPLACE TEMP TABLE known AS
        SELECT record_id, arg_max(version, (fetched_at, day)) AS version FROM ever_stored GROUP BY record_id
        """
    )
    con.execute(
        "CREATE OR REPLACE TEMP TABLE news AS SELECT * FROM incoming ANTI JOIN known USING (record_id, version)"
    )
    con.execute("CREATE OR REPLACE TEMP VIEW incoming AS SELECT * FROM news")


def _chunks(days: list[date], sizes: dict[date, int]) -> Iterator[list[date]]:
    """Days in order, together as many as fit in memory."""
    chunk: list[date] = []
    held = 0
    for day in days:
        if chunk and held + sizes[day] > MERGE_ROWS:
            yield chunk
            chunk, held = [], 0
        chunk.append(day)
        held += sizes[day]
    if chunk:
        yield chunk


# One row a record and version, the one fetched last.
_FRESH = """
CREATE OR REPLACE TEMP TABLE fresh AS
SELECT * FROM incoming SEMI JOIN chunk USING (day)
QUALIFY row_number() OVER (PARTITION BY day, record_id, version ORDER BY fetched_at DESC, payload) = 1
"""
_FRESH_UNIQUE = "CREATE OR REPLACE TEMP TABLE fresh AS SELECT * FROM incoming SEMI JOIN chunk USING (day)"
_IS_UNIQUE = """
SELECT count(*) = count(DISTINCT (day, record_id, version)) FROM incoming SEMI JOIN chunk USING (day)
"""
# With a stamp for a version, a version that is there with the same content is no news.
_NEWS_STAMPED = """
CREATE OR REPLACE TEMP TABLE fresh_news AS
SELECT fresh.* FROM fresh ANTI JOIN stored USING (day, record_id, version, payload)
"""
# With its content for a version, only what differs from the newest capture is news: a value may come back.
_NEWS_BY_CONTENT = """
CREATE OR REPLACE TEMP TABLE fresh_news AS
SELECT fresh.* FROM fresh ANTI JOIN (
  SELECT day, record_id, arg_max(version, fetched_at) AS version FROM stored GROUP BY ALL
) AS newest USING (day, record_id, version)
"""
_RESULT = """
SELECT {columns} FROM (
  SELECT * FROM stored SEMI JOIN changed USING (day) ANTI JOIN fresh_news USING (day, record_id, version)
  UNION ALL BY NAME
  SELECT * FROM fresh_news SEMI JOIN changed USING (day)
) ORDER BY day, record_id, version
"""


def _merge_days(
    lake: Lake, con: duckdb.DuckDBPyConnection, table: Table, stream: Stream, *, days: list[date], known: set[date]
) -> dict[date, int]:
    """Merge the incoming rows of some days; returns those that changed and how many rows they have now."""
    _set_days(con, "chunk", days)
    unique = con.execute(_IS_UNIQUE).fetchall()[0][0]
    con.execute(_FRESH_UNIQUE if unique else _FRESH)
    if known.isdisjoint(days):
        con.execute(f"CREATE OR REPLACE TEMP VIEW stored AS {empty_select(table)}")
    else:
        files = ", ".join(_literal(lake.file(table, day)) for day in days if day in known)
        con.execute(f"CREATE OR REPLACE TEMP VIEW stored AS SELECT {select_list(table)} FROM read_parquet([{files}])")
    con.execute(_NEWS_STAMPED if stream.kind == "changes" else _NEWS_BY_CONTENT)
    changed = [row[0] for row in con.execute("SELECT DISTINCT day FROM fresh_news ORDER BY day").fetchall()]
    if not changed:
        return {}
    _set_days(con, "changed", changed)
    columns = ", ".join(quoted(name) for name in SCHEMA.names)
    rows: pa.Table = con.sql(_RESULT.format(columns=columns)).to_arrow_table().cast(SCHEMA)
    start, counts = 0, {run["values"]: run["counts"] for run in rows["day"].value_counts().to_pylist()}
    for day, count in counts.items():
        _place(lake, table, day, _parquet(rows.slice(start, count)))
        start += count
    return counts


def _set_days(con: duckdb.DuckDBPyConnection, name: str, days: list[date]) -> None:
    con.register("_days", pa.table({"day": pa.array(days, pa.date32())}))
    con.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS SELECT * FROM _days")
    con.unregister("_days")


def _parquet(rows: pa.Table) -> pa.Buffer:
    sink = pa.BufferOutputStream()
    pq.write_table(rows, sink, compression="zstd", use_dictionary=_FEW, write_statistics=["day"], store_schema=False)
    return sink.getvalue()


def _place(lake: Lake, table: Table, day: date, content: pa.Buffer) -> None:
    """Put a partition in its place: written beside, then renamed."""
    target = lake.file(table, day)
    target.parent.mkdir(parents=True, exist_ok=True)
    beside = target.parent / f".{uuid.uuid4().hex}"
    with beside.open("wb") as file:
        file.write(content)
    swap_in(beside, target)


_EMPTY = _parquet(SCHEMA.empty_table())


def _literal(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"
