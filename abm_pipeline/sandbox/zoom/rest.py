"""Paths of the Zoom sandbox: server-to-server login, users, webinars, registrants, reports."""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import time
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qs, unquote

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from abm_pipeline.sandbox.vendor import TokenApi, bearer
from abm_pipeline.sandbox.world import World
from abm_pipeline.sandbox.world.scales import to_day
from abm_pipeline.sandbox.zoom.rows import WEBINAR
from abm_pipeline.sandbox.zoom.shown import Shown, shown

ACCOUNT_ID, CLIENT_ID, CLIENT_SECRET = "sandbox-zoom-account", "sandbox-zoom-client", "sandbox-zoom-secret"
# Reports: a month at a time, six months back.
SPAN_DAYS, KEPT_DAYS = 31, 184
Handler = Callable[[Request], Awaitable[Response]]


class ZoomApi(TokenApi):
    """Handlers of one account. `gone`: ids of webinars that answer as deleted; `unlicensed`: users without a plan."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.token_seconds, self.page_token_seconds = 3600.0, 900.0
        self.per_day, self.throttle_next, self.used = 60_000, 0, 0
        self.gone: list[int] = []
        self.unlicensed: list[int] = []
        self.tokens: dict[str, float] = {}
        self.pages: dict[str, tuple[str, int, float]] = {}
        self.made = 0

    @property
    def shown(self) -> Shown:
        """The account's records."""
        return shown(self.world)

    def routes(self) -> list[Route]:
        """All Zoom paths, to be mounted under /zoom."""
        paths: list[tuple[str, Handler]] = [
            ("/v2/users", self.users),
            ("/v2/users/{user}/webinars", self.webinars),
            ("/v2/webinars/{webinar}/registrants", self.registrants),
            ("/v2/report/users/{user}/meetings", self.report),
            ("/v2/report/webinars/{uuid:path}/participants", self.webinar_participants),
            ("/v2/report/meetings/{uuid:path}/participants", self.meeting_participants),
            ("/v2/past_webinars/{uuid:path}/absentees", self.absentees),
        ]
        login = Route("/oauth/token", self.login, methods=["POST"])
        return [login, *(Route(path, self._guarded(handler)) for path, handler in paths)]

    async def login(self, request: Request) -> Response:
        """`POST /oauth/token`, `grant_type=account_credentials`, Basic."""
        sent = dict(request.query_params)
        sent |= {key: values[0] for key, values in parse_qs((await request.body()).decode()).items()}
        try:
            pair = base64.b64decode(request.headers.get("authorization", "").removeprefix("Basic ")).decode()
        except (binascii.Error, UnicodeDecodeError):
            pair = ""
        if pair != f"{CLIENT_ID}:{CLIENT_SECRET}":
            said = {"reason": "Invalid client_id or client_secret", "error": "invalid_client"}
            return JSONResponse(said, status_code=400)
        if sent.get("grant_type") != "account_credentials":
            return JSONResponse({"reason": "unsupported grant type", "error": "unsupported_grant_type"}, 400)
        if sent.get("account_id") != ACCOUNT_ID:
            return JSONResponse({"reason": "Bad Request", "error": "invalid_request"}, 400)
        self.made += 1
        token = f"eyJzdiI6IjAwMDAwMSJ9.{self.made:06d}"
        self.tokens[token] = time.monotonic() + self.token_seconds
        scope = "report:read:admin user:read:admin webinar:read:admin"
        return JSONResponse(
            {
                "access_token": token, "token_type": "bearer", "expires_in": int(self.token_seconds), "scope": scope,
                "api_url": "https://api.zoom.us",
            }
        )  # fmt: skip

    def _guarded(self, handler: Handler) -> Handler:
        async def answer(request: Request) -> Response:
            if not self.holds(bearer(request)):
                return refusal(401, 124, "Access token is expired.")
            kind = "Heavy" if "/report/" in request.url.path else "Medium"
            if self.throttle_next:
                self.throttle_next -= 1
                said = "You have reached the maximum per-second rate limit for this API. Try again later."
                return refusal(429, 429, said, {"X-RateLimit-Category": kind, "X-RateLimit-Type": "QPS"})
            self.used += 1
            limits = {
                "X-RateLimit-Category": kind, "X-RateLimit-Type": "Daily-limit", "X-RateLimit-Limit": str(self.per_day),
                "X-RateLimit-Remaining": str(max(self.per_day - self.used, 0)),
            }  # fmt: skip
            if self.used > self.per_day:
                tomorrow = self.world.until + dt.timedelta(days=1)
                said = "You have reached the maximum daily rate limit for this API. Refer to the response header."
                return refusal(429, 429, said, limits | {"Retry-After": f"{tomorrow.isoformat()}T00:00:00Z"})
            response = await handler(request)
            response.headers.update(limits)
            return response

        return answer

    def _page(self, request: Request, key: str, found: list[Any], **more: Any) -> Response:
        """A page of a list. Tokens die after a quarter of an hour; the last page's is an empty string."""
        size = max(1, min(int(request.query_params.get("page_size", 30)), 300))
        token, offset = request.query_params.get("next_page_token", ""), 0
        if token:
            place, offset, until = self.pages.get(token, ("", 0, 0.0))
            if place != request.url.path or until < time.monotonic():
                return refusal(400, 300, "The next page token is invalid or expired.")
        following = ""
        if offset + size < len(found):
            self.made += 1
            following = base64.b64encode(f"page {self.made} of {len(found)}".encode()).decode()
            self.pages[following] = (request.url.path, offset + size, time.monotonic() + self.page_token_seconds)
        count = -(-len(found) // size)
        envelope = {"page_count": count, "page_size": size, "total_records": len(found), "next_page_token": following}
        return JSONResponse({**envelope, **more, key: found[offset : offset + size]})

    def _user(self, request: Request) -> int:
        wanted = request.path_params["user"]
        return next((n for n, u in enumerate(self.shown.users()) if wanted in (u["id"], u["email"])), -1)

    async def users(self, request: Request) -> Response:
        """`GET /v2/users?status=&page_size=&next_page_token=`."""
        status = request.query_params.get("status", "active")
        return self._page(request, "users", [user for user in self.shown.users() if user["status"] == status])

    async def webinars(self, request: Request) -> Response:
        """`GET /v2/users/{user}/webinars`."""
        user = self._user(request)
        if user < 0:
            return refusal(404, 1001, f"User does not exist: {request.path_params['user']}.")
        if user in self.unlicensed:
            said = "Webinar plan is missing. You must subscribe to the webinar plan and enable webinars for this user."
            return refusal(400, 200, said)
        return self._page(request, "webinars", self.shown.webinars(user))

    async def registrants(self, request: Request) -> Response:
        """`GET /v2/webinars/{webinar}/registrants?status=`."""
        wanted = request.path_params["webinar"]
        place = self.shown.by_id.get(int(wanted)) if wanted.isdigit() else None
        one = None if place is None else self.shown.rows.sessions[place]
        is_there = one is not None and one.kind == WEBINAR and one.made <= self.world.instant < one.deleted
        if place is None or not is_there or int(wanted) in self.gone:
            return refusal(404, 3001, f"Webinar does not exist: {wanted}.")
        status = request.query_params.get("status", "approved")
        return self._page(request, "registrants", self.shown.registrants(place, status))

    async def report(self, request: Request) -> Response:
        """`GET /v2/report/users/{user}/meetings?from=&to=&type=past`: meetings and webinars that were held.

        Older clients send a time too, of which the day is taken.
        """
        user = self._user(request)
        if user < 0:
            return refusal(404, 1001, f"User does not exist: {request.path_params['user']}.")
        try:
            first, last = (to_day(dt.date.fromisoformat(request.query_params[name][:10])) for name in ("from", "to"))
        except (KeyError, ValueError):
            return refusal(400, 300, "Invalid date format.")
        if last - first > SPAN_DAYS or first < self.world.day - KEPT_DAYS:
            return refusal(400, 300, "The report is limited to one month within the last six months.")
        days = {name: request.query_params[name] for name in ("from", "to")}
        return self._page(request, "meetings", self.shown.report(user, first, last), **days)

    async def webinar_participants(self, request: Request) -> Response:
        """`GET /v2/report/webinars/{uuid}/participants`."""
        return self._of_session(request, "participants", True, self.shown.participants)

    async def meeting_participants(self, request: Request) -> Response:
        """`GET /v2/report/meetings/{uuid}/participants`."""
        return self._of_session(request, "participants", False, self.shown.participants)

    async def absentees(self, request: Request) -> Response:
        """`GET /v2/past_webinars/{uuid}/absentees`."""
        return self._of_session(request, "registrants", True, self.shown.absentees)

    def _of_session(
        self, request: Request, key: str, is_webinar: bool, records: Callable[[int], list[dict[str, Any]]]
    ) -> Response:
        """A session's list. Its uuid must be encoded twice if it begins with a slash or has two in a row."""
        sent = request.path_params["uuid"]
        uuid = unquote(sent)
        place = self.shown.by_uuid.get(uuid)
        is_torn = sent == uuid and (uuid.startswith("/") or "//" in uuid)
        one = None if place is None or is_torn else self.shown.rows.sessions[place]
        if place is None or one is None or not self.shown.is_over(one):
            return refusal(404, 3001, "This meeting is not available or ID is not valid.")
        if (one.kind == WEBINAR) != is_webinar:
            return refusal(400, 300, "Can not access webinar info, " + str(one.ident) + ".")
        return self._page(request, key, records(place))


def refusal(status: int, code: int, message: str, headers: dict[str, str] | None = None) -> JSONResponse:
    """An error in Zoom's form."""
    return JSONResponse({"code": code, "message": message}, status_code=status, headers=headers)
