"""The HubSpot client: objects by list or search, with their history and links; owners, pipelines, marketing.

A first load lists an object. Later pulls search by the stamp of the last change and go on by id: each request asks for
ids behind the last one got, so no request ever comes near the 10,000 results at which searches end, however many
records share a stamp, and nothing moves under the paging. Archived records are listed both times.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import orjson

from abm_pipeline.programme import Programme
from abm_pipeline.sources._client import VendorClient
from abm_pipeline.sources._http import Answer, KeyAuth, Login, Pace, Session, TokenAuth, bearer, pause
from abm_pipeline.sources._paging import LoopGuard
from abm_pipeline.sources._records import digest, unreadable
from abm_pipeline.sources._spec import Page, Record, Stream, Window
from abm_pipeline.sources.hubspot._answers import REFUSED, VENDOR, judge
from abm_pipeline.sources.hubspot.contract import OBJECTS, Object, properties

LIST_ROWS, HISTORY_ROWS, SEARCH_ROWS, LINK_ROWS = 100, 50, 200, 1000
EVENT_ROWS, CAMPAIGN_ROWS, FORM_ROWS, SUBMISSION_ROWS, OWNER_ROWS = 1000, 500, 100, 50, 100
# Searches have a limit of their own, five a second and token, and their answers don't say what is left of it.
SEARCHES, PER_SECONDS = 4, 1.0
# Requests that may be under way when the ten seconds' budget runs out.
RESERVE = 8
# What counts; messages sent, queued, deferred and dropped say nothing that delivered and bounced don't.
EVENT_TYPES = ("DELIVERED", "OPEN", "CLICK", "BOUNCE", "FORWARD", "SPAMREPORT", "STATUSCHANGE")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
Rows = list[dict[str, Any]]


class Client(VendorClient):
    """A portal, by a private app's token or an OAuth app's refresh token."""

    def __init__(self, credentials: Mapping[str, str], programme: Programme) -> None:
        base = credentials["ABM_HUBSPOT_BASE_URL"].rstrip("/")
        auth: TokenAuth | KeyAuth
        if token := credentials.get("ABM_HUBSPOT_TOKEN"):
            auth = bearer(token)
        else:
            form = {
                "grant_type": "refresh_token",
                "client_id": credentials["ABM_HUBSPOT_CLIENT_ID"],
                "client_secret": credentials["ABM_HUBSPOT_CLIENT_SECRET"],
                "refresh_token": credentials["ABM_HUBSPOT_REFRESH_TOKEN"],
            }
            auth = TokenAuth(VENDOR, lambda: Login(f"{base}/oauth/v1/token", form=form), REFUSED)
        super().__init__(Session(VENDOR, base, auth=auth, judge=judge))
        self._searches = Pace(SEARCHES, PER_SECONDS)
        self._properties = {name: properties(name, programme) for name in OBJECTS}

    def check(self) -> str:
        """Read the pipelines."""
        answer = self._ask("GET", "/crm/v3/pipelines/deals", "")
        return f"{len(answer.body['results'])} deal pipelines"

    def fetch(self, stream: Stream, window: Window) -> Iterator[Page]:
        """The stream's records that changed (or happened) in the window; references whole."""
        if item := OBJECTS.get(stream.name):
            yield from self._changed(stream, item, window)
            return
        day = (window.start or window.end - timedelta(seconds=1)).date()
        match stream.name:
            case "email_event":
                yield from self._events(stream, window)
            case "form_submission":
                yield from self._submissions(stream, window)
            case "email_campaign":
                yield from self._campaigns(stream, day)
            case _:
                for answer in self._references(stream.name):
                    records = [_reference(row, day) for row in answer.body["results"]]
                    yield Page(records, answer.fetched_at, answer.served_at)

    # -- CRM objects

    def _changed(self, stream: Stream, item: Object, window: Window) -> Iterator[Page]:
        if window.start is None:
            pages = self._list(stream, item, is_archived=False)
        else:
            pages = self._search(stream, item, window)
        for answer in pages:
            rows = _inside(answer.body["results"], window)
            if item.history and window.start is not None:
                rows = _inside(self._read(stream, item, rows), window)
            self._link(stream, item, rows)
            yield Page([_changed(row, window) for row in rows], answer.fetched_at, answer.served_at)
        for answer in self._list(stream, item, is_archived=True):
            rows = _inside(answer.body["results"], window)
            yield Page([_changed(row, window) for row in rows], answer.fetched_at, answer.served_at)

    def _list(self, stream: Stream, item: Object, *, is_archived: bool) -> Iterator[Answer]:
        """All records by id. HubSpot keeps archived ones for 90 days."""
        params: dict[str, str | int] = {
            "limit": min(LIST_ROWS, HISTORY_ROWS) if item.history else LIST_ROWS,
            "archived": str(is_archived).lower(),
            "properties": ",".join(self._properties[stream.name]),
        }
        if item.history:
            params["propertiesWithHistory"] = ",".join(item.history)
        return self._pages(f"/crm/v3/objects/{item.path}", params, stream.name)

    def _search(self, stream: Stream, item: Object, window: Window) -> Iterator[Answer]:
        """Records whose last change lies in the window, by id. A page may be short, or empty, and not be the last."""
        assert window.start is not None
        span = [
            {"propertyName": item.stamp, "operator": "GTE", "value": str(_ms(window.start))},
            {"propertyName": item.stamp, "operator": "LT", "value": str(_ms(window.end))},
        ]
        guard, last, after = LoopGuard(VENDOR, stream.name), "", ""
        while True:
            behind = [{"propertyName": "hs_object_id", "operator": "GT", "value": last}] if last else []
            asked: dict[str, Any] = {
                "filterGroups": [{"filters": span + behind}],
                "sorts": [{"propertyName": "hs_object_id", "direction": "ASCENDING"}],
                "properties": self._properties[stream.name],
                "limit": SEARCH_ROWS,
            }
            if after:
                asked["after"] = after
            self._searches.wait("search")
            answer = self._ask("POST", f"/crm/v3/objects/{item.path}/search", stream.name, json=asked)
            yield answer
            following = _next(answer.body)
            if following is None:
                return
            rows = answer.body["results"]
            last, after = (str(rows[-1]["id"]), "") if rows else (last, following)
            guard.pass_on(f"{last}/{after}")

    def _read(self, stream: Stream, item: Object, rows: Rows) -> Rows:
        """The records as they are now, with their history. One archived since is left to the next pull."""
        out: Rows = []
        ids = list(dict.fromkeys(str(row["id"]) for row in rows if "id" in row))
        for start in range(0, len(ids), HISTORY_ROWS):
            asked = {
                "properties": self._properties[stream.name],
                "propertiesWithHistory": list(item.history),
                "inputs": [{"id": key} for key in ids[start : start + HISTORY_ROWS]],
            }
            path = f"/crm/v3/objects/{item.path}/batch/read"
            out += self._ask("POST", path, stream.name, json=asked).body["results"]
        return out

    def _link(self, stream: Stream, item: Object, rows: Rows) -> None:
        """Add to each record what it is linked to, under `associations`, as associations v4 tells it."""
        ids = list(dict.fromkeys(str(row["id"]) for row in rows if "id" in row))
        for target in item.links if ids else ():
            found: dict[str, dict[str, Any]] = {key: {} for key in ids}
            path = f"/crm/v4/associations/{item.path}/{target}/batch/read"
            inputs: Rows = [{"id": key} for key in ids]
            guard = LoopGuard(VENDOR, stream.name)
            while inputs:
                answer = self._ask("POST", path, stream.name, json={"inputs": inputs[:LINK_ROWS]})
                # Records without any are told as errors, which is none.
                more = {}
                for each in answer.body["results"]:
                    key = str(each["from"]["id"])
                    found.setdefault(key, {}).update((str(to["toObjectId"]), to) for to in each["to"])
                    if (following := _next(each)) is not None:
                        more[key] = following
                for key, following in more.items():
                    guard.pass_on(f"{key}/{following}")
                inputs = [{"id": key, "after": following} for key, following in more.items()] + inputs[LINK_ROWS:]
            for row in rows:
                links = found.get(str(row.get("id")), {})
                ordered = [links[key] for key in sorted(links, key=lambda key: (len(key), key))]
                row.setdefault("associations", {})[target] = ordered

    # -- lists

    def _references(self, name: str) -> Iterator[Answer]:
        if name == "pipeline":
            yield self._ask("GET", "/crm/v3/pipelines/deals", name)
            return
        path, rows = ("/crm/v3/owners", OWNER_ROWS) if name == "owner" else ("/marketing/v3/forms", FORM_ROWS)
        for archived in ("false", "true"):
            yield from self._pages(path, {"limit": rows, "archived": archived}, name)

    def _pages(self, path: str, params: Mapping[str, str | int], stream: str) -> Iterator[Answer]:
        guard, more = LoopGuard(VENDOR, stream), dict(params)
        while True:
            answer = self._ask("GET", path, stream, params=more)
            yield answer
            following = _next(answer.body)
            if following is None:
                return
            more["after"] = guard.pass_on(following)

    def _offsets(self, path: str, params: Mapping[str, str | int], stream: str) -> Iterator[Answer]:
        """The older way of paging: an offset to go on from while there `hasMore`."""
        guard, more = LoopGuard(VENDOR, stream), dict(params)
        while True:
            answer = self._ask("GET", path, stream, params=more)
            yield answer
            if not answer.body["hasMore"]:
                return
            more["offset"] = guard.pass_on(str(answer.body["offset"]))

    # -- marketing

    def _events(self, stream: Stream, window: Window) -> Iterator[Page]:
        for kind in EVENT_TYPES:
            params: dict[str, str | int] = {
                "eventType": kind, "limit": EVENT_ROWS, "endTimestamp": _ms(window.end) - 1,
            }  # fmt: skip
            if window.start is not None:
                params["startTimestamp"] = _ms(window.start)
            for answer in self._offsets("/email/public/v1/events", params, stream.name):
                records = [_event(row, window) for row in answer.body["events"]]
                yield Page(records, answer.fetched_at, answer.served_at)

    def _campaigns(self, stream: Stream, day: date) -> Iterator[Page]:
        """The list has ids only; each campaign's name is asked for by itself."""
        for answer in self._offsets("/email/public/v1/campaigns/by-id", {"limit": CAMPAIGN_ROWS}, stream.name):
            records = []
            for key, app in dict.fromkeys((row["id"], row["appId"]) for row in answer.body["campaigns"]):
                path = f"/email/public/v1/campaigns/{key}"
                told = self._ask("GET", path, stream.name, params={"appId": app})
                records.append(_reference(told.body, day))
            yield Page(records, answer.fetched_at, answer.served_at)

    def _submissions(self, stream: Stream, window: Window) -> Iterator[Page]:
        """Form by form, the newest first, until they are older than the window; there is no asking for dates."""
        forms = dict.fromkeys(
            str(row["id"]) for answer in self._references("form") for row in answer.body["results"] if "id" in row
        )
        for form in forms:
            path = f"/form-integrations/v1/submissions/forms/{form}"
            for answer in self._pages(path, {"limit": SUBMISSION_ROWS}, stream.name):
                rows = answer.body["results"]
                records = [_submission(form, row, window) for row in rows]
                yield Page([r for r in records if _is_in(r.at, window)], answer.fetched_at, answer.served_at)
                if any(_is_before(record.at, window) for record in records):
                    break

    # -- one request

    def _ask(self, method: str, path: str, stream: str, **rest: Any) -> Answer:
        """The answer; before the budget of the ten seconds is gone, the rest of them is waited for."""
        answer = self._session.json(method, path, stream=stream, **rest)
        left, span = (
            answer.headers.get(f"X-HubSpot-RateLimit-{name}") for name in ("Remaining", "Interval-Milliseconds")
        )
        if left is not None and span is not None and left.isdigit() and span.isdigit() and int(left) < RESERVE:
            pause(int(span) / 1000)
        daily = answer.headers.get("X-HubSpot-RateLimit-Daily-Remaining")
        if stream and daily is not None and daily.isdigit():
            self._notes[stream]["calls_left_today"] = int(daily)
        return answer


def _next(body: Any) -> str | None:
    """The token of the next page; without one this was the last."""
    following = ((body.get("paging") or {}).get("next") or {}).get("after")
    return None if following is None else str(following)


def _ms(at: datetime) -> int:
    return (at - EPOCH) // timedelta(milliseconds=1)


def _at(row: Mapping[str, Any]) -> datetime:
    """When a record last changed, or was archived."""
    return datetime.fromisoformat(row["archivedAt"] if row.get("archived") else row["updatedAt"])


def _is_in(at: datetime | date, window: Window) -> bool:
    assert isinstance(at, datetime), "HubSpot tells instants"
    return (window.start is None or at >= window.start) and at < window.end


def _is_before(at: datetime | date, window: Window) -> bool:
    return isinstance(at, datetime) and window.start is not None and at < window.start


def _inside(rows: Sequence[dict[str, Any]], window: Window) -> Rows:
    """Records that changed in the window, and those that don't say when."""
    out = []
    for row in rows:
        try:
            if _is_in(_at(row), window):
                out.append(row)
        except (KeyError, TypeError, ValueError):
            out.append(row)
    return out


def _changed(row: dict[str, Any], window: Window) -> Record:
    try:
        return Record(str(row["id"]), str(row["archivedAt"] if row.get("archived") else row["updatedAt"]), _at(row),
                      orjson.dumps(row))  # fmt: skip
    except (KeyError, TypeError, ValueError):
        return unreadable(row, window.end - timedelta(seconds=1))


def _reference(row: Any, day: date) -> Record:
    try:
        payload = orjson.dumps(row)
        return Record(str(row["id"]), digest(payload), day, payload)
    except (KeyError, TypeError):
        return unreadable(row, day)


def _event(row: Any, window: Window) -> Record:
    """An event is named by its id and its instant together."""
    try:
        at = EPOCH + timedelta(milliseconds=row["created"])
        return Record(f"{row['id']}:{row['created']}", str(row["created"]), at, orjson.dumps(row))
    except (KeyError, TypeError, OverflowError):
        return unreadable(row, window.end - timedelta(seconds=1))


def _submission(form: str, row: Any, window: Window) -> Record:
    try:
        at = EPOCH + timedelta(milliseconds=row["submittedAt"])
        return Record(f"{form}:{row['conversionId']}", str(row["submittedAt"]), at, orjson.dumps(row))
    except (KeyError, TypeError, OverflowError):
        return unreadable(row, window.end - timedelta(seconds=1))
