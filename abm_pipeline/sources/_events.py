"""Event streams in files by day of arrival: which files a window needs, and events as records.

Belongs here: what event streams share. An event belongs to the day that it happened on, but is found in files of the
day that it arrived on, some days later if a device was offline: files of `LATE_DAYS` after the window are read too, so
that a day that is run again gets what arrived late. Which column says what is each vendor's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson

from abm_pipeline.sources import _files
from abm_pipeline.sources._errors import Rejected
from abm_pipeline.sources._files import BadRow, FilesClient, Found, Make, Row, Rows, Version
from abm_pipeline.sources._spec import Page, Record, Stream, Window

# Files land some time after their day; events arrive some days after they happened.
LOOKBACK_DAYS, LATE_DAYS = 2, 7


class EventsClient(FilesClient):
    """A folder of event files. `pattern` finds them, `day_of` reads their day out of the name, `rows_of` opens one.

    `stamps` gives of an event its id, when it happened and when it arrived, as texts; it raises KeyError if it can't.
    """

    def __init__(
        self,
        vendor: str,
        root: Path,
        pattern: str,
        day_of: Callable[[str], date | None],
        rows_of: Rows,
        stamps: Callable[[dict[str, Any]], tuple[str, str, str]],
    ) -> None:
        super().__init__(vendor, root)
        self._pattern, self._day_of, self._rows_of, self._stamps = pattern, day_of, rows_of, stamps

    def check(self) -> str:
        """Read the newest file."""
        found = _files.find(self._root, self._pattern)
        if not found:
            return "no files yet"
        last = max(found, key=lambda file: file.modified_ns)
        version = Version(last, "")
        problems, _ = _files.examine(version, self._rows_of, self._make(Window(None, datetime.max.replace(tzinfo=UTC))))
        if problems:
            raise Rejected(f"{last.name} can't be used: {problems[0]}", vendor=self._vendor, remedy="Deliver it again.")
        return f"{len(found)} files, the newest {last.name}"

    def fetch(self, stream: Stream, window: Window) -> Iterator[Page]:
        """Events of the files that the window needs."""
        due = [
            (found, self._rows_of, self._make(window))
            for found in _files.find(self._root, self._pattern)
            if self._is_due(found, window)
        ]
        yield from self.pages(stream, due, window)

    def _is_due(self, found: Found, window: Window) -> bool:
        day = self._day_of(found.name)
        if _files.is_in(window, found.modified) or day is None:
            return True
        last = window.end.date() + timedelta(days=LATE_DAYS)
        return (window.start is None or window.start.date() <= day) and day <= last

    def _make(self, window: Window) -> Make:
        def make(version: Version, row: Row) -> Record | None:
            try:
                ident, happened, arrived = self._stamps(row.fields)
                at, stamp = _instant(happened), _instant(arrived)
            except KeyError as missing:
                raise BadRow(("missing", str(missing.args[0]))) from None
            except ValueError:
                raise BadRow(("not_an_instant", "")) from None
            # A clock that runs ahead: an event can't arrive before it happens.
            at = min(at, stamp)
            if at >= window.end:
                return None
            return Record(ident, stamp.isoformat(), at, orjson.dumps(row.fields))

        return make


def _instant(text: str) -> datetime:
    """An instant; one without a zone is UTC. Raises ValueError."""
    when = datetime.fromisoformat(text)
    return when.astimezone(UTC) if when.tzinfo else when.replace(tzinfo=UTC)
