"""The RollWorks client: GraphQL queries, few and large, as requests are counted by the day.

Companies are told for one campaign and day at a time; many of those go into one request under aliases, and only for
days on which the campaign had impressions.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import orjson

from abm_pipeline.sources._client import VendorClient
from abm_pipeline.sources._credentials import Credentials
from abm_pipeline.sources._errors import Permanent, Retriable, SourceError
from abm_pipeline.sources._http import Answer, KeyAuth, Login, Response, Session, TokenAuth, retry_after
from abm_pipeline.sources._records import digest, unreadable
from abm_pipeline.sources._spec import Page, Record, Stream, Window
from abm_pipeline.sources.rollworks import contract

VENDOR = "rollworks"
DATA_URL = "https://services.adroll.com"
QUERY = "/reporting/api/v1/query"
# Metrics are told for at most thirty days at once.
SLICE_DAYS = 30
# Campaign days of companies asked for in one request.
BATCH = 25
# Companies told at most: of these many some may be missing.
MOST_ACCOUNTS = 1000
# A refused request has neither headers nor a reason; the quota is of a day.
THROTTLED_SECONDS = 60.0
REFUSED = "Check ABM_ROLLWORKS_API_KEY, and ABM_ROLLWORKS_TOKEN or ABM_ROLLWORKS_CLIENT_SECRET and _REFRESH_TOKEN."


class Client(VendorClient):
    """A user of the organisation, by personal token or OAuth."""

    def __init__(self, credentials: Credentials) -> None:
        base = credentials["ABM_ROLLWORKS_BASE_URL"].rstrip("/")
        self._key = credentials["ABM_ROLLWORKS_API_KEY"]
        super().__init__(Session(VENDOR, base, auth=_auth(credentials, base), judge=self._judge))
        self._advertisables: dict[str, str] | None = None

    def check(self) -> str:
        """List the advertisables."""
        return f"{len(self._currencies(''))} advertisables"

    def fetch(self, stream: Stream, window: Window) -> Iterator[Page]:
        """Advertisables and campaigns as they are now, or the metrics of the window's days."""
        first = (window.start or window.end).date()
        if stream is contract.ADVERTISABLE:
            answer = self._all(stream.name)
            rows = answer.body["data"]["advertisable"]["forUser"] or []
            yield _page(answer, [_named(row, first) for row in rows])
            return
        for eid, currency in self._currencies(stream.name).items():
            if stream is contract.CAMPAIGN:
                answer = self._campaigns(eid, contract.asked(stream), stream.name)
                yield _page(answer, [_named(row, first) for row in _rows(answer)])
                continue
            assert window.start is not None, "reports are asked for with a first day"
            for start, end in _slices(first, (window.end - timedelta(microseconds=1)).date()):
                whose = {"advertisable": eid, "currency": currency}
                if stream is contract.CAMPAIGN_DAY:
                    answer = self._metrics(whose, start, end, contract.asked(stream), stream.name)
                    yield _page(answer, [_metric(row, end, by_company=False) for row in _days(answer, whose)])
                else:
                    yield from self._accounts(stream, whose, start, end)

    def _accounts(self, stream: Stream, whose: Mapping[str, str], start: date, end: date) -> Iterator[Page]:
        """Companies of the campaign days that had impressions."""
        answer = self._metrics(whose, start, end, "date impressions", stream.name)
        wanted = [(row["campaign"], row["date"]) for row in _days(answer, whose) if row.get("impressions")]
        for at in range(0, len(wanted), BATCH):
            batch = wanted[at : at + BATCH]
            owner, currency = _text(whose["advertisable"]), _text(whose["currency"])
            parts = [
                f"a{number}: summary({_span(date.fromisoformat(day))}, advertisableEID: {owner}, "
                f"campaignEIDs: [{_text(campaign)}], currency: {currency}) {{ {contract.asked(stream)} }}"
                for number, (campaign, day) in enumerate(batch)
            ]
            answer = self._ask(f"{{ accountMetrics {{ {' '.join(parts)} }} }}", stream.name)
            told = answer.body["data"].get("accountMetrics") or {}
            records = []
            for number, (campaign, day) in enumerate(batch):
                rows = told.get(f"a{number}") or []
                if len(rows) >= MOST_ACCOUNTS:
                    self._count(stream, "answers_cut_at_1000")
                own = {**whose, "campaign": campaign, "date": day}
                records += [_metric({**own, **row}, end, by_company=True) for row in rows]
            yield _page(answer, records)

    def _metrics(self, whose: Mapping[str, str], start: date, end: date, fields: str, stream: str) -> Answer:
        """All campaigns of an advertisable with their metrics by day."""
        span = f"{_span(start, end)}, currency: {_text(whose['currency'])}"
        return self._campaigns(whose["advertisable"], f"eid metrics({span}) {{ byDate {{ {fields} }} }}", stream)

    def _campaigns(self, eid: str, fields: str, stream: str) -> Answer:
        """Campaigns of an advertisable: without being told, only active ones are given."""
        kinds = (("active", "true"), ("rest", "false"))
        both = " ".join(f"{name}: campaigns(isActive: {flag}) {{ {fields} }}" for name, flag in kinds)
        return self._ask(f"{{ advertisable {{ byEID(advertisable: {_text(eid)}) {{ {both} }} }} }}", stream)

    def _all(self, stream: str) -> Answer:
        return self._ask(f"{{ advertisable {{ forUser {{ {contract.asked(contract.ADVERTISABLE)} }} }} }}", stream)

    def _currencies(self, stream: str) -> dict[str, str]:
        """Currency by advertisable."""
        with self._lock:
            if self._advertisables is None:
                rows = self._all(stream).body["data"]["advertisable"]["forUser"] or []
                self._advertisables = {str(row["eid"]): str(row["currency"]) for row in rows}
            return self._advertisables

    def _ask(self, query: str, stream: str) -> Answer:
        return self._session.json("POST", QUERY, json={"query": query}, params={"apikey": self._key}, stream=stream)

    def _judge(self, response: Response, stream: str) -> SourceError | None:
        """A good status may come with errors: then what is told is not whole, and nothing of it is used."""
        status = response.status_code
        if status < 300:
            return _has_errors(response, stream)
        remedy = {
            401: REFUSED,
            403: REFUSED,
            429: "New applications have 100 requests a day: ask for Basic access in the developer console.",
        }.get(status, "")
        error = self._session.judge_status(response, stream, remedy=remedy)
        if isinstance(error, Retriable) and status == 429:
            wait = retry_after(response)
            error.asking_for(THROTTLED_SECONDS if wait is None else wait)
        return error


def _auth(credentials: Credentials, base: str) -> KeyAuth | TokenAuth:
    """A personal token, or OAuth, whose refresh token is replaced at every login."""
    if personal := credentials.get("ABM_ROLLWORKS_TOKEN"):
        return KeyAuth({"Authorization": f"Token {personal}"})
    name = "ABM_ROLLWORKS_REFRESH_TOKEN"

    def login() -> Login:
        form = {
            "grant_type": "refresh_token",
            "client_id": credentials["ABM_ROLLWORKS_API_KEY"],
            "client_secret": credentials["ABM_ROLLWORKS_CLIENT_SECRET"],
            "refresh_token": credentials[name],
        }
        return Login(f"{base}/auth/token", form=form)

    def accepted(said: Mapping[str, Any]) -> None:
        if isinstance(said.get("refresh_token"), str):
            credentials.keep(name, said["refresh_token"])

    return TokenAuth(VENDOR, login, REFUSED, accepted=accepted)


def _has_errors(response: Response, stream: str) -> SourceError | None:
    try:
        body = orjson.loads(response.content)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(body, dict) or not (body.get("has_errors") or body.get("errors")):
        return None
    if body.get("data") is None:
        remedy = "The query may not fit the API any more: report it."
        return Permanent("the query was refused", vendor=VENDOR, stream=stream, status=200, remedy=remedy)
    return Retriable("only a part was answered", vendor=VENDOR, stream=stream, status=200)


def _slices(first: date, last: date) -> Iterator[tuple[date, date]]:
    """Spans of at most thirty days, both ends inclusive."""
    while first <= last:
        end = min(first + timedelta(days=SLICE_DAYS - 1), last)
        yield first, end
        first = end + timedelta(days=1)


def _span(first: date, last: date | None = None) -> str:
    """Arguments for days, both inclusive: the API's end is exclusive."""
    return f'start: "{first}", end: "{(last or first) + timedelta(days=1)}"'


def _text(value: str) -> str:
    return orjson.dumps(value).decode()


def _rows(answer: Answer) -> list[Any]:
    """Campaigns, active or not."""
    found = (answer.body["data"].get("advertisable") or {}).get("byEID") or {}
    return [*(found.get("active") or []), *(found.get("rest") or [])]


def _days(answer: Answer, whose: Mapping[str, str]) -> list[Any]:
    """The campaigns' days, and whose they are."""
    return [
        {**whose, "campaign": campaign["eid"], **row}
        for campaign in _rows(answer)
        for row in (campaign.get("metrics") or {}).get("byDate") or []
    ]


def _page(answer: Answer, records: Sequence[Record]) -> Page:
    return Page(list(records), answer.fetched_at, answer.served_at)


def _named(row: Any, day: date) -> Record:
    payload = orjson.dumps(row)
    try:
        # An id that isn't text can't be added to one.
        return Record("" + row["eid"], digest(payload), day, payload)
    except (KeyError, TypeError):
        return unreadable(row, day)


def _metric(row: Mapping[str, Any], last: date, *, by_company: bool) -> Record:
    """A row of metrics: its campaign, its company if it is one's, and its day say which it is."""
    day = last
    try:
        day = date.fromisoformat(row["date"])
        whom = "|" + row["domain"] if by_company else ""
        payload = orjson.dumps(row)
        return Record(f"{'' + row['campaign']}{whom}|{day}", digest(payload), day, payload)
    except (KeyError, TypeError, ValueError):
        return unreadable(row, day)
