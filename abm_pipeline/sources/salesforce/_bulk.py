"""Bulk API 2.0 query jobs: for windows so large that paging through REST would eat the quota."""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from abm_pipeline.sources._errors import Permanent, Retriable, SourceError
from abm_pipeline.sources._http import Response, Session, pause
from abm_pipeline.sources._paging import LoopGuard
from abm_pipeline.sources.salesforce._answers import VENDOR

PAGE_ROWS = 50_000
POLL_FIRST_SECONDS, POLL_CAP_SECONDS, POLL_TOTAL_SECONDS = 0.25, 20.0, 7200.0
# Long text areas are longer than the csv module expects.
csv.field_size_limit(min(sys.maxsize, 2**31 - 1))


def bulk_rows(
    session: Session, data_url: str, stream: str, operation: str, soql: str
) -> Iterator[tuple[list[dict[str, str | None]], datetime]]:
    """Rows of the query as objects of strings, page by page, and when they were fetched.

    An empty string is null: Salesforce keeps no empty strings, and CSV can't tell them apart. Raises Permanent before
    the first page where Bulk refuses the query, so that REST can be used instead.
    """
    asked = {
        "operation": operation,
        "query": soql,
        "contentType": "CSV",
        "columnDelimiter": "COMMA",
        "lineEnding": "LF",
    }
    job = session.json("POST", f"{data_url}/jobs/query", json=asked, stream=stream).body
    url = f"{data_url}/jobs/query/{job['id']}"
    _wait_for(session, url, stream)
    guard, locator = LoopGuard(VENDOR, stream), ""
    while True:
        page = f"{url}/results?maxRecords={PAGE_ROWS}" + (f"&locator={quote(locator)}" if locator else "")
        rows, locator = session.send(
            "GET", page, lambda response: _read(response, stream), stream=stream, headers={"Accept": "text/csv"}
        )
        yield rows, datetime.now(UTC)
        # The end is the word null; some versions leave the header out.
        if locator in ("", "null"):
            break
        guard.pass_on(locator)
    with suppress(SourceError):
        session.send("DELETE", url, lambda _: None, stream=stream)


def _wait_for(session: Session, url: str, stream: str) -> None:
    wait, waited = POLL_FIRST_SECONDS, 0.0
    while waited < POLL_TOTAL_SECONDS:
        job: dict[str, Any] = session.json("GET", url, stream=stream).body
        if job["state"] == "JobComplete":
            return
        if job["state"] in ("Failed", "Aborted"):
            raise Permanent(f"the bulk job ended as {job['state']}", vendor=VENDOR, stream=stream)
        pause(wait)
        waited, wait = waited + wait, min(wait * 2, POLL_CAP_SECONDS)
    raise Permanent(f"the bulk job took more than {POLL_TOTAL_SECONDS:.0f} s", vendor=VENDOR, stream=stream)


def _read(response: Response, stream: str) -> tuple[list[dict[str, str | None]], str]:
    """Rows of a CSV page and the next locator. The header row stands on every page."""
    if response.status_code != 200:
        raise Retriable("results not ready", vendor=VENDOR, stream=stream, status=response.status_code)
    lines = csv.reader(io.StringIO(response.content.decode(), newline=""))
    header = next(lines, [])
    rows = [dict(zip(header, [value or None for value in line], strict=True)) for line in lines]
    promised = response.headers.get("Sforce-NumberOfRecords", "")
    if promised.isdigit() and int(promised) != len(rows):
        raise Retriable("the page is cut off", vendor=VENDOR, stream=stream, status=200)
    return rows, response.headers.get("Sforce-Locator", "")
