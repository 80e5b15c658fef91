"""The Zendesk client: incremental exports by cursor (tickets, users) and by time (organizations); ratings.

Exports give what changed from a moment on, in the order of change, and leave out the last minute. They are read until
the stream ends or what comes changed after the window.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

from abm_pipeline.sources._client import VendorClient
from abm_pipeline.sources._errors import Permanent, SourceError
from abm_pipeline.sources._http import Answer, Pace, Response, Session, basic, bearer
from abm_pipeline.sources._paging import LoopGuard
from abm_pipeline.sources._records import unreadable
from abm_pipeline.sources._spec import Page, Record, Stream, Window

VENDOR = "zendesk"
EXPORT_PAGE, LIST_PAGE = 1000, 100
# All exports of an account together; told by a 429 with the seconds to wait.
EXPORTS, PER_SECONDS = 10, 60.0
# Whether ratings are filtered by when they were offered or answered is not told: an answer comes within days.
RATING_BACK = timedelta(days=30)
KEY = {"organization": "organizations", "user": "users", "ticket": "tickets"}
REFUSED = "Check ABM_ZENDESK_EMAIL and ABM_ZENDESK_API_TOKEN, or ABM_ZENDESK_OAUTH_TOKEN; exports need an admin."


class _ExportPace(Pace):
    """One count for all exports; other requests have a far higher limit."""

    def wait(self, endpoint: str) -> None:
        if "/incremental/" in endpoint:
            super().wait("exports")


class Client(VendorClient):
    """An account, by an admin's API token or an OAuth token."""

    def __init__(self, credentials: Mapping[str, str]) -> None:
        base = credentials["ABM_ZENDESK_BASE_URL"].rstrip("/")
        if token := credentials.get("ABM_ZENDESK_OAUTH_TOKEN"):
            auth = bearer(token)
        else:
            auth = basic(f"{credentials['ABM_ZENDESK_EMAIL']}/token", credentials["ABM_ZENDESK_API_TOKEN"])
        pace = _ExportPace(EXPORTS, PER_SECONDS)
        super().__init__(Session(VENDOR, base, auth=auth, judge=self._judge, pace=pace))

    def check(self) -> str:
        """Who the token belongs to."""
        return f"token of {_role(self._session.json('GET', '/api/v2/users/me.json').body)}"

    def fetch(self, stream: Stream, window: Window) -> Iterator[Page]:
        """Records changed in the window."""
        if stream.name == "satisfaction_rating":
            pages = self._ratings(stream, window)
        elif stream.name == "organization":
            pages = self._by_time(stream, window)
        else:
            pages = self._by_cursor(stream, window)
        key, seen = KEY.get(stream.name, "satisfaction_ratings"), set[tuple[str, str]]()
        for answer in pages:
            records = [_record(row, stream.name, window) for row in _rows(answer.body, key)]
            kept = [r for r in records if (window.start is None or r.at >= window.start) and r.at < window.end]
            # The last second of a page comes again as the first of the next one.
            fresh = [r for r in kept if (r.record_id, r.version) not in seen]
            seen = {(r.record_id, r.version) for r in kept}
            yield Page(_once(fresh), answer.fetched_at, answer.served_at)
            # In order of change, so the first record after the window ends it; ratings have no such order.
            if stream.name in KEY and records and records[-1].at >= window.end:
                return

    def _by_cursor(self, stream: Stream, window: Window) -> Iterator[Answer]:
        """Pages until `end_of_stream`; one without records is not the end."""
        path, guard = f"/api/v2/incremental/{KEY[stream.name]}/cursor.json", LoopGuard(VENDOR, stream.name)
        asked: dict[str, str | int] = {"per_page": EXPORT_PAGE}
        if stream.name == "ticket":
            asked["include"] = "metric_sets"
        position: dict[str, str | int] = {"start_time": _start(window)}
        while True:
            answer = self._export(path, asked | position, stream.name)
            if answer is None:
                return
            yield answer
            if answer.body["end_of_stream"]:
                return
            position = {"cursor": guard.pass_on(answer.body["after_cursor"])}

    def _by_time(self, stream: Stream, window: Window) -> Iterator[Answer]:
        """Pages that end with a second; the next one begins with that second again."""
        path, guard = f"/api/v2/incremental/{KEY[stream.name]}.json", LoopGuard(VENDOR, stream.name)
        start = _start(window)
        guard.pass_on(str(start))
        while True:
            answer = self._export(path, {"start_time": start, "per_page": EXPORT_PAGE}, stream.name)
            if answer is None:
                return
            yield answer
            if answer.body["end_of_stream"] or answer.body["end_time"] is None:
                return
            start = int(guard.pass_on(str(answer.body["end_time"])))

    def _export(self, path: str, asked: Mapping[str, str | int], stream: str) -> Answer | None:
        """An export's page; None where the start lies so near that there can be nothing yet."""
        try:
            return self._session.json("GET", path, params=asked, stream=stream)
        except TooRecent:
            return None

    def _ratings(self, stream: Stream, window: Window) -> Iterator[Answer]:
        """Ratings from some time before the window; the caller keeps those changed in it."""
        asked: dict[str, str | int] = {"page[size]": LIST_PAGE, "end_time": int(window.end.timestamp())}
        if window.start is not None:
            asked["start_time"] = int((window.start - RATING_BACK).timestamp())
        guard = LoopGuard(VENDOR, stream.name)
        while True:
            answer = self._session.json("GET", "/api/v2/satisfaction_ratings", params=asked, stream=stream.name)
            yield answer
            if not answer.body["meta"]["has_more"]:
                return
            asked["page[after]"] = guard.pass_on(answer.body["meta"]["after_cursor"])

    def _judge(self, response: Response, stream: str) -> SourceError | None:
        status = response.status_code
        if status < 300:
            return None
        code = _code(response)
        if code == "StartTimeTooRecent":
            return TooRecent("the window has only begun", vendor=VENDOR, stream=stream, status=status, code=code)
        remedy = REFUSED if status in (401, 403) else ""
        return self._session.judge_status(response, stream, code, remedy)


class TooRecent(Permanent):
    """An export can't start within the last minute."""


def _role(body: Any) -> str:
    """An agent, an admin …; wrong credentials are answered by an anonymous user, not by a refusal."""
    role = body["user"].get("role") if body["user"].get("id") else None
    if role is None:
        raise Permanent("the token was refused", vendor=VENDOR, remedy=REFUSED)
    return str(role)


def _start(window: Window) -> int:
    return 0 if window.start is None else int(window.start.timestamp())


def _rows(body: Mapping[str, Any], key: str) -> list[Any]:
    """The page's records; metrics that come beside the tickets are put inside, where others come at once."""
    beside = {metric.get("ticket_id"): metric for metric in body.get("metric_sets") or ()}
    rows: list[Any] = body[key]
    if not beside:
        return rows
    return [{**row, "metric_set": beside.get(row["id"])} if isinstance(row, dict) else row for row in rows]


def _once(records: list[Record]) -> list[Record]:
    """Without those sent twice on the page."""
    return list({(record.record_id, record.version): record for record in records}.values())


def _code(response: Response) -> str | None:
    """The error code; throttled ordinary requests are answered in plain text."""
    try:
        said = orjson.loads(response.content)["error"]
        return str(said["title"] if isinstance(said, dict) else said)
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return None


def _record(row: Any, name: str, window: Window) -> Record:
    try:
        if name == "ticket":
            # Moves with every change, also those by automations, when `updated_at` does not.
            stamp, version = datetime.fromtimestamp(row["generated_timestamp"], UTC), str(row["generated_timestamp"])
        else:
            stamp, version = datetime.fromisoformat(row["updated_at"]), row["updated_at"]
        if not isinstance(row["id"], int):
            raise TypeError
        return Record(str(row["id"]), version, stamp.astimezone(UTC), orjson.dumps(row))
    except (KeyError, TypeError, ValueError, AttributeError):
        return unreadable(row, window.end - timedelta(seconds=1))
