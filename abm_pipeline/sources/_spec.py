"""What a source is: a folder with a module-level `SPEC` in its `__init__.py`; nothing else is edited to add one.

Belongs here: the declarations that every vendor fills in, and the records they hand over. Not here: HTTP (`_http`),
what is done with the records (`extract`), or how they become staged rows (each vendor's mapping).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import compress
from types import TracebackType
from typing import Literal, NamedTuple, Protocol, overload

from abm_pipeline.contracts.fields import Type
from abm_pipeline.contracts.tables import Table, raw_table
from abm_pipeline.programme import Programme
from abm_pipeline.sources._credentials import Credentials

# How a stream relates to time, and so which partition a record goes to:
# - changes:   a system of record; each record carries the stamp of its last change; day of that stamp.
# - days:      a report by day, restated for `lookback_days`; the reported day.
# - snapshot:  what holds now and only now; the requested days that are today or yesterday.
# - reference: what something is called, without a stamp; kept once, and again when it differs.
Kind = Literal["changes", "days", "snapshot", "reference"]


@dataclass(frozen=True)
class Credential:
    """One environment variable of a vendor. One with a `default` need not be set."""

    env: str
    about: str
    is_secret: bool = True
    is_required: bool = True
    default: str | None = None


@dataclass(frozen=True)
class RawField:
    """What is relied on in a payload. `name` is the JSON key, or keys joined by dots for a nested value.

    `type` is what the value means. In JSON it may stand as text (money, dates, stamps, and anything that came by a
    CSV job). `required`: must be there and not null.
    """

    name: str
    type: Type
    required: bool = False


# What a record says that its client rejected: staging puts it into quarantine under that rule and no other. Streams
# whose clients reject records have these fields.
REJECTED = (RawField("_file.rule", Type.TEXT), RawField("_file.column", Type.TEXT))


@dataclass(frozen=True)
class Stream:
    """One object or report of a vendor, stored in `raw_table(vendor, name)`.

    `after` names a stream of the same vendor that has to be fetched first.
    """

    name: str
    about: str
    kind: Kind
    fields: tuple[RawField, ...]
    lookback_days: int = 0
    after: str | None = None


@dataclass(frozen=True)
class Window:
    """A span of time in UTC, start inclusive (None: from the beginning), end exclusive.

    For streams of kind `days`, the days whose midnights (UTC) lie in it.
    """

    start: datetime | None
    end: datetime


class Record(NamedTuple):
    """One record as sent. `at` is the stamp of its last change, or the day that it reports on."""

    record_id: str
    version: str
    at: datetime | date
    payload: bytes


@dataclass(frozen=True)
class Columns(Sequence[Record]):
    """Records by column, for pages of thousands: reads as a list of them, of which none is made before it is read."""

    record_id: Sequence[str]
    version: Sequence[str]
    at: Sequence[datetime | date]
    payload: Sequence[bytes]

    def __len__(self) -> int:
        return len(self.record_id)

    @overload
    def __getitem__(self, index: int) -> Record: ...

    @overload
    def __getitem__(self, index: slice) -> Columns: ...

    def __getitem__(self, index: int | slice) -> Record | Columns:
        if isinstance(index, slice):
            return Columns(self.record_id[index], self.version[index], self.at[index], self.payload[index])
        return Record(self.record_id[index], self.version[index], self.at[index], self.payload[index])

    def keeping(self, wanted: Sequence[bool]) -> Columns:
        """Those for which `wanted` holds, in order."""
        columns = (self.record_id, self.version, self.at, self.payload)
        return Columns(*(tuple(compress(column, wanted)) for column in columns))  # type: ignore[arg-type]


class Page(NamedTuple):
    """Records of one answer, when they were fetched, and what the vendor's own clock said then (UTC)."""

    records: Sequence[Record]
    fetched_at: datetime
    served_at: datetime | None = None


class Client(Protocol):
    """A logged-in vendor. `fetch` may be called from several threads at once."""

    def __enter__(self) -> Client: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def fetch(self, stream: Stream, window: Window) -> Iterator[Page]:
        """The stream's records of the window, page by page. Raises SourceError of `_errors`."""
        ...

    def check(self) -> str:
        """Log in and make one cheap call; returns what to tell a person. Raises SourceError."""
        ...

    def notes(self, stream: Stream) -> Mapping[str, int | float | str]:
        """Facts worth showing about what was fetched so far: quota used, fields missing, slices cut."""
        ...


@dataclass(frozen=True)
class SourceSpec:
    """One vendor. `one_of`: sets of optional credentials, one of which must be complete; empty if none need be.

    `streams` depends on the programme because organisations name their custom fields themselves.
    `concurrency` is how many streams are fetched at once. `watched`, of a source that arrives as files: the files as
    they are now, by name, with size and time of the last write (ns).
    """

    vendor: str
    title: str
    about: str
    credentials: tuple[Credential, ...]
    base_url: Credential
    streams: Callable[[Programme], tuple[Stream, ...]]
    connect: Callable[[Credentials, Programme], Client]
    one_of: tuple[tuple[str, ...], ...] = ()
    concurrency: int = 4
    watched: Callable[[Credentials, Programme], Mapping[str, tuple[int, int]]] | None = None

    def table(self, stream: Stream) -> Table:
        """Where the stream's records are kept."""
        return raw_table(self.vendor, stream.name)
