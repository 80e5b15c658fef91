"""Tables kept as segments: files that hold rows of many days each, under a list that is replaced as one.

For what grows by a few rows on each of many days and loses none, which is raw: a file per day would cost a hundred
times what its rows cost. The list says which file has how many rows of which day, and when each day's content last
changed. A reader sees the list before a pull or after it, never half of one. Files are never written again: one whose
rows had to change is replaced by another, and stays for readers that still follow the old list.

Belongs here: the list, and the files beside it. What goes into a segment is its writer's, who holds the table's lock.
"""

from __future__ import annotations

import os
import time
import uuid
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Self

import orjson

_LIST = "_segments.json"
# How long a file that is in no list any more stays: longer than any step reads.
KEEP_SECONDS = 86_400


@dataclass
class Segments:
    """The list of one table: rows by file (name under `folder`) and day, and when each day's content changed, in ns."""

    folder: Path
    files: dict[str, dict[date, int]] = field(default_factory=dict)
    changed: dict[date, int] = field(default_factory=dict)

    @classmethod
    def read(cls, folder: Path) -> Self | None:
        """The list as it stands; None for a table that is not kept so."""
        try:
            with (folder / _LIST).open("rb") as handle:
                said, placed = orjson.loads(handle.read()), os.fstat(handle.fileno()).st_mtime_ns
        except FileNotFoundError:
            return None
        days = {name: date.fromisoformat(name) for rows in said["files"].values() for name in rows}
        files = {file: {days[name]: count for name, count in rows.items()} for file, rows in said["files"].items()}
        changed = {date.fromisoformat(name): stamp for name, stamp in said["changed"].items()}
        # What the list itself brought changed when it was put in place: before that, nobody could read it.
        return cls(folder, files, changed | {date.fromisoformat(name): placed for name in said["brought"]})

    @classmethod
    def begin(cls, folder: Path) -> Self:
        """The list as it stands, or one of the partitions by day (`day=…/data.parquet`) that are there, if any."""
        if (found := cls.read(folder)) is not None:
            return found
        import pyarrow.parquet as pq

        out = cls(folder)
        for path in sorted(folder.glob("day=*/data.parquet")):
            day = date.fromisoformat(path.parent.name.removeprefix("day="))
            out.files[f"{path.parent.name}/{path.name}"] = {day: pq.read_metadata(path).num_rows}
            out.changed[day] = path.stat().st_mtime_ns
        return out

    def with_days(self, days: Iterable[date]) -> list[str]:
        """Files that have rows of any of the days."""
        wanted = set(days)
        return [name for name, rows in self.files.items() if not wanted.isdisjoint(rows)]

    def between(self, start: date | None, end: date | None) -> list[Path]:
        """Files that have rows of the days from `start` to `end`, both inclusive."""
        low, high = start or date.min, end or date.max
        return [self.folder / name for name, rows in self.files.items() if any(low <= day <= high for day in rows)]

    def rows(self) -> Counter[date]:
        """Rows by day."""
        out: Counter[date] = Counter()
        for rows in self.files.values():
            out.update(rows)
        return out

    def add(self, source: Path, rows: Mapping[date, int]) -> str:
        """Take a finished file in; nobody sees it before `commit`. Returns its name."""
        self.folder.mkdir(parents=True, exist_ok=True)
        name = f"{min(rows)}_{max(rows)}_{uuid.uuid4().hex[:12]}.parquet"
        os.replace(source, self.folder / name)
        self.files[name] = dict(rows)
        return name

    def retire(self, name: str) -> None:
        """Take a file out of the list."""
        del self.files[name]
        os.utime(self.folder / name)

    def commit(self, brought: Iterable[date]) -> None:
        """Put the list in place at once; `brought` are the days whose content it changes."""
        days = sorted(brought)
        earlier = {day.isoformat(): stamp for day, stamp in self.changed.items() if day not in set(days)}
        files = {file: {day.isoformat(): count for day, count in rows.items()} for file, rows in self.files.items()}
        said = {"files": files, "changed": earlier, "brought": [day.isoformat() for day in days]}
        self.folder.mkdir(parents=True, exist_ok=True)
        beside = self.folder / f"{_LIST}.{uuid.uuid4().hex}"
        beside.write_bytes(orjson.dumps(said))
        os.replace(beside, self.folder / _LIST)
        # After the rename: a reader that began before it saw the old list, and must look older than this stamp.
        stamp = time.time_ns()
        os.utime(self.folder / _LIST, ns=(stamp, stamp))
        self.changed |= dict.fromkeys(days, stamp)
        self._sweep(stamp)

    def _sweep(self, now: int) -> None:
        """Remove files that have been in no list for long: retired ones, and those of a pull that was killed."""
        with os.scandir(self.folder) as entries:
            for entry in entries:
                is_ours = entry.name.endswith(".parquet") or entry.name.startswith(f"{_LIST}.")
                is_old = now - entry.stat().st_mtime_ns > KEEP_SECONDS * 1_000_000_000
                if is_ours and is_old and entry.name not in self.files:
                    os.unlink(entry.path)
