"""From a vendor to raw: which window of each stream to ask for, and the partitions its records go to.

Belongs here: time, concurrency and failure. How a vendor is asked is its client's,
how partitions are merged is `_raw`'s.

Windows. A stream of changes is asked for the days in the reporting zone; if the lake has no earlier day of it, from the
beginning of time, and what changed before the first day goes into that day's partition. A report by day is asked for
its days and the days before that are still being restated, of which only those are kept that the lake has. A snapshot
stands for the day that the vendor's clock says it is and for the day before, where they are asked for.
"""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from itertools import chain
from time import perf_counter
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from abm_pipeline.contracts.tables import Table
from abm_pipeline.settings import Settings
from abm_pipeline.sources import credentials
from abm_pipeline.sources._errors import Rejected, Skippable, SourceError
from abm_pipeline.sources._raw import DayOf, Spool, merge
from abm_pipeline.sources._spec import Client, Page, SourceSpec, Stream, Window
from abm_pipeline.storage import engine
from abm_pipeline.storage.lake import Lake, now_ns

# Told as records come in: stream and how many of it so far. Called from several threads.
Progress = Callable[[str, int], None]
# Merges use all memory that a step may use, so there is one at a time.
_MERGING = threading.Lock()


class _RareCollection:
    """While anything is pulled, the garbage collector looks up only now and then.

    Pages are some ten thousand objects each, none of them in a cycle; walking them over and over takes as long as
    parsing them.
    """

    OBJECTS = 500_000

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._inside = 0
        self._before = gc.get_threshold()

    def __enter__(self) -> None:
        with self._lock:
            if self._inside == 0:
                self._before = gc.get_threshold()
                gc.set_threshold(self.OBJECTS, *self._before[1:])
            self._inside += 1

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._inside -= 1
            if self._inside == 0:
                gc.set_threshold(*self._before)


_COLLECTOR = _RareCollection()


@dataclass(frozen=True)
class StreamReport:
    """One stream after a pull: records fetched, rows in the partitions of the days asked for, days that changed.

    `changed` may hold days not asked for: restated ones, and late records.
    """

    stream: str
    table: Table
    records: int
    rows: Mapping[date, int]
    changed: Sequence[date]
    seconds: float
    notes: Mapping[str, int | float | str] = field(default_factory=dict)


class ExtractError(Exception):
    """Some streams of a vendor failed; `reports` are those that did not, and their data is stored."""

    def __init__(self, vendor: str, failures: Mapping[str, Exception], reports: Sequence[StreamReport]) -> None:
        self.vendor, self.failures, self.reports = vendor, dict(failures), list(reports)
        stored = f"{len(reports)} streams are stored. " if reports else ""
        told = "\n".join(f"- {_told(vendor, stream, error)}" for stream, error in failures.items())
        super().__init__(
            f"{vendor}: {len(failures)} of {len(failures) + len(reports)} streams failed. {stored}"
            f"Run the same days again to fill the gap.\n{told}"
        )


def _told(vendor: str, stream: str, error: Exception) -> str:
    """The error in a line. What isn't ours may quote data, so only its type is told."""
    if isinstance(error, SourceError):
        return str(error)
    return f"{vendor} {stream}: the answer could not be read ({type(error).__name__}); the log has the trace"


def extract(
    spec: SourceSpec,
    settings: Settings,
    days: Sequence[date],
    run_id: str,
    *,
    on_progress: Progress | None = None,
) -> list[StreamReport]:
    """Pull all streams of the vendor for the days into raw, several at once; each is stored as soon as it is complete.

    Raises Permanent if the vendor isn't switched on, other SourceErrors if it can't be reached or refuses the login,
    and ExtractError, after all others are stored, if streams failed.
    """
    on_progress = on_progress or (lambda stream, records: None)
    have = credentials.required(spec, settings.home)
    with _COLLECTOR, ExitStack() as open_ones:
        client = open_ones.enter_context(spec.connect(have, settings.programme))
        pull = _Pull(spec, settings, sorted(set(days)), run_id, on_progress, open_ones)
        return pull.all(client)


@dataclass(frozen=True)
class _Pull:
    """One vendor's pull."""

    spec: SourceSpec
    settings: Settings
    days: list[date]
    run_id: str
    on_progress: Progress
    open_ones: ExitStack

    @cached_property
    def con(self) -> duckdb.DuckDBPyConnection:
        """For merges; made by the first that needs one, while other streams wait for their vendor."""
        settings, temp = self.settings, self.settings.lake_path / ".temp"
        return self.open_ones.enter_context(
            engine.connect(memory_limit=settings.memory_limit, threads=settings.threads, temp=temp)
        )

    def all(self, client: Client) -> list[StreamReport]:
        streams = self.spec.streams(self.settings.programme)
        reports: dict[str, StreamReport] = {}
        failures: dict[str, Exception] = {}
        with ThreadPoolExecutor(self.spec.concurrency, thread_name_prefix=self.spec.vendor) as pool:
            for wave in ([s for s in streams if s.after is None], [s for s in streams if s.after is not None]):
                ready = [stream for stream in wave if stream.after not in failures]
                for stream in wave:
                    if stream.after in failures:
                        what = f"not asked for, as {stream.after} failed"
                        failures[stream.name] = SourceError(what, vendor=self.spec.vendor, stream=stream.name)
                futures = {stream.name: pool.submit(self.one, client, stream) for stream in ready}
                for name, future in futures.items():
                    error = future.exception()
                    if error is None:
                        reports[name] = future.result()
                    elif isinstance(error, Exception):
                        failures[name] = error
                    else:
                        raise error
        done = [reports[stream.name] for stream in streams if stream.name in reports]
        if failures:
            raise ExtractError(self.spec.vendor, failures, done) from next(iter(failures.values()))
        return done

    def one(self, client: Client, stream: Stream) -> StreamReport:
        """Fetch one stream and merge it."""
        began, stamp = perf_counter(), now_ns()
        lake, table = self.settings.open_lake, self.spec.table(stream)
        rejected: list[Rejected] = []
        with Spool(lake, table, self.spec.vendor, stream, self.run_id) as spool:
            try:
                kept, notes = self._fetch(client, stream, lake, table, spool, rejected)
            except Skippable as error:
                return StreamReport(stream.name, table, 0, {}, (), perf_counter() - began, {"skipped": str(error)})
            spool.close()
            with _MERGING:
                merged = merge(lake, lambda: self.con, table, stream, spool, days=kept, stamp=stamp)
        if rejected:
            raise rejected[0]
        notes = {**notes, **client.notes(stream)}
        if merged.outside:
            notes["records_of_other_days"] = merged.outside
        return StreamReport(stream.name, table, spool.rows, merged.rows, merged.changed, perf_counter() - began, notes)

    def _fetch(
        self, client: Client, stream: Stream, lake: Lake, table: Table, spool: Spool, rejected: list[Rejected]
    ) -> tuple[list[date], dict[str, int | float | str]]:
        """Spool the stream's records; returns the days that they are complete for, and notes.

        What the client rejected is told when all else is stored.
        """
        zone = ZoneInfo(self.settings.programme.reporting_timezone)
        if stream.kind == "snapshot":
            return self._snapshot(client, stream, spool, zone)
        known = lake.computed_at(table).keys()
        notes: dict[str, int | float | str] = {}
        for number, (first, last) in enumerate(_ranges(self.days)):
            is_first = number == 0 and not any(day is not None and day < first for day in known)
            if stream.kind == "changes":
                back = timedelta(days=stream.lookback_days)
                start = None if is_first else _midnight(first, zone) - back
                window = Window(start, _midnight(last + timedelta(days=1), zone))
                # Late records of days before all that is kept belong to the first one, as on the first load.
                day_of = _stamp_days(zone, min([first, *(day for day in known if day is not None)]))
                if is_first:
                    notes["first_load_into"] = first.isoformat()
            else:
                asked = first - timedelta(days=stream.lookback_days)
                window = Window(_midnight(asked, UTC), _midnight(last + timedelta(days=1), UTC))
                day_of = _as_days
            try:
                self._spool(client.fetch(stream, window), stream, spool, window, day_of)
            except Rejected as error:
                rejected.append(error)
        return self.days, notes

    def _spool(self, pages: Iterator[Page], stream: Stream, spool: Spool, window: Window, day_of: DayOf) -> None:
        for page in pages:
            spool.add(page, window, day_of)
            self.on_progress(stream.name, spool.rows)

    def _snapshot(
        self, client: Client, stream: Stream, spool: Spool, zone: ZoneInfo
    ) -> tuple[list[date], dict[str, int | float | str]]:
        day = self.days[-1]
        window = Window(_midnight(day, zone), _midnight(day + timedelta(days=1), zone))
        pages = client.fetch(stream, window)
        first = next(pages, None)
        if first is None:
            return [], {"not_stored": "the vendor answered nothing"}
        now = (first.served_at or first.fetched_at).astimezone(zone).date()
        held = [day for day in self.days if now - day in (timedelta(0), timedelta(days=1))]
        if not held:
            return [], {"not_stored": f"the vendor tells only what holds now, {now}, which cannot stand for {day}"}
        for page in chain([first], pages):
            for one in held:
                spool.add(page, window, _all_on(one))
            self.on_progress(stream.name, spool.rows)
        return held, {}


def _ranges(days: Sequence[date]) -> list[tuple[date, date]]:
    """Days in order as runs without gaps, first and last inclusive."""
    out: list[tuple[date, date]] = []
    for day in days:
        if out and day - out[-1][1] == timedelta(days=1):
            out[-1] = (out[-1][0], day)
        else:
            out.append((day, day))
    return out


def _midnight(day: date, zone: Any) -> datetime:
    """The instant at which the day begins in the zone, in UTC."""
    return datetime.combine(day, time(), zone).astimezone(UTC)


def _stamp_days(zone: ZoneInfo, floor: date) -> DayOf:
    """Days of stamps in the zone, none before `floor`."""
    kind = pa.timestamp("us", zone.key)
    lowest = pa.scalar(floor, pa.date32())

    def days(stamps: Any) -> pa.Array:
        local = pc.local_timestamp(pa.array(stamps, pa.timestamp("us", "UTC")).cast(kind))
        return pc.max_element_wise(local.cast(pa.date32()), lowest)

    return days


def _all_on(day: date) -> DayOf:
    return lambda stamps: pa.repeat(pa.scalar(day, pa.date32()), len(stamps))


def _as_days(stamps: Any) -> pa.Array:
    return pa.array(stamps, pa.date32())
