"""Outreach: accounts, prospects, mailings, calls and sequences of the sales team, by JSON:API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request

from abm_pipeline.sandbox.outreach.rest import CLIENT_ID, CLIENT_SECRET, REFRESH_TOKEN, OutreachApi
from abm_pipeline.sandbox.outreach.truth import truth
from abm_pipeline.sandbox.vendor import Vendor


def _end(body: Any) -> None:
    body.pop("links", None)


def _loop(body: Any, request: Request) -> None:
    body.setdefault("links", {})["next"] = str(request.url)


def _refusal(status: int) -> tuple[Mapping[str, str], Any]:
    title = "Rate Limit Exceeded" if status == 429 else "Internal Server Error"
    ident = "rateLimitExceeded" if status == 429 else "internalServerError"
    return {"X-RateLimit-Remaining": "0"}, {"errors": [{"id": ident, "title": title, "detail": title}]}


SPEC = Vendor(
    name="outreach",
    title="Outreach",
    create=OutreachApi,
    environment={
        "ABM_OUTREACH_BASE_URL": "{url}/outreach",
        "ABM_OUTREACH_CLIENT_ID": CLIENT_ID,
        "ABM_OUTREACH_CLIENT_SECRET": CLIENT_SECRET,
        "ABM_OUTREACH_REFRESH_TOKEN": REFRESH_TOKEN,
    },
    lists=("data",),
    end=_end,
    loop=_loop,
    refusal=_refusal,
    settings=("per_hour", "token_seconds", "one_use", "outages", "tells_wait", "without_scope"),
    truth=truth,
)
