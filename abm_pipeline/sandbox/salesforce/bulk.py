"""Bulk API 2.0 query jobs: create, poll, results by locator, abort, delete.

A job is in progress at its first poll and complete at its second. Rows are fixed when the job is made.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from abm_pipeline.sandbox.salesforce.auth import USER, refusal
from abm_pipeline.sandbox.salesforce.soql import Query, SoqlError, parse
from abm_pipeline.sandbox.salesforce.store import Store, end_of_clock, seconds_to_text
from abm_pipeline.sandbox.world.tables import Array

MAX_JOBS = 10_000
_NO_BULK = ("DatedConversionRate",)


@dataclass
class Job:
    """A query job and its rows."""

    ident: str
    operation: str
    query: Query
    rows: Array
    version: str
    created: str
    state: str = "UploadComplete"
    polls: int = 0


class BulkJobs:
    """All jobs of the org."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.jobs: dict[str, Job] = {}
        self.made = 0

    async def create(self, request: Request, token: str) -> Response:
        """`POST /jobs/query`."""
        try:
            body: dict[str, Any] = orjson.loads(await request.body())
        except orjson.JSONDecodeError:
            return refusal(400, "JSON_PARSER_ERROR", "Unexpected character in body")
        operation = body.get("operation")
        if operation not in ("query", "queryAll") or body.get("contentType", "CSV") != "CSV":
            return refusal(400, "INVALIDJOB", "Unable to find or read the operation of the job")
        if body.get("columnDelimiter", "COMMA") != "COMMA" or body.get("lineEnding", "LF") != "LF":
            return refusal(400, "INVALIDJOB", "Only COMMA and LF are available here")
        query = parse(str(body.get("query", "")))
        if query.object in _NO_BULK:
            return refusal(400, "INVALIDENTITY", f"{query.object} is not supported by the Bulk API")
        if query.count is not None or query.offset:
            return refusal(
                400, "API_ERROR", "Implementation restriction: COUNT and OFFSET are not supported in Bulk Query"
            )
        if self.made >= MAX_JOBS:
            return refusal(400, "LIMIT_EXCEEDED", "Max number of query jobs per 24 hours reached")
        self.made += 1
        rows = self.store.select(query, operation == "queryAll")
        created = seconds_to_text(end_of_clock(self.store.world) - 1)
        job = Job(f"750Bn00000{self.made:05d}IAK", operation, query, rows, request.path_params["version"], created)
        self.jobs[job.ident] = job
        return JSONResponse(_shown(job))

    async def one(self, request: Request, token: str) -> Response:
        """`GET`, `PATCH` (abort) and `DELETE` of `/jobs/query/{job}`."""
        job = self.jobs.get(request.path_params["job"])
        if job is None:
            return refusal(404, "NOT_FOUND", "The requested resource does not exist")
        if request.method == "DELETE":
            if job.state in ("UploadComplete", "InProgress"):
                return refusal(400, "INVALIDJOBSTATE", "Job must be complete, failed or aborted to be deleted")
            del self.jobs[job.ident]
            return Response(status_code=204)
        if request.method == "PATCH":
            wanted = orjson.loads(await request.body() or b"{}").get("state")
            if wanted != "Aborted" or job.state == "JobComplete":
                return refusal(400, "INVALIDJOBSTATE", "Job state is not updatable")
            job.state = "Aborted"
            return JSONResponse(_shown(job))
        if job.state in ("UploadComplete", "InProgress"):
            job.polls += 1
            job.state = "InProgress" if job.polls < 2 else "JobComplete"
        done = len(job.rows) if job.state == "JobComplete" else 0
        more = {"jobType": "V2Query", "numberRecordsProcessed": done, "retries": 0, "totalProcessingTime": done // 50}
        return JSONResponse({**_shown(job), **more})

    async def results(self, request: Request, token: str) -> Response:
        """`GET /jobs/query/{job}/results?maxRecords=&locator=`."""
        job = self.jobs.get(request.path_params["job"])
        if job is None:
            return refusal(404, "NOT_FOUND", "The requested resource does not exist")
        if job.version != request.path_params["version"]:
            return refusal(409, "API_ERROR", "Job was created with another API version")
        if job.state != "JobComplete":
            now = {"InProgress": "IN_PROGRESS", "UploadComplete": "UPLOAD_COMPLETE"}.get(job.state, job.state.upper())
            text = (
                "can only download query results of successfully completed bulk job with status: JOB_COMPLETE. "
                f"Current status: {now}"
            )
            return refusal(412, "JOB_NOT_COMPLETE", text)
        offset = _offset(request.query_params.get("locator", ""))
        wanted = request.query_params.get("maxRecords", "")
        size = max(1, int(wanted)) if wanted.isdigit() else 100_000
        if offset is None or offset > len(job.rows):
            raise SoqlError("INVALID_QUERY_LOCATOR", "invalid query locator")
        rows = job.rows[offset : offset + size]
        end = offset + len(rows)
        locator = "null" if end >= len(job.rows) else base64.urlsafe_b64encode(f"r{end}".encode()).decode().rstrip("=")
        headers = {"Sforce-NumberOfRecords": str(len(rows)), "Sforce-Locator": locator}
        return Response(self.store.csv(job.query, rows), media_type="text/csv; charset=UTF-8", headers=headers)


def _shown(job: Job) -> dict[str, Any]:
    return {
        "id": job.ident,
        "operation": job.operation,
        "object": job.query.object,
        "createdById": USER,
        "createdDate": job.created,
        "systemModstamp": job.created,
        "state": job.state,
        "concurrencyMode": "Parallel",
        "contentType": "CSV",
        "apiVersion": float(job.version),
        "lineEnding": "LF",
        "columnDelimiter": "COMMA",
    }


def _offset(locator: str) -> int | None:
    """First row of a locator; 0 without one, None for nonsense."""
    if not locator:
        return 0
    try:
        text = base64.urlsafe_b64decode(locator + "=" * (-len(locator) % 4)).decode()
    except ValueError:
        return None
    return int(text[1:]) if text[:1] == "r" and text[1:].isdigit() else None
