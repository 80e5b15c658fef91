"""What HubSpot's refusals mean: which wait, which need a person, and which leave a stream out."""

from __future__ import annotations

import re
from typing import Any

import orjson

from abm_pipeline.sources._errors import Permanent, Retriable, Skippable, SourceError
from abm_pipeline.sources._http import BUSY, Response, retry_after
from abm_pipeline.sources.hubspot.contract import OPTIONAL

VENDOR = "hubspot"
REFUSED = (
    "Check ABM_HUBSPOT_TOKEN, or ABM_HUBSPOT_CLIENT_ID, ABM_HUBSPOT_CLIENT_SECRET and ABM_HUBSPOT_REFRESH_TOKEN, "
    "and that the app is still installed in the portal."
)
# Locked records, a portal being moved to another data centre, and what Cloudflare says when it can't reach HubSpot.
ALSO_BUSY = BUSY | {423, 477, 521, 523, 525}
# Seconds after which a throttled request is worth another try, by the limit that it ran into.
WAITS = {"SECONDLY": 1.0, "TEN_SECONDLY_ROLLING": 10.0}
_SCOPE = re.compile(r"[a-z0-9_.-]{3,60}")


def judge(response: Response, stream: str) -> SourceError | None:
    """The error that an answer is, None if it can be used."""
    status = response.status_code
    if status < 300:
        return None
    said = _said(response)
    code = said.get("policyName") or said.get("category")
    facts: dict[str, Any] = {"vendor": VENDOR, "stream": stream, "status": status}
    facts["code"] = code if isinstance(code, str) else None
    if code == "DAILY":
        remedy = "The portal's calls of today are used up: run again after midnight in the portal's time zone."
        return Permanent("the daily quota is used up", **facts, remedy=remedy)
    if status in ALSO_BUSY:
        wait = retry_after(response)
        wait = WAITS.get(str(code)) if wait is None and status == 429 else wait
        what = "throttled" if status == 429 else "not available"
        return Retriable(what, **facts).asking_for(wait)
    if status in (401, 530):
        return Permanent("the token was refused, a new one too", **facts, remedy=REFUSED)
    if status == 403:
        return _without_scope(said, stream, facts)
    return Permanent("the request was refused", **facts)


def _without_scope(said: dict[str, Any], stream: str, facts: dict[str, Any]) -> SourceError:
    """A scope that is missing keeps out what it is for, unless everything else hangs on that."""
    scopes = ", ".join(_scopes(said)) or "that HubSpot's scope list names for this object"
    remedy = f"Grant the app of ABM_HUBSPOT_TOKEN or ABM_HUBSPOT_CLIENT_ID the scopes: {scopes}."
    if stream in OPTIONAL:
        return Skippable("the app lacks a scope, or the portal the hub", **facts, remedy=remedy)
    return Permanent("the app lacks a scope", **facts, remedy=remedy)


def _scopes(said: dict[str, Any]) -> list[str]:
    """Names of scopes in the error's context."""
    found: list[str] = []
    for error in said.get("errors") or []:
        context = error.get("context") if isinstance(error, dict) else None
        for name in (context.get("requiredGranularScopes") or []) if isinstance(context, dict) else []:
            if isinstance(name, str) and _SCOPE.fullmatch(name):
                found.append(name)
    return sorted(set(found))


def _said(response: Response) -> dict[str, Any]:
    try:
        body = orjson.loads(response.content)
    except orjson.JSONDecodeError:
        return {}
    return body if isinstance(body, dict) else {}
