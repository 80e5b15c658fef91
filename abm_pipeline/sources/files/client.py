"""Files with a declared meaning, below one folder.

A record's stamp is the last write of its file. A file written to today is taken with yesterday, since today's partition
is not there to be run yet.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson

from abm_pipeline.programme import Programme
from abm_pipeline.sources import _files
from abm_pipeline.sources._errors import Rejected
from abm_pipeline.sources._files import BadFile, BadRow, FilesClient, Found, Make, Row, Rows, Version
from abm_pipeline.sources._records import digest
from abm_pipeline.sources._spec import Page, Record, Stream, Window
from abm_pipeline.sources.files._declaration import Declaration, declarations
from abm_pipeline.sources.files._values import reader
from abm_pipeline.sources.files.contract import FILE

VENDOR, FOLDER = "files", "ABM_FILES_PATH"
_DAY = timedelta(days=1)


class Client(FilesClient):
    """The folder, as the programme's declarations read it."""

    def __init__(self, credentials: Mapping[str, str], programme: Programme) -> None:
        super().__init__(VENDOR, _files.folder(VENDOR, FOLDER, credentials[FOLDER]))
        self._declared = declarations(programme)

    def check(self) -> str:
        """Read every file. Raises Rejected if one can't be used, with its line."""
        wrong, read, known = [], 0, set()
        for name, declaration in self._declared.items():
            for found in _files.find(self._root, declaration.files):
                known.add(found.path)
                read += 1
                version = Version(found, _files.content_hash(found.path))
                problems, _ = _files.examine(version, rows_of(declaration), make_of(name, declaration, _EVER))
                wrong += [f"{found.name}, {problems[0]}"] if problems else []
        if wrong:
            raise Rejected(
                f"{len(wrong)} of {read} files can't be used: {'; '.join(wrong[:5])}", vendor=VENDOR,
                remedy="Correct them; a corrected file is taken by itself.",
            )  # fmt: skip
        strays = [found.name for found in _files.find(self._root, "**/*") if found.path not in known]
        said = f"{read} files for {len(self._declared)} declarations"
        return said + (f"; no declaration matches {', '.join(strays[:3])}" if strays else "")

    def fetch(self, stream: Stream, window: Window) -> Iterator[Page]:
        """Records of the files written to in the window."""
        if stream.name == FILE.name:
            yield from self._versions(window)
            return
        due = [
            (found, rows_of(declaration), make_of(name, declaration, window))
            for name, declaration in self._declared.items()
            if declaration.feeds == stream.name
            for found in _files.find(self._root, declaration.files)
            if stamp(found, window) is not None
        ]
        yield from self.pages(stream, due, window)

    def _versions(self, window: Window) -> Iterator[Page]:
        """The good files of declarations that say all anew."""
        records = []
        now = datetime.now(UTC)
        for name, declaration in self._declared.items():
            for found in _files.find(self._root, declaration.files) if declaration.is_complete else ():
                at = stamp(found, window)
                if at is None or not _files.is_settled(found.modified_ns, int(now.timestamp() * 1e9)):
                    continue
                version = Version(found, _files.content_hash(found.path))
                problems, _ = _files.examine(version, rows_of(declaration), make_of(name, declaration, window))
                if not problems:
                    written = found.modified.isoformat()
                    said = {"name": found.name, "modified": written, "hash": version.hash, "declaration": name}
                    records.append(Record(f"{name}:{found.name}@{written}", written, at, orjson.dumps(said)))
        yield Page(records, now)


def listing(credentials: Mapping[str, str], programme: Programme) -> dict[str, tuple[int, int]]:
    """Every declared file as it is now: size and time of the last write (ns), by name."""
    root = Path(credentials[FOLDER]).expanduser()
    patterns = {declaration.files for declaration in declarations(programme).values()}
    return {f.name: (f.size, f.modified_ns) for pattern in patterns for f in _files.find(root, pattern)}


_EVER = Window(None, datetime.max.replace(tzinfo=UTC))


def stamp(found: Found, window: Window) -> datetime | None:
    """The instant that the file's records have in this window; None if they are not of it."""
    if _files.is_in(window, found.modified):
        return found.modified
    if window is not _EVER and window.end <= found.modified and datetime.now(UTC) < window.end + _DAY:
        return window.end - timedelta(seconds=1)
    return None


def rows_of(declaration: Declaration) -> Rows:
    """How the declaration's files are read."""

    def rows(found: Found) -> Iterator[Row]:
        match declaration.format_of(found.name):
            case "csv":
                delimiter = "\t" if found.name.lower().removesuffix(".gz").endswith(".tsv") else declaration.delimiter
                return _files.csv_rows(found, declaration.fields, delimiter=delimiter, encoding=declaration.encoding)
            case "jsonl":
                return _files.json_rows(found, declaration.encoding)
            case "parquet":
                return _files.parquet_rows(found, declaration.fields)
            case _:
                raise BadFile(0, "unknown_format")

    return rows


def make_of(name: str, declaration: Declaration, window: Window) -> Make:
    """How a row of the declaration's files becomes a record; raises BadRow with all that is wrong in the row."""
    target = declaration.target
    readers = {column: reader(declaration, column) for column in declaration.columns}
    origin = {column: said.field or column for column, said in declaration.columns.items()}
    key = declaration.key or tuple(declaration.columns)
    is_personal = any(target.field(column).is_pii for column in key)
    nothing: dict[str, Any] = dict.fromkeys(target.columns)
    of_file: dict[str, Any] = {}
    last: list[Found] = []

    def make(version: Version, row: Row) -> Record:
        found = version.found
        if last != [found]:
            of_file.update({column: of(found) for column, of in readers.items()})
            last[:] = [found]
        values, problems = dict(nothing), []
        for column, read in of_file.items():
            try:
                values[column] = read(row.fields)
            except ValueError as error:
                problems.append((str(error), origin[column]))
        for group in target.one_of:
            if all(values.get(column) is None for column in group) and not problems:
                problems.append(("says_nobody", " or ".join(origin[c] for c in group if c in origin)))
        if problems:
            raise BadRow(*problems)
        named = [values[column] for column in key]
        ident = digest(orjson.dumps(named)) if is_personal else "|".join("" if v is None else str(v) for v in named)
        written = found.modified.isoformat()
        place = {
            "name": found.name, "declaration": name, "id": f"{name}:{ident}", "hash": version.hash, "line": row.line,
            "modified": written, "sent": row.fields,
        }  # fmt: skip
        payload = orjson.dumps({"_file": place, **values}, default=str)
        return Record(f"{name}:{ident}", f"{written}#{row.line:07d}", stamp(found, window) or found.modified, payload)

    return make
