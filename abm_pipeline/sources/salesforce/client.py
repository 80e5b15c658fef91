"""The Salesforce client: one query per stream and window, by REST or, for large windows, by a bulk job."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from datetime import UTC, datetime, timedelta
from itertools import compress
from typing import Any

import orjson

from abm_pipeline.sources._client import VendorClient
from abm_pipeline.sources._errors import Permanent, Skippable
from abm_pipeline.sources._http import Answer, Session, SessionChanged, TokenAuth
from abm_pipeline.sources._paging import LoopGuard
from abm_pipeline.sources._records import payloads, unreadable
from abm_pipeline.sources._spec import Columns, Page, Record, Stream, Window
from abm_pipeline.sources.salesforce._answers import VENDOR, LocatorGone, NoSuchObject, judge, usage
from abm_pipeline.sources.salesforce._bulk import bulk_rows
from abm_pipeline.sources.salesforce._login import login
from abm_pipeline.sources.salesforce.contract import OBJECTS, Object

API = "v62.0"
# A wish: pages of wide records are smaller.
PAGE_ROWS = 2000
# Rows are seen a few seconds after the stamp they carry; what was missed at the edge is read again.
OVERLAP = timedelta(minutes=10)
# Restarts of a query that bring nothing new before giving up.
MAX_STALLED = 5
REFUSED = "Check ABM_SALESFORCE_* and that the external client app allows this login flow for the integration user."


class Client(VendorClient):
    """A logged-in organisation."""

    def __init__(self, credentials: Mapping[str, str]) -> None:
        base = credentials["ABM_SALESFORCE_BASE_URL"].rstrip("/")
        self._bulk_above = int(credentials["ABM_SALESFORCE_BULK_THRESHOLD"])
        auth = TokenAuth(VENDOR, lambda: login(credentials), REFUSED)
        super().__init__(Session(VENDOR, base, auth=auth, judge=judge))
        self._usage: tuple[int, int] | None = None

    def check(self) -> str:
        """Read the quota."""
        limits = self._json(f"{self._data_url}/limits", "").body
        calls = limits["DailyApiRequests"]
        return f"{calls['Remaining']:,} of {calls['Max']:,} API calls left"

    def notes(self, stream: Stream) -> Mapping[str, int | float | str]:
        """Fields the organisation lacks, restarts, bulk jobs, and the quota used."""
        quota = {"api_calls_used": self._usage[0], "api_calls_allowed": self._usage[1]} if self._usage else {}
        return {**self._notes[stream.name], **quota}

    def fetch(self, stream: Stream, window: Window) -> Iterator[Page]:
        """Records whose cursor lies in the window, or up to ten minutes before it."""
        item = OBJECTS[stream.name]
        columns = ", ".join(self._columns(stream, item))
        start = window.start and window.start - OVERLAP
        bounds = [f"{item.cursor} >= {_literal(start)}"] if start else []
        asked = _Query(item, columns, [*bounds, f"{item.cursor} < {_literal(window.end)}"], window.end)
        first = self._first(stream, asked)
        if first.body["totalSize"] > self._bulk_above:
            pages = self._by_bulk(stream, asked)
            try:
                page = next(pages, None)
            except Permanent as error:
                self._notes[stream.name]["bulk_refused"] = error.code or error.what
            else:
                self._notes[stream.name]["bulk"] = "yes"
                if page is not None:
                    yield page
                yield from pages
                return
        yield from self._by_rest(stream, asked, first)

    def _columns(self, stream: Stream, item: Object) -> list[str]:
        """The contract's fields that the organisation has and the user may see."""
        try:
            described = self._json(f"{self._data_url}/sobjects/{item.name}/describe", stream.name).body
        except NoSuchObject as error:
            if not item.is_optional:
                raise
            raise Skippable("not offered by this organisation", vendor=VENDOR, stream=stream.name) from error
        there = {field["name"] for field in described["fields"]}
        missing = [field.name for field in stream.fields if field.name not in there]
        if missing:
            self._notes[stream.name]["fields_missing"] = ", ".join(missing)
        return [field.name for field in stream.fields if field.name in there]

    def _by_bulk(self, stream: Stream, asked: _Query) -> Iterator[Page]:
        soql = asked.soql(ordered=False)
        for rows, fetched_at in bulk_rows(self._session, self._data_url, stream.name, asked.verb, soql):
            yield Page(asked.records(rows), fetched_at)

    def _by_rest(self, stream: Stream, asked: _Query, answer: Answer) -> Iterator[Page]:
        """Page by page; when the session or the cursor dies, ask again from the last stamp that was given out.

        A locator belongs to the session that made it, so a new token alone would be refused for ever. Rows at that
        stamp come again and are left out.
        """
        guard = LoopGuard(VENDOR, stream.name)
        edge, given = "", set[str]()
        stalled, is_again = 0, False
        while True:
            coming = self._follow(stream, answer, guard)
            fresh = asked.records(answer.body["records"])
            keys = zip(fresh.record_id, fresh.version, strict=True)
            if is_again:
                fresh = fresh.keeping([version != edge or name not in given for name, version in keys])
            if fresh:
                stalled = 0
                yield Page(fresh, answer.fetched_at, answer.served_at)
                last = next((version for version in reversed(fresh.version) if version.endswith("Z")), edge)
                edge, given = last, given if last == edge else set()
                at_edge = [version == edge for version in fresh.version]
                given.update(compress(fresh.record_id, at_edge))
            if coming is None:
                return
            try:
                answer = coming.result()
            except (SessionChanged, LocatorGone):
                stalled += 1
                if stalled > MAX_STALLED:
                    raise Permanent(
                        "sessions end before the next page can be read",
                        vendor=VENDOR,
                        stream=stream.name,
                        remedy="Raise the session time-out of the integration user, or run fewer things at once.",
                    ) from None
                self._notes[stream.name]["restarts"] = int(self._notes[stream.name].get("restarts", 0)) + 1
                guard, is_again = LoopGuard(VENDOR, stream.name), True
                answer = self._first(stream, asked, since=edge)

    def _follow(self, stream: Stream, answer: Answer, guard: LoopGuard) -> Future[Answer] | None:
        """The page after this one, under way; None after the last."""
        if answer.body["done"]:
            return None
        url, generation = self._instance_url + guard.pass_on(answer.body["nextRecordsUrl"]), answer.generation
        return self._ahead(lambda: self._json(url, stream.name, generation))

    def _first(self, stream: Stream, asked: _Query, since: str = "") -> Answer:
        url = f"{self._data_url}/{asked.verb}"
        headers = {"Sforce-Query-Options": f"batchSize={PAGE_ROWS}"}
        return self._json(url, stream.name, params={"q": asked.soql(since=since)}, headers=headers)

    def _json(self, url: str, stream: str, generation: int | None = None, **rest: Any) -> Answer:
        answer = self._session.json("GET", url, stream=stream, generation=generation, **rest)
        with self._lock:
            self._usage = usage(answer.headers) or self._usage
        return answer

    @property
    def _instance_url(self) -> str:
        return str(self._session.said_at_login["instance_url"]).rstrip("/")

    @property
    def _data_url(self) -> str:
        return f"{self._instance_url}/services/data/{API}"


class _Query:
    """One stream's query over one window."""

    def __init__(self, item: Object, columns: str, bounds: list[str], end: datetime) -> None:
        self._item, self._columns, self._bounds, self._end = item, columns, bounds, end
        self.verb = "queryAll" if item.with_deleted else "query"

    def soql(self, *, since: str = "", ordered: bool = True) -> str:
        """The query, from the stamp `since` on if given. Bulk jobs are faster without an order."""
        bounds = [*self._bounds, *([f"{self._item.cursor} >= {since}"] if since else [])]
        order = f" ORDER BY {self._item.cursor}, Id" if ordered else ""
        return f"SELECT {self._columns} FROM {self._item.name} WHERE {' AND '.join(bounds)}{order}"

    def records(self, rows: list[Any]) -> Columns:
        """Rows as records. Stamps are brought to one form: REST writes +0000, Bulk writes Z."""
        cursor = self._item.cursor
        try:
            # an id that isn't text can't be added to one
            ids, stamps = [row["Id"] + "" for row in rows], [row[cursor] for row in rows]
            versions, at = [stamp[:23] + "Z" for stamp in stamps], list(map(datetime.fromisoformat, stamps))
            return Columns(ids, versions, at, payloads(rows))
        except (KeyError, TypeError, ValueError):
            return Columns(*zip(*map(self._record, rows), strict=True))

    def _record(self, row: Any) -> Record:
        try:
            stamp = row[self._item.cursor]
            return Record(row["Id"] + "", stamp[:23] + "Z", datetime.fromisoformat(stamp), orjson.dumps(row))
        except (KeyError, TypeError, ValueError):
            return unreadable(row, self._end - timedelta(seconds=1))


def _literal(when: datetime) -> str:
    """A SOQL date-time: unquoted, and with Z, as a plus sign would have to be escaped in a URL."""
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
