"""How Marketo answers: everything with HTTP 200, errors as a code in the body; tokens, quotas and paging tokens."""

from __future__ import annotations

import base64
import time
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs
from zoneinfo import ZoneInfo

import orjson
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from abm_pipeline.sandbox.world.scales import DAY

CLIENT_ID, CLIENT_SECRET = "sandbox-marketo-client", "sandbox-marketo-secret"
MESSAGES = {
    "601": "Access token invalid",
    "602": "Access token expired",
    "603": "Access denied",
    "604": "Request timed out",
    "606": "Max rate limit '100' exceeded with in '20' secs",
    "607": "Daily quota reached",
    "608": "API Temporarily Unavailable",
    "610": "Requested resource not found",
    "615": "Concurrent access limit reached",
    "713": "Transient Error",
    "1003": "Value is invalid",
    "1029": "Too many jobs (2) in queue",
    "1035": "Unsupported filter type for target subscription: updatedAt",
}


class Refused(Exception):  # noqa: N818 - what a handler raises to be answered as an error
    """A request that gets an error code."""

    def __init__(self, code: str, message: str = "") -> None:
        self.code, self.message = code, message or MESSAGES[code]
        super().__init__(code)


@dataclass
class Gate:
    """Tokens and limits of the instance. `fail_next` are codes that the next calls get, `day` tells quota days."""

    token_seconds: float = 3600.0
    per_20_seconds: int = 100
    daily_calls: int = 50_000
    fail_next: list[str] = field(default_factory=list)
    token: str = ""
    ends: float = 0.0
    expired: set[str] = field(default_factory=set)
    made: int = 0
    asked: int = 0
    recent: deque[float] = field(default_factory=deque)
    used: dict[str, int] = field(default_factory=dict)

    async def login(self, request: Request) -> Response:
        """`GET|POST /identity/oauth/token`: the same token until it ends, with the life that it has left."""
        sent = dict(request.query_params)
        sent |= {key: values[0] for key, values in parse_qs((await request.body()).decode()).items()}
        if sent.get("grant_type") != "client_credentials":
            return _oauth_error(400, "unsupported_grant_type", "Unsupported grant type")
        if sent.get("client_id") != CLIENT_ID:
            return _oauth_error(401, "invalid_client", "No client with requested id")
        if sent.get("client_secret") != CLIENT_SECRET:
            return _oauth_error(401, "unauthorized", "Bad client credentials")
        if not self.token or time.monotonic() >= self.ends:
            self.revoke(self.token)
            self.made += 1
            self.token, self.ends = (
                f"cdf01657-110d-4155-99a7-f986b2ff13a0:{self.made}",
                time.monotonic() + self.token_seconds,
            )
        left = int(self.ends - time.monotonic())
        return JSONResponse(
            {"access_token": self.token, "token_type": "bearer", "expires_in": left, "scope": "apis@northwind.example"}
        )

    def revoke(self, token: str) -> None:
        """End the token, as its time does."""
        self.expired.add(token)
        if token == self.token:
            self.ends = 0.0

    def admit(self, request: Request, instant: int) -> None:
        """Raises Refused if the call is not to be answered. Counts it."""
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        if self.fail_next:
            raise Refused(self.fail_next.pop(0))
        if token in self.expired or (token == self.token and time.monotonic() >= self.ends):
            raise Refused("602")
        if not token or token != self.token:
            raise Refused("601")
        now = time.monotonic()
        while self.recent and self.recent[0] < now - 20:
            self.recent.popleft()
        if len(self.recent) >= self.per_20_seconds:
            raise Refused("606")
        self.recent.append(now)
        # The quota's day is Chicago's.
        day = datetime.fromtimestamp(instant, ZoneInfo("America/Chicago")).date().isoformat()
        if self.used.get(day, 0) >= self.daily_calls:
            raise Refused("607")
        self.used[day] = self.used.get(day, 0) + 1

    def answer(self, **said: Any) -> Response:
        """A success. A list of records that is empty is left out."""
        if said.get("result") == []:
            del said["result"]
        return self._json({"success": True, **said})

    def error(self, refused: Refused) -> Response:
        """An error, with HTTP 200."""
        return self._json({"success": False, "errors": [{"code": refused.code, "message": refused.message}]})

    def _json(self, said: dict[str, Any]) -> Response:
        self.asked += 1
        body = orjson.dumps({"requestId": f"e42b#{self.asked:011x}", **said})
        return Response(body, media_type="application/json;charset=UTF-8")


def _oauth_error(status: int, error: str, text: str) -> Response:
    return JSONResponse({"error": error, "error_description": text}, status_code=status)


def paging_token(since: int, offset: int) -> str:
    """Where a reader of activities stands: rows from `since` on, `offset` of them passed."""
    return base64.b32encode(f"{since}:{offset}".encode()).decode()


def read_paging_token(token: str) -> tuple[int, int]:
    """What a paging token says. Raises Refused."""
    try:
        since, _, offset = base64.b32decode(token).decode().partition(":")
        return int(since), int(offset)
    except (ValueError, UnicodeDecodeError):
        raise Refused("1003", "Invalid paging token") from None


def text(seconds: int, zone: str = "Z") -> str:
    """An instant as Marketo writes it; assets have a `Z` and an offset."""
    return datetime.fromtimestamp(int(seconds), ZoneInfo("UTC")).strftime("%Y-%m-%dT%H:%M:%S") + zone


def instant(value: str) -> int:
    """Seconds of a time as clients write it. Raises Refused."""
    try:
        # A plus in a query string that was not escaped arrives as a space.
        return int(datetime.fromisoformat(value.replace(" ", "+")).timestamp())
    except ValueError:
        raise Refused("1003", "Invalid datetime") from None


def is_too_long(seconds: int) -> bool:
    """Whether a range is longer than an export may span."""
    return seconds > 31 * DAY
