"""The Chargebee client: each resource by time of change, deleted records included."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

from abm_pipeline.sources._client import VendorClient
from abm_pipeline.sources._errors import Permanent, Skippable, SourceError
from abm_pipeline.sources._http import Pace, Response, Session, basic
from abm_pipeline.sources._paging import LoopGuard
from abm_pipeline.sources._records import unreadable
from abm_pipeline.sources._spec import Page, Record, Stream, Window

VENDOR = "chargebee"
PAGE_SIZE = 100
# Live sites allow some hundred requests a minute, test sites 150.
CALLS, PER_SECONDS = 140, 60.0
# Whether the bounds of `updated_at[between]` pass is not told: asked for a little more, cut here.
MARGIN = 2
REFUSED = "Check ABM_CHARGEBEE_API_KEY and that ABM_CHARGEBEE_BASE_URL is the site that the key belongs to."


class Client(VendorClient):
    """A site, by its API key."""

    def __init__(self, credentials: Mapping[str, str]) -> None:
        base = credentials["ABM_CHARGEBEE_BASE_URL"].rstrip("/")
        auth = basic(credentials["ABM_CHARGEBEE_API_KEY"], "")
        super().__init__(Session(VENDOR, base, auth=auth, judge=self._judge, pace=Pace(CALLS, PER_SECONDS)))

    def check(self) -> str:
        """Read one customer."""
        found = self._session.json("GET", "/api/v2/customers", params={"limit": 1}).body["list"]
        return "reads customers" if found else "reads customers; there is none yet"

    def fetch(self, stream: Stream, window: Window) -> Iterator[Page]:
        """Records changed in the window, as they are now, oldest change first."""
        end = int(window.end.timestamp()) + MARGIN
        asked: dict[str, str | int] = {"limit": PAGE_SIZE, "sort_by[asc]": "updated_at", "include_deleted": "true"}
        if window.start is None:
            asked["updated_at[before]"] = end
        else:
            asked["updated_at[between]"] = f"[{int(window.start.timestamp()) - MARGIN},{end}]"
        guard = LoopGuard(VENDOR, stream.name)
        while True:
            answer = self._session.json("GET", f"/api/v2/{stream.name}s", params=asked, stream=stream.name)
            records = [_record(entry, stream.name, window) for entry in answer.body["list"]]
            kept = [r for r in records if (window.start is None or r.at >= window.start) and r.at < window.end]
            yield Page(kept, answer.fetched_at, answer.served_at)
            following = answer.body.get("next_offset")
            if following is None:
                return
            # Text that looks like a list: it goes back as it came. Some clients were given a list, so both are taken.
            text = following if isinstance(following, str) else orjson.dumps(following).decode()
            asked["offset"] = guard.pass_on(text)

    def _judge(self, response: Response, stream: str) -> SourceError | None:
        status = response.status_code
        if status < 300:
            return None
        code = _code(response)
        if code == "configuration_incompatible":
            what = "the site has another product catalogue than this asks for"
            return Skippable(what, vendor=VENDOR, stream=stream, status=status, code=code)
        if status in (401, 403):
            what = "the key was refused"
            return Permanent(what, vendor=VENDOR, stream=stream, status=status, code=code, remedy=REFUSED)
        return self._session.judge_status(response, stream, code)


def _code(response: Response) -> str | None:
    try:
        return str(orjson.loads(response.content)["api_error_code"])
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return None


def _record(entry: Any, name: str, window: Window) -> Record:
    """One entry's resource; what else the entry holds (a subscription's customer) has a stream of its own."""
    try:
        row = entry[name]
        stamp = datetime.fromtimestamp(row["updated_at"], UTC)
        if not isinstance(row["id"], str):
            raise TypeError
        return Record(row["id"], str(row.get("resource_version", row["updated_at"])), stamp, orjson.dumps(row))
    except (KeyError, TypeError, ValueError, AttributeError):
        return unreadable(entry, window.end - timedelta(seconds=1))
