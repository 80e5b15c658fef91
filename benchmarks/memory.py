"""Peak memory of a pull by the number of its pages: N, and four times as many.

The pages are made on the spot, two thousand records of half a kilobyte each, so that nothing but the pull is measured.
A first load, where every row is new, and the same pull again, where every row is compared with what is stored.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from abm_pipeline.settings import Settings
from abm_pipeline.sources._spec import Credential, Page, Record, SourceSpec, Stream, Window
from abm_pipeline.sources.bombora import SPEC
from abm_pipeline.sources.extract import extract
from benchmarks._timing import Row, in_process

PAGES, ROWS = 100, 2000
DAYS = [date(2026, 1, 1) + timedelta(days=offset) for offset in range(180)]
STREAM = Stream("thing", "Things.", "changes", ())


class Endless:
    """A client of as many pages as it is told, their records spread over the days in order."""

    def __init__(self, pages: int) -> None:
        self._pages = pages

    def __enter__(self) -> Endless:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def check(self) -> str:
        return ""

    def notes(self, stream: Stream) -> Mapping[str, int | float | str]:
        return {}

    def fetch(self, stream: Stream, window: Window) -> Iterator[Page]:
        for page in range(self._pages):
            at = datetime.combine(DAYS[page * len(DAYS) // self._pages], datetime.min.time(), UTC) + timedelta(hours=12)
            records = [Record(f"{n}", str(at), at, b'{"n":%d,"text":"%0480d"}' % (n, n)) for n in _numbers(page)]
            yield Page(records, datetime.now(UTC))


def _numbers(page: int) -> range:
    return range(page * ROWS, (page + 1) * ROWS)


def pull(home: Path, pages: int) -> int:
    """Pull the pages into the lake under `home`; returns the records."""

    def connect(*_: Any) -> Endless:
        return Endless(pages)

    os.environ["ABM_ENDLESS"] = "on"
    key = Credential("ABM_ENDLESS", "Nothing.")
    spec: SourceSpec = replace(SPEC, vendor="endless", credentials=(key,), connect=connect, streams=lambda _: (STREAM,))
    settings = Settings(_env_file=None, home=home)
    return sum(report.records for report in extract(spec, settings, DAYS, "bench"))


def measure(home: Path) -> Iterator[Row]:
    """Peaks of a first load and of the same again, at both sizes."""
    folder = (home / "memory").absolute()
    peaks: dict[str, float] = {}
    for pages in (PAGES, 4 * PAGES):
        shutil.rmtree(folder, ignore_errors=True)
        for what in ("first load", "the same again"):
            timed = in_process(pull, folder, pages)
            ratio = f"{timed.peak / peaks[what]:.2f} × the memory of {PAGES} pages" if what in peaks else ""
            peaks.setdefault(what, timed.peak)
            yield Row(f"{pages} pages of {ROWS:,} records to raw, {what}", timed, ratio)
    shutil.rmtree(folder, ignore_errors=True)
