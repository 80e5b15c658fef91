"""Paths of the Salesloft sandbox: OAuth with rotating refresh tokens or an API key, collections by page, points.

Deep pages cost more of the team's 600 points a minute, as Salesloft publishes it.
"""

from __future__ import annotations

import datetime as dt
import time
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

import numpy as np
import orjson
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from abm_pipeline.sandbox.salesloft.records import Listing, listings, stamp
from abm_pipeline.sandbox.vendor import TokenApi, bearer
from abm_pipeline.sandbox.world import World

CLIENT_ID = "sandbox-salesloft-client"
CLIENT_SECRET = "sandbox-salesloft-secret"
REFRESH_TOKEN = "sandbox-salesloft-refresh"
API_KEY = "v2_ak_sandbox_salesloft"
PATHS = ("accounts", "people", "activities/emails", "activities/calls", "cadences")
PER_PAGE, MAX_PER_PAGE = 25, 100
COSTS = ((501, 30), (251, 10), (151, 8), (101, 3), (1, 1))
_KNOWN = ("page", "per_page", "sort_by", "sort_direction", "include_paging_counts")
_RANGES = ("updated_at[gt]", "updated_at[gte]", "updated_at[lt]", "updated_at[lte]")


class RefusedError(Exception):
    """A request that is answered with an error."""

    def __init__(self, status: int, body: dict[str, Any]) -> None:
        self.status, self.body = status, body
        super().__init__(str(status))


@dataclass
class SalesloftApi(TokenApi):
    """Handlers and tokens. `points`: what the team may spend in a minute. `one_use`: a refresh token works once, as it
    does at Salesloft; off by default, since several homes share one sandbox. `without_scope`: what may not be read.
    """

    world: World
    points: int = 600
    token_seconds: float = 7_200.0
    one_use: bool = False
    without_scope: str = ""
    used: set[str] = field(default_factory=set)
    spent: deque[tuple[float, int]] = field(default_factory=deque)
    made: int = 0
    seen: tuple[int, dict[str, Listing]] = (-1, {})

    def routes(self) -> list[Route]:
        """All Salesloft paths, to be mounted under /salesloft; each also with `.json`."""
        collections = [
            Route(f"/v2/{path}{ending}", self.guarded(self.collection)) for path in PATHS for ending in ("", ".json")
        ]
        return [
            Route("/oauth/token", self.token, methods=["POST"]),
            Route("/v2/me", self.guarded(self.me)),
            *collections,
        ]

    async def token(self, request: Request) -> Response:
        """`POST /oauth/token`: a refresh token gives an access token and the next refresh token."""
        form = {key: values[0] for key, values in parse_qs((await request.body()).decode()).items()}
        if (form.get("client_id"), form.get("client_secret")) != (CLIENT_ID, CLIENT_SECRET):
            return JSONResponse({"error": "invalid_client"}, 401)
        given = form.get("refresh_token", "")
        if form.get("grant_type") != "refresh_token":
            return JSONResponse({"error": "unsupported_grant_type"}, 400)
        if given.partition(".")[0] != REFRESH_TOKEN or (self.one_use and given in self.used):
            return JSONResponse({"error": "invalid_grant"}, 400)
        self.used.add(given)
        self.made += 1
        access = f"sandbox-salesloft-access-{self.made:06d}"
        self.tokens[access] = time.monotonic() + self.token_seconds
        return JSONResponse(
            {
                "access_token": access,
                "refresh_token": f"{REFRESH_TOKEN}.{time.time_ns():x}",
                "expires_in": int(self.token_seconds),
                "token_type": "bearer",
            }
        )

    def guarded(self, handler: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
        """Token, scope and points."""

        async def answer(request: Request) -> Response:
            if bearer(request) != API_KEY and not self.holds(bearer(request)):
                return JSONResponse({"error": "Unauthorized"}, 401)
            if self.without_scope and self.without_scope in request.url.path:
                return JSONResponse({"error": "Forbidden"}, 403)
            page = request.query_params.get("page", "1")
            cost = next(c for first, c in COSTS if int(page) >= first) if page.isdigit() and int(page) else 1
            left = self._spend(cost)
            if left < 0:
                return JSONResponse({"error": "Rate limit exceeded"}, 429, {"x-ratelimit-remaining-minute": "0"})
            try:
                response = await handler(request)
            except RefusedError as error:
                response = JSONResponse(error.body, error.status)
            response.headers.update(
                {
                    "x-ratelimit-limit-minute": str(self.points),
                    "x-ratelimit-remaining-minute": str(left),
                    "x-ratelimit-endpoint-cost": str(cost),
                }
            )
            return response

        return answer

    def _spend(self, cost: int) -> int:
        """Points left in the minute after this request; negative if it can't be paid."""
        now = time.monotonic()
        while self.spent and self.spent[0][0] < now - 60:
            self.spent.popleft()
        left = self.points - sum(points for _, points in self.spent) - cost
        if left >= 0:
            self.spent.append((now, cost))
        return left

    async def me(self, request: Request) -> Response:
        """`GET /v2/me`: whose token it is."""
        return JSONResponse({"data": {"id": 6_970, "name": "Integration", "team": {"id": 104_779}}})

    async def collection(self, request: Request) -> Response:
        """`GET /v2/<path>`: a page of the records in the range."""
        if self.seen[0] != self.world.instant:
            self.seen = (self.world.instant, listings(self.world))
        asked = dict(request.query_params)
        listing = self.seen[1][request.url.path.rpartition("/")[2].removesuffix(".json")]
        if unknown := [name for name in asked if name not in (*_KNOWN, *_RANGES)]:
            raise RefusedError(422, {"errors": {unknown[0]: ["is not a known parameter"]}})
        keep = np.ones(len(listing.positions), bool)
        for name in _RANGES:
            if name in asked:
                keep &= _within(name, asked[name], listing.updated)
        positions, updated = listing.positions[keep], listing.updated[keep]
        order = np.lexsort((positions, updated))
        direction = asked.get("sort_direction", "DESC")
        order = order if direction == "ASC" else order[::-1]
        per_page, page = _number(asked, "per_page", PER_PAGE, MAX_PER_PAGE), _number(asked, "page", 1, None)
        chosen = order[(page - 1) * per_page : page * per_page]
        pages = -(-len(order) // per_page)
        paging: dict[str, Any] = {
            "per_page": per_page, "current_page": page, "next_page": page + 1 if page < pages else None,
            "prev_page": page - 1 if page > 1 else None,
        }  # fmt: skip
        if asked.get("include_paging_counts") == "true":
            paging |= {"total_pages": pages, "total_count": len(order)}
        rows = [listing.row(int(positions[i]), stamp(int(updated[i]))) for i in chosen]
        body = {
            "metadata": {
                "filtering": {name: asked[name] for name in _RANGES if name in asked},
                "paging": paging,
                "sorting": {"sort_by": asked.get("sort_by", "updated_at"), "sort_direction": f"{direction} NULLS LAST"},
            },
            "data": rows,
        }
        return Response(orjson.dumps(body), media_type="application/json")


def _within(name: str, text: str, updated: Any) -> Any:
    try:
        at = dt.datetime.fromisoformat(text)
    except ValueError:
        raise RefusedError(422, {"errors": {"updated_at": ["is not a valid timestamp"]}}) from None
    limit = round((at - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)) / dt.timedelta(microseconds=1))
    tests = {"[gt]": updated > limit, "[gte]": updated >= limit, "[lt]": updated < limit, "[lte]": updated <= limit}
    return tests[name.removeprefix("updated_at")]


def _number(asked: dict[str, str], name: str, default: int, most: int | None) -> int:
    text = asked.get(name, str(default))
    if not text.isdigit() or int(text) < 1 or (most is not None and int(text) > most):
        raise RefusedError(422, {"errors": {name: ["is out of range"]}})
    return int(text)
