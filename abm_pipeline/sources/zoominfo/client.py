"""The ZoomInfo client: searches of companies and people, people enriched as they change, org charts by company."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import orjson

from abm_pipeline.programme import Programme
from abm_pipeline.sources._client import VendorClient
from abm_pipeline.sources._errors import Permanent, Retriable, Skippable, SourceError
from abm_pipeline.sources._http import Answer, Login, Pace, Response, Session, TokenAuth, retry_after
from abm_pipeline.sources._records import digest, unreadable
from abm_pipeline.sources._spec import Page, Record, Stream, Window
from abm_pipeline.sources.zoominfo.contract import OUTPUT_FIELDS, Options

VENDOR = "zoominfo"
DATA = "/data/v1"
PAGE_SIZE, MAX_PAGES, MAX_RESULTS = 100, 100, 10_000
SITES_PER_SEARCH, PEOPLE_PER_ENRICH = 50, 25
# 25 calls a second are allowed, whatever they ask for.
CALLS, PER_SECONDS = 24, 1.0
# Where a throttled answer tells neither a wait nor when its bucket is empty.
THROTTLED_SECONDS = 5.0
REFUSED = "Check ABM_ZOOMINFO_CLIENT_ID and ABM_ZOOMINFO_CLIENT_SECRET (an app with client credentials, approved)."
SCOPES = "The app in ZoomInfo's developer portal needs the scopes api:data:company and api:data:contact."


class Client(VendorClient):
    """An application of the organisation's. A new token ends the one before, so all threads share one."""

    def __init__(self, credentials: Mapping[str, str], programme: Programme) -> None:
        base = credentials["ABM_ZOOMINFO_BASE_URL"].rstrip("/")
        pair = f"{credentials['ABM_ZOOMINFO_CLIENT_ID']}:{credentials['ABM_ZOOMINFO_CLIENT_SECRET']}"
        login = Login(
            f"{base}/oauth/v1/token",
            form={"grant_type": "client_credentials"},
            headers={"Authorization": f"Basic {b64encode(pair.encode()).decode()}"},
        )
        headers = {"Accept": "application/vnd.api+json"}
        auth = TokenAuth(VENDOR, lambda: login, REFUSED)
        super().__init__(
            Session(VENDOR, base, auth=auth, judge=self._judge, headers=headers, pace=_OnePace(CALLS, PER_SECONDS))
        )
        self._options = programme.options(VENDOR, Options)
        self._companies: list[str] | None = None

    def check(self) -> str:
        """Count the people that the searches find; costs nothing."""
        found = sum(self._post(path, kind, attributes, 1, "").body["meta"]["totalResults"]
                    for path, kind, attributes in self._asked_for("contacts"))  # fmt: skip
        return f"{found} people" + (", each of whom costs a credit a year" if self._options.enrich else "")

    def fetch(self, stream: Stream, window: Window) -> Iterator[Page]:
        """Companies, people whose record changed in the window, or the charts as they are now."""
        if stream.name == "company":
            yield from self._search_companies(stream, (window.start or window.end).date())
        elif stream.name == "contact":
            yield from self._contacts(stream, window)
        else:
            yield from self._charts(stream)

    # -- searches

    def _asked_for(self, what: str) -> Iterator[tuple[str, str, dict[str, str]]]:
        """Path, type and attributes of each search: by some websites at a time."""
        sites = self._options.websites
        attributes = {}
        if what == "contacts" and self._options.management_levels:
            attributes["managementLevel"] = ",".join(self._options.management_levels)
        path, kind = f"{DATA}/{what}/search", "ContactSearch" if what == "contacts" else "CompanySearch"
        if not sites:
            yield path, kind, attributes
        for start in range(0, len(sites), SITES_PER_SEARCH):
            yield path, kind, {"companyWebsite": ",".join(sites[start : start + SITES_PER_SEARCH]), **attributes}

    def _search(self, what: str, stream: Stream) -> Iterator[Answer]:
        for path, kind, attributes in self._asked_for(what):
            yield from self._found(path, kind, attributes, stream)

    def _found(self, path: str, kind: str, attributes: dict[str, str], stream: Stream) -> Iterator[Answer]:
        """Pages of a search. No more than 10,000 can be read of one: too many are cut by website."""
        sites = attributes.get("companyWebsite", "").split(",")
        for number in range(1, MAX_PAGES + 1):
            answer = self._post(path, kind, attributes, number, stream.name)
            if number == 1 and answer.body["meta"]["totalResults"] > MAX_RESULTS:
                if len(sites) == 1:
                    what = f"a search finds more than {MAX_RESULTS:,}, which can't be read"
                    remedy = (
                        "Name the companies in sources.zoominfo.websites, or fewer sources.zoominfo.management_levels."
                    )
                    raise Permanent(what, vendor=VENDOR, stream=stream.name, remedy=remedy)
                self._count(stream, "searches_cut")
                half = len(sites) // 2
                for some in (sites[:half], sites[half:]):
                    yield from self._found(path, kind, {**attributes, "companyWebsite": ",".join(some)}, stream)
                return
            yield answer
            if number >= answer.body["meta"]["page"]["total"]:
                return
        raise Permanent(f"there is no end after {MAX_PAGES} pages", vendor=VENDOR, stream=stream.name)

    def _search_companies(self, stream: Stream, day: date) -> Iterator[Page]:
        found: list[str] = []
        for answer in self._search("companies", stream):
            records = [_company(row, day) for row in answer.body["data"]]
            found += [row["id"] for row in answer.body["data"] if isinstance(row.get("id"), str)]
            yield Page(records, answer.fetched_at, answer.served_at)
        self._companies = list(dict.fromkeys(found))

    # -- people

    def _contacts(self, stream: Stream, window: Window) -> Iterator[Page]:
        """All who are found, which is free; those whose record changed in the window are kept, and enriched."""
        start, late = window.start or datetime.min.replace(tzinfo=UTC), window.end - timedelta(seconds=1)
        for answer in self._search("contacts", stream):
            told = [(row, _changed(row)) for row in answer.body["data"]]
            kept = [(row, at) for row, at in told if at is None or start <= at < window.end]
            people = list(dict.fromkeys(row["id"] for row, _ in kept if isinstance(row.get("id"), str)))
            bought = self._enrich(stream, people) if self._options.enrich else {}
            records = [
                _contact({**row, "enrich": bought[row["id"]]} if row.get("id") in bought else row, at, late)
                for row, at in kept
            ]
            yield Page(records, answer.fetched_at, answer.served_at)

    def _enrich(self, stream: Stream, people: Sequence[str]) -> dict[str, Any]:
        """Attributes by person; answers come in any order, and say who was asked for."""
        out: dict[str, Any] = {}
        for start in range(0, len(people), PEOPLE_PER_ENRICH):
            some = people[start : start + PEOPLE_PER_ENRICH]
            attributes = {"matchPersonInput": [{"personId": ident} for ident in some], "outputFields": OUTPUT_FIELDS}
            asked = {"data": {"type": "ContactEnrich", "attributes": attributes}}
            answer = self._session.json("POST", f"{DATA}/contacts/enrich", json=asked, stream=stream.name)
            matched = {
                str(row["meta"]["input"]["personId"]): row["attributes"]
                for row in answer.body["data"]
                if row["meta"]["matchStatus"] != "NO_MATCH"
            }
            self._count(stream, "people_enriched", len(matched))
            if missing := len(some) - len(matched):
                self._count(stream, "people_without_a_match", missing)
            out |= matched
        return out

    # -- org charts

    def _charts(self, stream: Stream) -> Iterator[Page]:
        if self._companies is None:
            for _ in self._search_companies(stream, date.min):
                pass
        departments = ",".join(self._options.org_chart_departments)
        for company in self._companies or ():
            attributes = {"companyId": company, "department": departments}
            for answer in self._found(f"{DATA}/companies/org-chart/enrich", "OrgChartEnrich", attributes, stream):
                day = (answer.served_at or answer.fetched_at).date()
                records = [_placed(row, day) for row in answer.body["data"]]
                yield Page(records, answer.fetched_at, answer.served_at)

    # -- one request

    def _post(self, path: str, kind: str, attributes: Mapping[str, str], number: int, stream: str) -> Answer:
        params: dict[str, str | int] = {"page[number]": number, "page[size]": PAGE_SIZE}
        if path.endswith("/search"):
            params["sort"] = "lastName" if kind == "ContactSearch" else "name"
        asked = {"data": {"type": kind, "attributes": attributes}}
        return self._session.json("POST", path, json=asked, params=params, stream=stream)

    def _judge(self, response: Response, stream: str) -> SourceError | None:
        status = response.status_code
        if status < 300:
            return None
        code = _code(response)
        if code == "ZI0003" and stream:
            what = "the subscription does not include this"
            return Skippable(what, vendor=VENDOR, stream=stream, status=status, code=code)
        remedy = {
            "PFAPI0011": "The credits are used up: ask ZoomInfo for more, or set sources.zoominfo.enrich to false.",
            "ZI0002": SCOPES,
            "PFAPI0006": "Compare sources.zoominfo with what ZoomInfo's lookups list.",
        }.get(code or "", REFUSED if status == 401 else "")
        error = self._session.judge_status(response, stream, code, remedy)
        if isinstance(error, Retriable) and status == 429:
            wait = retry_after(response)
            error.asking_for(THROTTLED_SECONDS if wait is None else wait)
        return error


class _OnePace(Pace):
    """One count for all endpoints."""

    def wait(self, endpoint: str) -> None:
        super().wait("all")


def _code(response: Response) -> str | None:
    try:
        said = orjson.loads(response.content)["error"]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return None
    code = said.get("code") if isinstance(said, dict) else None
    return code if isinstance(code, str) else None


def _changed(row: Any) -> datetime | None:
    """When the record was last changed or confirmed, whichever is later; None if it doesn't say."""
    try:
        told = [row["attributes"].get(name) for name in ("validDate", "lastUpdatedDate")]
        return max(datetime.fromisoformat(stamp).astimezone(UTC) for stamp in told if stamp)
    except (KeyError, TypeError, ValueError, AttributeError):
        return None


def _contact(row: Any, at: datetime | None, late: datetime) -> Record:
    if at is None or not isinstance(row.get("id"), str):
        return unreadable(row, at or late)
    return Record(row["id"], at.isoformat(timespec="seconds"), at, orjson.dumps(row))


def _company(row: Any, day: date) -> Record:
    payload = orjson.dumps(row)
    ident = row.get("id")
    return Record(ident, digest(payload), day, payload) if isinstance(ident, str) else unreadable(row, day)


def _placed(row: Any, day: date) -> Record:
    try:
        payload = orjson.dumps(row)
        return Record(f"{row['attributes']['company']['id']}:{row['id']}", digest(payload), day, payload)
    except (KeyError, TypeError):
        return unreadable(row, day)
