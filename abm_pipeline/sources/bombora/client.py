"""The Bombora client: ask for a report, then read its pages; the topics of the subscription."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

import orjson

from abm_pipeline.programme import Programme
from abm_pipeline.sources._client import VendorClient
from abm_pipeline.sources._errors import Permanent, Retriable, SourceError
from abm_pipeline.sources._http import Answer, Login, Pace, Response, Session, TokenAuth, retry_after
from abm_pipeline.sources._paging import LoopGuard
from abm_pipeline.sources._records import digest, unreadable
from abm_pipeline.sources._spec import Page, Record, Stream, Window
from abm_pipeline.sources.bombora.contract import INTENT

VENDOR = "bombora"
TOPICS_PER_REPORT = 50
PAGE_ROWS = 10_000
# Documented as 60 calls a minute and endpoint; told by a bare 429.
CALLS, PER_SECONDS = 60, 60.0
THROTTLED_SECONDS = 15.0
# Times a report is asked for anew when its page token is refused half-way.
MAX_RESTARTS = 2
ATTRIBUTES = [field.name for field in INTENT.fields]
REFUSED = "Check ABM_BOMBORA_CLIENT_ID and ABM_BOMBORA_CLIENT_SECRET."


class Client(VendorClient):
    """A logged-in subscription."""

    def __init__(self, credentials: Mapping[str, str], programme: Programme) -> None:
        base = credentials["ABM_BOMBORA_BASE_URL"].rstrip("/")
        body = {
            "client_id": credentials["ABM_BOMBORA_CLIENT_ID"],
            "client_secret": credentials["ABM_BOMBORA_CLIENT_SECRET"],
        }
        auth = TokenAuth(VENDOR, lambda: Login(f"{base}/oauth/token", json=body), REFUSED)
        super().__init__(Session(VENDOR, base, auth=auth, judge=self._judge, pace=Pace(CALLS, PER_SECONDS)))
        self._topics = programme.bombora_topics

    def check(self) -> str:
        """List the topics."""
        return f"{len(self._reference('').body['topics'])} topics"

    def fetch(self, stream: Stream, window: Window) -> Iterator[Page]:
        """The topics, or the scores as they are now; neither has a date; the window says where they are kept."""
        answer = self._reference(stream.name)
        if stream.name == "topic":
            first = (window.start or window.end).date()
            records = [_topic(row, first) for row in answer.body["topics"]]
            yield Page(records, answer.fetched_at, answer.served_at)
            return
        names = list(self._topics) or [str(topic["name"]) for topic in answer.body["topics"]]
        self._notes[stream.name]["topics"] = len(names)
        for start in range(0, len(names), TOPICS_PER_REPORT):
            yield from self._report(stream, names[start : start + TOPICS_PER_REPORT])

    def _report(self, stream: Stream, topics: list[str]) -> Iterator[Page]:
        """The pages of one report. A page token that dies can't be used again: the report is asked for anew."""
        restarts = 0
        while True:
            try:
                yield from self._pages(stream, topics)
                return
            except TokenGone:
                restarts += 1
                self._notes[stream.name]["restarts"] = restarts
                if restarts > MAX_RESTARTS:
                    raise

    def _pages(self, stream: Stream, topics: list[str]) -> Iterator[Page]:
        asked = {"topics": topics, "attributes": ATTRIBUTES}
        token = self._session.json("POST", "/intent/v1/data", json=asked, stream=stream.name).body["pageToken"]
        guard = LoopGuard(VENDOR, stream.name)
        # Pages may be short without being the last, as a body has at most 10 MB: the end is a null token.
        while token is not None:
            params: dict[str, str | int] = {"pageToken": guard.pass_on(token), "limit": PAGE_ROWS}
            answer = self._session.json("GET", "/intent/v1/data", params=params, stream=stream.name)
            day = (answer.served_at or answer.fetched_at).date()
            records = [_score(row, day) for row in answer.body["data"]]
            yield Page(records, answer.fetched_at, answer.served_at)
            token = answer.body["nextPageToken"]

    def _reference(self, stream: str) -> Answer:
        return self._session.json("GET", "/reference/v1/topics", stream=stream)

    def _judge(self, response: Response, stream: str) -> SourceError | None:
        """Refusals have no body, so the status has to do."""
        status = response.status_code
        if status in (400, 404, 410, 422) and "pageToken=" in str(response.request.url):
            return TokenGone("the page token was refused", vendor=VENDOR, stream=stream, status=status)
        remedy = {
            403: "The subscription does not include this: ask Bombora for API access.",
            422: "A topic asked for does not exist: compare bombora_topics with the subscription's topics.",
        }.get(status, "")
        error = self._session.judge_status(response, stream, remedy=remedy)
        if isinstance(error, Retriable) and status == 429:
            wait = retry_after(response)
            error.asking_for(THROTTLED_SECONDS if wait is None else wait)
        return error


class TokenGone(Permanent):
    """A page token that is not taken any more."""


def _topic(row: Any, day: date) -> Record:
    try:
        payload = orjson.dumps(row)
        return Record(str(row["id"]), digest(payload), day, payload)
    except (KeyError, TypeError):
        return unreadable(row, day)


def _score(row: Any, day: date) -> Record:
    try:
        payload = orjson.dumps(row)
        return Record(f"{row['domain']}|{row['topic']}", digest(payload), day, payload)
    except (KeyError, TypeError):
        return unreadable(row, day)
