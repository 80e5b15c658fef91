"""The SurveyMonkey client: every survey's details, and its responses by time of change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import orjson

from abm_pipeline.sources._client import VendorClient
from abm_pipeline.sources._errors import Retriable, SourceError
from abm_pipeline.sources._http import Answer, Pace, Response, Session, bearer, retry_after
from abm_pipeline.sources._paging import LoopGuard
from abm_pipeline.sources._records import digest, unreadable
from abm_pipeline.sources._spec import Page, Record, Stream, Window

VENDOR = "surveymonkey"
DATA_URL = "https://api.surveymonkey.com"
SURVEY_PAGE, RESPONSE_PAGE = 1000, 100
# The limit of draft and private apps, over all endpoints.
CALLS, PER_SECONDS = 120, 60.0
LEFT = "X-Ratelimit-App-Global-{}-{}"
REFUSED = (
    "Check ABM_SURVEYMONKEY_TOKEN; outside the US also ABM_SURVEYMONKEY_BASE_URL (https://api.eu.surveymonkey.com)."
)
SCOPES = "The app needs the scopes surveys_read, responses_read, responses_read_detail, and the account a paid plan."


class _AppPace(Pace):
    """One count for all endpoints."""

    def wait(self, endpoint: str) -> None:
        super().wait("app")


class Client(VendorClient):
    """An account, by an access token, which does not expire."""

    def __init__(self, credentials: Mapping[str, str]) -> None:
        base = credentials["ABM_SURVEYMONKEY_BASE_URL"].rstrip("/")
        auth, pace = bearer(credentials["ABM_SURVEYMONKEY_TOKEN"]), _AppPace(CALLS, PER_SECONDS)
        super().__init__(Session(VENDOR, base, auth=auth, judge=self._judge, pace=pace))

    def check(self) -> str:
        """Count the surveys, and tell how many requests are left today."""
        answer = self._session.json("GET", "/v3/surveys", params={"per_page": 1})
        left = answer.headers.get(LEFT.format("Day", "Remaining"), "an unknown number of")
        return f"{answer.body['total']} surveys; {left} requests left today"

    def fetch(self, stream: Stream, window: Window) -> Iterator[Page]:
        """Surveys as they are, or the responses changed in the window."""
        for listed in self._pages("/v3/surveys", {"per_page": SURVEY_PAGE}, stream.name):
            for row in listed.body["data"]:
                path = f"/v3/surveys/{row['id']}"
                if stream.name == "survey":
                    answer = self._session.json("GET", f"{path}/details", stream=stream.name)
                    record = _survey(answer.body, (window.start or window.end).date())
                    yield Page([record], answer.fetched_at, answer.served_at)
                else:
                    yield from self._responses(stream, f"{path}/responses/bulk", window)
                self._note_left(stream, listed)

    def _responses(self, stream: Stream, path: str, window: Window) -> Iterator[Page]:
        """One survey's, oldest change first, so that what changes meanwhile comes last."""
        asked: dict[str, str | int] = {
            "per_page": RESPONSE_PAGE, "sort_by": "date_modified", "sort_order": "ASC",
            "end_modified_at": _asked(window.end),
        }  # fmt: skip
        if window.start is not None:
            asked["start_modified_at"] = _asked(window.start)
        for answer in self._pages(path, asked, stream.name):
            records = [_response(row, window) for row in answer.body["data"]]
            kept = [r for r in records if (window.start is None or r.at >= window.start) and r.at < window.end]
            yield Page(list({(r.record_id, r.version): r for r in kept}.values()), answer.fetched_at, answer.served_at)

    def _pages(self, path: str, asked: Mapping[str, str | int], stream: str) -> Iterator[Answer]:
        """Pages until there is no next link. Its host may be another, so only the number is taken from it."""
        guard, page = LoopGuard(VENDOR, stream), "1"
        while True:
            params = {**asked, "page": guard.pass_on(page)}
            answer = self._session.json("GET", path, params=params, stream=stream)
            yield answer
            following = answer.body["links"].get("next")
            if following is None:
                return
            page = parse_qs(urlsplit(following).query)["page"][0]

    def _note_left(self, stream: Stream, answer: Answer) -> None:
        left = answer.headers.get(LEFT.format("Day", "Remaining"))
        if left is not None and left.isdigit():
            self._notes[stream.name]["requests_left_today"] = int(left)

    def _judge(self, response: Response, stream: str) -> SourceError | None:
        status = response.status_code
        if status < 300:
            return None
        remedy = {401: REFUSED, 403: SCOPES}.get(status, "")
        error = self._session.judge_status(response, stream, _code(response), remedy)
        if isinstance(error, Retriable) and status == 429 and retry_after(response) is None:
            return error.asking_for(_wait(response.headers))
        return error


def _wait(headers: Mapping[str, str]) -> float | None:
    """Seconds until the limit that is used up starts again: the day's, if it is that one, else the minute's."""
    for name in ("Day", "Minute"):
        reset = headers.get(LEFT.format(name, "Reset"), "")
        if headers.get(LEFT.format(name, "Remaining")) == "0" and reset.isdigit():
            return float(reset)
    return None


def _code(response: Response) -> str | None:
    try:
        return str(orjson.loads(response.content)["error"]["id"])
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return None


def _asked(moment: datetime) -> str:
    """A time as it is asked for: without an offset it is UTC."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")


def _survey(row: Any, day: date) -> Record:
    payload = orjson.dumps(row)
    try:
        return Record(row["id"], digest(payload), day, payload)
    except (KeyError, TypeError):
        return unreadable(row, day)


def _response(row: Any, window: Window) -> Record:
    try:
        stamp = datetime.fromisoformat(row["date_modified"]).astimezone(UTC)
        if not isinstance(row["id"], str):
            raise TypeError
        return Record(row["id"], row["date_modified"], stamp, orjson.dumps(row))
    except (KeyError, TypeError, ValueError, AttributeError):
        return unreadable(row, window.end - timedelta(seconds=1))
