"""The Salesloft client: collections by `updated_at`, always the first page from the last record on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

from abm_pipeline.sources._client import VendorClient
from abm_pipeline.sources._credentials import Credentials
from abm_pipeline.sources._errors import Retriable, Skippable, SourceError
from abm_pipeline.sources._http import KeyAuth, Login, Pace, Response, Session, TokenAuth, bearer
from abm_pipeline.sources._paging import LoopGuard
from abm_pipeline.sources._records import unreadable
from abm_pipeline.sources._spec import Page, Record, Stream, Window

VENDOR = "salesloft"
DATA_URL, TOKEN_URL = "https://api.salesloft.com", "https://accounts.salesloft.com"
PATHS = {
    "account": "/v2/accounts",
    "person": "/v2/people",
    "email": "/v2/activities/emails",
    "call": "/v2/activities/calls",
    "cadence": "/v2/cadences",
}
PAGE_SIZE = 100
# 600 points a minute for the whole team: five streams at this pace leave some to others.
CALLS, PER_SECONDS = 100, 60.0
# A throttled answer tells no wait; the points are those of a minute.
THROTTLED_SECONDS = 30.0
REFRESH = "ABM_SALESLOFT_REFRESH_TOKEN"
REFUSED = (
    f"Check ABM_SALESLOFT_CLIENT_ID and ABM_SALESLOFT_CLIENT_SECRET; {REFRESH} works once: if another program has used "
    "it, authorise again and set the new one."
)


class Client(VendorClient):
    """A logged-in user's view of a team."""

    def __init__(self, credentials: Credentials) -> None:
        base = credentials["ABM_SALESLOFT_BASE_URL"].rstrip("/")
        auth = _oauth(credentials, base) if REFRESH in credentials else bearer(credentials["ABM_SALESLOFT_API_KEY"])
        pace = Pace(CALLS, PER_SECONDS)
        super().__init__(Session(VENDOR, base, auth=auth, judge=self._judge, pace=pace))

    def check(self) -> str:
        """Whose token it is."""
        return f"logged in as user {self._session.json('GET', '/v2/me').body['data']['id']}"

    def fetch(self, stream: Stream, window: Window) -> Iterator[Page]:
        """Records last changed in the window, oldest first.

        Page numbers are not followed: pages shift as records change, and deep ones cost up to thirty points. The first
        page from the last record's stamp on is asked for instead; only where one stamp fills a page, the next of it.
        """
        guard, page = LoopGuard(VENDOR, stream.name), 1
        since = None if window.start is None else _stamp(window.start)
        held: set[tuple[str, str]] = set()
        while True:
            params: dict[str, str | int] = {
                "per_page": PAGE_SIZE, "page": page, "sort_by": "updated_at", "sort_direction": "ASC",
                "updated_at[lt]": _stamp(window.end),
            }  # fmt: skip
            if since is not None:
                params["updated_at[gte]"] = since
            answer = self._session.json("GET", PATHS[stream.name], params=params, stream=stream.name)
            self._note(stream, answer.headers)
            read = [_record(row, window) for row in answer.body["data"]]
            yield Page([r for r in read if r[:2] not in held], answer.fetched_at, answer.served_at)
            following = answer.body["metadata"]["paging"]["next_page"]
            if following is None:
                return
            last = _last(read)
            if last is not None and last != since:
                since, page = last, 1
            else:
                page = int(following)
            held = {record[:2] for record in read}
            guard.pass_on(f"{since} {page}")

    def _note(self, stream: Stream, headers: Mapping[str, str]) -> None:
        cost = headers.get("x-ratelimit-endpoint-cost", "")
        if cost.isdigit():
            self._count(stream, "points", int(cost))

    def _judge(self, response: Response, stream: str) -> SourceError | None:
        status = response.status_code
        if status == 403 and stream:
            what = "the token lacks the scope of this stream, which is left out"
            return Skippable(what, vendor=VENDOR, stream=stream, status=status)
        remedy = {401: f"Check {REFRESH} or ABM_SALESLOFT_API_KEY."}.get(status, "")
        error = self._session.judge_status(response, stream, remedy=remedy)
        if isinstance(error, Retriable) and status == 429 and error.retry_after is None:
            error.asking_for(THROTTLED_SECONDS)
        return error


def _oauth(credentials: Credentials, base: str) -> KeyAuth | TokenAuth:
    token_base = TOKEN_URL if base == DATA_URL else base
    form = {
        "client_id": credentials["ABM_SALESLOFT_CLIENT_ID"],
        "client_secret": credentials["ABM_SALESLOFT_CLIENT_SECRET"],
        "grant_type": "refresh_token",
    }

    def login() -> Login:
        # Read at every login: the one before has changed it.
        return Login(f"{token_base}/oauth/token", form=form | {"refresh_token": credentials[REFRESH]})

    def accepted(said: Mapping[str, Any]) -> None:
        if isinstance(said.get("refresh_token"), str):
            credentials.keep(REFRESH, said["refresh_token"])

    return TokenAuth(VENDOR, login, REFUSED, accepted=accepted)


def _last(records: list[Record]) -> str | None:
    """The stamp of the last record that has one."""
    stamped = [record for record in records if not record.record_id.startswith("unreadable:")]
    return stamped[-1].version if stamped else None


def _stamp(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _record(row: Any, window: Window) -> Record:
    """The version is the stamp in UTC: the offset that it comes with is the team's, and changes with the season."""
    try:
        at = datetime.fromisoformat(row["updated_at"]).astimezone(UTC)
        # an id that isn't a number can't be added to one
        return Record(str(row["id"] + 0), _stamp(at), at, orjson.dumps(row))
    except (KeyError, TypeError, ValueError):
        return unreadable(row, window.end - timedelta(seconds=1))
