"""Priority Engine exports: CSV files by segment and week, both in the file's name."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path

import orjson

from abm_pipeline.programme import Programme
from abm_pipeline.sources import _files
from abm_pipeline.sources._files import BadFile, BadRow, FilesClient, Found, Row, Version
from abm_pipeline.sources._records import digest
from abm_pipeline.sources._spec import Page, Record, Stream, Window
from abm_pipeline.sources.techtarget.contract import REQUIRED, Options

VENDOR, FOLDER, PATTERN = "techtarget", "ABM_TECHTARGET_PATH", "**/*.csv"
_NAME = re.compile(r"^(?P<segment>.+?)[_ -](?P<week>\d{4}-\d{2}-\d{2})$")


class Client(FilesClient):
    """The folder of exports."""

    def __init__(self, credentials: Mapping[str, str], programme: Programme) -> None:
        super().__init__(VENDOR, _files.folder(VENDOR, FOLDER, credentials[FOLDER]))
        self._options = programme.options(VENDOR, Options)

    def check(self) -> str:
        """Read the newest file."""
        found = _files.find(self._root, PATTERN)
        if found:
            problems, _ = _files.examine(Version(found[-1], ""), self._rows, self._record)
            return f"{len(found)} files" + (f"; {found[-1].name} can't be used: {problems[0]}" if problems else "")
        return "no files yet"

    def fetch(self, stream: Stream, window: Window) -> Iterator[Page]:
        """Accounts of the weeks in the window, and of files written to in it."""
        due = [
            (found, self._rows, self._record)
            for found in _files.find(self._root, PATTERN)
            if _files.is_in(window, found.modified) or (week := week_of(found)) is None or is_of(week, window)
        ]
        yield from self.pages(stream, due, window)

    def _rows(self, found: Found) -> Iterator[Row]:
        if week_of(found) is None:
            raise BadFile(0, "no_day_in_the_name")
        return _files.csv_rows(found, [self._options.column(name) for name in REQUIRED])

    def _record(self, version: Version, row: Row) -> Record:
        found, cells, options = version.found, row.fields, self._options
        named = {
            name: (cells.get(options.column(name)) or "").strip() or None for name in ("name", "domain", "country")
        }
        problems = [("empty", options.column("domain"))] if named["domain"] is None else []
        numbers = {}
        for name, most in (("stars", 5), ("prospects", 1 << 40)):
            text = (cells.get(options.column(name)) or "").strip()
            if (name == "stars" and not text) or (text and not (text.isdecimal() and int(text) <= most)):
                problems.append(("not_a_number", options.column(name)))
                continue
            numbers[name] = int(text) if text else None
        if problems:
            raise BadRow(*problems)
        topics = [topic.strip() for topic in (cells.get(options.column("topics")) or "").split(options.separator)]
        segment, week = segment_of(found), week_of(found)
        assert week is not None
        said = {
            "_file": {"name": found.name, "line": row.line, "sent": cells}, "segment": segment, "week": str(week),
            **named, **numbers, "topics": [topic for topic in topics if topic],
        }  # fmt: skip
        payload = orjson.dumps(said)
        return Record(f"{segment}|{str(named['domain']).lower()}", digest(payload), week, payload)


def listing(credentials: Mapping[str, str], programme: Programme) -> dict[str, tuple[int, int]]:
    """Every file as it is now: size and time of the last write (ns), by name."""
    found = _files.find(Path(credentials[FOLDER]).expanduser(), PATTERN)
    return {file.name: (file.size, file.modified_ns) for file in found}


def week_of(found: Found) -> date | None:
    """The day in the file's name: the week's last."""
    match = _NAME.match(found.path.stem)
    try:
        return date.fromisoformat(match["week"]) if match else None
    except ValueError:
        return None


def segment_of(found: Found) -> str:
    """What stands before the day."""
    match = _NAME.match(found.path.stem)
    return match["segment"] if match else found.path.stem


def is_of(day: date, window: Window) -> bool:
    """Whether the day is one of the window's."""
    return (window.start is None or window.start.date() <= day) and day < window.end.date()
