"""What a Google Ads error says, and what follows from it.

An error is a google.rpc.Status with a GoogleAdsFailure among its details; in a stream it may come as the last item of
an array that began with status 200.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import orjson

from abm_pipeline.sources._errors import Permanent, Retriable, SourceError
from abm_pipeline.sources._http import BUSY, Response, retry_after

VENDOR = "google_ads"
# Codes that pass by themselves, of whatever category and status.
_PASSING = frozenset({
    "RESOURCE_EXHAUSTED", "RESOURCE_TEMPORARILY_EXHAUSTED", "EXCESSIVE_SHORT_TERM_QUERY_RESOURCE_CONSUMPTION",
    "EXCESSIVE_LONG_TERM_QUERY_RESOURCE_CONSUMPTION", "INTERNAL_ERROR", "TRANSIENT_ERROR", "DEADLINE_EXCEEDED",
})  # fmt: skip
_GONE = frozenset({"CUSTOMER_NOT_ENABLED", "ACTION_NOT_PERMITTED_FOR_SUSPENDED_ACCOUNT", "CUSTOMER_NOT_FOUND"})
_TOKENS = frozenset({"INVALID_PAGE_TOKEN", "EXPIRED_PAGE_TOKEN"})
_REMEDIES = {
    "USER_PERMISSION_DENIED": "The login needs access to the manager of ABM_GOOGLE_ADS_LOGIN_CUSTOMER_ID (digits "
    "only), and the account must be under it.",
    "INVALID_CUSTOMER_ID": "ABM_GOOGLE_ADS_LOGIN_CUSTOMER_ID must be the manager's ten digits, without dashes.",
    "UNSUPPORTED_VERSION": "Versions live for about a year: set ABM_GOOGLE_ADS_VERSION to a current one.",
    "UNRECOGNIZED_FIELD": "Fields differ by version: set ABM_GOOGLE_ADS_VERSION to v23 or later.",
    "NOT_ADS_USER": "The login of ABM_GOOGLE_ADS_REFRESH_TOKEN has no Google Ads account.",
}
_DEVELOPER = "Check ABM_GOOGLE_ADS_DEVELOPER_TOKEN and its access level in the manager's API center."


class AccountGone(Permanent):
    """An account under the manager that is cancelled, suspended or not there: the others go on."""


class PageTokenGone(Permanent):
    """A page token that is not taken any more."""


@dataclass(frozen=True)
class Failure:
    """Status, the first error's code, and how long to wait if it says so."""

    status: int
    code: str | None = None
    wait: float | None = None


def judge(response: Response, stream: str) -> SourceError | None:
    """None if the answer can be used."""
    if response.status_code < 300 and b'"error"' not in response.content:
        return None
    failure = read(response)
    if failure is None:
        return None
    code, status = failure.code, failure.status
    asked = failure.wait if failure.wait is not None else retry_after(response)
    if status in BUSY or code in _PASSING:
        what = "throttled" if status == 429 else "not available"
        return Retriable(what, vendor=VENDOR, stream=stream, status=status, code=code).asking_for(asked)
    kind = AccountGone if code in _GONE else PageTokenGone if code in _TOKENS else Permanent
    if code is not None and code.startswith("DEVELOPER_TOKEN"):
        remedy = _DEVELOPER
    elif status == 404:
        remedy = _REMEDIES["UNSUPPORTED_VERSION"]
    elif status == 401:
        remedy = "Check ABM_GOOGLE_ADS_REFRESH_TOKEN: its scope must be adwords."
    else:
        remedy = _REMEDIES.get(code or "", "")
    return kind("the request was refused", vendor=VENDOR, stream=stream, status=status, code=code, remedy=remedy)


def read(response: Response) -> Failure | None:
    """The failure that an answer tells, in its status or in its body; None if there is none."""
    try:
        body = orjson.loads(response.content)
    except orjson.JSONDecodeError:
        # A cut-off good answer is found out by whoever reads it; a bad one may be HTML of the front.
        return None if response.status_code < 300 else Failure(response.status_code)
    told = next((part["error"] for part in _parts(body) if isinstance(part.get("error"), dict)), None)
    if told is None:
        return None if response.status_code < 300 else Failure(response.status_code)
    status = told.get("code") if isinstance(told.get("code"), int) else response.status_code
    errors = [error for detail in _parts(told.get("details") or []) for error in _parts(detail.get("errors") or [])]
    if not errors:
        return Failure(status)
    code = next(iter((errors[0].get("errorCode") or {}).values()), None)
    delay = ((errors[0].get("details") or {}).get("quotaErrorDetails") or {}).get("retryDelay")
    return Failure(status, code, _seconds(delay))


def _parts(value: Any) -> list[dict[str, Any]]:
    return [part for part in (value if isinstance(value, list) else [value]) if isinstance(part, dict)]


def _seconds(duration: Any) -> float | None:
    """Seconds of a protobuf duration (`30s`)."""
    try:
        return float(str(duration).removesuffix("s")) if duration else None
    except ValueError:
        return None
