"""The Outreach client: collections by `updatedAt`, page by page, with a refresh token that changes at every login."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit

import orjson

from abm_pipeline.sources._client import VendorClient
from abm_pipeline.sources._credentials import Credentials
from abm_pipeline.sources._errors import Retriable, SourceError
from abm_pipeline.sources._http import Answer, Login, Response, Session, TokenAuth, served_at
from abm_pipeline.sources._paging import LoopGuard
from abm_pipeline.sources._records import digest, unreadable
from abm_pipeline.sources._spec import Page, Record, Stream, Window
from abm_pipeline.sources.outreach.contract import MAILING

VENDOR = "outreach"
PATHS = {
    "account": "accounts",
    "prospect": "prospects",
    "mailing": "mailings",
    "call": "calls",
    "sequence": "sequences",
    "call_disposition": "callDispositions",
}
PAGE_SIZE = 1000
REFRESH = "ABM_OUTREACH_REFRESH_TOKEN"
REFUSED = (
    f"Check ABM_OUTREACH_CLIENT_ID and ABM_OUTREACH_CLIENT_SECRET; {REFRESH} works once and for 14 days: if another "
    "program has used it, authorise again and set the new one."
)
# A mail's text is nobody's business here, so mails are asked for by field.
FIELDS = {
    "mailing": ",".join(
        name for f in MAILING.fields for part, _, name in [f.name.partition(".")] if part == "attributes"
    )
    + ",prospect,sequence,user"
}


class Client(VendorClient):
    """A logged-in user's view of an organisation."""

    def __init__(self, credentials: Credentials) -> None:
        base = credentials["ABM_OUTREACH_BASE_URL"].rstrip("/")
        form = {
            "client_id": credentials["ABM_OUTREACH_CLIENT_ID"],
            "client_secret": credentials["ABM_OUTREACH_CLIENT_SECRET"],
            "grant_type": "refresh_token",
        }
        if "ABM_OUTREACH_REDIRECT_URI" in credentials:
            form["redirect_uri"] = credentials["ABM_OUTREACH_REDIRECT_URI"]

        def login() -> Login:
            # Read at every login: the one before has changed it.
            return Login(f"{base}/oauth/token", form=form | {"refresh_token": credentials[REFRESH]})

        def accepted(said: Mapping[str, Any]) -> None:
            if isinstance(said.get("refresh_token"), str):
                credentials.keep(REFRESH, said["refresh_token"])

        auth = TokenAuth(VENDOR, login, REFUSED, accepted=accepted)
        headers = {"Content-Type": "application/vnd.api+json", "Accept": "application/vnd.api+json"}
        super().__init__(Session(VENDOR, base, auth=auth, judge=self._judge, headers=headers))

    def check(self) -> str:
        """Ask for one account."""
        answer = self._session.json("GET", "/api/v2/accounts", params={"page[size]": 1})
        return f"{answer.body.get('meta', {}).get('count', len(answer.body['data']))} accounts"

    def fetch(self, stream: Stream, window: Window) -> Iterator[Page]:
        """Records last changed in the window, oldest first; all dispositions, which have no window."""
        path = f"/api/v2/{PATHS[stream.name]}"
        params: dict[str, str | int] = {"page[size]": PAGE_SIZE, "count": "false"}
        if stream.kind == "changes":
            # Both ends are part of a range, in milliseconds.
            first = "neginf" if window.start is None else _stamp(window.start)
            last = _stamp(window.end - timedelta(milliseconds=1))
            params |= {"sort": "updatedAt", "filter[updatedAt]": f"{first}..{last}"}
        if stream.name in FIELDS:
            params[f"fields[{stream.name}]"] = FIELDS[stream.name]
        day = (window.start or window.end).date()
        for answer in self._pages(path, params, stream.name):
            read = [
                _named(row, day) if stream.kind == "reference" else _changed(row, window) for row in answer.body["data"]
            ]
            yield Page(read, answer.fetched_at, answer.served_at)

    def _pages(self, path: str, params: Mapping[str, str | int], stream: str) -> Iterator[Answer]:
        """All pages; the last has no next link, and one without records has no links at all."""
        guard, query = LoopGuard(VENDOR, stream), urlencode(params)
        while True:
            # Only the query of the next link is followed: the token must not go to another host.
            answer = self._session.json("GET", f"{path}?{query}", stream=stream)
            yield answer
            following = (answer.body.get("links") or {}).get("next")
            if not following:
                return
            query = guard.pass_on(urlsplit(following).query)

    def _judge(self, response: Response, stream: str) -> SourceError | None:
        if response.status_code < 300:
            return None
        remedy = {
            401: f"Check {REFRESH} and the user behind it.",
            403: f"The application lacks the scope {PATHS.get(stream, 'accounts')}.read, or the user may not see them.",
        }.get(response.status_code, "")
        error = self._session.judge_status(response, stream, _code(response), remedy)
        if isinstance(error, Retriable) and error.retry_after is None:
            error.asking_for(_until_reset(response))
        return error


def _code(response: Response) -> str | None:
    """Outreach's own name of the error."""
    try:
        errors = orjson.loads(response.content)["errors"]
        return str(errors[0]["id"])
    except (orjson.JSONDecodeError, KeyError, IndexError, TypeError):
        return None


def _until_reset(response: Response) -> float | None:
    """Seconds to the end of the hour that the limit counts, from `X-RateLimit-Reset` (epoch seconds) of a 429."""
    reset = response.headers.get("X-RateLimit-Reset", "")
    if response.status_code != 429 or not reset.isdigit():
        return None
    return max(0.0, int(reset) - (served_at(response) or datetime.now(UTC)).timestamp())


def _stamp(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"


def _changed(row: Any, window: Window) -> Record:
    try:
        stamp = row["attributes"]["updatedAt"]
        # an id that isn't a number can't be added to one
        return Record(str(row["id"] + 0), stamp, datetime.fromisoformat(stamp).astimezone(UTC), orjson.dumps(row))
    except (KeyError, TypeError, ValueError):
        return unreadable(row, window.end - timedelta(seconds=1))


def _named(row: Any, day: date) -> Record:
    try:
        payload = orjson.dumps(row)
        return Record(str(row["id"] + 0), digest(payload), day, payload)
    except (KeyError, TypeError):
        return unreadable(row, day)
