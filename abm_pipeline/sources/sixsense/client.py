"""The 6sense client: the published segments, their accounts, and one lookup per company for its scores."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any
from urllib.parse import urlencode

import orjson

from abm_pipeline.programme import Programme
from abm_pipeline.sources._client import VendorClient
from abm_pipeline.sources._errors import Permanent, Retriable, Skippable, SourceError
from abm_pipeline.sources._http import Answer, KeyAuth, Pace, Response, Session, retry_after
from abm_pipeline.sources._records import digest, unreadable
from abm_pipeline.sources._spec import Page, Record, Stream, Window
from abm_pipeline.sources.sixsense.contract import Options

VENDOR = "sixsense"
# Documented as 100 calls a minute and token; told by a 429 without a wait.
CALLS, PER_SECONDS = 95, 60.0
THROTTLED_SECONDS = 60.0
LOOKUPS_A_PAGE = 50
SCORING, SEGMENTS = "ABM_SIXSENSE_SCORING_TOKEN", "ABM_SIXSENSE_SEGMENTS_TOKEN"


class Client(VendorClient):
    """A customer's tokens: each opens one group of APIs."""

    def __init__(self, credentials: Mapping[str, str], programme: Programme) -> None:
        base = credentials["ABM_SIXSENSE_BASE_URL"].rstrip("/")
        super().__init__(Session(VENDOR, base, auth=KeyAuth(), judge=self._judge, pace=Pace(CALLS, PER_SECONDS)))
        self._tokens = {name: credentials.get(name) for name in (SCORING, SEGMENTS)}
        self._options = programme.options(VENDOR, Options)
        # Country by domain, of the accounts in the chosen segments.
        self._found: dict[str, str] | None = None

    def check(self) -> str:
        """List the segments; without a token for them, say how many companies would be looked up."""
        if self._tokens[SEGMENTS]:
            return f"{len(self._segments('').body['list'])} segments"
        return f"no segments token; {len(self._options.companies)} companies to look up"

    def fetch(self, stream: Stream, window: Window) -> Iterator[Page]:
        """All as of now: the answers carry no day; the window says where segments are kept."""
        if stream.name == "score":
            yield from self._scores(stream)
        elif not self._tokens[SEGMENTS]:
            raise Skippable(f"{SEGMENTS} is not set", vendor=VENDOR, stream=stream.name)
        elif stream.name == "segment":
            answer = self._segments(stream.name)
            first = (window.start or window.end).date()
            records = [_named(row, first, "id") for row in answer.body["list"]]
            yield Page(records, answer.fetched_at, answer.served_at)
        else:
            yield from self._accounts(stream.name)

    def _segments(self, stream: str) -> Answer:
        return self._get("/v1/company/segments", stream)

    def _accounts(self, stream: str) -> Iterator[Page]:
        """The accounts of every segment; those of the chosen ones are remembered for the lookups."""
        answer = self._segments(stream)
        yield Page([], answer.fetched_at, answer.served_at)
        found: dict[str, str] = {}
        for segment in answer.body["list"]:
            answer = self._get(f"/v1/company/segment/{segment['id']}", stream)
            rows = [{"segment_id": segment["id"], **row} for row in answer.body["accounts"]]
            day = _day(answer)
            yield Page([_named(row, day, "segment_id", "domain") for row in rows], answer.fetched_at, answer.served_at)
            if not self._options.segments or segment["name"] in self._options.segments:
                found |= {
                    row["domain"].strip().lower(): str(row.get("country") or "")
                    for row in rows
                    if isinstance(row.get("domain"), str)
                }
        self._found = found

    def _scores(self, stream: Stream) -> Iterator[Page]:
        if self._tokens[SEGMENTS] and self._found is None:
            for _ in self._accounts(stream.name):
                pass
        chosen = {domain.strip().lower(): country for domain, country in self._options.companies.items()}
        due = sorted(({**(self._found or {}), **chosen}).items())
        if not self._tokens[SEGMENTS] and not due:
            what = "no company to look up: set ABM_SIXSENSE_SEGMENTS_TOKEN, or sources.sixsense.companies"
            raise Skippable(what, vendor=VENDOR, stream=stream.name)
        if not due:
            # Asked and empty is not the same as not asked.
            answer = self._segments(stream.name)
            yield Page([], answer.fetched_at, answer.served_at)
        for start in range(0, len(due), LOOKUPS_A_PAGE):
            records: list[Record] = []
            told: Answer | None = None
            for domain, country in due[start : start + LOOKUPS_A_PAGE]:
                try:
                    told = self._lookup(stream.name, domain, country)
                except NoMatch:
                    self._count(stream, "companies_unknown")
                    continue
                self._count(stream, "credits_used")
                if "scores" not in told.body:
                    self._count(stream, "answers_without_scores")
                payload = orjson.dumps(told.body)
                records.append(Record(domain, digest(payload), _day(told), payload))
            if told is not None:
                yield Page(records, told.fetched_at, told.served_at)

    def _lookup(self, stream: str, domain: str, country: str) -> Answer:
        """An address is mandatory; its domain is what finds the company, so no person's is needed."""
        form = {"email": f"info@{domain}", "website": domain, "country": country or "Unknown"}
        headers = {**self._header(SCORING), "Content-Type": "application/x-www-form-urlencoded"}
        content = urlencode(form).encode()
        return self._session.json("POST", "/v2/people/full", content=content, headers=headers, stream=stream)

    def _get(self, path: str, stream: str) -> Answer:
        return self._session.json("GET", path, headers=self._header(SEGMENTS), stream=stream)

    def _header(self, name: str) -> dict[str, str]:
        return {"Authorization": f"Token {self._tokens[name]}"}

    def _judge(self, response: Response, stream: str) -> SourceError | None:
        """Messages are for people and not to be relied on, so the status has to do."""
        status = response.status_code
        is_lookup = response.request.method == "POST"
        if status == 404 and is_lookup:
            return NoMatch("no such company", vendor=VENDOR, stream=stream, status=status)
        variable = SCORING if is_lookup else SEGMENTS
        if status == 401:
            remedy = f"Check {variable}: each token opens one group of APIs."
            return Permanent("the token was refused", vendor=VENDOR, stream=stream, status=status, remedy=remedy)
        if status == 402:
            remedy = (
                "Waiting doesn't help: ask 6sense for credits or switch on overage, or score fewer companies "
                "(sources.sixsense.segments)."
            )
            return Permanent("the credits are used up", vendor=VENDOR, stream=stream, status=status, remedy=remedy)
        remedy = f"Check what the token in {variable} may read." if status == 403 else ""
        error = self._session.judge_status(response, stream, remedy=remedy)
        if isinstance(error, Retriable) and status == 429:
            wait = retry_after(response)
            error.asking_for(THROTTLED_SECONDS if wait is None else wait)
        return error


class NoMatch(Permanent):
    """6sense doesn't know the company: an expected answer, not a fault."""


def _day(answer: Answer) -> date:
    return (answer.served_at or answer.fetched_at).date()


def _named(row: Any, day: date, *names: str) -> Record:
    """A record known by some of its values."""
    try:
        payload = orjson.dumps(row)
        parts = [row[name] for name in names]
        if names[-1] == "domain" and not isinstance(parts[-1], str):
            return unreadable(row, day)
        return Record(":".join(str(part).strip().lower() for part in parts), digest(payload), day, payload)
    except (KeyError, TypeError):
        return unreadable(row, day)
