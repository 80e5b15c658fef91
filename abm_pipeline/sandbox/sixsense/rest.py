"""Paths of the 6sense sandbox (the Scribe host): segments, their accounts, and scores with firmographics.

A token opens one group of APIs only. 429 is a throttle, 402 are used-up credits; a wrong token is told in plain text.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from abm_pipeline.sandbox.sixsense.rows import SEGMENTS, accounts, book, company, listed, scores, segments_of
from abm_pipeline.sandbox.vendor import BaseApi
from abm_pipeline.sandbox.world import World

SEGMENTS_TOKEN = "sandbox-sixsense-segments"
SCORING_TOKEN = "sandbox-sixsense-scoring"
NO_DATA = "No data found. Please contact 6sense support, if you think this is an unexpected error."
Handler = Callable[[Request], Awaitable[Response]]


@dataclass
class SixsenseApi(BaseApi):
    """Handlers. `per_minute`: calls of a token; `credits`: lookups left; `has_scores`: switched on for the token."""

    world: World
    per_minute: int = 100
    credits: int = 1_000_000
    has_scores: bool = True
    calls: dict[str, deque[float]] = field(default_factory=dict)

    def routes(self) -> Sequence[Route]:
        """All paths, to be mounted under /sixsense."""
        return [
            Route("/v1/company/segments", self.guarded(self.segments, SEGMENTS_TOKEN)),
            Route("/v1/company/segment/{segment:int}", self.guarded(self.segment, SEGMENTS_TOKEN)),
            Route("/v2/people/full", self.guarded(self.full, SCORING_TOKEN), methods=["POST"]),
        ]

    def guarded(self, handler: Handler, token: str) -> Handler:
        """The group's token and the limit by minute."""

        async def answer(request: Request) -> Response:
            if request.headers.get("authorization") != f"Token {token}":
                return PlainTextResponse("Your API token is invalid. reference: 7f3a", 401)
            recent, now = self.calls.setdefault(token, deque()), time.monotonic()
            while recent and recent[0] < now - 60:
                recent.popleft()
            if len(recent) >= self.per_minute:
                return _error(429, "You have sent too many requests in a given amount of time")
            recent.append(now)
            return await handler(request)

        return answer

    async def segments(self, request: Request) -> Response:
        """`GET /v1/company/segments`: those published for APIs."""
        return JSONResponse(listed(list(SEGMENTS)))

    async def segment(self, request: Request) -> Response:
        """`GET /v1/company/segment/{id}`: its accounts, all in one answer."""
        ident = request.path_params["segment"]
        if ident not in SEGMENTS:
            return _error(404, "Segment not found")
        rows = accounts(self.world, ident)
        return JSONResponse({"count": len(rows), "created_at": f"{self.world.until.isoformat()}", "accounts": rows})

    async def full(self, request: Request) -> Response:
        """`POST /v2/people/full`: an address's company, its scores and segments. A match costs a credit."""
        form = {key: values[0] for key, values in parse_qs((await request.body()).decode()).items()}
        for needed in ("email", "country"):
            if needed not in form:
                name = "Email ID" if needed == "email" else "Country"
                return _error(400, f"{name} is mandatory and can't be blank")
        if self.credits <= 0:
            return _error(402, "Your allocated quota is exhausted")
        domain = form["email"].rpartition("@")[2].lower()
        place = next((i for i, known in enumerate(self.world.companies.domain) if known == domain), None)
        if place is None or not book(self.world).is_known[place]:
            return _error(404, NO_DATA)
        self.credits -= 1
        told: dict[str, Any] = {"company": company(self.world, place), "segments": segments_of(self.world, place)}
        if self.has_scores:
            told["scores"] = scores(self.world, place)
        return JSONResponse(told)


def _error(status: int, message: str) -> Response:
    return JSONResponse({"status": "error", "message": message}, status)
