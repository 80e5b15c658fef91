"""Chargebee: customers, subscriptions, invoices, by time of change."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request

from abm_pipeline.sandbox.chargebee.rest import API_KEY, ChargebeeApi, refusal
from abm_pipeline.sandbox.chargebee.truth import truth
from abm_pipeline.sandbox.vendor import Vendor


def _end(body: Any) -> None:
    body.pop("next_offset", None)


def _loop(body: Any, request: Request) -> None:
    if "offset" in request.query_params:
        body["next_offset"] = request.query_params["offset"]


def _refusal(status: int) -> tuple[Mapping[str, str], Any]:
    if status == 429:
        return {"Retry-After": "30"}, refusal(429, "api_request_limit_exceeded", "Too many", "operation_failed")
    return {}, refusal(500, "internal_error", "Sorry, something went wrong", "operation_failed")


SPEC = Vendor(
    name="chargebee",
    title="Chargebee",
    create=ChargebeeApi,
    environment={"ABM_CHARGEBEE_BASE_URL": "{url}/chargebee", "ABM_CHARGEBEE_API_KEY": API_KEY},
    lists=("list",),
    end=_end,
    loop=_loop,
    refusal=_refusal,
    settings=("per_minute",),
    truth=truth,
)
