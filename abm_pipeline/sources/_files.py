"""Sources that arrive as files: finding them, waiting for half-written ones, and taking each whole or not at all.

Belongs here: what all file sources share. What a row means is its vendor's. Not here: the network.

- A file is *due* if it, or the day it stands for, is of the window. One named as half-written (`.tmp`, `.part`),
  or was written to less than `QUIET_SECONDS` ago, or changes while it is read, waits for a later run.
- A file is taken whole or not at all: every row is read before the first is handed on. What is wrong is told by line,
  as records that staging puts into quarantine under the rule they broke, and as a `Rejected` error when all good files
  have been handed on. A corrected file is another version, and is taken.
- A file that vanishes takes nothing with it: what was read of it stays in raw.

Memory does not grow with files: more than `HELD_ROWS` rows are read twice rather than kept.
"""

from __future__ import annotations

import csv
import fnmatch
import gzip
import hashlib
import re
import threading
import time
import zlib
from collections import defaultdict
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from abm_pipeline.sources._errors import Permanent, Rejected, Retriable
from abm_pipeline.sources._spec import Page, Record, Stream, Window

# A file written to less than so long ago may still be growing.
QUIET_SECONDS = 60.0
PAGE_ROWS, HELD_ROWS = 5_000, 50_000
# Problems told of one file; the first says what is wrong, the last that there are more.
MAX_PROBLEMS = 20
HALF_WRITTEN = ("*.tmp", "*.temp", "*.part", "*.partial", "*.crdownload", "*.filepart", "*.swp", "*~", ".*", "~$*")
_ESCAPED = re.compile("[\udc80-\udcff]")
csv.field_size_limit(16 << 20)


class Found(NamedTuple):
    """A file: where it is, its name below the folder, and what tells one version of it from another."""

    path: Path
    name: str
    size: int
    modified_ns: int

    @property
    def modified(self) -> datetime:
        """When it was last written to, UTC."""
        return datetime.fromtimestamp(self.modified_ns // 1000 / 1e6, UTC)


class Problem(NamedTuple):
    """What is wrong in a file: line (of Parquet the row; 0: the file as a whole), rule, and the file's column."""

    line: int
    rule: str
    column: str = ""

    def __str__(self) -> str:
        place = f"line {self.line}: " if self.line else ""
        return place + self.rule.replace("_", " ") + (f" ({self.column})" if self.column else "")


class BadFile(Exception):  # noqa: N818 - told by its problem
    """The file can't be read on from here."""

    def __init__(self, line: int, rule: str, column: str = "") -> None:
        self.problem = Problem(line, rule, column)
        super().__init__(str(self.problem))


class BadRow(Exception):  # noqa: N818
    """Rows that can't be used, with rule and column of each problem; raised by whoever makes records of them."""

    def __init__(self, *problems: tuple[str, str]) -> None:
        self.problems = problems
        super().__init__(f"{len(problems)} problems")


class Row(NamedTuple):
    """One row as it stands in the file, and its line."""

    line: int
    fields: dict[str, Any]


@dataclass(frozen=True)
class Version:
    """A file as it is read: its place, and its content's hash."""

    found: Found
    hash: str


# From a file to its rows; raises BadFile. From a row to its record; raises BadRow. None leaves the row out.
Rows = Callable[[Found], Iterator[Row]]
Make = Callable[[Version, Row], Record | None]


def folder(vendor: str, variable: str, value: str) -> Path:
    """The folder that a variable names. Raises Permanent if there is none."""
    path = Path(value).expanduser()
    if not path.is_dir():
        raise Permanent("the folder is not there", vendor=vendor, remedy=f"Check {variable}, and who may read it.")
    return path


def find(root: Path, pattern: str) -> list[Found]:
    """Files below `root` that match the glob, by name; half-written ones left out by their names."""
    out = []
    for path in sorted(root.glob(pattern)):
        if any(fnmatch.fnmatch(path.name, name) for name in HALF_WRITTEN):
            continue
        try:
            stat = path.stat()
        except OSError:
            continue
        if path.is_file():
            out.append(Found(path, path.relative_to(root).as_posix(), stat.st_size, stat.st_mtime_ns))
    return out


def is_settled(modified_ns: int, now_ns: int) -> bool:
    """Whether nobody has written to the file for long enough; a stamp of another clock's future counts as old."""
    return abs(now_ns - modified_ns) >= QUIET_SECONDS * 1e9


def is_in(window: Window, at: datetime) -> bool:
    """Whether the instant lies in the window."""
    return (window.start is None or window.start <= at) and at < window.end


# -- reading


def lines(found: Found, encoding: str = "utf-8-sig") -> Iterator[tuple[int, str]]:
    """Number and text of every line, unpacked if the name ends in `.gz`. Raises BadFile."""
    number = 0
    try:
        with (gzip.open if found.name.endswith(".gz") else open)(
            found.path, "rt", encoding=encoding, errors="surrogateescape", newline=""
        ) as file:
            for number, text in enumerate(file, start=1):
                if _ESCAPED.search(text):
                    raise BadFile(number, "unreadable_bytes")
                yield number, text
    except (EOFError, gzip.BadGzipFile, zlib.error):
        raise BadFile(number + 1, "cut_off") from None
    except UnicodeError:
        raise BadFile(number + 1, "unreadable_bytes") from None


def csv_rows(
    found: Found, columns: Iterable[str], *, delimiter: str = ",", encoding: str = "utf-8-sig"
) -> Iterator[Row]:
    """Rows of a CSV file with a header that has to have all of `columns`. Raises BadFile."""
    text = lines(found, encoding)
    reader = csv.reader((line for _, line in text), delimiter=delimiter, strict=True)
    last = 0
    try:
        header = [name.strip() for name in next(reader, [])]
        if not header:
            raise BadFile(1, "no_header")
        if repeated := [name for name in header if name and header.count(name) > 1]:
            raise BadFile(1, "repeated_column", repeated[0])
        if absent := [name for name in columns if name not in header]:
            raise BadFile(1, "missing_column", absent[0])
        last = reader.line_num
        for cells in reader:
            line, last = last + 1, reader.line_num
            if not cells:
                continue
            if len(cells) != len(header):
                raise BadFile(line, f"{len(cells)}_of_{len(header)}_fields")
            yield Row(line, dict(zip(header, cells, strict=True)))
    except csv.Error:
        raise BadFile(last + 1, "not_csv") from None


def json_rows(found: Found, encoding: str = "utf-8-sig") -> Iterator[Row]:
    """Objects of a JSON lines file. Raises BadFile."""
    for line, text in lines(found, encoding):
        if not text.strip():
            continue
        try:
            fields = orjson.loads(text)
        except orjson.JSONDecodeError:
            raise BadFile(line, "not_json") from None
        if not isinstance(fields, dict):
            raise BadFile(line, "not_an_object")
        yield Row(line, fields)


def parquet_rows(found: Found, columns: Iterable[str]) -> Iterator[Row]:
    """Rows of a Parquet file that has to have all of `columns`; the line is the row's number. Raises BadFile."""
    line = 0
    try:
        with pq.ParquetFile(found.path) as file:
            if absent := [name for name in columns if name not in file.schema_arrow.names]:
                raise BadFile(0, "missing_column", absent[0])
            for batch in file.iter_batches(batch_size=PAGE_ROWS):
                for fields in batch.to_pylist():
                    line += 1
                    yield Row(line, fields)
    except (pa.ArrowException, OSError):
        raise BadFile(line, "not_parquet") from None


# -- handing on


class FilesClient:
    """What a client of files shares: nothing to log in to, notes, and the law that a file is taken whole.

    A vendor's own says `check` and `fetch` (see `_spec.Client`).
    """

    def __init__(self, vendor: str, root: Path) -> None:
        self._vendor, self._root = vendor, root
        self._lock = threading.Lock()
        self._notes: dict[str, dict[str, int | float | str]] = defaultdict(dict)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing is held open."""

    def notes(self, stream: Stream) -> Mapping[str, int | float | str]:
        """Files taken, waiting and rejected of the stream so far."""
        return self._notes[stream.name]

    def count(self, stream: Stream, what: str, by: int = 1) -> None:
        """Add to a note that is a number."""
        with self._lock:
            self._notes[stream.name][what] = int(self._notes[stream.name].get(what, 0)) + by

    def pages(self, stream: Stream, due: Sequence[tuple[Found, Rows, Make]], window: Window) -> Iterator[Page]:
        """The records of the files, and then, if some were rejected, the error that says so."""
        rejected: list[tuple[str, list[Problem]]] = []
        for found, rows, make in due:
            if not is_settled(found.modified_ns, time.time_ns()):
                self.count(stream, "files_waiting")
                continue
            problems = yield from self._take(stream, found, rows, make, window)
            if problems:
                rejected.append((found.name, problems))
        if rejected:
            told = "; ".join(f"{name}, {problems[0]}" for name, problems in rejected[:5])
            more = f" and {len(rejected) - 5} more" if len(rejected) > 5 else ""
            raise Rejected(
                f"{len(rejected)} of {len(due)} files rejected whole: {told}{more}",
                vendor=self._vendor,
                stream=stream.name,
                remedy="Correct the files and run again; the quarantine has every line. All other files are stored.",
            )

    def _take(
        self, stream: Stream, found: Found, rows: Rows, make: Make, window: Window
    ) -> Generator[Page, None, list[Problem]]:
        """Pages of one file; returns what is wrong with it."""
        now = datetime.now(UTC)
        try:
            version = Version(found, content_hash(found.path))
            problems, held = examine(version, rows, make)
            if _changed(found):
                self.count(stream, "files_waiting")
                return []
        except FileNotFoundError:
            return []
        except OSError as error:
            problems, held = [Problem(0, f"not_readable_{type(error).__name__}")], None
            version = Version(found, "")
        if problems:
            self.count(stream, "files_rejected")
            at = min(found.modified, window.end - timedelta(seconds=1))
            yield Page([_rejection(version, p, at.date() if stream.kind == "days" else at) for p in problems], now)
            return problems
        self.count(stream, "files")
        if held is not None:
            for start in range(0, len(held), PAGE_ROWS):
                yield Page(held[start : start + PAGE_ROWS], now)
            return []
        page: list[Record] = []
        for record in _records(version, rows, make):
            page.append(record)
            if len(page) == PAGE_ROWS:
                yield Page(page, now)
                page = []
        if page:
            yield Page(page, now)
        if _changed(found):
            raise Retriable(
                f"{found.name} changed while it was read",
                vendor=self._vendor,
                stream=stream.name,
                remedy="Run again when it is complete; nothing is lost.",
            )
        return []


def examine(version: Version, rows: Rows, make: Make) -> tuple[list[Problem], list[Record] | None]:
    """What is wrong with a file, up to MAX_PROBLEMS; and its records, if they are few enough to be kept."""
    problems: list[Problem] = []
    held: list[Record] | None = []
    try:
        for row in rows(version.found):
            try:
                record = make(version, row)
            except BadRow as bad:
                problems += [Problem(row.line, *problem) for problem in bad.problems]
                held = None
                if len(problems) >= MAX_PROBLEMS:
                    return [*problems[: MAX_PROBLEMS - 1], Problem(row.line, "and_more")], None
                continue
            if record is not None and held is not None:
                held.append(record)
                held = held if len(held) <= HELD_ROWS else None
    except BadFile as bad_file:
        problems.append(bad_file.problem)
    return problems, None if problems else held


def _records(version: Version, rows: Rows, make: Make) -> Iterator[Record]:
    for row in rows(version.found):
        record = make(version, row)
        if record is not None:
            yield record


def content_hash(path: Path) -> str:
    """A file's SHA-256."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _changed(found: Found) -> bool:
    try:
        stat = found.path.stat()
    except FileNotFoundError:
        return True
    return (stat.st_size, stat.st_mtime_ns) != (found.size, found.modified_ns)


def _rejection(version: Version, problem: Problem, at: datetime | date) -> Record:
    """A record that says what is wrong. The quarantine shows its id: file and line."""
    found = version.found
    told = {
        "name": found.name, "hash": version.hash, "modified": found.modified.isoformat(), "line": problem.line,
        "rule": f"{problem.rule}:{problem.column}" if problem.column else problem.rule, "column": problem.column,
    }  # fmt: skip
    ident = f"{found.name}:{problem.line}" + (f":{problem.column}" if problem.column else "")
    return Record(ident, found.modified.isoformat(), at, orjson.dumps({"_file": told}))
