"""Bulk extract: a job for each month of a window, whose file is read by ranges of bytes.

Belongs here: jobs and CSV. A row becomes the record that the REST API would send, so that it does not matter which way
a record came.
"""

from __future__ import annotations

import csv
import re
import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

from abm_pipeline.sources._errors import Permanent
from abm_pipeline.sources._http import Response, Session, pause
from abm_pipeline.sources.marketo._answers import VENDOR

# An export may span 31 days.
SLICE = timedelta(days=30)
CHUNK_BYTES, PAGE_ROWS = 8 << 20, 5_000
# A job's status is renewed once a minute.
POLL_SECONDS, POLL_TOTAL_SECONDS = 30.0, 6 * 3600.0
NULL = "null"
Row = dict[str, str | None]
csv.field_size_limit(min(sys.maxsize, 2**31 - 1))


def rows(
    session: Session, kind: str, by: str, start: datetime, end: datetime, asked: Mapping[str, Any], stream: str
) -> Iterator[list[Row]]:
    """Rows of `leads` or `activities` whose date `by` is in the window, as text, what is empty as None.

    `asked` is the rest of the job's filter under `filter`, and `fields`. Raises SourceError.
    """
    low = start
    while low < end:
        high = min(low + SLICE, end)
        # Both ends are inclusive, and of whole seconds.
        span = {by: {"startAt": _text(low), "endAt": _text(high - timedelta(seconds=1))}}
        job = {**asked, "format": "CSV", "filter": {**asked.get("filter", {}), **span}}
        yield from _export(session, kind, job, stream)
        low = high


def _export(session: Session, kind: str, job: Mapping[str, Any], stream: str) -> Iterator[list[Row]]:
    base = f"/bulk/v1/{kind}/export"
    made = session.json("POST", f"{base}/create.json", json=job, stream=stream).body["result"][0]
    url = f"{base}/{made['exportId']}"
    session.json("POST", f"{url}/enqueue.json", stream=stream)
    done = _wait_for(session, url, stream)
    if not done.get("numberOfRecords"):
        return
    lines = csv.reader(_lines(session, f"{url}/file.json", stream))
    head = next(lines, [])
    while some := list(islice(lines, PAGE_ROWS)):
        yield [{name: None if cell == NULL else cell for name, cell in zip(head, line, strict=True)} for line in some]


def _wait_for(session: Session, url: str, stream: str) -> dict[str, Any]:
    waited = 0.0
    while waited < POLL_TOTAL_SECONDS:
        job: dict[str, Any] = session.json("GET", f"{url}/status.json", stream=stream).body["result"][0]
        if job["status"] == "Completed":
            return job
        if job["status"] in ("Canceled", "Cancelled", "Failed"):
            raise Permanent(f"the export ended as {job['status']}", vendor=VENDOR, stream=stream, remedy="Run again.")
        pause(POLL_SECONDS)
        waited += POLL_SECONDS
    raise Permanent(f"the export took more than {POLL_TOTAL_SECONDS:.0f} s", vendor=VENDOR, stream=stream)


def _lines(session: Session, url: str, stream: str) -> Iterator[str]:
    """Lines of the file, read piece by piece; a line may be part of a quoted cell."""
    start, total, rest = 0, 1, b""
    while start < total:
        asked = {"Range": f"bytes={start}-{start + CHUNK_BYTES - 1}"}
        piece, start, total = session.send("GET", url, _piece, stream=stream, headers=asked)
        *whole, rest = (rest + piece).split(b"\n")
        yield from (line.decode() + "\n" for line in whole)
    if rest:
        yield rest.decode()


def _piece(response: Response) -> tuple[bytes, int, int]:
    """The bytes, where the next ones start, and how many there are in all. A 200 is the whole file."""
    span = re.fullmatch(r"bytes \d+-(\d+)/(\d+)", response.headers.get("Content-Range", ""))
    return (response.content, int(span[1]) + 1, int(span[2])) if span else (response.content, 1, 1)


def _text(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
