"""What Salesforce's answers say: errors, quota, and ids."""

from __future__ import annotations

import re
from collections.abc import Mapping

import orjson

from abm_pipeline.sources._errors import Permanent, Retriable, SourceError
from abm_pipeline.sources._http import BUSY, Response, retry_after

VENDOR = "salesforce"
_USAGE = re.compile(r"(?<![a-z-])api-usage=(\d+)/(\d+)")
_CHECKS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
_REMEDIES = {
    "INVALID_FIELD": "A field asked for is gone or hidden: compare programme.salesforce with the object's fields.",
    "INVALID_TYPE": "The object is hidden from the integration user: give it read access.",
    "INSUFFICIENT_ACCESS": "Give the integration user read access to the object.",
    "API_DISABLED_FOR_ORG": "The edition has no API: it needs API access.",
}


class LocatorGone(Permanent):
    """The cursor of a query is dead; the query has to be asked again."""


class NoSuchObject(Permanent):
    """The organisation has no such object, or hides it from the user."""


def judge(response: Response, stream: str) -> SourceError | None:
    """What an answer is worth. The message in the body is read, never repeated."""
    status = response.status_code
    if status < 300:
        return None
    code, message = _said(response)
    facts = {"vendor": VENDOR, "stream": stream, "code": code}
    if code == "INVALID_QUERY_LOCATOR":
        return LocatorGone("the query's cursor is dead", **facts, status=status)
    if status == 403 and code == "REQUEST_LIMIT_EXCEEDED" and "Concurrent" not in message:
        remedy = "The organisation's API calls of the last 24 hours are used up: run again later, or raise the quota."
        return Permanent("no API calls left", **facts, status=status, remedy=remedy)
    if code in ("REQUEST_LIMIT_EXCEEDED", "QUERY_TIMEOUT", "SERVER_UNAVAILABLE") or status in (*BUSY, 406):
        return Retriable("busy", **facts, status=status).asking_for(retry_after(response))
    if status == 404:
        return NoSuchObject("not there", **facts, status=status, remedy="Check the object's name and who may read it.")
    if status == 401:
        remedy = "Check that the integration user may use the API, and its login policies."
        return Permanent("the session was refused, a new one too", **facts, status=status, remedy=remedy)
    return Permanent("the request was refused", **facts, status=status, remedy=_REMEDIES.get(code, ""))


def _said(response: Response) -> tuple[str, str]:
    """Error code and message; both empty where the body is HTML or nothing."""
    try:
        body = orjson.loads(response.content)
    except orjson.JSONDecodeError:
        return "", ""
    first = body[0] if isinstance(body, list) and body else body
    if not isinstance(first, dict):
        return "", ""
    return str(first.get("errorCode", "")), str(first.get("message", ""))


def usage(headers: Mapping[str, str]) -> tuple[int, int] | None:
    """Calls used and allowed in 24 hours, from `Sforce-Limit-Info` in any of its forms; None if it isn't there."""
    found = _USAGE.search(headers.get("Sforce-Limit-Info", ""))
    return (int(found[1]), int(found[2])) if found else None


def long_id(short: str) -> str:
    """The 18-character id of a 15-character one, as reports and formulas show them; others stay as they are.

    Each block of five characters gives one more: bit i is set where character i is a capital.
    """
    if len(short) != 15:
        return short
    blocks = (short[i : i + 5] for i in (0, 5, 10))
    return short + "".join(_CHECKS[sum(1 << i for i, c in enumerate(b) if "A" <= c <= "Z")] for b in blocks)
