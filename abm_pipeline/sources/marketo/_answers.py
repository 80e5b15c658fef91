"""Judging Marketo's answers: HTTP 200 also for errors, which are a code in the body."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import orjson

from abm_pipeline.sources._errors import Permanent, Retriable, SourceError
from abm_pipeline.sources._http import Response, TokenRefused, served_at

VENDOR = "marketo"
REFUSED = "Check ABM_MARKETO_CLIENT_ID and ABM_MARKETO_CLIENT_SECRET (Admin, LaunchPoint) and ABM_MARKETO_BASE_URL."
# An error's body is short; pages of records are not looked into.
ERROR_BYTES = 4096
# 100 calls in 20 seconds for all users of the instance together; export slots free up within minutes.
RATE_SECONDS, QUEUE_SECONDS = 20.0, 60.0
TOKEN = frozenset({"600", "601", "602"})
# Timed out, temporarily unavailable, system error, ten calls at once, transient.
PASSING = frozenset({"502", "604", "608", "611", "615", "713", "714"})
REMEDIES = {
    "603": "The API user's role needs Read-Only Lead, Activity, Assets and Campaign.",
    "610": "Check ABM_MARKETO_BASE_URL: the instance's address without /rest.",
    "1006": "A field asked for does not exist: check sources.marketo.lifecycle_field in programme.yaml.",
}


class NoSuchFilter(Permanent):
    """The subscription has no export by that date (1035)."""


def judge(response: Response, stream: str) -> SourceError | None:
    """What a 200 that is no success says; None if it is one."""
    content = response.content
    if len(content) > ERROR_BYTES or not content.lstrip().startswith(b"{"):
        return None
    try:
        said = orjson.loads(content)
    except orjson.JSONDecodeError:
        return None
    if said.get("success", True):
        return None
    errors = said.get("errors") or [{}]
    return _error(str(errors[0].get("code")), str(errors[0].get("message")), response, stream)


def _error(code: str, message: str, response: Response, stream: str) -> SourceError:
    about: dict[str, Any] = {"vendor": VENDOR, "stream": stream, "status": 200, "code": code}
    if code in TOKEN:
        return TokenRefused("the token is over or was refused", **about, remedy=REFUSED)
    if code == "606":
        return Retriable("throttled", **about).asking_for(RATE_SECONDS)
    if code == "607" or (code == "1029" and "quota" in message.lower()):
        return Retriable("the day's quota is used up", **about).asking_for(until_midnight(served_at(response)))
    if code == "1029":
        return Retriable("too many exports at once", **about).asking_for(QUEUE_SECONDS)
    if code in PASSING:
        return Retriable("not available", **about)
    kind = NoSuchFilter if code == "1035" else Permanent
    return kind("the request was refused", **about, remedy=REMEDIES.get(code, ""))


def until_midnight(now: datetime | None) -> float:
    """Seconds to the end of Marketo's day, which is Chicago's."""
    here = (now or datetime.now(UTC)).astimezone(ZoneInfo("America/Chicago"))
    tomorrow = datetime.combine(here.date() + timedelta(days=1), datetime.min.time(), here.tzinfo)
    return (tomorrow.astimezone(UTC) - here.astimezone(UTC)).total_seconds()
