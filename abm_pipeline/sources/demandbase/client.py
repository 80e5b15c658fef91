"""The Demandbase client: accounts by export job, keyword research page by page."""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Any

import orjson

from abm_pipeline.programme import Programme
from abm_pipeline.sources._client import VendorClient
from abm_pipeline.sources._errors import Permanent, Retriable, Skippable, SourceError
from abm_pipeline.sources._http import Answer, Login, Response, Session, TokenAuth, pause, retry_after
from abm_pipeline.sources._paging import LoopGuard
from abm_pipeline.sources._records import digest, unreadable
from abm_pipeline.sources._spec import Page, Record, Stream, Window
from abm_pipeline.sources.demandbase.contract import VENDOR, Options, account_names

PAGE_SIZE = 100
SETS_PER_QUERY = 10
# Not more than twelve months may be asked for at once.
DAYS_PER_QUERY = 180
POLL_FIRST_SECONDS, POLL_CAP_SECONDS, POLL_TOTAL_SECONDS = 1.0, 30.0, 7200.0
# Waits by the vendor's own code, which comes without one: queries at once, exports in 24 hours, jobs at once.
WAITS = {"429-100": 30.0, "429-101": 3600.0, "429-102": 60.0}
THROTTLED_SECONDS = 30.0
# Times that fresh links are asked for, when those of a job have run out.
MAX_LINKS = 3
REFUSED = "Check ABM_DEMANDBASE_CLIENT_ID and ABM_DEMANDBASE_CLIENT_SECRET (API key set in Demandbase's settings)."
EXPORT, INTENT = "/data/export/v1", "/data/intent/v1/companies/intent/query"
PREFIX = "{Account}."
csv.field_size_limit(min(sys.maxsize, 2**31 - 1))


class Client(VendorClient):
    """A key set of the organisation."""

    def __init__(self, credentials: Mapping[str, str], programme: Programme) -> None:
        base = credentials["ABM_DEMANDBASE_BASE_URL"].rstrip("/")
        form = {
            "grant_type": "client_credentials",
            "client_id": credentials["ABM_DEMANDBASE_CLIENT_ID"],
            "client_secret": credentials["ABM_DEMANDBASE_CLIENT_SECRET"],
        }
        auth = TokenAuth(VENDOR, lambda: Login(f"{base}/auth/v1/token", form=form), REFUSED)
        super().__init__(Session(VENDOR, base, auth=auth, judge=self._judge))
        self._sets = programme.options(VENDOR, Options).keyword_sets
        self._fields = [name for name in account_names(programme).values() if name is not None]

    def check(self) -> str:
        """List the exportable account fields."""
        return f"{len(self._known_fields(''))} account fields"

    def fetch(self, stream: Stream, window: Window) -> Iterator[Page]:
        """Accounts as they are now, or the research of weeks that end in the window."""
        if stream.name == "account":
            yield from self._accounts(stream)
            return
        last = (window.end - timedelta(microseconds=1)).date()
        first = last - timedelta(days=365) if window.start is None else window.start.date()
        sets = list(self._sets) or self._all_sets(stream.name)
        while first <= last:
            until = min(first + timedelta(days=DAYS_PER_QUERY - 1), last)
            for start in range(0, len(sets), SETS_PER_QUERY):
                yield from self._intent(stream.name, sets[start : start + SETS_PER_QUERY], first, until)
            first = until + timedelta(days=1)

    # -- research

    def _all_sets(self, stream: str) -> list[int]:
        rows = self._session.json("GET", f"{EXPORT}/reference/keywordSet", stream=stream).body["data"]
        found = list(dict.fromkeys(int(row["id"]) for row in rows))
        if not found:
            what = "there is no keyword set: make one in Demandbase, or name some in sources.demandbase.keyword_sets"
            raise Skippable(what, vendor=VENDOR, stream=stream)
        return found

    def _intent(self, stream: str, sets: list[int], first: date, last: date) -> Iterator[Page]:
        """Weeks that end in the days; a week belongs to one query only, though it may begin before its first day."""
        asked: dict[str, Any] = {
            "keywordSetIds": sets,
            "startDate": (first - timedelta(days=6)).isoformat(),
            "endDate": last.isoformat(),
            "pageSize": PAGE_SIZE,
            "sortBy": "endDate",
            "sortOrder": "ASC",
        }
        guard, token = LoopGuard(VENDOR, stream), None
        while True:
            answer = self._session.json(
                "POST", INTENT, json=asked | ({"pageToken": token} if token else {}), stream=stream
            )
            records = [_research(row, last) for row in answer.body["data"]]
            kept = [r for r in records if isinstance(r.at, date) and first <= r.at <= last]
            yield Page(kept, answer.fetched_at, answer.served_at)
            token = answer.body["pagination"].get("after")
            if not token:
                return
            guard.pass_on(token)

    # -- exports

    def _known_fields(self, stream: str) -> set[str]:
        answer = self._session.json("GET", f"{EXPORT}/fields", params={"entityType": "account"}, stream=stream)
        return {str(row["name"]).removeprefix(PREFIX) for row in answer.body}

    def _accounts(self, stream: Stream) -> Iterator[Page]:
        """Fields that the organisation has not are left out of the job, which they would fail, and counted."""
        known = self._known_fields(stream.name)
        wanted = ["id", "name", *self._fields]
        if missing := [name for name in wanted if name not in known]:
            self._notes[stream.name]["fields_missing"] = ", ".join(missing)
        asked = {
            "entityType": "account",
            "jobName": "abm_pipeline accounts",
            "fields": [PREFIX + name for name in wanted if name in known],
            "format": "csv",
        }
        job = self._session.json("POST", f"{EXPORT}/job", json=asked, stream=stream.name).body["jobId"]
        told = self._finished(job, stream.name)
        for part in range(len(_links(told))):
            yield self._part(job, told, part, stream.name)

    def _finished(self, job: str, stream: str) -> Answer:
        """The job's status once it has ended, with fresh links to its files."""
        wait, waited = POLL_FIRST_SECONDS, 0.0
        while waited < POLL_TOTAL_SECONDS:
            answer = self._session.json("GET", f"{EXPORT}/job/{job}", stream=stream)
            status = str(answer.body["jobStatus"]).lower()
            if status == "finished":
                return answer
            if status == "failed":
                raise Permanent("the export job failed", vendor=VENDOR, stream=stream, remedy="Run again.")
            pause(wait)
            waited, wait = waited + wait, min(wait * 2, POLL_CAP_SECONDS)
        raise Permanent(f"the export job took more than {POLL_TOTAL_SECONDS:.0f} s", vendor=VENDOR, stream=stream)

    def _part(self, job: str, told: Answer, part: int, stream: str) -> Page:
        """One file, without our token: its link is a key itself. A link that has run out is asked for anew."""
        for attempt in range(MAX_LINKS):
            try:
                rows = self._session.send("GET", _links(told)[part], _rows, stream=stream, is_signed=False)
                break
            except LinkOver:
                if attempt == MAX_LINKS - 1:
                    raise
                told = self._finished(job, stream)
        day = (told.served_at or told.fetched_at).date()
        return Page([_account(row, day) for row in rows], told.fetched_at, told.served_at)

    # -- judging

    def _judge(self, response: Response, stream: str) -> SourceError | None:
        status = response.status_code
        if status < 300:
            return None
        if "authorization" not in response.request.headers and status in (400, 403, 404):
            return LinkOver("the link to the file has run out", vendor=VENDOR, stream=stream, status=status)
        code = _code(response)
        if status == 403 and stream and response.request.url.path.endswith(INTENT):
            what = "the key set does not include the Intent API"
            return Skippable(what, vendor=VENDOR, stream=stream, status=status, code=code)
        remedy = {
            "400-115": "Compare sources.demandbase.account_fields with what /data/export/v1/fields lists.",
            "403-103": "No export collection is switched on for this organisation: ask Demandbase.",
            "429-101": "The day's exports are used up: run again later.",
        }.get(code or "", REFUSED if status in (401, 403) else "")
        error = self._session.judge_status(response, stream, code, remedy)
        if isinstance(error, Retriable) and status == 429:
            wait = retry_after(response)
            error.asking_for(WAITS.get(code or "", THROTTLED_SECONDS) if wait is None else wait)
        return error


class LinkOver(Permanent):
    """A file's link that is not taken any more."""


def _code(response: Response) -> str | None:
    try:
        said = orjson.loads(response.content)
    except orjson.JSONDecodeError:
        return None
    code = said.get("errorCode") if isinstance(said, dict) else None
    return code if isinstance(code, str) else None


def _links(told: Answer) -> list[str]:
    """Files of a finished job: several, or one under a name of its own."""
    several: list[str] = told.body.get("resultsUrls") or []
    return several or ([told.body["resultsUrl"]] if told.body.get("resultsUrl") else [])


def _rows(response: Response) -> list[dict[str, str | None]]:
    """A file's rows by field name, without the entity's; CSV knows no null, so empty is null."""
    lines = csv.reader(io.StringIO(response.content.decode("utf-8-sig"), newline=""))
    header = [name.removeprefix(PREFIX) for name in next(lines, [])]
    return [dict(zip(header, [value or None for value in line], strict=True)) for line in lines]


def _account(row: dict[str, str | None], day: date) -> Record:
    payload = orjson.dumps(row)
    ident = row.get("id")
    return Record(ident, digest(payload), day, payload) if ident else unreadable(row, day)


def _research(row: Any, last: date) -> Record:
    try:
        at, payload = date.fromisoformat(row["endDate"]), orjson.dumps(row)
    except (KeyError, TypeError, ValueError):
        return unreadable(row, last)
    parts = [row.get(name) for name in ("companyId", "keywordSetId", "keyword")]
    if not isinstance(parts[0], str) or not isinstance(parts[2], str):
        return unreadable(row, at)
    return Record(":".join(map(str, (*parts, at))), digest(payload), at, payload)
