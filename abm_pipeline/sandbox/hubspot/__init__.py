"""HubSpot: CRM objects, search, associations, marketing e-mail, forms and surveys of one portal."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request

from abm_pipeline.sandbox.hubspot.answers import problem, throttled
from abm_pipeline.sandbox.hubspot.rest import CLIENT_ID, CLIENT_SECRET, REFRESH_TOKEN, HubSpotApi
from abm_pipeline.sandbox.hubspot.truth import make_truth
from abm_pipeline.sandbox.vendor import Vendor


def _end(body: Any) -> None:
    body.pop("paging", None)
    if "hasMore" in body:
        body["hasMore"] = False


def _loop(body: Any, request: Request) -> None:
    if "after" in request.query_params:
        body["paging"] = {"next": {"after": request.query_params["after"]}}
    if "offset" in request.query_params:
        body |= {"hasMore": True, "offset": request.query_params["offset"]}


def _refusal(status: int) -> tuple[dict[str, str], Any]:
    if status == 429:
        return {}, throttled("TEN_SECONDLY_ROLLING")
    return {}, problem("internal error")


SPEC = Vendor(
    name="hubspot",
    title="HubSpot",
    create=HubSpotApi,
    environment={
        "ABM_HUBSPOT_BASE_URL": "{url}/hubspot",
        "ABM_HUBSPOT_CLIENT_ID": CLIENT_ID,
        "ABM_HUBSPOT_CLIENT_SECRET": CLIENT_SECRET,
        "ABM_HUBSPOT_REFRESH_TOKEN": REFRESH_TOKEN,
    },
    lists=("results", "events", "campaigns"),
    end=_end,
    loop=_loop,
    refusal=_refusal,
    settings=(
        "token_seconds", "per_ten_seconds", "searches_per_second", "daily_requests", "index_lag_seconds", "search_cap",
        "short_pages", "missing_scopes",
    ),
    truth=make_truth,
)  # fmt: skip
