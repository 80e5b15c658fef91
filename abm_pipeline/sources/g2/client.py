"""The G2 client: buyer intent by day, reviews by their last change, removed reviews; all of our own products."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import orjson

from abm_pipeline.programme import Programme
from abm_pipeline.sources._client import VendorClient
from abm_pipeline.sources._errors import Permanent, Retriable, Skippable, SourceError
from abm_pipeline.sources._http import Answer, Response, Session, bearer, retry_after
from abm_pipeline.sources._paging import LoopGuard
from abm_pipeline.sources._records import digest, unreadable
from abm_pipeline.sources._spec import Page, Record, Stream, Window
from abm_pipeline.sources.g2.contract import DIMENSIONS, KEY, MEASURES

VENDOR = "g2"
PAGE_SIZE = 250
# Too many requests shut the door for a minute; the page that says so carries no wait.
BLOCKED_SECONDS = 60.0


class Client(VendorClient):
    """A token of the vendor's account."""

    def __init__(self, credentials: Mapping[str, str], _: Programme) -> None:
        base = credentials["ABM_G2_BASE_URL"].rstrip("/")
        super().__init__(Session(VENDOR, base, auth=bearer(credentials["ABM_G2_API_TOKEN"]), judge=self._judge))
        self._products = [name.strip() for name in credentials["ABM_G2_PRODUCTS"].split(",") if name.strip()]

    def check(self) -> str:
        """Ask for one row of buyer intent of each product."""
        for product in self._products:
            params: dict[str, str | int] = {"measures": "total_activity", "page[size]": 1}
            self._session.json("GET", f"/api/v2/products/{product}/buyer_intent", params=params)
        return f"{len(self._products)} products"

    def fetch(self, stream: Stream, window: Window) -> Iterator[Page]:
        """Intent of the window's days, or the reviews changed or removed in it, product by product."""
        for product in self._products:
            if stream.name == "buyer_intent":
                yield from self._intent(stream, product, window)
            else:
                yield from self._reviews(stream, product, window)

    def _intent(self, stream: Stream, product: str, window: Window) -> Iterator[Page]:
        assert window.start is not None, "reports are asked for with a first day"
        first, last = window.start.date(), (window.end - timedelta(microseconds=1)).date()
        params = {
            "dimensions": ",".join(DIMENSIONS),
            "measures": ",".join(MEASURES),
            "dimension_filters[day_gteq]": first.isoformat(),
            "dimension_filters[day_lteq]": last.isoformat(),
            "sort": "day",
        }
        yield from self._pages(
            stream, f"/api/v2/products/{product}/buyer_intent", params, lambda row: _visit(row, last)
        )

    def _reviews(self, stream: Stream, product: str, window: Window) -> Iterator[Page]:
        start, path = window.start or datetime.min.replace(tzinfo=UTC), f"/api/v2/products/{product}/reviews"
        late = window.end - timedelta(seconds=1)
        if stream.name == "removed_review":
            # The list of those taken down has no filter by time, and is short.
            fields = "slug,product_name,submitted_at,removed_at"
            pages = self._pages(stream, path, {"filter[removed]": "true", "fields[reviews]": fields},
                                lambda row: _review(row, late, ("removed_at",)))  # fmt: skip
            for page in pages:
                yield page._replace(records=[r for r in page.records if start <= _instant(r) < window.end])
            return
        params = {"filter[updated_at_lt]": window.end.isoformat()}
        if window.start is not None:
            # The bound itself is left out by G2.
            params["filter[updated_at_gt]"] = (window.start - timedelta(milliseconds=1)).isoformat()
        yield from self._pages(
            stream, path, params, lambda row: _review(row, late, ("published_at", "user_updated_at"))
        )

    def _pages(
        self, stream: Stream, path: str, params: Mapping[str, str], read: Callable[[Any], Record]
    ) -> Iterator[Page]:
        """The next page's cursor is taken out of its link, so that the token goes to no other host."""
        guard, cursor = LoopGuard(VENDOR, stream.name), ""
        while True:
            asked: dict[str, str | int] = {**params, "page[size]": PAGE_SIZE}
            if cursor:
                asked["page[after]"] = cursor
            answer: Answer = self._session.json("GET", path, params=asked, stream=stream.name)
            yield Page([read(row) for row in answer.body["data"]], answer.fetched_at, answer.served_at)
            following = answer.body["links"]["next"]
            if following is None:
                return
            cursor = guard.pass_on(parse_qs(urlsplit(following).query)["page[after]"][0])

    def _judge(self, response: Response, stream: str) -> SourceError | None:
        status = response.status_code
        if status < 300:
            return None
        title = _title(response)
        if status == 403 and title.startswith("Your current plan"):
            return Skippable("the plan does not include this", vendor=VENDOR, stream=stream, status=status)
        remedy = {
            401: "Check ABM_G2_API_TOKEN: it may have been revoked in G2's integration hub.",
            403: "Check ABM_G2_PRODUCTS: the token's account has to own them, and its scopes must be "
            "buyer_intent.read and products.reviews.read.",
            404: "Check ABM_G2_PRODUCTS: there is no product of that name.",
        }.get(status, "")
        error = self._session.judge_status(response, stream, remedy=remedy)
        if isinstance(error, Retriable) and status == 429:
            wait = retry_after(response)
            error.asking_for(BLOCKED_SECONDS if wait is None else wait)
        if status == 401 and isinstance(error, Permanent):
            error.what = "the token was refused"
        return error


def _title(response: Response) -> str:
    try:
        return str(orjson.loads(response.content)["errors"][0]["title"])
    except (orjson.JSONDecodeError, KeyError, IndexError, TypeError):
        return ""


def _instant(record: Record) -> datetime:
    assert isinstance(record.at, datetime)
    return record.at


def _visit(row: Any, day: date) -> Record:
    """A row is what its dimensions are, not its id: that is a hash of whichever dimensions were asked for."""
    try:
        told, payload = row["attributes"], orjson.dumps(row)
        at = date.fromisoformat(told["day"])
        key = [told.get(name) or "" for name in (*KEY, "subject_product_id")]
        if not key[0] or not isinstance(key[0], str):
            return unreadable(row, at)
        return Record("|".join(map(str, key)), digest(payload), at, payload)
    except (KeyError, TypeError, ValueError):
        return unreadable(row, day)


def _review(row: Any, late: datetime, stamps: tuple[str, ...]) -> Record:
    """The later of its stamps: a review is written before it is published, and may be changed after."""
    try:
        told = [datetime.fromisoformat(row["attributes"][name]) for name in stamps if row["attributes"].get(name)]
        at = max(told).astimezone(UTC)
        return Record(str(row["id"]), at.isoformat(timespec="milliseconds"), at, orjson.dumps(row))
    except (KeyError, TypeError, ValueError):
        return unreadable(row, late)
