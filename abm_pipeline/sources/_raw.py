"""Raw: records on their way to disk, and merging them with what the table has already.

A table is merged by (day, record, version), never replaced: an older version pulled earlier stays. Of records without a
stamp the version is their content, and only a content that differs from the newest one is news; so pulling the same
again leaves every file untouched. A pull adds its news as a segment or more (see `storage.segments`), in one go.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from abm_pipeline.contracts.render import empty_select, quoted, select_list
from abm_pipeline.contracts.tables import Table
from abm_pipeline.sources._spec import Columns, Page, Stream, Window
from abm_pipeline.storage.lake import Lake, Written
from abm_pipeline.storage.segments import Segments

# What is held in memory: bytes on their way to the spool, and rows merged at once. A file has no more rows either.
FLUSH_BYTES, MERGE_ROWS = 8 << 20, 250_000
STAMP = pa.timestamp("us", "UTC")
SCHEMA = pa.schema(
    [
        ("day", pa.date32()), ("vendor", pa.string()), ("stream", pa.string()), ("record_id", pa.string()),
        ("version", pa.string()), ("fetched_at", STAMP), ("window_start", STAMP), ("window_end", STAMP),
        ("run_id", pa.string()), ("payload", pa.string()),
    ]
)  # fmt: skip
_COLUMNS = ", ".join(quoted(name) for name in SCHEMA.names)
# Columns of few values. Statistics of days let a reader skip what it doesn't want.
_WRITTEN = {
    "compression": "zstd",
    "use_dictionary": ["day", "vendor", "stream", "fetched_at", "window_start", "window_end", "run_id"],
    "write_statistics": ["day"],
    "store_schema": False,
}
# From the `at` values of records to the days of their partitions.
DayOf = Callable[[Sequence[Any]], pa.Array]


class Spool:
    """Records of one stream and run, on disk as they come in: files that can be segments as they are. Gone on leaving.

    `sizes`: rows by day.
    """

    def __init__(self, lake: Lake, table: Table, vendor: str, stream: Stream, run_id: str) -> None:
        self._lake, self._table = lake, table
        self._constants = (vendor, stream.name, run_id)
        self._folder: Path | None = None
        self._writer: pq.ParquetWriter | None = None
        self._batches: list[pa.RecordBatch] = []
        self._held = self._in_file = 0
        self.files: list[Path] = []
        self.sizes: Counter[date] = Counter()
        self.rows = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end_file()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)

    @property
    def folder(self) -> Path:
        """A folder of the spool's own, on the lake's disk."""
        if self._folder is None:
            self._folder = self._lake.staging_folder(self._table)
        return self._folder

    def add(self, page: Page, window: Window, day_of: DayOf) -> None:
        """Take in a page that was fetched for `window`."""
        size = len(page.records)
        if not size:
            return
        columns = page.records if isinstance(page.records, Columns) else Columns(*zip(*page.records, strict=True))
        vendor, stream, run_id = self._constants
        days = day_of(columns.at)
        arrays = [
            days, _same(vendor, size), _same(stream, size), pa.array(columns.record_id, pa.string()),
            pa.array(columns.version, pa.string()), _same(page.fetched_at, size, STAMP),
            _same(window.start, size, STAMP), _same(window.end, size, STAMP), _same(run_id, size),
            pa.array(columns.payload, pa.string()),
        ]  # fmt: skip
        batch = pa.record_batch(arrays, schema=SCHEMA)
        self._batches.append(batch)
        self._held += batch.nbytes
        self.rows += size
        counts = pc.value_counts(days)
        self.sizes.update(dict(zip(counts.field(0).to_pylist(), counts.field(1).to_pylist(), strict=True)))
        if self._held >= FLUSH_BYTES:
            self._flush()

    def _flush(self) -> None:
        if not self._batches:
            return
        rows = pa.Table.from_batches(self._batches)
        self._batches, self._held = [], 0
        if self._writer is None:
            path = self.folder / f"{len(self.files)}.parquet"
            self._writer = pq.ParquetWriter(path, SCHEMA, **_WRITTEN)
            self.files.append(path)
        self._writer.write_table(rows)
        self._in_file += rows.num_rows
        if self._in_file >= MERGE_ROWS:
            self._end_file()

    def _end_file(self) -> None:
        if self._writer is not None:
            self._writer.close()
            self._writer, self._in_file = None, 0

    def close(self) -> Self:
        """Everything on disk."""
        self._flush()
        self._end_file()
        return self


def _same(value: Any, size: int, kind: pa.DataType | None = None) -> pa.Array:
    return pa.repeat(pa.scalar(value, kind or pa.string()), size)


@dataclass(frozen=True)
class Merged(Written):
    """What a merge did; `outside` counts records of days neither asked for nor kept, which were left out."""

    outside: int = 0


def merge(
    lake: Lake,
    connect: Callable[[], duckdb.DuckDBPyConnection],
    table: Table,
    stream: Stream,
    spool: Spool,
    *,
    days: Iterable[date],
    stamp: int,
) -> Merged:
    """Merge the spooled records into the table. What is spooled may become the table's: the spool is done with.

    Every one of `days` is noted as computed. Records of other days are kept if those have been asked for before.
    `stamp`: `time.time_ns()` from before the first request. `connect` is called if there is anything to merge.
    """
    wanted = set(days)
    with lake.lock(table):
        segments = Segments.begin(lake.folder(table))
        stored = segments.rows()
        known = {day for day in lake.computed_at(table) if day is not None} | stored.keys()
        touched = sorted(spool.sizes.keys() & (wanted | known))
        brought: Counter[date] = Counter()
        if touched:
            if _can_stay(stream, spool, touched, stored.keys()):
                for path in spool.files:
                    segments.add(path, _days_in(path) if len(spool.files) > 1 else spool.sizes)
                brought = spool.sizes
            else:
                con, there = connect(), _literals(spool.files)
                con.execute(f"CREATE OR REPLACE TEMP VIEW incoming AS SELECT * FROM read_parquet({there})")
                if stream.kind == "reference":
                    _leave_out_known(lake, con, table)
                for chunk in _chunks(touched, spool.sizes):
                    brought += _Merge(con, table, stream, segments, spool.folder, chunk).news()
        if brought:
            segments.commit(brought)
        lake.mark_computed(table, wanted | set(touched), stamp, "data")
        now = segments.rows()
        changed = brought.keys() | (wanted - known)
        outside = sum(size for day, size in spool.sizes.items() if day not in wanted | known)
        return Merged({day: now[day] for day in sorted(wanted)}, tuple(sorted(changed)), outside)


def _can_stay(stream: Stream, spool: Spool, touched: list[date], stored: Iterable[date]) -> bool:
    """Whether the spool's files can be segments as they are: nothing is there to merge with, and nothing is twice."""
    if stream.kind == "reference" or len(touched) < len(spool.sizes) or not spool.sizes.keys().isdisjoint(stored):
        return False
    key = ["day", "record_id", "version"]
    # Days by days, as what tells rows apart is held in memory.
    for chunk in _chunks(touched, spool.sizes):
        span = [("day", ">=", chunk[0]), ("day", "<=", chunk[-1])]
        tables = [pq.read_table(path, columns=key, filters=span, partitioning=None) for path in spool.files]
        distinct = pa.concat_tables(tables).group_by(key, use_threads=False).aggregate([]).num_rows
        if distinct < sum(spool.sizes[day] for day in chunk):
            return False
    return True


def _days_in(path: Path) -> dict[date, int]:
    counts = pc.value_counts(pq.read_table(path, columns=["day"], partitioning=None)["day"].combine_chunks())
    return dict(zip(counts.field(0).to_pylist(), counts.field(1).to_pylist(), strict=True))


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


def _chunks(days: list[date], sizes: Counter[date]) -> Iterator[list[date]]:
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
_NEWS = f"SELECT {_COLUMNS} FROM fresh_news ORDER BY day, record_id, version"
_BUT_REPLACED = """
SELECT {columns} FROM read_parquet({file}) ANTI JOIN fresh_news USING (day, record_id, version)
ORDER BY day, record_id, version
"""


@dataclass(frozen=True)
class _Merge:
    """The merge of the incoming rows of some days."""

    con: duckdb.DuckDBPyConnection
    table: Table
    stream: Stream
    segments: Segments
    folder: Path
    days: list[date]

    def news(self) -> Counter[date]:
        """Add what is news as a segment; returns its rows by day."""
        con, segments = self.con, self.segments
        _set_days(con, "chunk", self.days)
        con.execute(_FRESH)
        concerned = [segments.folder / name for name in segments.with_days(self.days)]
        stored = f"SELECT *, '' AS filename FROM ({empty_select(self.table)})"
        if concerned:
            there = f"read_parquet({_literals(concerned)}, filename = true)"
            stored = f"SELECT {select_list(self.table)}, filename FROM {there} SEMI JOIN chunk USING (day)"
        con.execute(f"CREATE OR REPLACE TEMP VIEW stored AS {stored}")
        con.execute(_NEWS_STAMPED if self.stream.kind == "changes" else _NEWS_BY_CONTENT)
        rows = dict(con.execute("SELECT day, count(*) FROM fresh_news GROUP BY day").fetchall())
        if rows and concerned:
            self._give_way()
        if rows:
            segments.add(self._written(_NEWS), rows)
        # Other vendors merge next.
        con.execute("DROP TABLE fresh_news")
        con.execute("DROP TABLE fresh")
        return Counter(rows)

    def _give_way(self) -> None:
        """Put files in the place of those with a row that the news has the same key as."""
        replaced = self.con.execute(
            "SELECT DISTINCT filename FROM stored SEMI JOIN fresh_news USING (day, record_id, version)"
        ).fetchall()
        for (name,) in replaced:
            rest = self._written(_BUT_REPLACED.format(columns=_COLUMNS, file=_literals([name])))
            if rows := _days_in(rest):
                self.segments.add(rest, rows)
            self.segments.retire(str(Path(name).relative_to(self.segments.folder)))

    def _written(self, query: str) -> Path:
        path = self.folder / "merged.parquet"
        self.con.execute(f"COPY ({query}) TO {_literals([path])[1:-1]} (FORMAT parquet, COMPRESSION zstd)")
        return path


def _set_days(con: duckdb.DuckDBPyConnection, name: str, days: list[date]) -> None:
    con.register("_days", pa.table({"day": pa.array(days, pa.date32())}))
    con.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS SELECT * FROM _days")
    con.unregister("_days")


def _literals(paths: Iterable[Path | str]) -> str:
    """Paths as an SQL list."""
    return "[" + ", ".join("'" + str(path).replace("'", "''") + "'" for path in paths) + "]"
