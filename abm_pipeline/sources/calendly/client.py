"""The Calendly client: events of the organisation by start time, and their invitees.

There is no filter by change: events that may have changed in the window are listed again, and those that did are kept.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

from abm_pipeline.programme import Programme
from abm_pipeline.sources._client import VendorClient
from abm_pipeline.sources._errors import Permanent, Retriable, SourceError
from abm_pipeline.sources._http import Answer, Response, Session, bearer, retry_after
from abm_pipeline.sources._paging import LoopGuard
from abm_pipeline.sources._records import unreadable
from abm_pipeline.sources._spec import Page, Record, Stream, Window

VENDOR, DATA_URL = "calendly", "https://api.calendly.com"
PAGE_ROWS = 100
# Statuses change, and somebody is marked as not having come, until this long after the event.
SETTLED = timedelta(days=30)
REFUSED = "Check ABM_CALENDLY_TOKEN: a personal access token of an owner or admin of the organisation."
# Where the limit's end is not told.
THROTTLED_SECONDS = 60.0


class NotThere(Permanent):
    """404: an event that was deleted for good."""


class Client(VendorClient):
    """The organisation that the token's user belongs to."""

    def __init__(self, credentials: Mapping[str, str], _: Programme) -> None:
        base = credentials["ABM_CALENDLY_BASE_URL"].rstrip("/")
        super().__init__(Session(VENDOR, base, auth=bearer(credentials["ABM_CALENDLY_TOKEN"]), judge=self._judge))

    def check(self) -> str:
        """Ask who the token's user is."""
        return f"organisation {self._organization('').rpartition('/')[2]}"

    def fetch(self, stream: Stream, window: Window) -> Iterator[Page]:
        """Events, or invitees, that changed in the window."""
        for answer in self._events(stream, window):
            rows = answer.body["collection"]
            if stream.name == "scheduled_event":
                yield _page(answer, window)
                continue
            for row in rows:
                if _is_due(row, window):
                    yield from self._invitees(stream, row, window)

    def _events(self, stream: Stream, window: Window) -> Iterator[Answer]:
        asked: dict[str, str | int] = {"organization": self._organization(stream.name), "sort": "start_time:asc"}
        if window.start is not None:
            asked["min_start_time"] = _text(window.start - SETTLED)
        return self._pages("/scheduled_events", asked, stream)

    def _invitees(self, stream: Stream, event: Any, window: Window) -> Iterator[Page]:
        path = f"/scheduled_events/{str(event['uri']).rpartition('/')[2]}/invitees"
        try:
            for answer in self._pages(path, {}, stream):
                yield _page(answer, window)
        except NotThere:
            self._count(stream, "events_not_there")

    def _pages(self, path: str, asked: Mapping[str, str | int], stream: Stream) -> Iterator[Answer]:
        """All pages of a collection; the end is a null token."""
        guard, token = LoopGuard(VENDOR, stream.name), None
        while True:
            params: dict[str, str | int] = {**asked, "count": PAGE_ROWS}
            if token:
                params["page_token"] = guard.pass_on(token)
            answer = self._session.json("GET", path, params=params, stream=stream.name)
            yield answer
            token = answer.body["pagination"]["next_page_token"]
            if not token:
                return

    def _organization(self, stream: str) -> str:
        return str(self._session.json("GET", "/users/me", stream=stream).body["resource"]["current_organization"])

    def _judge(self, response: Response, stream: str) -> SourceError | None:
        status = response.status_code
        if status == 404:
            return NotThere("not there", vendor=VENDOR, stream=stream, status=status)
        error = self._session.judge_status(response, stream, remedy=REFUSED if status in (401, 403) else "")
        if isinstance(error, Retriable) and status == 429:
            reset = response.headers.get("X-RateLimit-Reset", "")
            wait = retry_after(response)
            error.asking_for(float(reset) if wait is None and reset.isdigit() else wait or THROTTLED_SECONDS)
        return error


def _is_due(event: Any, window: Window) -> bool:
    """Whether an invitee may have changed in the window: the event did, it has begun, or several people book it.

    A row that doesn't say is looked into.
    """
    if window.start is None:
        return True
    try:
        changed, begun = datetime.fromisoformat(event["updated_at"]), datetime.fromisoformat(event["start_time"])
        return changed >= window.start or begun < window.end or event["invitees_counter"]["limit"] > 1
    except (KeyError, TypeError, ValueError):
        return isinstance(event, dict) and "uri" in event


def _page(answer: Answer, window: Window) -> Page:
    """Records that changed in the window; those that can't be read stand at its end."""
    records = []
    for row in answer.body["collection"]:
        try:
            record = _record(row)
        except (KeyError, TypeError, ValueError, AttributeError):
            records.append(unreadable(row, window.end - timedelta(seconds=1)))
            continue
        at = record.at
        assert isinstance(at, datetime)
        if (window.start is None or at >= window.start) and at < window.end:
            records.append(record)
    return Page(records, answer.fetched_at, answer.served_at)


def _record(row: Any) -> Record:
    marked = (row.get("no_show") or {}).get("created_at") or row["updated_at"]
    stamp = max(row["updated_at"], marked, key=datetime.fromisoformat)
    return Record(row["uri"].rpartition("/")[2], stamp, datetime.fromisoformat(stamp), orjson.dumps(row))


def _text(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
