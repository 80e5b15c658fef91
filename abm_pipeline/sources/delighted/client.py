"""Delighted's exports of responses. The service closed on 2026-06-30: files are all that is left of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson

from abm_pipeline.programme import Programme
from abm_pipeline.sources import _files
from abm_pipeline.sources._files import BadRow, FilesClient, Found, Make, Row, Version
from abm_pipeline.sources._spec import Page, Record, Stream, Window
from abm_pipeline.sources.delighted.contract import DEFAULTS, REQUIRED, Options

VENDOR, FOLDER, PATTERN = "delighted", "ABM_DELIGHTED_PATH", "**/*.csv"


class Client(FilesClient):
    """The folder of exports."""

    def __init__(self, credentials: Mapping[str, str], programme: Programme) -> None:
        super().__init__(VENDOR, _files.folder(VENDOR, FOLDER, credentials[FOLDER]))
        self._options = programme.options(VENDOR, Options)

    def check(self) -> str:
        """Read the newest file."""
        found = _files.find(self._root, PATTERN)
        if not found:
            return "no files yet"
        ever = Window(None, datetime.max.replace(tzinfo=UTC))
        problems, _ = _files.examine(Version(found[-1], ""), self._rows, self._make(ever))
        return f"{len(found)} files" + (f"; {found[-1].name} can't be used: {problems[0]}" if problems else "")

    def fetch(self, stream: Stream, window: Window) -> Iterator[Page]:
        """Responses last changed in the window, and all of files written to in it: an export may come late."""
        due = [(found, self._rows, self._make(window)) for found in _files.find(self._root, PATTERN)]
        yield from self.pages(stream, due, window)

    def _rows(self, found: Found) -> Iterator[Row]:
        return _files.csv_rows(found, [self._options.column(name) for name in REQUIRED])

    def _make(self, window: Window) -> Make:
        def make(version: Version, row: Row) -> Record | None:
            said, problems = self._read(row)
            if problems:
                raise BadRow(*problems)
            at = datetime.fromisoformat(said["updated_at"])
            if at >= window.end or not (_files.is_in(window, at) or _files.is_in(window, version.found.modified)):
                return None
            place = {"name": version.found.name, "line": row.line, "sent": row.fields}
            # The same response in two exports is staged once: it has one id and one stamp.
            told = f"{said['updated_at']}#{version.found.name}"
            return Record(said["id"], told, at, orjson.dumps({**said, "_file": place}))

        return make

    def _read(self, row: Row) -> tuple[dict[str, Any], list[tuple[str, str]]]:
        """The row under our names, and what is wrong with it."""
        said: dict[str, Any] = {
            name: (row.fields.get(self._options.column(name)) or "").strip() or None for name in DEFAULTS
        }
        problems = [("empty", self._options.column(name)) for name in REQUIRED if said[name] is None]
        said["updated_at"] = said["updated_at"] or said["created_at"]
        for name in ("created_at", "updated_at"):
            try:
                when = datetime.fromisoformat(str(said[name]).removesuffix(" UTC"))
                said[name] = (when.astimezone(UTC) if when.tzinfo else when.replace(tzinfo=UTC)).isoformat()
            except ValueError:
                problems.append(("not_an_instant", self._options.column(name)))
        try:
            said["score"] = float(said["score"] or 0)
        except ValueError:
            problems.append(("not_a_number", self._options.column("score")))
        return said, problems


def listing(credentials: Mapping[str, str], programme: Programme) -> dict[str, tuple[int, int]]:
    """Every file as it is now: size and time of the last write (ns), by name."""
    found = _files.find(Path(credentials[FOLDER]).expanduser(), PATTERN)
    return {file.name: (file.size, file.modified_ns) for file in found}
