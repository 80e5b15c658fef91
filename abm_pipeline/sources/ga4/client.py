"""The Google Analytics client: one report by day, company and landing page, in slices of days and pages of rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import Any

import orjson

from abm_pipeline.programme import Programme
from abm_pipeline.sources._client import VendorClient
from abm_pipeline.sources._errors import Retriable, SourceError
from abm_pipeline.sources._http import Answer, Response, Session, TokenAuth
from abm_pipeline.sources._records import digest, unreadable
from abm_pipeline.sources._spec import Page, Record, Stream, Window
from abm_pipeline.sources.ga4._login import TOKEN_URL, login
from abm_pipeline.sources.ga4.contract import METRICS, Options

VENDOR = "ga4"
DATA_URL = "https://analyticsdata.googleapis.com"
PAGE_ROWS = 100_000
# Long ranges with many values are cut into "(other)".
SLICE_DAYS = 31
# No property of this kind is older.
BEGAN = date(2020, 10, 14)
NO_COMPANY = ("(not set)", "")
# Quotas tell no wait. Of concurrent requests it is short, all others are by the hour or day.
CONCURRENT_SECONDS, HOUR_SECONDS = 5.0, 3_600.0
REFUSED = (
    "Check ABM_GA4_SERVICE_ACCOUNT_FILE, or ABM_GA4_CLIENT_ID, _CLIENT_SECRET and _REFRESH_TOKEN; a refresh token of "
    "an app that is still in testing lasts seven days."
)


class Client(VendorClient):
    """A logged-in reader of one property."""

    def __init__(self, credentials: Mapping[str, str], programme: Programme) -> None:
        base = credentials["ABM_GA4_BASE_URL"].rstrip("/")
        url = TOKEN_URL if base == DATA_URL else f"{base}/token"
        auth = TokenAuth(VENDOR, lambda: login(credentials, url), REFUSED)
        super().__init__(Session(VENDOR, base, auth=auth, judge=self._judge))
        self._property = f"/v1beta/properties/{credentials['ABM_GA4_PROPERTY_ID'].strip()}"
        self._company = programme.options(VENDOR, Options).company_dimension

    def check(self) -> str:
        """Whether the property has the dimension with the company."""
        told = self._session.json("GET", f"{self._property}/metadata").body
        has = any(dimension.get("apiName") == self._company for dimension in told.get("dimensions", []))
        return f"{self._company} is {'' if has else 'not '}a dimension of the property"

    def fetch(self, stream: Stream, window: Window) -> Iterator[Page]:
        """The report on the window's days."""
        first = BEGAN if window.start is None else window.start.date()
        end = (window.end - timedelta(microseconds=1)).date()
        while first <= end:
            last = min(first + timedelta(days=SLICE_DAYS - 1), end)
            for answer in self._pages(stream, first, last):
                rows = answer.body.get("rows") or []
                names = [header["name"] for part in ("dimension", "metric") for header in answer.body[f"{part}Headers"]]
                zone = (answer.body.get("metadata") or {}).get("timeZone")
                records = [self._record(names, row, zone, last) for row in rows]
                yield Page(records, answer.fetched_at, answer.served_at)
            first = last + timedelta(days=1)

    def _pages(self, stream: Stream, first: date, last: date) -> Iterator[Answer]:
        """Rows by offset up to `rowCount`, which is absent where there are none."""
        dimensions = ("date", self._company, "landingPage")
        asked: dict[str, Any] = {
            "dateRanges": [{"startDate": first.isoformat(), "endDate": last.isoformat()}],
            "dimensions": [{"name": name} for name in dimensions],
            "metrics": [{"name": name} for name in METRICS],
            "dimensionFilter": {
                "notExpression": {"filter": {"fieldName": self._company, "inListFilter": {"values": NO_COMPANY}}}
            },
            # A full order, so that no row changes its page.
            "orderBys": [{"dimension": {"dimensionName": name}} for name in dimensions],
            "limit": str(PAGE_ROWS),
            "returnPropertyQuota": True,
        }
        offset = 0
        while True:
            body = {**asked, "offset": str(offset)}
            answer = self._session.json("POST", f"{self._property}:runReport", json=body, stream=stream.name)
            self._note(stream, answer.body)
            yield answer
            offset += PAGE_ROWS
            if offset >= int(answer.body.get("rowCount", 0)):
                return

    def _note(self, stream: Stream, body: Mapping[str, Any]) -> None:
        """What makes the numbers less than whole, and what is left of the day's quota."""
        told, notes = body.get("metadata") or {}, self._notes[stream.name]
        if told.get("timeZone"):
            notes["time_zone"] = told["timeZone"]
        if told.get("subjectToThresholding"):
            notes["small_rows_withheld"] = "yes"
        if told.get("dataLossFromOtherRow"):
            notes["rows_lost_in_other"] = "yes"
        for sample in told.get("samplingMetadatas") or []:
            read, of = int(sample["samplesReadCount"]), int(sample["samplingSpaceSize"])
            notes["sampled_pct"] = round(100 * read / max(of, 1), 1)
        left = ((body.get("propertyQuota") or {}).get("tokensPerDay") or {}).get("remaining", 0)
        if body.get("propertyQuota"):
            notes["tokens_left_today"] = int(left)

    def _record(self, names: list[str], row: Any, zone: str | None, last: date) -> Record:
        """A row by its headers' names: day, company and page say which it is, its content which version.

        A row that can't be read is kept on its own day, or on the slice's last where that is what can't be read.
        """
        day = last
        try:
            values = [cell["value"] for cell in row["dimensionValues"]]
            day = datetime.strptime(values[names.index("date")], "%Y%m%d").date()
            values += [cell["value"] for cell in row["metricValues"]]
            told: dict[str, Any] = dict(zip(names, values, strict=True))
            payload = orjson.dumps({**told, "metadata": {"timeZone": zone}})
            return Record(f"{day}|{told[self._company]}|{told['landingPage']}", digest(payload), day, payload)
        except (KeyError, TypeError, ValueError, IndexError):
            return unreadable(row, day)

    def _judge(self, response: Response, stream: str) -> SourceError | None:
        status = response.status_code
        if status < 300:
            return None
        code, text = _told(response)
        remedy = {
            400: f"If the property has no custom dimension {self._company}, set sources.ga4.company_dimension.",
            401: REFUSED,
            403: "Give the service account or user the role Viewer on the property of ABM_GA4_PROPERTY_ID, and enable "
            "the Google Analytics Data API in its project.",
            404: "Check ABM_GA4_PROPERTY_ID: the number of the property, not the G-… of a stream.",
        }.get(status, "")
        error = self._session.judge_status(response, stream, code, remedy)
        if isinstance(error, Retriable) and status == 429 and error.retry_after is None:
            error.asking_for(CONCURRENT_SECONDS if "concurrent" in text.lower() else HOUR_SECONDS)
        return error


def _told(response: Response) -> tuple[str | None, str]:
    """Google's name of the error, and its message, which says which quota is used up."""
    try:
        error = orjson.loads(response.content)["error"]
        return str(error["status"]), str(error.get("message", ""))
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return None, ""
