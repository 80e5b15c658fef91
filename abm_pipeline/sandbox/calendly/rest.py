"""Paths of the Calendly sandbox: who am I, scheduled events, their invitees."""

from __future__ import annotations

import base64
import datetime as dt
import time
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from abm_pipeline.sandbox.calendly.rows import KINDS, Event, Invitee, Rows, organisation
from abm_pipeline.sandbox.vendor import BaseApi
from abm_pipeline.sandbox.world import World
from abm_pipeline.sandbox.world.scales import NEVER

TOKEN = "sandbox-calendly-token"
BASE = "https://api.calendly.com"
ORGANIZATION, ME = f"{BASE}/organizations/NORTHWINDABMAAAA", f"{BASE}/users/NORTHWINDUSER0000"
COUNT, MAX_COUNT = 20, 100
Handler = Callable[[Request], Awaitable[Response]]


class CalendlyApi(BaseApi):
    """Handlers of one organisation. `per_minute` is the limit; `gone`: codes of events that answer as not there."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.per_minute = 500
        self.gone: list[str] = []
        self.recent: deque[float] = deque()

    @property
    def rows(self) -> Rows:
        """The organisation's records."""
        return organisation(self.world)

    def routes(self) -> list[Route]:
        """All Calendly paths, to be mounted under /calendly."""
        paths: list[tuple[str, Handler]] = [
            ("/users/me", self.me),
            ("/scheduled_events", self.events),
            ("/scheduled_events/{code}", self.event),
            ("/scheduled_events/{code}/invitees", self.invitees),
        ]
        return [Route(path, self._guarded(handler)) for path, handler in paths]

    def _guarded(self, handler: Handler) -> Handler:
        async def answer(request: Request) -> Response:
            if request.headers.get("authorization") != f"Bearer {TOKEN}":
                return refusal(401, "Unauthenticated", "The access token is invalid")
            now = time.monotonic()
            while self.recent and self.recent[0] < now - 60:
                self.recent.popleft()
            left = self.per_minute - len(self.recent)
            limits = {"X-RateLimit-Limit": str(self.per_minute), "X-RateLimit-Remaining": str(max(left - 1, 0))}
            limits["X-RateLimit-Reset"] = str(int(60 - (now - self.recent[0])) + 1 if self.recent else 60)
            if left <= 0:
                return refusal(429, "Too Many Requests", "Rate limit exceeded", limits)
            self.recent.append(now)
            response = await handler(request)
            response.headers.update(limits)
            return response

        return answer

    async def me(self, request: Request) -> Response:
        """`GET /users/me`."""
        return JSONResponse(
            {
                "resource": {
                    "uri": ME, "name": "Integration", "slug": "northwind", "email": "apis@northwind-abm.example",
                    "scheduling_url": "https://calendly.example/northwind", "timezone": "UTC", "avatar_url": None,
                    "created_at": "2024-01-01T00:00:00.000000Z", "updated_at": "2024-01-01T00:00:00.000000Z",
                    "current_organization": ORGANIZATION, "resource_type": "User", "locale": "en",
                }
            }
        )  # fmt: skip

    async def events(self, request: Request) -> Response:
        """`GET /scheduled_events?organization=&min_start_time=&max_start_time=&status=&sort=&count=&page_token=`."""
        ask = request.query_params
        if "organization" not in ask:
            return invalid("organization", "must be present")
        if ask["organization"] != ORGANIZATION:
            return refusal(403, "Permission Denied", "You do not have permission to access this resource.")
        low, high = (instant(ask[name]) if name in ask else None for name in ("min_start_time", "max_start_time"))
        now, found = self.world.instant, []
        for place, one in enumerate(self.rows.events):
            if one.made > now or (low is not None and one.start < low) or (high is not None and one.start > high):
                continue
            if ask.get("status", state(one.cancelled, now)) == state(one.cancelled, now):
                found.append((one.start, place))
        found.sort(reverse=ask.get("sort") == "start_time:desc")
        return self._page(request, [place for _, place in found], self._event)

    async def event(self, request: Request) -> Response:
        """`GET /scheduled_events/{code}`."""
        place = self._find(request)
        if place is None:
            return refusal(404, "Resource Not Found", "The server could not find the requested resource.")
        return JSONResponse({"resource": self._event(place)})

    async def invitees(self, request: Request) -> Response:
        """`GET /scheduled_events/{code}/invitees`."""
        place = self._find(request)
        if place is None:
            return refusal(404, "Resource Not Found", "The server could not find the requested resource.")
        now, people = self.world.instant, self.rows.invitees
        shown = [n for n in self.rows.of_event[place] if people[n].at <= now]
        return self._page(request, shown, self._invitee)

    def _find(self, request: Request) -> int | None:
        code = request.path_params["code"]
        place = self.rows.places.get(code)
        if place is None or code in self.gone or self.rows.events[place].made > self.world.instant:
            return None
        return place

    def _page(self, request: Request, found: list[int], show: Callable[[int], dict[str, Any]]) -> Response:
        """A page of a collection; on the last one all of `next_*` are null."""
        wanted = request.query_params.get("count", str(COUNT))
        if not wanted.isdigit() or not 1 <= int(wanted) <= MAX_COUNT:
            return invalid("count", "must be between 1 and 100")
        size, token = int(wanted), request.query_params.get("page_token")
        try:
            start = int(base64.b64decode(token or "").decode() or "0")
        except ValueError:
            return invalid("page_token", "is invalid")
        page, end = [show(n) for n in found[start : start + size]], start + size
        following = base64.b64encode(str(end).encode()).decode() if end < len(found) else None
        pagination = {
            "count": len(page), "next_page": following and f"{BASE}{request.url.path}?page_token={following}",
            "previous_page": None, "next_page_token": following, "previous_page_token": None,
        }  # fmt: skip
        return JSONResponse({"collection": page, "pagination": pagination})

    def _event(self, place: int) -> dict[str, Any]:
        one, now = self.rows.events[place], self.world.instant
        name, minutes, limit = KINDS[one.kind]
        people = [i for n in self.rows.of_event[place] if (i := self.rows.invitees[n]).at <= now]
        first, last = str(self.world.people.users.name[one.host]).split(" ", 1)
        shown: dict[str, Any] = {
            "uri": uri(one), "name": name, "meeting_notes_plain": None, "meeting_notes_html": None,
            "status": state(one.cancelled, now), "start_time": text(one.start),
            "end_time": text(one.start + minutes * 60), "event_type": f"{BASE}/event_types/KIND{one.kind:012d}",
            "location": {"type": "zoom", "status": "pushed", "join_url": "https://zoom.example/j/1"},
            "invitees_counter": {
                "total": len(people), "active": sum(i.cancelled > now for i in people), "limit": limit,
            },
            "created_at": text(one.made), "updated_at": text(min(one.cancelled, now + 1) if one.cancelled <= now
                                                             else one.made),
            "event_memberships": [{
                "user": f"{BASE}/users/USER{one.host:012d}", "user_name": f"{first} {last}",
                "user_email": f"{first}.{last}@northwind-abm.example".lower(),
            }],
            "event_guests": [], "calendar_event": {"kind": "google", "external_id": one.code.lower()},
        }  # fmt: skip
        if one.cancelled <= now:
            shown["cancellation"] = _cancellation(one.cancelled)
        return shown

    def _invitee(self, n: int) -> dict[str, Any]:
        one, now, guests = self.rows.invitees[n], self.world.instant, self.rows.guests
        first, last = guests.first[one.guest], guests.last[one.guest]
        crm = guests.crm_id[one.guest]
        people = self.rows.invitees
        is_moved = one.moved_to >= 0 and one.cancelled <= now
        shown: dict[str, Any] = {
            "uri": self._uri(one), "email": str(guests.email[one.guest]), "first_name": None, "last_name": None,
            "name": f"{first} {last}", "status": state(one.cancelled, now), "timezone": "Europe/Berlin",
            "event": uri(self.rows.events[one.event]), "created_at": text(one.at),
            "updated_at": text(one.cancelled if one.cancelled <= now else one.at),
            "questions_and_answers": [
                {"question": "What shall we talk about?", "answer": "Prices", "position": 0}
            ] if n % 3 == 0 else [],
            "tracking": {
                "utm_campaign": "newsletter" if n % 4 == 0 else None, "utm_source": None, "utm_medium": None,
                "utm_content": None, "utm_term": None, "salesforce_uuid": crm if n % 5 == 0 else None,
            },
            "text_reminder_number": None, "rescheduled": is_moved,
            "old_invitee": self._uri(people[one.moved_from]) if one.moved_from >= 0 else None,
            "new_invitee": self._uri(people[one.moved_to]) if is_moved else None,
            "cancel_url": f"https://calendly.example/cancellations/{one.code}",
            "reschedule_url": f"https://calendly.example/reschedulings/{one.code}", "routing_form_submission": None,
            "payment": None, "no_show": None, "reconfirmation": None, "scheduling_method": None,
            "invitee_scheduled_by": None,
        }  # fmt: skip
        if one.cancelled <= now:
            shown["cancellation"] = _cancellation(one.cancelled)
        if one.no_show <= now:
            # Marking somebody leaves their own stamp as it was.
            shown["no_show"] = {"uri": f"{BASE}/invitee_no_shows/{one.code}", "created_at": text(one.no_show)}
        return shown

    def _uri(self, one: Invitee) -> str:
        return f"{uri(self.rows.events[one.event])}/invitees/{one.code}"


def _cancellation(at: int) -> dict[str, Any]:
    return {"canceled_by": "Somebody", "reason": None, "canceler_type": "invitee", "created_at": text(at)}


def uri(event: Event) -> str:
    """An event's address."""
    return f"{BASE}/scheduled_events/{event.code}"


def state(cancelled: int, now: int) -> str:
    """Whether something stands at an instant."""
    return "canceled" if cancelled <= now < NEVER else "active"


def text(seconds: int) -> str:
    """An instant as Calendly writes it, to the microsecond."""
    at = dt.datetime.fromtimestamp(int(seconds), dt.UTC)
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{int(seconds) * 37 % 1_000_000:06d}Z"


def instant(value: str) -> float:
    """Seconds of a time as clients write it."""
    return dt.datetime.fromisoformat(value).timestamp()


def invalid(parameter: str, message: str) -> JSONResponse:
    """A 400 that names the parameter."""
    details = [{"parameter": parameter, "message": message}]
    said = {"title": "Invalid Argument", "message": "The supplied parameters are invalid.", "details": details}
    return JSONResponse(said, status_code=400)


def refusal(status: int, title: str, message: str, headers: dict[str, str] | None = None) -> JSONResponse:
    """An error in Calendly's form."""
    return JSONResponse({"title": title, "message": message}, status_code=status, headers=headers)
