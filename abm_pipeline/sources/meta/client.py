"""The Meta client: ad accounts and campaigns by cursor, insights by report runs that are started and waited for."""

from __future__ import annotations

import hashlib
import hmac
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import orjson

from abm_pipeline.sources import _http
from abm_pipeline.sources._client import VendorClient
from abm_pipeline.sources._errors import Retriable, SourceError
from abm_pipeline.sources._http import Answer, Backoff, KeyAuth, Response, Session
from abm_pipeline.sources._paging import LoopGuard
from abm_pipeline.sources._records import digest, unreadable
from abm_pipeline.sources._spec import Page, Record, Stream, Window
from abm_pipeline.sources.meta._failure import VENDOR, AccountGone, TooMuch, judge
from abm_pipeline.sources.meta._usage import Usage
from abm_pipeline.sources.meta.contract import AD_ACCOUNT, CAMPAIGN, CAMPAIGN_DAY

DATA_URL = "https://graph.facebook.com"
PAGE_ROWS = 500
# Days of one report run, and runs at a time. One that fails is cut in halves, one of a single day is started anew.
RUN_DAYS, RUNS_AT_ONCE, MAX_RUNS = 31, 8, 3
# A run may take up to an hour; they are looked at after a second, then ever less often.
POLL_SECONDS, MOST_POLL_SECONDS, MAX_POLLS = 1.0, 30.0, 130
# Further back there are no insights (37 months); asking for more is refused.
HISTORY_DAYS = 1120
STATUSES = ["ACTIVE", "PAUSED", "IN_PROCESS", "WITH_ISSUES", "ARCHIVED", "DELETED"]
# Without it, what was deleted is left out, and its delivery with it.
EVERY_STATUS = {"field": "campaign.effective_status", "operator": "IN", "value": STATUSES}


@dataclass(frozen=True)
class _Part:
    """Days of an account, and how often a run of them has been started."""

    account: str
    first: date
    last: date
    tries: int = 1

    def again(self) -> list[_Part]:
        """What to ask for when a run failed, which more often than not was too large: its halves.

        Raises Retriable for a single day that failed too often.
        """
        if self.first < self.last:
            middle = self.first + (self.last - self.first) // 2
            return [
                _Part(self.account, self.first, middle),
                _Part(self.account, middle + timedelta(days=1), self.last),
            ]
        if self.tries >= MAX_RUNS:
            what = "a report run of a single day failed"
            raise Retriable(what, vendor=VENDOR, stream=CAMPAIGN_DAY.name).given_up(self.tries)
        return [replace(self, tries=self.tries + 1)]


@dataclass
class _Run:
    """A run that was started, and how often it has been looked at."""

    part: _Part
    ident: str
    looks: int = 0


class Client(VendorClient):
    """A system user of the business."""

    def __init__(self, credentials: Mapping[str, str]) -> None:
        token = credentials["ABM_META_ACCESS_TOKEN"]
        params = {}
        if secret := credentials.get("ABM_META_APP_SECRET"):
            params["appsecret_proof"] = hmac.new(secret.encode(), token.encode(), hashlib.sha256).hexdigest()
        self._usage = Usage()
        session = Session(
            VENDOR,
            credentials["ABM_META_BASE_URL"].rstrip("/"),
            auth=KeyAuth({"Authorization": f"Bearer {token}"}, params),
            judge=self._judge,
            pace=self._usage,
            backoff=Backoff(total=1800, cap_asked=900),
        )
        super().__init__(session)
        self._version = credentials["ABM_META_VERSION"]
        self._accounts: list[str] | None = None
        self._oldest: date | None = None

    def check(self) -> str:
        """List the ad accounts."""
        return f"{len(self._account_ids())} ad accounts"

    def fetch(self, stream: Stream, window: Window) -> Iterator[Page]:
        """Accounts as they are now, campaigns changed in the window, or insights of its days."""
        if stream.name == AD_ACCOUNT.name:
            day = (window.start or window.end).date()
            for answer in self._adaccounts(stream.name):
                yield _page(answer, [_account(row, day) for row in answer.body["data"]])
            return
        if stream.name == CAMPAIGN.name:
            for account in self._account_ids():
                try:
                    yield from self._campaigns(stream, account, window)
                except AccountGone:
                    self._count(stream, "accounts_not_readable")
        else:
            yield from self._insights(stream, window)
        if self._usage.waits:
            with self._lock:
                self._notes[stream.name]["waits_for_quota"] = self._usage.waits

    def _campaigns(self, stream: Stream, account: str, window: Window) -> Iterator[Page]:
        filters: list[dict[str, Any]] = [EVERY_STATUS]
        if window.start is not None:
            since = int(window.start.timestamp()) - 1
            filters.append({"field": "campaign.updated_time", "operator": "GREATER_THAN", "value": since})
        params = {"fields": _names(stream), "filtering": orjson.dumps(filters).decode()}
        start = window.start or datetime.min.replace(tzinfo=UTC)
        for answer in self._pages(f"act_{account}/campaigns", params, stream.name):
            records = [_campaign(row, window) for row in answer.body["data"]]
            yield _page(answer, [r for r in records if not isinstance(r.at, datetime) or start <= r.at < window.end])

    # -- report runs

    def _insights(self, stream: Stream, window: Window) -> Iterator[Page]:
        """The window's days: some report runs at a time are started, looked at in turn, and read as they complete."""
        todo, running, seconds = deque(self._parts(stream, window)), list[_Run](), POLL_SECONDS
        while todo or running:
            while todo and len(running) < RUNS_AT_ONCE:
                part = todo.popleft()
                try:
                    running.append(_Run(part, self._start(stream, part)))
                except AccountGone:
                    self._count(stream, "accounts_not_readable")
                    todo = deque(other for other in todo if other.account != part.account)
            _http.pause(seconds)
            ended = []
            for run in running:
                state = self._look(stream, run)
                if state is None:
                    continue
                ended.append(run)
                if state:
                    for answer in self._pages(f"{run.ident}/insights", {}, stream.name):
                        yield _page(answer, [_insight(row, run.part.last) for row in answer.body["data"]])
                else:
                    self._count(stream, "runs_failed")
                    todo.extend(run.part.again())
            running = [run for run in running if run not in ended]
            seconds = POLL_SECONDS if ended else min(seconds * 1.5, MOST_POLL_SECONDS)

    def _parts(self, stream: Stream, window: Window) -> Iterator[_Part]:
        """What the runs are asked for: the days of each account, a month at most."""
        assert window.start is not None, "reports are asked for with a first day"
        for account in self._account_ids():
            first, end = window.start.date(), (window.end - timedelta(microseconds=1)).date()
            if self._oldest is not None and first < self._oldest:
                with self._lock:
                    self._notes[stream.name]["no_insights_before"] = self._oldest.isoformat()
                first = self._oldest
            while first <= end:
                last = min(first + timedelta(days=RUN_DAYS - 1), end)
                yield _Part(account, first, last)
                first = last + timedelta(days=1)

    def _start(self, stream: Stream, part: _Part) -> str:
        form = {
            "level": "campaign",
            "time_increment": "1",
            "time_range": orjson.dumps({"since": part.first, "until": part.last}).decode(),
            "fields": _names(stream),
            "filtering": orjson.dumps([EVERY_STATUS]).decode(),
        }
        answer = self._session.json(
            "POST", f"/{self._version}/act_{part.account}/insights", content=urlencode(form).encode(),
            headers={"Content-Type": "application/x-www-form-urlencoded"}, stream=stream.name,
        )  # fmt: skip
        return str(answer.body["report_run_id"])

    def _look(self, stream: Stream, run: _Run) -> bool | None:
        """Whether a run is complete, False if it failed, None while it works.

        Its state counts: all of the percents may be told before its rows can be read.
        """
        said = self._session.json("GET", f"/{self._version}/{run.ident}", stream=stream.name).body
        if said.get("async_status") == "Job Completed" and said.get("async_percent_completion") == 100:
            return True
        if said.get("async_status") in ("Job Failed", "Job Skipped"):
            return False
        run.looks += 1
        if run.looks >= MAX_POLLS:
            what = "a report run was not complete after an hour"
            raise Retriable(what, vendor=VENDOR, stream=stream.name).given_up(1)
        return None

    # -- pages

    def _pages(self, path: str, params: Mapping[str, str], stream: str) -> Iterator[Answer]:
        """Pages by cursor until there is no `next`; that URL itself is not followed, as it holds the token."""
        guard, limit, after = LoopGuard(VENDOR, stream), PAGE_ROWS, ""
        while True:
            asked: dict[str, str | int] = {**params, "limit": limit}
            if after:
                asked["after"] = after
            try:
                answer = self._session.json("GET", f"/{self._version}/{path}", params=asked, stream=stream)
            except TooMuch:
                if limit == 1:
                    raise
                limit = max(1, limit // 2)
                continue
            yield answer
            paging = answer.body.get("paging") or {}
            if "next" not in paging:
                return
            after = guard.pass_on(paging["cursors"]["after"])

    def _adaccounts(self, stream: str) -> Iterator[Answer]:
        return self._pages("me/adaccounts", {"fields": _names(AD_ACCOUNT)}, stream)

    def _account_ids(self) -> list[str]:
        with self._lock:
            if self._accounts is None:
                pages = list(self._adaccounts(AD_ACCOUNT.name))
                self._accounts = [str(row["account_id"]) for page in pages for row in page.body["data"]]
                now = pages[0].served_at or pages[0].fetched_at
                self._oldest = now.date() - timedelta(days=HISTORY_DAYS)
            return self._accounts

    def _judge(self, response: Response, stream: str) -> SourceError | None:
        self._usage.heard(response.headers)
        return judge(response, stream)


def _names(stream: Stream) -> str:
    return ",".join(field.name for field in stream.fields)


def _page(answer: Answer, records: list[Record]) -> Page:
    return Page(records, answer.fetched_at, answer.served_at)


def _account(row: Any, day: date) -> Record:
    payload = orjson.dumps(row)
    try:
        return Record("" + row["account_id"], digest(payload), day, payload)
    except (KeyError, TypeError):
        return unreadable(row, day)


def _campaign(row: Any, window: Window) -> Record:
    try:
        at = datetime.fromisoformat(row["updated_time"]).astimezone(UTC)
        # An id that isn't text can't be added to one.
        return Record("" + row["id"], at.isoformat(timespec="seconds"), at, orjson.dumps(row))
    except (KeyError, TypeError, ValueError):
        return unreadable(row, window.end - timedelta(seconds=1))


def _insight(row: Any, last: date) -> Record:
    day = last
    try:
        day = date.fromisoformat(row["date_start"])
        payload = orjson.dumps(row)
        return Record(f"{'' + row['campaign_id']}|{day}", digest(payload), day, payload)
    except (KeyError, TypeError, ValueError):
        return unreadable(row, day)
