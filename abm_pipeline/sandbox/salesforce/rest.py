"""REST paths of the Salesforce sandbox: versions, limits, objects, query with locators, one record, replication."""

from __future__ import annotations

import datetime as dt
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from abm_pipeline.sandbox import credentials as known
from abm_pipeline.sandbox.salesforce.auth import Sessions, refusal
from abm_pipeline.sandbox.salesforce.bulk import BulkJobs
from abm_pipeline.sandbox.salesforce.objects import CANONICAL, OBJECTS, describe, summary
from abm_pipeline.sandbox.salesforce.soql import Path, Query, SoqlError, parse
from abm_pipeline.sandbox.salesforce.store import Store, end_of_clock, long_id, seconds_to_text
from abm_pipeline.sandbox.world import World
from abm_pipeline.sandbox.world.scales import DAY
from abm_pipeline.sandbox.world.tables import Array

VERSIONS = tuple(range(50, 68))
PAGE = 2000
OPEN_CURSORS = 10
MAX_URL = 16_384
_RELEASES = ("Winter", "Spring", "Summer")
Handler = Callable[[Request, str], Awaitable[Response]]


@dataclass
class Cursor:
    """A query whose pages are still being read, and the session it belongs to."""

    session: str
    query: Query
    rows: Array
    size: int
    done: bool = False


class RestApi:
    """Handlers over one store; cursors live here."""

    def __init__(self, store: Store, sessions: Sessions) -> None:
        self.store, self.sessions = store, sessions
        self.bulk = BulkJobs(store)
        self.cursors: dict[str, Cursor] = {}
        self.opened = 0

    @classmethod
    def of_world(cls, world: World) -> RestApi:
        """The API over a world, with the sandbox's keys."""
        return cls(Store(world), Sessions(known.KEYS))

    def revoke(self, token: str) -> None:
        """End a session."""
        self.sessions.revoke(token)

    def configure(self, name: str, value: Any) -> None:
        """Set a limit or lifetime of sessions."""
        setattr(self.sessions, name, value)

    def routes(self) -> list[Route]:
        """All Salesforce paths, to be mounted under /salesforce."""
        base = "/services/data/v{version}"
        plain = [
            ("", self.resources),
            ("/limits", self.limits),
            ("/sobjects", self.objects),
            ("/sobjects/{name}", self.object),
            ("/sobjects/{name}/describe", self.describe),
            ("/sobjects/{name}/deleted", self.deleted),
            ("/sobjects/{name}/updated", self.updated),
            ("/sobjects/{name}/{ident}", self.record),
            ("/query", self.query),
            ("/queryAll", self.query_all),
            ("/query/{locator}", self.more),
            ("/queryAll/{locator}", self.more),
            ("/jobs/query/{job}/results", self.bulk.results),
        ]
        routes = [
            Route("/services/oauth2/token", self.sessions.token, methods=["POST"]),
            Route("/services/Soap/u/{version}", self.sessions.soap, methods=["POST"]),
            Route("/services/data", versions),
            Route("/services/data/", versions),
            Route(f"{base}/jobs/query", self.guarded(self.bulk.create), methods=["POST"]),
            Route(f"{base}/jobs/query/{{job}}", self.guarded(self.bulk.one), methods=["GET", "PATCH", "DELETE"]),
        ]
        for path, handler in plain:
            routes.append(Route(base + path, self.guarded(handler)))
            routes.append(Route(f"{base}{path}/", self.guarded(handler)))
        return routes

    def guarded(self, handler: Handler) -> Callable[[Request], Awaitable[Response]]:
        """Check session, quota, URL length and version, and put the usage header on the answer."""

        async def answer(request: Request) -> Response:
            token, refused = self.sessions.admit(request)
            if refused is not None:
                return refused
            if len(str(request.url)) > MAX_URL:
                return Response("URI Too Long", status_code=414)
            if request.path_params["version"] not in {f"{v}.0" for v in VERSIONS}:
                return refusal(404, "NOT_FOUND", "The requested resource does not exist")
            try:
                response = await handler(request, token)
            except SoqlError as error:
                response = refusal(400, error.code, str(error))
            response.headers.update(self.sessions.limit_header())
            return response

        return answer

    async def resources(self, request: Request, token: str) -> Response:
        """`GET /services/data/vXX.0/`."""
        base = f"/services/data/v{request.path_params['version']}"
        names = ("limits", "sobjects", "query", "queryAll", "jobs")
        return JSONResponse({name: f"{base}/{name}" for name in names})

    async def limits(self, request: Request, token: str) -> Response:
        """`GET /limits`."""
        top = self.sessions.daily_requests
        return JSONResponse(
            {
                "DailyApiRequests": {"Max": top, "Remaining": max(0, top - self.sessions.used)},
                "DailyBulkV2QueryJobs": {"Max": 10_000, "Remaining": 10_000 - self.bulk.made},
                "DailyBulkV2QueryFileStorageMB": {"Max": 976_562, "Remaining": 976_562},
            }
        )

    async def objects(self, request: Request, token: str) -> Response:
        """`GET /sobjects`."""
        listed = [summary(name, request.path_params["version"]) for name in OBJECTS]
        return JSONResponse({"encoding": "UTF-8", "maxBatchSize": 200, "sobjects": listed})

    async def object(self, request: Request, token: str) -> Response:
        """`GET /sobjects/{name}`."""
        name = _name(request)
        return JSONResponse({"objectDescribe": summary(name, request.path_params["version"]), "recentItems": []})

    async def describe(self, request: Request, token: str) -> Response:
        """`GET /sobjects/{name}/describe`."""
        return JSONResponse(describe(_name(request), request.path_params["version"]))

    async def record(self, request: Request, token: str) -> Response:
        """`GET /sobjects/{name}/{id}`; `fields` limits the columns."""
        name, ident = _name(request), long_id(request.path_params["ident"])
        fields = request.query_params.get("fields") or ",".join(OBJECTS[name])
        if not ident.isalnum():
            return refusal(404, "NOT_FOUND", "The requested resource does not exist")
        query = parse(f"SELECT {fields} FROM {name} WHERE Id = '{ident}'")
        rows = self.store.select(query, include_deleted=False)
        if not len(rows):
            return refusal(404, "NOT_FOUND", "The requested resource does not exist")
        text = self.store.records(query, rows, request.path_params["version"])[0]
        return Response(text, media_type="application/json")

    async def query(self, request: Request, token: str) -> Response:
        """`GET /query?q=`."""
        return self._first(request, token, include_deleted=False)

    async def query_all(self, request: Request, token: str) -> Response:
        """`GET /queryAll?q=`: deleted, merged and archived rows too."""
        return self._first(request, token, include_deleted=True)

    def _first(self, request: Request, token: str, include_deleted: bool) -> Response:
        text = request.query_params.get("q")
        if not text:
            return refusal(400, "MALFORMED_QUERY", "unexpected token: <EOF>")
        query = parse(text)
        rows = self.store.select(query, include_deleted)
        if query.count is not None:
            return JSONResponse(self._counted(query, rows))
        size = _batch_size(request)
        if len(query.select) > 25:
            size = min(size, 1000)
        cursor = Cursor(token, query, rows, size)
        if len(rows) <= size:
            return self._page(cursor, "", 0, request)
        self.opened += 1
        ident = f"01gBn00000{self.opened:05d}AAA"
        self.cursors[ident] = cursor
        live = [key for key, item in self.cursors.items() if not item.done]
        for key in live[:-OPEN_CURSORS]:
            del self.cursors[key]
        return self._page(cursor, ident, 0, request)

    def _counted(self, query: Query, rows: Array) -> dict[str, Any]:
        if not query.count:
            return {"totalSize": len(rows), "done": True, "records": []}
        count = len(rows)
        if query.select:
            path: Path = query.select[0]
            texts = self.store.text(query.object, path.field.name, "json")[rows]
            count = int(np.sum(texts != "null"))
        return {"totalSize": 1, "done": True, "records": [{"attributes": {"type": "AggregateResult"}, "expr0": count}]}

    async def more(self, request: Request, token: str) -> Response:
        """`GET /query/{locator}`: the next page; a locator belongs to the session that made it."""
        ident, _, offset = request.path_params["locator"].rpartition("-")
        cursor = self.cursors.get(ident)
        if cursor is None or not offset.isdigit() or int(offset) >= len(cursor.rows):
            return refusal(400, "INVALID_QUERY_LOCATOR", "invalid query locator")
        if cursor.session != token:
            return refusal(401, "INVALID_SESSION_ID", "Session expired or invalid")
        return self._page(cursor, ident, int(offset), request)

    def _page(self, cursor: Cursor, ident: str, offset: int, request: Request) -> Response:
        version = request.path_params["version"]
        end = offset + cursor.size
        records = self.store.records(cursor.query, cursor.rows[offset:end], version)
        cursor.done = end >= len(cursor.rows)
        head = f'{{"totalSize":{len(cursor.rows)},"done":{"true" if cursor.done else "false"}'
        if not cursor.done:
            head += f',"nextRecordsUrl":"/services/data/v{version}/query/{ident}-{end}"'
        return Response(f'{head},"records":[{",".join(records)}]}}', media_type="application/json")

    async def deleted(self, request: Request, token: str) -> Response:
        """`GET /sobjects/{name}/deleted/?start=&end=`: at most 15 days back."""
        window = self._window(request, 15)
        if isinstance(window, Response):
            return window
        ids, instants = self.store.changed(_name(request), *window, deleted=True)
        records = [{"id": i, "deletedDate": seconds_to_text(at)} for i, at in zip(ids, instants, strict=True)]
        first = self.store.world.calendar.start * DAY
        return JSONResponse(
            {
                "deletedRecords": records,
                "earliestDateAvailable": seconds_to_text(first),
                "latestDateCovered": seconds_to_text(min(window[1], end_of_clock(self.store.world))),
            }
        )

    async def updated(self, request: Request, token: str) -> Response:
        """`GET /sobjects/{name}/updated/?start=&end=`: at most 30 days back."""
        window = self._window(request, 30)
        if isinstance(window, Response):
            return window
        ids, _ = self.store.changed(_name(request), *window, deleted=False)
        covered = seconds_to_text(min(window[1], end_of_clock(self.store.world)))
        return Response(orjson.dumps({"ids": ids, "latestDateCovered": covered}), media_type="application/json")

    def _window(self, request: Request, days: int) -> tuple[int, int] | Response:
        """Start and end in whole minutes, or the refusal."""
        edges = []
        for key in ("start", "end"):
            text = request.query_params.get(key, "").replace(" ", "+")
            try:
                edges.append(int(dt.datetime.fromisoformat(text).timestamp()) // 60 * 60)
            except ValueError:
                return refusal(400, "INVALID_FIELD", f"{key} is not a date and time")
        if edges[1] - edges[0] < 60:
            return refusal(
                400, "INVALID_REPLICATION_DATE", "endDate must be at least one minute greater than startDate"
            )
        if edges[0] < end_of_clock(self.store.world) - days * DAY:
            return refusal(400, "INVALID_REPLICATION_DATE", f"startDate before org's replication window of {days} days")
        return edges[0], edges[1]


async def versions(request: Request) -> Response:
    """`GET /services/data/`: no session needed, not counted."""
    listed = [
        {
            "label": f"{_RELEASES[(v - 50) % 3]} '{21 + (v - 50) // 3}",
            "url": f"/services/data/v{v}.0",
            "version": f"{v}.0",
        }
        for v in VERSIONS
    ]
    return JSONResponse(listed)


def _name(request: Request) -> str:
    wanted = request.path_params["name"]
    name = CANONICAL.get(wanted.lower())
    if name is None:
        raise SoqlError("NOT_FOUND", "The requested resource does not exist")
    return name


def _batch_size(request: Request) -> int:
    """Page size asked for, within 200 to 2,000."""
    for part in request.headers.get("sforce-query-options", "").split(","):
        key, _, value = part.strip().partition("=")
        if key.lower() == "batchsize" and value.strip().isdigit():
            return min(PAGE, max(200, int(value)))
    return PAGE
