"""How much of Meta's quotas is used, as its headers tell, and the wait that follows before the next request.

Belongs here: the headers. A throttled answer has status 400 and no Retry-After, and a block may last an hour, so that
it is better not to be throttled: from 85 percent on, requests are spaced out.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from abm_pipeline.sources._http import Pace, pause

# Percent of a quota, and the seconds that the next request then waits.
STEPS = ((95.0, 120.0), (85.0, 30.0))
# A block is waited for in steps of at most this.
MOST_SECONDS = 600.0
_HEADERS = ("x-app-usage", "x-ad-account-usage", "x-business-use-case-usage", "x-fb-ads-insights-throttle")
_PERCENTS = frozenset({"call_count", "total_time", "total_cputime", "acc_id_util_pct", "app_id_util_pct"})


class Usage(Pace):
    """Paces requests by what the answers before told. Shared by all threads, as quotas are."""

    def __init__(self) -> None:
        self._until = 0.0
        self._guard = threading.Lock()
        self.waits = 0

    def heard(self, headers: Mapping[str, str]) -> None:
        """Take note of an answer's headers."""
        percent, regain = told(headers)
        seconds = regain or next((wait for step, wait in STEPS if percent >= step), 0.0)
        with self._guard:
            self._until = time.monotonic() + seconds if seconds else 0.0

    def wait(self, endpoint: str) -> None:
        """Sleep until a request may be sent."""
        with self._guard:
            due = self._until - time.monotonic()
            self.waits += due > 0
        if due > 0:
            pause(due)


def told(headers: Mapping[str, str]) -> tuple[float, float | None]:
    """The highest percentage of any quota, and seconds until a block ends, if there is one."""
    percent, regain = 0.0, 0.0
    for name in _HEADERS:
        for part in _parts(headers.get(name, "")):
            percent = max([percent, *(value for key, value in part.items() if key in _PERCENTS and _is_number(value))])
            for key, unit in (("estimated_time_to_regain_access", 60), ("reset_time_duration", 1)):
                # An account's usage resets all the time: that is a wait only when it is used up.
                blocked = key != "reset_time_duration" or part.get("acc_id_util_pct", 0) >= 100
                if _is_number(part.get(key)) and blocked:
                    regain = max(regain, part[key] * unit)
    return percent, min(regain, MOST_SECONDS) if regain else None


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float)


def _parts(text: str) -> Iterator[dict[str, Any]]:
    """The objects with numbers in a header: itself, or those in its lists by business."""
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        return
    if isinstance(value, dict):
        yield value
        for below in value.values():
            yield from (part for part in (below if isinstance(below, list) else []) if isinstance(part, dict))
