"""Calendly: scheduled events and their invitees."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request

from abm_pipeline.sandbox.calendly.rest import TOKEN, CalendlyApi
from abm_pipeline.sandbox.calendly.truth import truth
from abm_pipeline.sandbox.vendor import Vendor


def _end(body: Any) -> None:
    if "pagination" in body:
        body["pagination"] |= {"next_page": None, "next_page_token": None}


def _loop(body: Any, request: Request) -> None:
    if "pagination" in body and (token := request.query_params.get("page_token")):
        body["pagination"] |= {"next_page": str(request.url), "next_page_token": token}


def _refusal(status: int) -> tuple[dict[str, str], Any]:
    headers = {"X-RateLimit-Limit": "500", "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1"}
    return headers if status == 429 else {}, {"title": "Too Many Requests" if status == 429 else "Internal Error"}


SPEC = Vendor(
    name="calendly",
    title="Calendly",
    create=CalendlyApi,
    environment={"ABM_CALENDLY_BASE_URL": "{url}/calendly", "ABM_CALENDLY_TOKEN": TOKEN},
    lists=("collection",),
    end=_end,
    loop=_loop,
    refusal=_refusal,
    settings=("per_minute", "gone"),
    truth=truth,
)
