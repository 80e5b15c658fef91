"""The LinkedIn Marketing client: entities by cursor, reports in slices, organisations by id."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import orjson

from abm_pipeline.sources._client import VendorClient
from abm_pipeline.sources._errors import Permanent, Retriable, SourceError
from abm_pipeline.sources._http import Answer, Login, Response, Session, TokenAuth, retry_after
from abm_pipeline.sources._paging import LoopGuard
from abm_pipeline.sources._records import digest, unreadable
from abm_pipeline.sources._spec import Page, Record, Stream, Window
from abm_pipeline.sources.linkedin import _restli as restli
from abm_pipeline.sources.linkedin._slices import by_days, by_halves
from abm_pipeline.sources.linkedin.contract import METRICS

VENDOR = "linkedin"
DATA_URL, TOKEN_URL = "https://api.linkedin.com", "https://www.linkedin.com"
# Longer queries go into the body of a POST that says it is a GET.
TUNNEL_ABOVE = 4000
PAGE_SIZE = 500
LOOKUP_IDS = 100
# Throttled answers carry no wait; limits are by day, and by five minutes for reports.
THROTTLED_SECONDS = 60.0
ACCOUNT_STATUSES = ("ACTIVE", "CANCELED", "DRAFT", "PENDING_DELETION", "REMOVED")
STATUSES = ("ACTIVE", "PAUSED", "ARCHIVED", "COMPLETED", "CANCELED", "DRAFT", "PENDING_DELETION", "REMOVED")
ENTITIES = {"campaign_group": "adCampaignGroups", "campaign": "adCampaigns"}
REFUSED = "Check ABM_LINKEDIN_CLIENT_ID and _CLIENT_SECRET; a refresh token lasts 365 days from its first issue."
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Client(VendorClient):
    """A logged-in member or application."""

    def __init__(self, credentials: Mapping[str, str]) -> None:
        base = credentials["ABM_LINKEDIN_BASE_URL"].rstrip("/")
        token_base = TOKEN_URL if base == DATA_URL else base
        form = {
            "client_id": credentials["ABM_LINKEDIN_CLIENT_ID"],
            "client_secret": credentials["ABM_LINKEDIN_CLIENT_SECRET"],
        }
        if refresh := credentials.get("ABM_LINKEDIN_REFRESH_TOKEN"):
            form |= {"grant_type": "refresh_token", "refresh_token": refresh}
        else:
            form |= {"grant_type": "client_credentials"}
        login = Login(f"{token_base}/oauth/v2/accessToken", form=form)
        headers = {"LinkedIn-Version": credentials["ABM_LINKEDIN_VERSION"], "X-Restli-Protocol-Version": "2.0.0"}
        auth = TokenAuth(VENDOR, lambda: login, REFUSED)
        super().__init__(Session(VENDOR, base, auth=auth, judge=self._judge, headers=headers))
        self._accounts: list[str] | None = None
        self._first_seen: dict[str, date] = {}

    def check(self) -> str:
        """List the ad accounts."""
        return f"{len(self._account_ids())} ad accounts"

    def fetch(self, stream: Stream, window: Window) -> Iterator[Page]:
        """Entities changed in the window, delivery of its days, or the organisations seen in them."""
        if stream.name == "ad_account":
            search = restli.with_status(ACCOUNT_STATUSES)
            yield from self._entities(stream, "/rest/adAccounts", search, window)
        elif path := ENTITIES.get(stream.name):
            for account in self._account_ids():
                try:
                    search = restli.with_status(STATUSES)
                    yield from self._entities(stream, f"/rest/adAccounts/{account}/{path}", search, window)
                except NotThere:
                    self._count(stream, "accounts_not_readable")
        elif stream.name == "organization":
            yield from self._organizations(stream, window)
        else:
            first, last = _days(window)
            for account in self._account_ids():
                yield from self._analytics(stream, account, first, last)

    # -- entities

    def _entities(self, stream: Stream, path: str, search: str, window: Window) -> Iterator[Page]:
        """All of them: LinkedIn has no filter by change, so those outside the window are left out here."""
        start = window.start or datetime.min.replace(tzinfo=UTC)
        for answer in self._pages(path, search, stream.name):
            records = [_entity(row, window) for row in answer.body["elements"]]
            kept = [r for r in records if not isinstance(r.at, datetime) or start <= r.at < window.end]
            yield Page(kept, answer.fetched_at, answer.served_at)

    def _pages(self, path: str, search: str, stream: str) -> Iterator[Answer]:
        guard, token = LoopGuard(VENDOR, stream), ""
        while True:
            parts = {"q": "search", "search": search, "pageSize": str(PAGE_SIZE)}
            answer = self._get(path, parts | ({"pageToken": token} if token else {}), stream)
            yield answer
            following = (answer.body.get("metadata") or {}).get("nextPageToken")
            if not following:
                return
            token = guard.pass_on(following)

    def _account_ids(self) -> list[str]:
        with self._lock:
            if self._accounts is None:
                pages = self._pages("/rest/adAccounts", restli.with_status(ACCOUNT_STATUSES), "ad_account")
                self._accounts = [str(row["id"]) for page in pages for row in page.body["elements"]]
            return self._accounts

    # -- reports

    def _analytics(self, stream: Stream, account: str, first: date, last: date) -> Iterator[Page]:
        """One account's delivery by day. Company rows are approximate, and small ones are left out by LinkedIn."""
        by_company = stream.name == "ad_analytics_company"
        pivots = {"q": "statistics", "pivots": "List(CAMPAIGN,MEMBER_COMPANY)"} if by_company else {
            "q": "analytics", "pivot": "CAMPAIGN"
        }  # fmt: skip
        fields = ",".join(("dateRange", "pivotValues", *(metric.name for metric in METRICS)))
        parts = {**pivots, "timeGranularity": "DAILY", "fields": fields}

        def ask(begin: date, end: date, facet: Mapping[str, str]) -> tuple[Page, int]:
            answer = self._get(
                "/rest/adAnalytics", {**parts, "dateRange": restli.span(begin, end), **facet}, stream.name
            )
            rows = answer.body["elements"]
            records = [_delivery(row, begin) for row in rows]
            if by_company:
                self._remember(records)
            return Page(records, answer.fetched_at, answer.served_at), len(rows)

        def cut(day: date) -> Iterator[Page]:
            path = f"/rest/adAccounts/{account}/adCampaigns"
            pages = self._pages(path, restli.with_status(STATUSES), stream.name)
            campaigns = [f"urn:li:sponsoredCampaign:{row['id']}" for page in pages for row in page.body["elements"]]
            return by_halves(
                campaigns,
                lambda some: ask(day, day, {"campaigns": restli.listed(some)}),
                lambda: self._count(stream, "answers_cut_by_linkedin"),
            )

        whole = {"accounts": restli.listed([f"urn:li:sponsoredAccount:{account}"])}
        return by_days(first, last, lambda begin, end: ask(begin, end, whole), cut)

    def _remember(self, records: Sequence[Record]) -> None:
        """The first day on which each organisation was seen. It stands first in a record's id, as pivots are sorted."""
        seen: dict[str, date] = {}
        for record in records:
            kind, _, name = record.record_id.partition("|")[0].partition(":")
            if kind == "organization" and (name not in seen or record.at < seen[name]):
                seen[name] = record.at
        with self._lock:
            for name, day in seen.items():
                self._first_seen[name] = min(self._first_seen.get(name, day), day)

    def _organizations(self, stream: Stream, window: Window) -> Iterator[Page]:
        """Names and websites of the organisations seen, as of the first day of the window with them."""
        first, last = _days(window)
        due = sorted((name for name, day in self._first_seen.items() if day <= last), key=int)
        for start in range(0, len(due), LOOKUP_IDS):
            batch = due[start : start + LOOKUP_IDS]
            answer = self._get("/rest/organizationsLookup", {"ids": restli.listed(batch)}, stream.name)
            found = answer.body["results"]
            if missing := len(batch) - len(found):
                self._count(stream, "organizations_unknown", missing)
            records = []
            for name, row in found.items():
                payload = orjson.dumps(row)
                day = max(self._first_seen.get(name, first), first)
                records.append(Record(name, digest(payload), day, payload))
            yield Page(records, answer.fetched_at, answer.served_at)

    # -- one request

    def _get(self, path: str, parts: Mapping[str, str], stream: str) -> Answer:
        text = restli.query(parts)
        if len(text) <= TUNNEL_ABOVE:
            return self._session.json("GET", f"{path}?{text}", stream=stream)
        headers = {"X-HTTP-Method-Override": "GET", "Content-Type": "application/x-www-form-urlencoded"}
        return self._session.json("POST", path, content=text.encode(), headers=headers, stream=stream)

    def _judge(self, response: Response, stream: str) -> SourceError | None:
        status = response.status_code
        if status < 300:
            return None
        code = _code(response)
        if status == 426 or code in ("NONEXISTENT_VERSION", "VERSION_MISSING"):
            remedy = "Versions live for about a year: set ABM_LINKEDIN_VERSION to an active one (YYYYMM)."
            return Permanent(
                "the API version is not active", vendor=VENDOR, stream=stream, status=status, code=code, remedy=remedy
            )
        if status == 404:
            return NotThere("not there, or not readable", vendor=VENDOR, stream=stream, status=status, code=code)
        remedy = ""
        if status == 403:
            remedy = "The member needs a role in the ad account, and the token the scopes r_ads and r_ads_reporting."
        if status == 429:
            remedy = "Quotas are by day and start again at midnight UTC: run again then."
        error = self._session.judge_status(response, stream, code, remedy)
        if isinstance(error, Retriable) and status == 429:
            wait = retry_after(response)
            error.asking_for(THROTTLED_SECONDS if wait is None else wait)
        return error


class NotThere(Permanent):
    """404, also for ad accounts that the member may not read."""


def _code(response: Response) -> str | None:
    try:
        body = orjson.loads(response.content)
    except orjson.JSONDecodeError:
        return None
    said = body.get("code") or body.get("serviceErrorCode") if isinstance(body, dict) else None
    return None if said is None else str(said)


def _days(window: Window) -> tuple[date, date]:
    """First and last day of a window of days."""
    assert window.start is not None, "reports and lookups are asked for with a first day"
    return window.start.date(), (window.end - timedelta(microseconds=1)).date()


def _entity(row: Any, window: Window) -> Record:
    try:
        at = EPOCH + timedelta(milliseconds=row["changeAuditStamps"]["lastModified"]["time"])
        # an id that isn't a number can't be added to one
        return Record(str(row["id"] + 0), at.isoformat(timespec="milliseconds"), at, orjson.dumps(row))
    except (KeyError, TypeError, OverflowError):
        return unreadable(row, window.end - timedelta(seconds=1))


def _delivery(row: Any, day: date) -> Record:
    """A report row: its pivots and its day say which it is, its content which version."""
    payload = orjson.dumps(row)
    try:
        start = row["dateRange"]["start"]
        at = date(start["year"], start["month"], start["day"])
        who = "|".join(sorted(row["pivotValues"])).replace("urn:li:", "")
        return Record(f"{who}|{at}", digest(payload), at, payload)
    except (KeyError, TypeError, AttributeError, ValueError):
        return unreadable(row, day)
