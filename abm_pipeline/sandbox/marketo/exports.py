"""Bulk extract: jobs for leads and activities, made, queued, polled and read as CSV, by ranges of bytes if wished."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from abm_pipeline.sandbox.marketo.answers import Gate, Refused, instant, is_too_long, text

QUEUED = 10
NULL = "null"
# Rows of an object kind for (filter name, first and last second, filter) as dictionaries of cells.
Rows = Callable[[str, int, int, dict[str, Any], Sequence[str]], tuple[list[str], list[list[Any]]]]


@dataclass
class Job:
    """An export. Its rows are those of the moment it runs."""

    ident: str
    kind: str
    made: str
    asked: dict[str, Any]
    status: str = "Created"
    polls: int = 0
    rows: int = 0
    content: bytes = b""


class Exports:
    """All jobs of the API user. `polls` status calls until one is done; `has_updated_at`: the filter works."""

    def __init__(self, gate: Gate, clock: Callable[[], int], rows: dict[str, Rows]) -> None:
        self.gate, self.clock, self.rows = gate, clock, rows
        self.jobs: dict[str, Job] = {}
        self.polls = 1
        self.has_updated_at = True

    async def create(self, request: Request) -> Response:
        """`POST /bulk/v1/{kind}/export/create.json`."""
        kind = request.path_params["kind"]
        try:
            asked = orjson.loads(await request.body())
            given = asked["filter"]
        except (orjson.JSONDecodeError, KeyError, TypeError):
            raise Refused("1003", "Invalid filter") from None
        names = [name for name in ("createdAt", "updatedAt") if name in given]
        if len(names) != 1 or (kind == "activities" and names != ["createdAt"]):
            raise Refused("1003", "Exactly one date range filter is required")
        if names == ["updatedAt"] and not self.has_updated_at:
            raise Refused("1035")
        span = given[names[0]]
        if is_too_long(instant(span["endAt"]) - instant(span["startAt"])):
            raise Refused("1003", "Date range may not span more than 31 days")
        if kind == "leads" and not asked.get("fields"):
            raise Refused("1003", "fields is required")
        if 37 in given.get("activityTypeIds", []):
            raise Refused("1003", "Activity type 37 is not supported")
        job = Job(str(uuid.uuid5(uuid.NAMESPACE_URL, f"export/{len(self.jobs)}")), kind, text(self.clock()), asked)
        self.jobs[job.ident] = job
        return self._tell(job)

    async def enqueue(self, request: Request) -> Response:
        """`POST …/{id}/enqueue.json`."""
        job = self._job(request)
        if sum(other.status in ("Queued", "Processing") for other in self.jobs.values()) >= QUEUED:
            raise Refused("1029")
        if job.status != "Created":
            raise Refused("1003", "Job is not in Created state")
        job.status = "Queued"
        return self._tell(job)

    async def cancel(self, request: Request) -> Response:
        """`POST …/{id}/cancel.json`: this one answer has two l."""
        job = self._job(request)
        job.status = "Canceled"
        return self._tell(job, status="Cancelled")

    async def status(self, request: Request) -> Response:
        """`GET …/{id}/status.json`."""
        job = self._job(request)
        if job.status in ("Queued", "Processing"):
            job.polls += 1
            job.status = "Processing"
            if job.polls >= self.polls:
                self._run(job)
        return self._tell(job)

    async def jobs_list(self, request: Request) -> Response:
        """`GET /bulk/v1/{kind}/export.json`."""
        kind = request.path_params["kind"]
        return self.gate.answer(result=[_shown(job) for job in self.jobs.values() if job.kind == kind])

    async def file(self, request: Request) -> Response:
        """`GET …/{id}/file.json`, all of it or `Range: bytes=a-b`."""
        job = self._job(request)
        if job.status != "Completed":
            raise Refused("1003", "Export is not complete")
        span = re.fullmatch(r"bytes=(\d+)-(\d*)", request.headers.get("range", ""))
        if span is None:
            return Response(job.content, media_type="text/csv")
        start, end = int(span[1]), min(int(span[2] or len(job.content)), len(job.content) - 1)
        if start > end:
            return Response(status_code=416, headers={"Content-Range": f"bytes */{len(job.content)}"})
        headers = {"Content-Range": f"bytes {start}-{end}/{len(job.content)}", "Accept-Ranges": "bytes"}
        return Response(job.content[start : end + 1], 206, headers, media_type="text/csv")

    def _run(self, job: Job) -> None:
        given = job.asked["filter"]
        name = "createdAt" if "createdAt" in given else "updatedAt"
        first, last = instant(given[name]["startAt"]), instant(given[name]["endAt"])
        head, rows = self.rows[job.kind](name, first, last, given, job.asked.get("fields") or ())
        out = io.StringIO()
        lines = csv.writer(out, lineterminator="\n")
        lines.writerow(head)
        lines.writerows([NULL if cell is None else _cell(cell) for cell in row] for row in rows)
        job.content, job.rows, job.status = out.getvalue().encode(), len(rows), "Completed"

    def _job(self, request: Request) -> Job:
        job = self.jobs.get(request.path_params["export"])
        if job is None or job.kind != request.path_params["kind"]:
            raise Refused("610")
        return job

    def _tell(self, job: Job, **more: Any) -> Response:
        return self.gate.answer(result=[{**_shown(job), **more}])


def _shown(job: Job) -> dict[str, Any]:
    said: dict[str, Any] = {"exportId": job.ident, "format": "CSV", "status": job.status, "createdAt": job.made}
    if job.status != "Created":
        said["queuedAt"] = job.made
    if job.status == "Completed":
        said |= {
            "startedAt": job.made, "finishedAt": job.made, "numberOfRecords": job.rows, "fileSize": len(job.content),
            "fileChecksum": "sha256:" + hashlib.sha256(job.content).hexdigest(),
        }  # fmt: skip
    return said


def _cell(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return json.dumps(value) if isinstance(value, dict) else str(value)
