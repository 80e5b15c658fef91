"""The Zoom client: users, their webinars and registrants, and who was in what they held.

There is no cursor by change. What was held is reported by day and host; registrations are read again for every webinar
that is still listed or was held on the days asked for.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple

import orjson

from abm_pipeline.programme import Programme
from abm_pipeline.sources._client import VendorClient
from abm_pipeline.sources._errors import Skippable, SourceError
from abm_pipeline.sources._http import Answer, Login, Response, Session, TokenAuth
from abm_pipeline.sources._paging import LoopGuard
from abm_pipeline.sources._records import digest, unreadable
from abm_pipeline.sources._spec import Page, Record, Stream, Window
from abm_pipeline.sources.zoom._answers import REFUSED, VENDOR, NotThere, TokenGone, judge, path_of

DATA_URL, TOKEN_URL = "https://api.zoom.us", "https://zoom.us"
PAGE_ROWS = 300
# A report spans a month at most and goes back six months.
SPAN, KEPT_DAYS = timedelta(days=30), 180
MAX_RESTARTS = 2
WEBINAR_TYPES = frozenset({5, 6, 9})
STATUSES = ("approved", "pending", "denied")


class Held(NamedTuple):
    """A session that was held, or a webinar that is planned (no uuid)."""

    ident: int
    uuid: str | None
    start: str
    is_webinar: bool

    @property
    def day(self) -> date:
        """The day it began, in UTC."""
        return datetime.fromisoformat(self.start).astimezone(UTC).date()

    @property
    def of(self) -> dict[str, Any]:
        """What its records say they belong to."""
        return {"id": self.ident, "uuid": self.uuid, "start_time": self.start}


class Client(VendorClient):
    """A logged-in account."""

    def __init__(self, credentials: Mapping[str, str], _: Programme) -> None:
        base = credentials["ABM_ZOOM_BASE_URL"].rstrip("/")
        form = {"grant_type": "account_credentials", "account_id": credentials["ABM_ZOOM_ACCOUNT_ID"]}
        pair = f"{credentials['ABM_ZOOM_CLIENT_ID']}:{credentials['ABM_ZOOM_CLIENT_SECRET']}"
        key = {"Authorization": "Basic " + b64encode(pair.encode()).decode()}
        login = Login(f"{TOKEN_URL if base == DATA_URL else base}/oauth/token", form=form, headers=key)
        auth = TokenAuth(VENDOR, lambda: login, REFUSED)
        super().__init__(Session(VENDOR, base, auth=auth, judge=self._judge))
        self._hosts: list[str] | None = None
        self._today = datetime.now(UTC).date()
        self._held: dict[tuple[date, date], list[Held]] = {}

    def check(self) -> str:
        """Count the users."""
        answer = self._session.json("GET", "/v2/users", params={"page_size": 1})
        return f"{answer.body.get('total_records', 0)} users"

    def fetch(self, stream: Stream, window: Window) -> Iterator[Page]:
        """The stream's records of the window's days; users and webinars as they are now."""
        first = (window.start or window.end).date()
        if stream.name == "user":
            for status in ("active", "inactive"):
                for answer in self._pages("/v2/users", {"status": status}, stream):
                    yield _page(answer, "users", lambda row: _record(_settled(row), row["id"], first), first)
        elif stream.name == "webinar":
            for answer in self._webinar_lists(stream):
                yield _page(answer, "webinars", lambda row: _record(row, str(int(row["id"])), first), first)
        elif stream.name == "webinar_registrant":
            yield from self._registrants(stream, window, first)
        else:
            yield from self._stays(stream, window)

    # -- what was held

    def _stays(self, stream: Stream, window: Window) -> Iterator[Page]:
        """Of each session held: who was there, or who was not."""
        is_webinar = stream.name != "meeting_participant"
        for held in self._sessions(stream, window):
            if held.is_webinar != is_webinar or held.uuid is None:
                continue
            uuid = path_of(held.uuid)
            if stream.name == "webinar_absentee":
                path, key, names = f"/v2/past_webinars/{uuid}/absentees", "registrants", ["id"]
            else:
                path = f"/v2/report/{'webinars' if is_webinar else 'meetings'}/{uuid}/participants"
                key, names = "participants", ["user_id", "join_time"]
            try:
                for answer in self._pages(path, {}, stream):
                    yield _of_session(answer, key, held.of, held.uuid, names, held.day)
            except NotThere:
                self._count(stream, "sessions_not_there")

    def _sessions(self, stream: Stream, window: Window) -> list[Held]:
        """Sessions that were held on the window's days, by all hosts, as far back as Zoom reports."""
        hosts = self._host_ids(stream)
        first, last = _days(window)
        kept = self._today - timedelta(days=KEPT_DAYS)
        if first < kept:
            self._notes[stream.name]["not_reported_before"] = kept.isoformat()
            first = kept
        with self._lock:
            if (first, last) in self._held:
                return self._held[first, last]
        found: list[Held] = []
        for host in hosts:
            try:
                found += self._report(stream, host, first, last)
            except (NotThere, Skippable):
                self._count(stream, "hosts_without_reports")
        with self._lock:
            self._held[first, last] = found
        return found

    def _report(self, stream: Stream, host: str, first: date, last: date) -> Iterator[Held]:
        """Days of the report are the account's, not UTC's: one more is asked for on each side."""
        path, day, until = f"/v2/report/users/{host}/meetings", first - timedelta(days=1), last + timedelta(days=1)
        while day <= until:
            end = min(day + SPAN, until)
            asked: dict[str, str | int] = {"from": day.isoformat(), "to": end.isoformat(), "type": "past"}
            for answer in self._pages(path, asked, stream):
                for row in answer.body.get("meetings") or []:
                    held = _held(row)
                    if held and first <= held.day <= last:
                        yield held
            day = end + timedelta(days=1)

    # -- webinars and registrants

    def _webinar_lists(self, stream: Stream) -> Iterator[Answer]:
        """Raises Skippable if no host has a plan with webinars."""
        hosts, without, refused = self._host_ids(stream), 0, None
        for host in hosts:
            try:
                yield from self._pages(f"/v2/users/{host}/webinars", {}, stream)
            except Skippable as error:
                without, refused = without + 1, error
            except NotThere:
                self._count(stream, "hosts_not_there")
        if without:
            self._notes[stream.name]["hosts_without_webinars"] = without
        if refused is not None and without == len(hosts):
            raise refused

    def _registrants(self, stream: Stream, window: Window, day: date) -> Iterator[Page]:
        due: dict[int, Held] = {}
        for answer in self._webinar_lists(stream):
            for row in answer.body.get("webinars") or []:
                if (planned := _held({**row, "uuid": None})) is not None:
                    due[planned.ident] = planned
        due |= {held.ident: held for held in self._sessions(stream, window) if held.is_webinar}
        for held in due.values():
            of = {**held.of, "uuid": None}
            for status in STATUSES:
                try:
                    for answer in self._pages(f"/v2/webinars/{held.ident}/registrants", {"status": status}, stream):
                        yield _of_session(answer, "registrants", of, str(held.ident), ["id"], day)
                except NotThere:
                    self._count(stream, "webinars_not_there")
                    break

    # -- one list

    def _host_ids(self, stream: Stream) -> list[str]:
        """Ids of all users, those who left too: what they held is still reported."""
        if self._hosts is None:
            found: list[str] = []
            for status in ("active", "inactive"):
                for answer in self._pages("/v2/users", {"status": status}, stream):
                    self._today = (answer.served_at or answer.fetched_at).date()
                    found += [user["id"] for user in answer.body["users"]]
            self._hosts = found
        return self._hosts

    def _pages(self, path: str, asked: Mapping[str, str | int], stream: Stream) -> Iterator[Answer]:
        """All pages of a list, which ends with an empty token. When a token dies, the list is read from its start."""
        restarts = 0
        while True:
            try:
                yield from self._once(path, asked, stream)
                return
            except TokenGone:
                restarts += 1
                self._count(stream, "restarts")
                if restarts > MAX_RESTARTS:
                    raise

    def _once(self, path: str, asked: Mapping[str, str | int], stream: Stream) -> Iterator[Answer]:
        guard, token = LoopGuard(VENDOR, stream.name), ""
        while True:
            params: dict[str, str | int] = {**asked, "page_size": PAGE_ROWS}
            if token:
                params["next_page_token"] = guard.pass_on(token)
            answer = self._session.json("GET", path, params=params, stream=stream.name)
            yield answer
            token = answer.body.get("next_page_token") or ""
            if not token:
                return

    def _judge(self, response: Response, stream: str) -> SourceError | None:
        return judge(self._session, response, stream)


def _days(window: Window) -> tuple[date, date]:
    """First and last day of the window."""
    return (window.start or window.end - timedelta(days=1)).date(), (window.end - timedelta(seconds=1)).date()


def _page(answer: Answer, key: str, read: Callable[[Any], Record], day: date) -> Page:
    return Page([_read(row, read, day) for row in answer.body.get(key) or []], answer.fetched_at, answer.served_at)


def _of_session(answer: Answer, key: str, of: Mapping[str, Any], session: str, names: Sequence[str], day: date) -> Page:
    """Records of a session, told so in front; the session and their fields `names` are their id."""

    def read(row: Any) -> Record:
        return _record(row, "|".join([session, *(_text(row[name]) for name in names)]), day)

    rows = [{"of": of, **row} if isinstance(row, dict) else row for row in answer.body.get(key) or []]
    return Page([_read(row, read, day) for row in rows], answer.fetched_at, answer.served_at)


def _read(row: Any, read: Callable[[Any], Record], day: date) -> Record:
    try:
        return read(row)
    except (KeyError, TypeError, ValueError):
        return unreadable(row, day)


def _record(row: Any, ident: str, day: date) -> Record:
    payload = orjson.dumps(row)
    return Record(_text(ident), digest(payload), day, payload)


def _settled(row: Any) -> Any:
    """A user without the time and version of their last login, which would be news every day."""
    return {name: value for name, value in row.items() if not name.startswith("last_")}


def _held(row: Any) -> Held | None:
    """None for a row that can't be followed up: of a recurring webinar without a date, or broken."""
    try:
        datetime.fromisoformat(row["start_time"])
        return Held(int(row["id"]), row["uuid"], row["start_time"], row["type"] in WEBINAR_TYPES)
    except (KeyError, TypeError, ValueError):
        return None


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("not a text")
    return value
