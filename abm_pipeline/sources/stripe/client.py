"""The Stripe client: lists for the first load, events for what changed since.

No list can be filtered by change. Events tell every change of the last 30 days with the object as it stood then; for
anything older an object can only be listed as it is now. So a window is read as: the events of its time, and, where it
begins before them, every object that has had no event since, dated by what it says of itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

from abm_pipeline.sources._client import VendorClient
from abm_pipeline.sources._errors import Permanent, Retriable, SourceError
from abm_pipeline.sources._http import Answer, Pace, Response, Session, bearer
from abm_pipeline.sources._paging import LoopGuard
from abm_pipeline.sources._records import unreadable
from abm_pipeline.sources._spec import Page, Record, Stream, Window
from abm_pipeline.sources.stripe.contract import RESOURCES, VERSION

VENDOR = "stripe"
DATA_URL = "https://api.stripe.com"
PAGE_SIZE = 100
# 100 reads a second are allowed in live mode; a good part is left to the business itself.
CALLS, PER_SECONDS = 80, 1.0
# Events live for 30 days; the last hour of them may go while we read.
RETENTION = timedelta(days=30) - timedelta(hours=1)
REFUSED = "Check ABM_STRIPE_API_KEY."
STAMPS = ("created", "start_date", "canceled_at", "ended_at")


class Client(VendorClient):
    """An account, by its secret or restricted key."""

    def __init__(self, credentials: Mapping[str, str]) -> None:
        base = credentials["ABM_STRIPE_BASE_URL"].rstrip("/")
        auth = bearer(credentials["ABM_STRIPE_API_KEY"])
        headers = {"Stripe-Version": VERSION}
        pace = Pace(CALLS, PER_SECONDS)
        super().__init__(Session(VENDOR, base, auth=auth, judge=self._judge, headers=headers, pace=pace))

    def check(self) -> str:
        """Read one customer, and say which version events are written in."""
        self._session.json("GET", "/v1/customers", params={"limit": 1})
        events = self._session.json("GET", "/v1/events", params={"limit": 1}).body["data"]
        return f"reads customers and events (written in version {events[0]['api_version']})" if events else "no events"

    def fetch(self, stream: Stream, window: Window) -> Iterator[Page]:
        """Objects as they stood after each change in the window; before events begin, as they are now."""
        resource = RESOURCES[stream.name]
        asked: dict[str, str | int] = {f"types[{n}]": name for n, name in enumerate(resource.events)}
        oldest = self._now(stream.name) - RETENTION
        is_listing = window.start is None or window.start < oldest
        if window.start is not None:
            asked["created[gte]"] = int(window.start.timestamp())
        if not is_listing:
            asked["created[lt]"] = int(window.end.timestamp())
        changed: set[str] = set()
        seen: set[tuple[str, int]] = set()
        whole: dict[str, dict[str, Any]] = {}
        for answer in self._pages("/v1/events", asked, stream.name):
            records = []
            for event in answer.body["data"]:
                record = self._event(stream, window, event, changed, seen, whole)
                if record is not None:
                    records.append(record)
            yield Page(records, answer.fetched_at, answer.served_at)
        if not is_listing:
            return
        # Of what changed between two runs that lie more than 30 days apart nothing tells when: the window's start.
        floor = window.start if window.start is not None and window.end > oldest else None
        for answer in self._pages(resource.path, dict(resource.params), stream.name):
            records = [_listed(row, window, floor) for row in answer.body["data"] if row.get("id") not in changed]
            kept = [r for r in records if window.start is None or r.at >= window.start]
            yield Page([r for r in kept if r.at < window.end], answer.fetched_at, answer.served_at)

    def _event(
        self, stream: Stream, window: Window, event: Any, changed: set[str], seen: set[tuple[str, int]],
        whole: dict[str, dict[str, Any]],
    ) -> Record | None:  # fmt: skip
        """The object as an event shows it; None if a later event of the same second has shown it, or of no interest."""
        try:
            row, at = event["data"]["object"], int(event["created"])
            changed.add(row["id"])
            # Newest first, so the first one of a second tells how the second ended.
            if (row["id"], at) in seen:
                return None
            seen.add((row["id"], at))
            stamp = datetime.fromtimestamp(at, UTC)
            if not (window.start is None or stamp >= window.start) or stamp >= window.end:
                return None
            if event["api_version"] != VERSION:
                self._count(stream, "events_in_another_version")
            if event["type"].endswith(".deleted") and stream.name != "subscription":
                row["deleted"] = True
            if stream.name == "subscription":
                self._expand(stream, row, whole)
            return Record(_id(row), _version(stamp), stamp, orjson.dumps(row))
        except (KeyError, TypeError, ValueError, AttributeError):
            return unreadable(event, window.end - timedelta(seconds=1))

    def _expand(self, stream: Stream, row: dict[str, Any], whole: dict[str, dict[str, Any]]) -> None:
        """Put discounts in place of their ids, which are all that an event has: asked for once a subscription."""
        discounts = row.get("discounts") or []
        if all(isinstance(discount, dict) for discount in discounts):
            return
        if row["id"] not in whole:
            asked = {"expand[0]": "discounts.source.coupon"}
            found = self._session.json("GET", f"/v1/subscriptions/{row['id']}", params=asked, stream=stream.name).body
            whole[row["id"]] = {discount["id"]: discount for discount in found["discounts"]}
        known = whole[row["id"]]
        row["discounts"] = [known.get(d, d) if isinstance(d, str) else d for d in discounts]
        if gone := sum(isinstance(d, str) for d in row["discounts"]):
            self._count(stream, "discounts_no_longer_known", gone)

    def _now(self, stream: str) -> datetime:
        """Stripe's clock."""
        answer = self._session.json("GET", "/v1/events", params={"limit": 1}, stream=stream)
        return answer.served_at or answer.fetched_at

    def _pages(self, path: str, asked: Mapping[str, str | int], stream: str) -> Iterator[Answer]:
        """Pages of a list, newest first; the end is told by `has_more`."""
        guard, params = LoopGuard(VENDOR, stream), {**asked, "limit": PAGE_SIZE}
        while True:
            answer = self._session.json("GET", path, params=params, stream=stream)
            # Taken before anything is changed in the rows.
            last = answer.body["data"][-1]["id"] if answer.body["has_more"] else None
            yield answer
            if last is None:
                return
            params["starting_after"] = guard.pass_on(last)

    def _judge(self, response: Response, stream: str) -> SourceError | None:
        status = response.status_code
        if status < 300:
            return None
        code = _code(response)
        remedy = {
            401: REFUSED,
            403: "Give the restricted key of ABM_STRIPE_API_KEY read access to customers, subscriptions, invoices, "
            "coupons and events.",
        }.get(status, "")
        if status == 429:
            code = response.headers.get("Stripe-Rate-Limited-Reason", code)
        error = self._session.judge_status(response, stream, code, remedy)
        # 409: another request holds the object; Stripe may also say of any answer that it is worth asking again.
        should = response.headers.get("Stripe-Should-Retry")
        if isinstance(error, Permanent) and (should == "true" or (status == 409 and should != "false")):
            return Retriable("not available", vendor=VENDOR, stream=stream, status=status, code=code)
        return error


def _code(response: Response) -> str | None:
    try:
        said = orjson.loads(response.content)["error"]
        return str(said.get("code") or said.get("type"))
    except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError):
        return None


def _id(row: Mapping[str, Any]) -> str:
    """The object's id. Raises TypeError for what is none."""
    if not isinstance(row["id"], str):
        raise TypeError
    return row["id"]


def _version(stamp: datetime) -> str:
    return stamp.strftime("%Y-%m-%dT%H:%M:%SZ")


def _listed(row: Any, window: Window, floor: datetime | None) -> Record:
    """An object as it is now, dated by the latest moment that it tells of itself, but not before `floor`."""
    try:
        moments = [row[name] for name in STAMPS if row.get(name) is not None]
        moments += [moment for moment in (row.get("status_transitions") or {}).values() if moment is not None]
        stamp = datetime.fromtimestamp(max(moments), UTC)
        stamp = stamp if floor is None else max(stamp, floor)
        return Record(_id(row), _version(stamp), stamp, orjson.dumps(row))
    except (KeyError, TypeError, ValueError, AttributeError):
        return unreadable(row, window.end - timedelta(seconds=1))
