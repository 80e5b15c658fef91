"""Paths of the Outreach sandbox: OAuth with refresh tokens that rotate, and collections with filter, sort and pages.

Every answer is JSON:API. Requests that say they are something else are refused with 415.
"""

from __future__ import annotations

import base64
import datetime as dt
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlencode

import numpy as np
import orjson
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from abm_pipeline.sandbox.outreach.records import Listing, Row, listings, stamp
from abm_pipeline.sandbox.vendor import TokenApi, bearer
from abm_pipeline.sandbox.world import World

CLIENT_ID = "sandbox-outreach-client"
CLIENT_SECRET = "sandbox-outreach-secret"
REFRESH_TOKEN = "sandbox-outreach-refresh"
SCOPES = "accounts.read prospects.read mailings.read calls.read sequences.read callDispositions.read"
MEDIA_TYPE = "application/vnd.api+json"
PAGE_SIZE, MAX_PAGE_SIZE = 50, 1000
PATHS = ("accounts", "prospects", "mailings", "calls", "sequences", "callDispositions")
Handler = Callable[[Request], Awaitable[Response]]


class RefusedError(Exception):
    """A request that is answered with an error object."""

    def __init__(self, status: int, ident: str, title: str, detail: str) -> None:
        self.status, self.error = status, {"id": ident, "title": title, "detail": detail}
        super().__init__(detail)


@dataclass
class OutreachApi(TokenApi):
    """Handlers and tokens. `per_hour`: calls of a user in an hour. `one_use`: a refresh token works once, as it does at
    Outreach; off by default, since several homes share one sandbox. `outages`: how many answers are 503 from now on.
    `without_scope`: a path that the token may not read. `tells_wait`: whether a 429 has `Retry-After`.
    """

    world: World
    per_hour: int = 10_000
    token_seconds: float = 7_200.0
    one_use: bool = False
    outages: int = 0
    tells_wait: bool = True
    without_scope: str = ""
    used: set[str] = field(default_factory=set)
    made: int = 0
    hour: tuple[int, int] = (0, 0)
    seen: tuple[int, dict[str, Listing]] = (-1, {})

    def routes(self) -> list[Route]:
        """All Outreach paths, to be mounted under /outreach."""
        collections = [Route(f"/api/v2/{path}", self.guarded(self.collection)) for path in PATHS]
        return [Route("/oauth/token", self.token, methods=["POST"]), *collections]

    async def token(self, request: Request) -> Response:
        """`POST /oauth/token`: a refresh token gives an access token and the next refresh token."""
        form = {key: values[0] for key, values in parse_qs((await request.body()).decode()).items()}
        if (form.get("client_id"), form.get("client_secret")) != (CLIENT_ID, CLIENT_SECRET):
            return _oauth_error("invalid_client", "Client authentication failed.", 401)
        given = form.get("refresh_token", "")
        if form.get("grant_type") != "refresh_token":
            return _oauth_error("unsupported_grant_type", "The grant type is not supported.")
        if given.partition(".")[0] != REFRESH_TOKEN or (self.one_use and given in self.used):
            return _oauth_error("invalid_grant", "The provided authorization grant is invalid, expired or revoked.")
        self.used.add(given)
        self.made += 1
        access = f"sandbox-outreach-access-{self.made:06d}"
        self.tokens[access] = time.monotonic() + self.token_seconds
        return JSONResponse(
            {
                "access_token": access,
                "token_type": "Bearer",
                "expires_in": int(self.token_seconds),
                "refresh_token": f"{REFRESH_TOKEN}.{time.time_ns():x}",
                "scope": SCOPES,
                "created_at": self.world.instant,
            }
        )

    def guarded(self, handler: Handler) -> Handler:
        """Token, media type, outages and the hourly limit."""

        async def answer(request: Request) -> Response:
            try:
                limits = self._admit(request)
                response = await handler(request)
            except RefusedError as error:
                return _json({"errors": [error.error]}, error.status)
            except _WaitError as wait:
                return _json({"errors": [wait.error]}, wait.status, wait.headers)
            response.headers.update(limits)
            return response

        return answer

    def _admit(self, request: Request) -> dict[str, str]:
        if not self.holds(bearer(request)):
            raise RefusedError(401, "unauthorized", "Unauthorized", "The access token is invalid or has expired.")
        if request.headers.get("content-type", MEDIA_TYPE) != MEDIA_TYPE:
            detail = f"Expected Content-Type header to be '{MEDIA_TYPE}'."
            raise RefusedError(415, "unsupportedMediaType", "Unsupported Media Type", detail)
        if self.outages > 0:
            self.outages -= 1
            again = stamp(self.world.instant + 2)
            raise _WaitError(503, "serviceUnavailable", "Service Unavailable", {"Retry-After": again})
        if self.without_scope and request.url.path.endswith(self.without_scope):
            detail = f"Your authorization is missing required scope '{self.without_scope}.read'."
            raise RefusedError(403, "unauthorizedOauthScope", "Unauthorized OAuth Scope", detail)
        hour, count = int(time.time() // 3600), 1
        if self.hour[0] == hour:
            count += self.hour[1]
        left = max(self.per_hour - count, 0)
        reset = str((hour + 1) * 3600)
        limits = {
            "X-RateLimit-Limit": str(self.per_hour),
            "X-RateLimit-Remaining": str(left),
            "X-RateLimit-Reset": reset,
        }
        if count > self.per_hour:
            told = {**limits, "Retry-After": "30"} if self.tells_wait else limits
            raise _WaitError(429, "rateLimitExceeded", "Rate Limit Exceeded", told)
        self.hour = (hour, count)
        return limits

    async def collection(self, request: Request) -> Response:
        """`GET /api/v2/<path>`: a page of the records that the filter lets pass."""
        if self.seen[0] != self.world.instant:
            self.seen = (self.world.instant, listings(self.world))
        path, asked = request.url.path.rpartition("/")[2], dict(request.query_params)
        listing = self.seen[1][path]
        unknown = [name for name in asked if not _is_known(name, listing.kind)]
        if unknown:
            raise RefusedError(400, "validationError", "Validation Error", f"Unknown parameter {unknown[0]}.")
        keep = _within(asked.get("filter[updatedAt]", "neginf..inf"), listing.updated)
        ids, updated = listing.positions[keep] + listing.first_id, listing.updated[keep]
        order = np.lexsort((ids, updated)) if asked.get("sort") == "updatedAt" else np.argsort(ids)
        ids, updated = ids[order], updated[order]
        size = _size(asked.get("page[size]") or asked.get("page[limit]") or str(PAGE_SIZE))
        start = _after(asked.get("page[after]"), ids)
        chosen = ids[start : start + size]
        fields = asked.get(f"fields[{listing.kind}]")
        rows = [_sparse(self._row(listing, int(ident)), fields) for ident in chosen]
        body: Row = {"data": rows}
        if asked.get("count") != "false":
            body["meta"] = {"count": min(len(ids), 10_000), "count_truncated": len(ids) > 10_000}
        if rows:
            # An answer without records has no links at all.
            here = f"{request.url.scheme}://{request.url.netloc}{request.url.path}"
            rest = {name: value for name, value in asked.items() if name != "page[after]"}
            body["links"] = {"first": f"{here}?{urlencode(rest)}"}
            if start + size < len(ids):
                token = base64.urlsafe_b64encode(f"after:{chosen[-1]}".encode()).decode()
                body["links"]["next"] = f"{here}?{urlencode({**rest, 'page[after]': token})}"
        return _json(body)

    def _row(self, listing: Listing, ident: int) -> Row:
        row = listing.row(ident - listing.first_id)
        place = int(np.searchsorted(listing.positions, ident - listing.first_id))
        row["attributes"]["updatedAt"] = stamp(int(listing.updated[place]))
        return row


class _WaitError(Exception):
    def __init__(self, status: int, ident: str, title: str, headers: dict[str, str]) -> None:
        self.status, self.error, self.headers = status, {"id": ident, "title": title, "detail": title}, headers
        super().__init__(title)


def _is_known(name: str, kind: str) -> bool:
    paging = ("page[size]", "page[limit]", "page[after]", "sort", "count", "provideDataConnections")
    return name in paging or name in ("filter[updatedAt]", f"fields[{kind}]")


def _within(text: str, updated: Any) -> Any:
    """`a..b`, both ends included; `neginf` and `inf` are open ends."""
    low, dots, high = text.partition("..")
    if not dots:
        raise RefusedError(400, "validationError", "Validation Error", "A range is written as a..b.")
    return (updated >= _instant(low)) & (updated <= _instant(high))


def _instant(text: str) -> float:
    if text in ("neginf", "inf"):
        return float("-inf" if text == "neginf" else "inf")
    try:
        return dt.datetime.fromisoformat(text).timestamp()
    except ValueError:
        raise RefusedError(400, "validationError", "Validation Error", "updatedAt is not a date-time.") from None


def _size(text: str) -> int:
    if not text.isdigit() or not 1 <= int(text) <= MAX_PAGE_SIZE:
        detail = f"Page size must be between 1 and {MAX_PAGE_SIZE}."
        raise RefusedError(400, "validationError", "Validation Error", detail)
    return int(text)


def _after(token: str | None, ids: Any) -> int:
    """The place after the record that the token names."""
    if token is None:
        return 0
    try:
        last = int(base64.urlsafe_b64decode(token).decode().removeprefix("after:"))
        return int(np.flatnonzero(ids == last)[0]) + 1
    except (ValueError, IndexError):
        raise RefusedError(400, "validationError", "Validation Error", "page[after] is not valid.") from None


def _sparse(row: Row, fields: str | None) -> Row:
    """Only the asked attributes and relationships."""
    if fields is None:
        return row
    wanted = set(fields.split(","))
    parts = {part: {k: v for k, v in row[part].items() if k in wanted} for part in ("attributes", "relationships")}
    return {**row, **parts}


def _json(body: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(orjson.dumps(body), status, headers, MEDIA_TYPE)


def _oauth_error(code: str, text: str, status: int = 400) -> Response:
    return JSONResponse({"error": code, "error_description": text}, status_code=status)
