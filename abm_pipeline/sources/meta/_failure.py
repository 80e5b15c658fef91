"""What a Graph API error says, and what follows from it: the code counts, as most have status 400, throttling too."""

from __future__ import annotations

from typing import Any

import orjson

from abm_pipeline.sources._errors import Permanent, Retriable, SourceError
from abm_pipeline.sources._http import BUSY, Response, retry_after
from abm_pipeline.sources.meta import _usage

VENDOR = "meta"
THROTTLED_SECONDS = 60.0
_THROTTLES = frozenset({4, 17, 32, 613, *range(80000, 80015)})
_PASSING = frozenset({1, 2, 960})
# (code, subcode): a run that can't be found yet, and time-outs.
_PASSING_BOTH = frozenset({(100, 33), (100, 1504018), (2, 1504038)})
_TOKEN = frozenset({102, 190})
_VERSION = frozenset({2500, 2635})


class TooMuch(Permanent):
    """More rows asked for than Meta wants to give at once: ask for fewer."""


class AccountGone(Permanent):
    """An ad account that may not be read any more: the others go on."""


def judge(response: Response, stream: str) -> SourceError | None:
    """None if the answer can be used. A good status with an error in the body is an error."""
    error = _error(response)
    if error is None:
        if response.status_code < 300:
            return None
        error = {}
    number, subcode = error.get("code"), error.get("error_subcode")
    code = ":".join(str(part) for part in (number, subcode) if part is not None) or None
    told: dict[str, Any] = {"vendor": VENDOR, "stream": stream, "status": response.status_code, "code": code}
    if "reduce the amount of data" in str(error.get("message")):
        return TooMuch("too many rows asked for at once", **told)
    if number in _THROTTLES:
        _, wait = _usage.told(response.headers)
        return Retriable("throttled", **told).asking_for(wait or retry_after(response) or THROTTLED_SECONDS)
    passes = number in _PASSING or (number, subcode) in _PASSING_BOTH or error.get("is_transient") is True
    if passes or response.status_code in BUSY:
        return Retriable("not available", **told).asking_for(retry_after(response))
    if number in _TOKEN or response.status_code == 401:
        remedy = "Check ABM_META_ACCESS_TOKEN; a system user's token does not run out, a person's does after 60 days."
        return Permanent("the token was refused", remedy=remedy, **told)
    if number in _VERSION:
        return Permanent("the API version is not served", remedy="Set ABM_META_VERSION to a current one.", **told)
    if number == 10 or (isinstance(number, int) and 200 <= number <= 299):
        remedy = "The system user needs the permission ads_read and the ad account assigned to it."
        return AccountGone("reading was refused", remedy=remedy, **told)
    remedy = "Check ABM_META_APP_SECRET, if it is set." if number == 100 else ""
    return Permanent("the request was refused", remedy=remedy, **told)


def _error(response: Response) -> dict[str, Any] | None:
    if response.status_code < 300 and b'"error"' not in response.content[:200]:
        return None
    try:
        body = orjson.loads(response.content)
    except orjson.JSONDecodeError:
        return None
    error = body.get("error") if isinstance(body, dict) else None
    return error if isinstance(error, dict) else None
