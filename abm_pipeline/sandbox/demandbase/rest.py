"""Paths of the Demandbase sandbox: token, export jobs and their files, reference data, company intent.

Files are behind links that are keys themselves: a request that brings a token too is refused, as storage services do.
"""

from __future__ import annotations

import base64
import csv
import datetime as dt
import io
import re
import time
import uuid
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

import orjson
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from abm_pipeline.sandbox.demandbase.rows import FIELDS, KEYWORD_SETS, account_rows, intent_now, signal
from abm_pipeline.sandbox.vendor import TokenApi, bearer
from abm_pipeline.sandbox.world import World
from abm_pipeline.sandbox.world.scales import to_day

CLIENT_ID, CLIENT_SECRET = "sandbox-demandbase-client", "sandbox-demandbase-secret"
POLLS_TO_READY = 2
ENTITIES = ("account", "person", "activity", "campaign", "creative", "opportunity", "intent_activity")
REFERENCES = (
    "persona", "buyerRole", "idealBuyingGroup", "idealBuyingGroupPersonaRole", "keywordSet", "keywordSetMember",
    "JobFunction", "JobLevel",
)  # fmt: skip
Handler = Callable[[Request], Awaitable[Response]]


@dataclass
class Job:
    """An export: its header, its files' rows, and how often its status has been read."""

    told: dict[str, Any]
    fields: list[str]
    parts: list[list[list[str]]]
    reads: int = 0
    link: str = ""


@dataclass
class DemandbaseApi(TokenApi):
    """Handlers. `rows_per_file`: how exports are cut; `link_seconds`: life of a file's link; `quota`: exports left.

    `has_intent`: whether the key may use the Intent API. `failing`: whether jobs fail.
    """

    world: World
    token_seconds: float = 3600.0
    link_seconds: float = 3600.0
    rows_per_file: int = 500
    quota: int = 1_000_000
    has_intent: bool = True
    failing: bool = False
    jobs: dict[str, Job] = field(default_factory=dict)
    links: dict[str, float] = field(default_factory=dict)
    made: int = 0

    def routes(self) -> Sequence[Route]:
        """All paths, to be mounted under /demandbase."""
        export = "/data/export/v1"
        return [
            Route("/auth/v1/token", self.token, methods=["POST"]),
            Route(f"{export}/fields", self.guarded(self.fields)),
            Route(f"{export}/job", self.guarded(self.create), methods=["POST"]),
            Route(f"{export}/job/{{job}}", self.guarded(self.status)),
            Route(f"{export}/jobs", self.guarded(self.list_jobs)),
            Route(f"{export}/reference/{{name}}", self.guarded(self.reference)),
            Route("/data/intent/v1/companies/intent/query", self.guarded(self.intent), methods=["POST"]),
            Route("/files/{job}/{part:int}.csv", self.file),
        ]

    async def token(self, request: Request) -> Response:
        """`POST /auth/v1/token`: client credentials in a form, the answer in camel case."""
        form = {key: values[0] for key, values in parse_qs((await request.body()).decode()).items()}
        if form.get("grant_type") != "client_credentials":
            return _error(400, "400-103", "grant_type is invalid.")
        if (form.get("client_id"), form.get("client_secret")) != (CLIENT_ID, CLIENT_SECRET):
            return JSONResponse({"status": "Authentication Failed - Unauthorized."}, 401)
        self.made += 1
        token = f"eyJkZW1hbmQ.{self.made:06d}"
        self.tokens[token] = time.monotonic() + self.token_seconds
        told = {"accessToken": token, "tokenType": "Bearer", "expiresIn": int(self.token_seconds)}
        return JSONResponse(told)

    def guarded(self, handler: Handler) -> Handler:
        """The token."""

        async def answer(request: Request) -> Response:
            if not self.holds(bearer(request)):
                return JSONResponse({"status": "Authentication Failed - Unauthorized."}, 401)
            return await handler(request)

        return answer

    async def fields(self, request: Request) -> Response:
        """`GET /data/export/v1/fields?entityType=`."""
        entity = request.query_params.get("entityType")
        if entity not in ENTITIES:
            return _error(400, "400-125", "Unsupported entityType.")
        known = FIELDS if entity == "account" else {}
        return JSONResponse(
            [
                {"name": f"{{Account}}.{name}", "dataType": kind, "label": label, "description": label}
                for name, (label, kind) in known.items()
            ]
        )

    async def create(self, request: Request) -> Response:
        """`POST /data/export/v1/job`: accepted; the rows are those of now."""
        asked = _json(await request.body())
        if asked is None:
            return _error(400, "400-102", "The request body is not valid JSON.")
        if asked.get("entityType") not in ENTITIES:
            return _error(400, "400-127", "Unsupported entityType.")
        if not 0 < len(str(asked.get("jobName", ""))) <= 50:
            return _error(400, "400-126", "jobName is missing or longer than 50 characters.")
        if self.quota <= 0:
            return _error(429, "429-101", "The rolling 24-hour export quota was exceeded.")
        self.quota -= 1
        known = {f"{{Account}}.{name}" for name in FIELDS} if asked["entityType"] == "account" else set()
        fields = asked.get("fields") or sorted(known)
        if unknown := [name for name in fields if name not in known]:
            return _error(400, "400-115", f"Invalid field names: {', '.join(unknown)}")
        rows = account_rows(self.world) if known else []
        lines = [[row[name.partition(".")[2]] for name in fields] for row in rows]
        ident = str(uuid.uuid4())
        parts = [lines[start : start + self.rows_per_file] for start in range(0, len(lines), self.rows_per_file)]
        told = {
            "jobStatus": "accepted", "createdAt": self._stamp(), "jobId": ident, "entityType": asked["entityType"],
            "jobName": asked["jobName"],
        }  # fmt: skip
        self.jobs[ident] = Job(told, fields, parts or [[]])
        return JSONResponse(told, 202)

    def _stamp(self) -> str:
        return dt.datetime.fromtimestamp(self.world.instant, dt.UTC).isoformat().replace("+00:00", "Z")

    async def status(self, request: Request) -> Response:
        """`GET /data/export/v1/job/{id}`: reading is what moves it on here; a finished one has links to its files."""
        job = self.jobs.get(request.path_params["job"])
        if job is None:
            return _error(404, "404-302", "Job id invalid")
        job.reads += 1
        job.told["updatedAt"] = self._stamp()
        if job.reads <= POLLS_TO_READY:
            job.told["jobStatus"] = "processing"
        elif self.failing:
            job.told |= {"jobStatus": "failed", "message": "Job failed"}
        else:
            # Every reading gives fresh links.
            job.link = uuid.uuid4().hex
            self.links[job.link] = time.monotonic() + self.link_seconds
            base = str(request.url).partition("/data/export/")[0]
            urls = [
                f"{base}/files/{job.told['jobId']}/{part}.csv?X-Amz-Signature={job.link}"
                for part in range(len(job.parts))
            ]
            one = {"resultsUrl": urls[0]} if len(urls) == 1 else {}
            job.told |= {"jobStatus": "finished", "resultsUrls": urls, **one}
        return JSONResponse(job.told)

    async def list_jobs(self, request: Request) -> Response:
        """`GET /data/export/v1/jobs`."""
        ask = request.query_params
        kind, state = ask.get("entityType", "All"), ask.get("jobStatus", "All")
        found = [
            job.told
            for job in reversed(self.jobs.values())
            if kind.lower() in ("all", job.told["entityType"]) and state.lower() in ("all", job.told["jobStatus"])
        ]
        page, size = int(ask.get("page", "1")), int(ask.get("perPage", "10"))
        some = found[(page - 1) * size : page * size]
        return JSONResponse({"pageNo": page, "pageSize": size, "totalCount": len(found), "data": some})

    async def file(self, request: Request) -> Response:
        """A file of an export, by a link that is its own key."""
        if "authorization" in request.headers:
            text = "Only one auth mechanism allowed"
            return _storage(400, "InvalidArgument", text)
        job = self.jobs.get(request.path_params["job"])
        if job is None or self.links.get(request.query_params.get("X-Amz-Signature", ""), 0.0) < time.monotonic():
            return _storage(403, "AccessDenied", "Request has expired")
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\r\n")
        writer.writerows([job.fields, *job.parts[request.path_params["part"]]])
        return Response(out.getvalue().encode(), media_type="text/csv")

    async def reference(self, request: Request) -> Response:
        """`GET /data/export/v1/reference/{object}`."""
        name = request.path_params["name"]
        if name not in REFERENCES:
            return _error(400, "400-154", "Invalid reference entity type.")
        rows = [{"id": ident, "name": title} for ident, (title, _) in KEYWORD_SETS.items()]
        return JSONResponse({"objectType": name, "data": rows if name == "keywordSet" else []})

    async def intent(self, request: Request) -> Response:
        """`POST /data/intent/v1/companies/intent/query`: research whose period lies in the range, page by page."""
        asked = _json(await request.body())
        if asked is None:
            return _error(400, "400-102", "The request body is not valid JSON.")
        if not self.has_intent:
            return _error(403, "403-100", "API Key does not have privilege to access the requested resource")
        companies, sets, words = (asked.get(name) or [] for name in ("companyIds", "keywordSetIds", "keywords"))
        start, end = (_date(asked.get(name)) for name in ("startDate", "endDate"))
        size = asked.get("pageSize", 25)
        offset = _offset(asked.get("pageToken"))
        problems = (
            (not (companies or sets or words), "218", "At least one of companyIds, keywordSetIds, or keywords"),
            (len(companies) > 10, "219", "companyIds must contain no more than 10 items."),
            (start is None, "220", "startDate must be a valid date in yyyy-MM-dd format."),
            (end is None, "221", "endDate must be a valid date in yyyy-MM-dd format."),
            (start is not None and end is not None and start > end, "222", "startDate must be on or before endDate."),
            (start is not None and end is not None and (end - start).days > 366, "223", "12 months or less."),
            (not isinstance(size, int) or not 1 <= size <= 100, "226", "pageSize must be between 1 and 100."),
            (offset is None, "228", "pageToken is invalid."),
            (len(sets) > 10, "229", "keywordSetIds must contain no more than 10 items."),
        )
        for is_wrong, code, text in problems:
            if is_wrong:
                return _error(400, f"400-{code}", text)
        assert start is not None
        assert end is not None
        assert offset is not None
        rows = intent_now(self.world)
        rows = rows[(rows["end"] - 6 >= to_day(start)) & (rows["end"] <= to_day(end))]
        told = [signal(self.world, row) for row in rows.itertuples()]
        told = [
            row
            for row in told
            if (not sets or row["keywordSetId"] in sets)
            and (not words or row["keyword"] in words)
            and (not companies or row["companyId"] in companies)
        ]
        if asked.get("sortOrder", "DESC") == "DESC":
            told.reverse()
        after = _cursor(offset + size, size) if offset + size < len(told) else None
        before = _cursor(max(offset - size, 0), size) if offset else None
        pagination = {"after": after, "before": before, "totalCount": len(told)}
        return JSONResponse({"data": told[offset : offset + size], "pagination": pagination})


def _error(status: int, code: str, message: str) -> Response:
    return JSONResponse({"errorCode": code, "errorMessage": message, "diagnosticCode": uuid.uuid4().hex}, status)


def _storage(status: int, code: str, message: str) -> Response:
    body = f'<?xml version="1.0" encoding="UTF-8"?><Error><Code>{code}</Code><Message>{message}</Message></Error>'
    return Response(body, status, media_type="application/xml")


def _json(body: bytes) -> dict[str, Any] | None:
    try:
        asked = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    return asked if isinstance(asked, dict) else None


def _date(text: Any) -> dt.date | None:
    try:
        return dt.date.fromisoformat(text)
    except (TypeError, ValueError):
        return None


def _cursor(offset: int, size: int) -> str:
    return base64.b64encode(f"O:{offset}:{size}".encode()).decode()


def _offset(token: Any) -> int | None:
    if token is None:
        return 0
    try:
        found = re.fullmatch(rb"O:(\d+):(\d+)", base64.b64decode(token))
    except (TypeError, ValueError):
        return None
    return int(found[1]) if found else None
