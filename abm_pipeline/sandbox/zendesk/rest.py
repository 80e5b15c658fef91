"""Paths of the Zendesk sandbox: incremental exports by cursor and by time, satisfaction ratings, the current user.

Exports leave out what changed in the last minute, never split a second when paged by time, and allow ten requests a
minute together.
"""

from __future__ import annotations

import time
from base64 import b64decode, b64encode
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import orjson
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from abm_pipeline.sandbox.vendor import BaseApi
from abm_pipeline.sandbox.world import World
from abm_pipeline.sandbox.world.tables import Array
from abm_pipeline.sandbox.zendesk import render
from abm_pipeline.sandbox.zendesk.records import records

EMAIL, API_TOKEN, OAUTH_TOKEN = "ops@northwind-abm.example", "sandboxZendeskToken", "sandbox-zendesk-oauth"
EXPORT_PAGE, LIST_PAGE = 1000, 100
TOO_MANY = "Number of allowed incremental export API requests per minute exceeded"


class RefusedError(Exception):
    """A request that is answered with an error."""

    def __init__(self, status: int, body: Any, headers: dict[str, str] | None = None) -> None:
        super().__init__(str(status))
        self.status, self.body, self.headers = status, body, headers or {}


def too_many(seconds: int) -> tuple[dict[str, str], dict[str, str]]:
    """Headers and body of a throttled export."""
    return {"Retry-After": str(seconds)}, {"error": "APIRateLimitExceeded", "description": TOO_MANY}


@dataclass
class ZendeskApi(BaseApi):
    """Handlers. `exports_per_minute` and `per_minute` are limits; `empty_first` sends an empty page first."""

    world: World
    exports_per_minute: int = 10
    per_minute: int = 700
    empty_first: bool = False
    exports: deque[float] = field(default_factory=deque)
    calls: deque[float] = field(default_factory=deque)

    def routes(self) -> list[Route]:
        """All Zendesk paths, to be mounted under /zendesk."""
        paths: dict[str, Callable[[Request], dict[str, Any]]] = {
            "incremental/{name}/cursor": self.by_cursor,
            "incremental/{name}": self.by_time,
            "satisfaction_ratings": self.ratings,
            "users/me": self.me,
        }
        both = [(path, handler) for path, handler in paths.items() for path in (f"{path}.json", path)]
        return [Route(f"/api/v2/{path}", self.guarded(handler)) for path, handler in both]

    def guarded(self, handler: Callable[[Request], dict[str, Any]]) -> Callable[[Request], Any]:
        """Who may ask, and how often."""

        async def answer(request: Request) -> Response:
            left = {"x-rate-limit": str(self.per_minute), "rate-limit": str(self.per_minute)}
            try:
                self._admit(request)
                left["rate-limit-remaining"] = left["x-rate-limit-remaining"] = str(self.per_minute - len(self.calls))
                body, status, headers = handler(request), 200, left
            except RefusedError as error:
                body, status, headers = error.body, error.status, left | error.headers
                if isinstance(body, str):
                    return PlainTextResponse(body, status, headers)
            return Response(orjson.dumps(body), status, headers, "application/json")

        return answer

    def _admit(self, request: Request) -> None:
        scheme, _, sent = request.headers.get("authorization", "").partition(" ")
        is_known = (scheme == "Bearer" and sent == OAUTH_TOKEN) or (
            scheme == "Basic" and b64decode(sent).decode() == f"{EMAIL}/token:{API_TOKEN}"
        )
        if not is_known:
            raise RefusedError(401, {"error": "Couldn't authenticate you"})
        now = time.monotonic()
        is_export = "/incremental/" in request.url.path
        for recent, limit in ((self.calls, self.per_minute), (self.exports, self.exports_per_minute)):
            if recent is self.exports and not is_export:
                continue
            while recent and recent[0] < now - 60:
                recent.popleft()
            if len(recent) >= limit:
                headers, body = too_many(93 if is_export else 30)
                # Ordinary endpoints answer in plain text.
                raise RefusedError(
                    429, body if is_export else "Number of allowed API requests per minute exceeded", headers
                )
            recent.append(now)

    def _rows(self, name: str) -> tuple[Array, Array, Array]:
        """Rows that the export shows, in its order; their stamps and ids."""
        if name not in ("tickets", "users", "organizations"):
            raise RefusedError(404, {"error": "RecordNotFound", "description": "Not found"})
        table = records(self.world)[name.removesuffix("s")]
        rows = table.visible(self.world.instant)
        rows = rows[table.valid_from[rows] <= self.world.instant - 60]
        stamps, ids = table.valid_from[rows], table.columns["id"][rows]
        order = np.lexsort((ids, stamps))
        return rows[order], stamps[order], ids[order]

    def _start(self, request: Request) -> int:
        """`start_time`, which must lie more than a minute back."""
        told = request.query_params.get("start_time", "")
        if not told.isdigit():
            raise RefusedError(400, {"error": "InvalidValue", "description": "start_time is invalid"})
        if int(told) > self.world.instant - 60:
            description = "Too recent start_time. Use a start_time older than 1 minute"
            raise RefusedError(422, {"error": "StartTimeTooRecent", "description": description})
        return int(told)

    def _size(self, request: Request, most: int = EXPORT_PAGE) -> int:
        told = request.query_params.get("per_page", str(most))
        return min(int(told), most) if told.isdigit() and int(told) else most

    def _shown(self, request: Request, name: str, rows: Array) -> list[dict[str, Any]]:
        make = {"organizations": render.organization, "users": render.user}
        if name in make:
            return [make[name](self.world, int(row)) for row in rows]
        has_metrics = "metric_sets" in request.query_params.get("include", "").split(",")
        return [render.ticket(self.world, int(row), has_metrics=has_metrics) for row in rows]

    def by_cursor(self, request: Request) -> dict[str, Any]:
        """`GET /incremental/{tickets,users}/cursor.json?start_time=|cursor=`."""
        name = request.path_params["name"]
        rows, stamps, ids = self._rows("none" if name == "organizations" else name)
        cursor, is_empty = request.query_params.get("cursor"), False
        if cursor is None:
            start = self._start(request)
            first = int(np.searchsorted(stamps, start))
            is_empty, place = self.empty_first, (start, 0)
        else:
            place = _read_cursor(cursor)
            first = int(np.sum((stamps < place[0]) | ((stamps == place[0]) & (ids <= place[1]))))
        last = first if is_empty else min(first + self._size(request), len(rows))
        if last > first:
            place = (int(stamps[last - 1]), int(ids[last - 1]))
        after = b64encode(f"{place[0]}.0||{place[1]}".encode()).decode()
        path = f"{render.SITE}/incremental/{name}/cursor.json"
        return {
            name: self._shown(request, name, rows[first:last]),
            "after_url": f"{path}?cursor={after.replace('=', '%3D')}",
            "after_cursor": after,
            "before_url": None,
            "before_cursor": None,
            "end_of_stream": last >= len(rows),
        }

    def by_time(self, request: Request) -> dict[str, Any]:
        """`GET /incremental/{name}.json?start_time=`: a page ends with a second, not in it."""
        name = request.path_params["name"].removesuffix(".json")
        rows, stamps, _ = self._rows(name)
        start = self._start(request)
        first = int(np.searchsorted(stamps, start))
        last = min(first + self._size(request), len(rows))
        if last > first:
            last = int(np.searchsorted(stamps, stamps[last - 1], side="right"))
        end = int(stamps[last - 1]) if last > first else None
        path = f"{render.SITE}/incremental/{name}.json"
        return {
            name: self._shown(request, name, rows[first:last]),
            "next_page": None if end is None else f"{path}?start_time={end}",
            "count": last - first,
            "end_of_stream": last >= len(rows),
            "end_time": end,
        }

    def ratings(self, request: Request) -> dict[str, Any]:
        """`GET /satisfaction_ratings?start_time=&end_time=&page[size]=&page[after]=`: by time of change."""
        table, asked = records(self.world)["rating"], request.query_params
        rows = table.visible(self.world.instant)
        stamps = table.valid_from[rows]
        keep = stamps >= int(asked.get("start_time", 0))
        keep &= stamps <= int(asked.get("end_time", 1 << 40))
        rows = rows[keep][np.argsort(stamps[keep], kind="stable")]
        size = min(int(asked.get("page[size]", LIST_PAGE)), LIST_PAGE)
        first = int(b64decode(asked["page[after]"])) if "page[after]" in asked else 0
        last = min(first + size, len(rows))
        after = b64encode(str(last).encode()).decode()
        has_more = last < len(rows)
        path = f"{render.SITE}/satisfaction_ratings?page[size]={size}&page[after]={after}"
        return {
            "satisfaction_ratings": [render.rating(self.world, int(row)) for row in rows[first:last]],
            "meta": {"has_more": has_more, "after_cursor": after if has_more else None, "before_cursor": None},
            "links": {"next": path if has_more else None, "prev": None},
        }

    def me(self, request: Request) -> dict[str, Any]:
        """`GET /users/me.json`."""
        return {"user": render.user(self.world, 0)}


def _read_cursor(cursor: str) -> tuple[int, int]:
    """The stamp and id that a cursor holds."""
    try:
        stamp, _, ident = b64decode(cursor).decode().partition("||")
        return int(float(stamp)), int(ident)
    except ValueError:
        raise RefusedError(400, {"error": "InvalidValue", "description": "cursor is invalid"}) from None
