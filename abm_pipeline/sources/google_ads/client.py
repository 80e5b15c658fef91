"""The Google Ads client: accounts and campaigns in pages, delivery in streams by slices of days."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Any

import orjson

from abm_pipeline.sources._client import VendorClient
from abm_pipeline.sources._http import Answer, Login, Session, TokenAuth
from abm_pipeline.sources._paging import LoopGuard
from abm_pipeline.sources._records import digest, unreadable
from abm_pipeline.sources._spec import Page, Record, Stream, Window
from abm_pipeline.sources.google_ads import contract
from abm_pipeline.sources.google_ads._failure import VENDOR, AccountGone, PageTokenGone, judge

DATA_URL, TOKEN_URL = "https://googleads.googleapis.com", "https://oauth2.googleapis.com"
# A stream is one body: so long a slice keeps it small.
SLICE_DAYS = 31
# Times a query is asked anew when its page token is refused half-way.
MAX_RESTARTS = 2
REFUSED = (
    "Check ABM_GOOGLE_ADS_CLIENT_ID, _CLIENT_SECRET and _REFRESH_TOKEN; a refresh token of an app that is still in "
    "testing lasts seven days."
)


class Client(VendorClient):
    """A logged-in user of the manager account."""

    def __init__(self, credentials: Mapping[str, str]) -> None:
        base = credentials["ABM_GOOGLE_ADS_BASE_URL"].rstrip("/")
        form = {
            "grant_type": "refresh_token",
            "client_id": credentials["ABM_GOOGLE_ADS_CLIENT_ID"],
            "client_secret": credentials["ABM_GOOGLE_ADS_CLIENT_SECRET"],
            "refresh_token": credentials["ABM_GOOGLE_ADS_REFRESH_TOKEN"],
        }
        login = Login(f"{TOKEN_URL if base == DATA_URL else base}/token", form=form)
        self._manager = credentials["ABM_GOOGLE_ADS_LOGIN_CUSTOMER_ID"].replace("-", "").strip()
        headers = {
            "developer-token": credentials["ABM_GOOGLE_ADS_DEVELOPER_TOKEN"],
            "login-customer-id": self._manager,
        }
        auth = TokenAuth(VENDOR, lambda: login, REFUSED, headers=headers)
        super().__init__(Session(VENDOR, base, auth=auth, judge=judge))
        self._path = f"/{credentials['ABM_GOOGLE_ADS_VERSION']}/customers"
        self._accounts: list[str] | None = None

    def check(self) -> str:
        """List the accounts under the manager."""
        return f"{len(self._account_ids())} accounts under the manager"

    def fetch(self, stream: Stream, window: Window) -> Iterator[Page]:
        """Accounts and campaigns as they are now, or the delivery of the window's days."""
        first = (window.start or window.end).date()
        if stream.name == "customer":
            for answer in self._search(self._manager, contract.CUSTOMERS, stream.name):
                yield _page(answer, [_named(row, "customerClient", first) for row in _rows(answer)])
            return
        for account in self._account_ids():
            try:
                if stream.name == "campaign":
                    for answer in self._search(account, contract.CAMPAIGNS, stream.name):
                        yield _page(answer, [_named(row, "campaign", first) for row in _rows(answer)])
                else:
                    yield from self._delivery(stream, account, window)
            except AccountGone:
                self._count(stream, "accounts_not_readable")

    def _delivery(self, stream: Stream, account: str, window: Window) -> Iterator[Page]:
        assert window.start is not None, "reports are asked for with a first day"
        first, end = window.start.date(), (window.end - timedelta(microseconds=1)).date()
        while first <= end:
            last = min(first + timedelta(days=SLICE_DAYS - 1), end)
            query = contract.DELIVERY.format(first=first, last=last)
            answer = self._session.json(
                "POST", f"{self._path}/{account}/googleAds:searchStream", json={"query": query}, stream=stream.name
            )
            for batch in answer.body:
                yield _page(answer, [_day_row(row, last) for row in batch.get("results") or []])
            first = last + timedelta(days=1)

    def _search(self, account: str, query: str, stream: str) -> Iterator[Answer]:
        """The pages of a query. A page token that dies can't be used again: the query is asked anew."""
        restarts = 0
        while True:
            try:
                yield from self._pages(account, query, stream)
                return
            except PageTokenGone:
                restarts += 1
                if restarts > MAX_RESTARTS:
                    raise

    def _pages(self, account: str, query: str, stream: str) -> Iterator[Answer]:
        guard, body = LoopGuard(VENDOR, stream), {"query": query}
        while True:
            path = f"{self._path}/{account}/googleAds:search"
            answer = self._session.json("POST", path, json=body, stream=stream)
            yield answer
            token = answer.body.get("nextPageToken")
            if not token:
                return
            body["pageToken"] = guard.pass_on(token)

    def _account_ids(self) -> list[str]:
        """Accounts that can have campaigns; managers have none."""
        with self._lock:
            if self._accounts is None:
                pages = self._search(self._manager, contract.CUSTOMERS, "customer")
                clients = [row["customerClient"] for page in pages for row in _rows(page)]
                self._accounts = [str(client["id"]) for client in clients if not client.get("manager", False)]
            return self._accounts


def _rows(answer: Answer) -> list[Any]:
    """Without a row there is no `results`."""
    rows: list[Any] = answer.body.get("results") or []
    return rows


def _page(answer: Answer, records: list[Record]) -> Page:
    return Page(records, answer.fetched_at, answer.served_at)


def _named(row: Any, part: str, day: date) -> Record:
    """An account or campaign: nothing says when it changed, so its content is its version."""
    payload = orjson.dumps(row)
    try:
        # An id that isn't text can't be added to one.
        return Record("" + row[part]["id"], digest(payload), day, payload)
    except (KeyError, TypeError):
        return unreadable(row, day)


def _day_row(row: Any, last: date) -> Record:
    day = last
    try:
        day = date.fromisoformat(row["segments"]["date"])
        payload = orjson.dumps(row)
        return Record(f"{'' + row['campaign']['id']}|{day}", digest(payload), day, payload)
    except (KeyError, TypeError, ValueError):
        return unreadable(row, day)
