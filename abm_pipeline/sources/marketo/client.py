"""The Marketo client: activities by paging token or export, leads by what changed or export, assets by offset.

Long windows and old ones go by bulk export, short ones by REST; both give the same records.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Any

import orjson

from abm_pipeline.contracts.fields import Type
from abm_pipeline.programme import Programme
from abm_pipeline.sources._client import VendorClient
from abm_pipeline.sources._errors import SourceError
from abm_pipeline.sources._http import Answer, Login, Response, Session, TokenAuth
from abm_pipeline.sources._paging import LoopGuard
from abm_pipeline.sources._records import unreadable
from abm_pipeline.sources._spec import Page, Record, Stream, Window
from abm_pipeline.sources.marketo import _bulk
from abm_pipeline.sources.marketo._answers import REFUSED, VENDOR, NoSuchFilter, judge
from abm_pipeline.sources.marketo.contract import ACTIVITY_TYPES, MERGE, lead_stream
from abm_pipeline.sources.marketo.options import Options

PAGE_ROWS, ASSET_ROWS, LEADS_AT_ONCE = 300, 200, 300
# A window that is longer, or began longer ago, is exported.
REST_DAYS = timedelta(days=10)
# Pages come in the order of time, but not to the minute: reading ends this long after the window.
SLACK = timedelta(days=1)
NUMBERS = ("leadId", "activityTypeId", "campaignId", "primaryAttributeValueId")


class Client(VendorClient):
    """A logged-in API user of one instance."""

    def __init__(self, credentials: Mapping[str, str], programme: Programme) -> None:
        base = credentials["ABM_MARKETO_BASE_URL"].rstrip("/")
        form = {
            "grant_type": "client_credentials",
            "client_id": credentials["ABM_MARKETO_CLIENT_ID"],
            "client_secret": credentials["ABM_MARKETO_CLIENT_SECRET"],
        }
        auth = TokenAuth(VENDOR, lambda: Login(f"{base}/identity/oauth/token", form=form), REFUSED)
        super().__init__(Session(VENDOR, base, auth=auth, judge=self._judge))
        since = programme.options(VENDOR, Options).since or programme.history_start
        self._since = datetime.combine(since, time(), UTC)
        self._fields = lead_stream(programme).fields

    def check(self) -> str:
        """Read the day's usage."""
        used = self._session.json("GET", "/rest/v1/stats/usage.json").body.get("result") or [{}]
        return f"{used[0].get('total', 0)} API calls used today"

    def fetch(self, stream: Stream, window: Window) -> Iterator[Page]:
        """The stream's records of the window."""
        if stream.name == "program":
            return self._programs(stream, window)
        if stream.name == "campaign":
            return self._campaigns(stream, window)
        if stream.name == "lead":
            return self._leads(stream, window)
        if stream.name == "activity":
            return self._activities(stream, window)
        if stream.name == "lead_change":
            return self._log(stream, "leadchanges", {"fields": self._names()}, window)
        return self._log(stream, "deletedleads", {}, window)

    # -- the activity log

    def _activities(self, stream: Stream, window: Window) -> Iterator[Page]:
        kinds = {"activityTypeIds": ",".join(map(str, ACTIVITY_TYPES))}
        token, is_old = self._paging_token(window, stream.name)
        if not is_old:
            yield from self._log(stream, "", kinds, window, token)
            return
        self._notes[stream.name]["bulk"] = "yes"
        asked = {"filter": {"activityTypeIds": list(ACTIVITY_TYPES)}}
        start = window.start or self._since
        for rows in _bulk.rows(self._session, "activities", "createdAt", start, window.end, asked, stream.name):
            yield _page([_as_sent(row) for row in rows], _activity, window)

    def _log(
        self, stream: Stream, path: str, asked: Mapping[str, str], window: Window, token: str = ""
    ) -> Iterator[Page]:
        """Entries of the window, page by page; a page may be empty without being the last."""
        token = token or self._paging_token(window, stream.name)[0]
        url, guard = f"/rest/v1/activities{'/' * bool(path)}{path}.json", LoopGuard(VENDOR, stream.name)
        while True:
            params: dict[str, str | int] = {**asked, "nextPageToken": guard.pass_on(token), "batchSize": PAGE_ROWS}
            answer = self._session.json("GET", url, params=params, stream=stream.name)
            rows = answer.body.get("result") or []
            page = _page(rows, _activity, window, answer)
            yield page
            if not answer.body.get("moreResult") or (rows and _all_after(rows, window.end + SLACK)):
                return
            token = answer.body["nextPageToken"]

    def _paging_token(self, window: Window, stream: str) -> tuple[str, bool]:
        """Where the window begins, and whether that is too long ago to read on from there by pages."""
        start = window.start or self._since
        params = {"sinceDatetime": start.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")}
        answer = self._session.json("GET", "/rest/v1/activities/pagingtoken.json", params=params, stream=stream)
        now = answer.served_at or answer.fetched_at
        return answer.body["nextPageToken"], window.start is None or now - start > REST_DAYS

    # -- leads

    def _leads(self, stream: Stream, window: Window) -> Iterator[Page]:
        """Leads whose last change is in the window. One that changed again later belongs to a later window."""
        token, is_old = self._paging_token(window, stream.name)
        if is_old:
            yield from self._exported_leads(stream, window)
            return
        seen: set[int] = set()
        due: list[int] = []
        for page in self._changed(stream, window, token):
            for ident in page:
                if ident not in seen:
                    seen.add(ident)
                    due.append(ident)
            while len(due) >= LEADS_AT_ONCE:
                yield self._leads_by_id(stream, due[:LEADS_AT_ONCE], window)
                due = due[LEADS_AT_ONCE:]
        if due:
            yield self._leads_by_id(stream, due, window)

    def _changed(self, stream: Stream, window: Window, token: str) -> Iterator[list[int]]:
        """Ids of leads made, changed or merged into since the window began, as pages."""
        for path, asked in (("leadchanges", {"fields": self._names()}), ("", {"activityTypeIds": str(MERGE)})):
            for page in self._log(stream, path, asked, window, token):
                entries = [orjson.loads(record.payload) for record in page.records]
                yield [entry["leadId"] for entry in entries if isinstance(entry.get("leadId"), int)]

    def _leads_by_id(self, stream: Stream, ids: Sequence[int], window: Window) -> Page:
        params = {"filterType": "id", "filterValues": ",".join(map(str, ids)), "fields": self._names()}
        answer = self._session.json("GET", "/rest/v1/leads.json", params=params, stream=stream.name)
        return _page(answer.body.get("result") or [], _lead, window, answer)

    def _exported_leads(self, stream: Stream, window: Window) -> Iterator[Page]:
        """By the date of the last change; where a subscription has no such export, all leads by their creation."""
        asked, start = {"fields": [field.name for field in self._fields]}, window.start or self._since
        self._notes[stream.name]["bulk"] = "yes"
        try:
            pages = _bulk.rows(self._session, "leads", "updatedAt", start, window.end, asked, stream.name)
            for rows in pages:
                yield _page([self._typed(row) for row in rows], _lead, window)
        except NoSuchFilter:
            self._notes[stream.name]["bulk"] = "by createdAt"
            for rows in _bulk.rows(self._session, "leads", "createdAt", self._since, window.end, asked, stream.name):
                yield _page([self._typed(row) for row in rows], _lead, window)

    def _typed(self, row: Mapping[str, str | None]) -> dict[str, Any]:
        """A row of text as REST would send it."""
        readers: dict[Type, Callable[[str], Any]] = {Type.INT: _number, Type.BOOL: _truth}
        kinds = {field.name: field.type for field in self._fields}
        return {
            name: readers.get(kinds.get(name, Type.TEXT), str)(value) if value is not None else None
            for name, value in row.items()
        }

    def _names(self) -> str:
        return ",".join(field.name for field in self._fields)

    # -- assets and campaigns

    def _programs(self, stream: Stream, window: Window) -> Iterator[Page]:
        """All of them by offset; the end is an answer without records and with a warning."""
        offset = 0
        while True:
            params: dict[str, str | int] = {"maxReturn": ASSET_ROWS, "offset": offset}
            answer = self._session.json("GET", "/rest/asset/v1/programs.json", params=params, stream=stream.name)
            rows = answer.body.get("result") or []
            if not rows:
                return
            yield _since(_page(rows, _asset, window, answer), window)
            offset += ASSET_ROWS

    def _campaigns(self, stream: Stream, window: Window) -> Iterator[Page]:
        guard, token = LoopGuard(VENDOR, stream.name), ""
        while True:
            params: dict[str, str | int] = {"batchSize": PAGE_ROWS} | ({"nextPageToken": token} if token else {})
            answer = self._session.json("GET", "/rest/v1/campaigns.json", params=params, stream=stream.name)
            yield _since(_page(answer.body.get("result") or [], _campaign, window, answer), window)
            if not answer.body.get("nextPageToken"):
                return
            token = guard.pass_on(answer.body["nextPageToken"])

    def _judge(self, response: Response, stream: str) -> SourceError | None:
        return self._session.judge_status(response, stream, remedy=REFUSED) or judge(response, stream)


def _page(
    rows: Sequence[Any], read: Callable[[Any], tuple[str, str, datetime]], window: Window, answer: Answer | None = None
) -> Page:
    """Records of the window; those that can't be read stand at its end."""
    records = []
    for row in rows:
        try:
            ident, version, at = read(row)
        except (KeyError, TypeError, ValueError, AttributeError):
            records.append(unreadable(row, window.end - timedelta(seconds=1)))
            continue
        if at < window.end:
            records.append(Record(ident, version, at, orjson.dumps(row)))
    fetched = answer.fetched_at if answer else datetime.now(UTC)
    return Page(records, fetched, answer.served_at if answer else None)


def _activity(row: Any) -> tuple[str, str, datetime]:
    # Their `id` is given up by Marketo, and exports have none.
    row.pop("id", None)
    return _ident(row["marketoGUID"]), row["activityDate"], datetime.fromisoformat(row["activityDate"])


def _lead(row: Any) -> tuple[str, str, datetime]:
    return str(int(row["id"])), row["updatedAt"], datetime.fromisoformat(row["updatedAt"])


def _asset(row: Any) -> tuple[str, str, datetime]:
    # Assets write `Z+0000`.
    stamp = row["updatedAt"].removesuffix("+0000")
    return str(int(row["id"])), stamp, datetime.fromisoformat(stamp)


def _campaign(row: Any) -> tuple[str, str, datetime]:
    ident, stamp, at = _asset(row)
    # Programs and smart campaigns count for themselves: 1001 may be both.
    return f"campaign:{ident}", stamp, at


def _since(page: Page, window: Window) -> Page:
    """Without what changed before the window: neither endpoint is asked for changes only."""
    start = window.start or datetime.min.replace(tzinfo=UTC)
    return page._replace(records=[r for r in page.records if isinstance(r.at, datetime) and r.at >= start])


def _ident(value: Any) -> str:
    if not isinstance(value, str) or not value.replace("-", "").isalnum():
        raise TypeError("not an id")
    return value


def _all_after(rows: Sequence[Any], end: datetime) -> bool:
    try:
        return all(datetime.fromisoformat(row["activityDate"]) > end for row in rows)
    except (KeyError, TypeError, ValueError):
        return False


def _as_sent(row: Mapping[str, str | None]) -> dict[str, Any]:
    """An exported activity as REST sends it: numbers, a list of attributes, nothing that is empty."""
    told: dict[str, Any] = {name: value for name, value in row.items() if value is not None}
    for name in NUMBERS:
        if name in told:
            told[name] = _number(told[name])
    if "attributes" in row:
        named = json.loads(row["attributes"] or "{}")
        told["attributes"] = [{"name": name, "value": value} for name, value in named.items() if value is not None]
    return told


def _number(value: str) -> int | str:
    return int(value) if value.lstrip("-").isdigit() else value


def _truth(value: str) -> bool | str:
    return {"true": True, "false": False, "1": True, "0": False}.get(value.lower(), value)
