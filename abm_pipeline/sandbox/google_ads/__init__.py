"""Google Ads: a manager's accounts, campaigns and their metrics through GAQL."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request

from abm_pipeline.sandbox.google_ads import rest
from abm_pipeline.sandbox.google_ads.rows import MANAGER
from abm_pipeline.sandbox.google_ads.truth import truth
from abm_pipeline.sandbox.vendor import Vendor


def _end(body: Any) -> None:
    if isinstance(body, dict):
        body.pop("nextPageToken", None)


def _loop(body: Any, request: Request) -> None:
    if isinstance(body, dict) and "nextPageToken" in body:
        body["nextPageToken"] = rest.this_page(body["nextPageToken"])


def _refusal(status: int) -> tuple[Mapping[str, str], Any]:
    if status == 500:
        return {}, {"error": rest.envelope(500, "internalError", "INTERNAL_ERROR", "Internal error encountered.")}
    text = "Too many requests. Retry in 2 seconds."
    return {}, {"error": rest.envelope(429, "quotaError", "RESOURCE_TEMPORARILY_EXHAUSTED", text, 2.0)}


SPEC = Vendor(
    name="google_ads",
    title="Google Ads",
    create=rest.GoogleAdsApi,
    environment={
        "ABM_GOOGLE_ADS_BASE_URL": "{url}/google_ads",
        "ABM_GOOGLE_ADS_CLIENT_ID": rest.CLIENT_ID,
        "ABM_GOOGLE_ADS_CLIENT_SECRET": rest.CLIENT_SECRET,
        "ABM_GOOGLE_ADS_REFRESH_TOKEN": rest.REFRESH_TOKEN,
        "ABM_GOOGLE_ADS_DEVELOPER_TOKEN": rest.DEVELOPER_TOKEN,
        "ABM_GOOGLE_ADS_LOGIN_CUSTOMER_ID": str(MANAGER),
    },
    lists=("results",),
    end=_end,
    loop=_loop,
    refusal=_refusal,
    settings=("daily_operations", "retry_delay", "page_rows", "token_seconds", "broken_streams"),
    truth=truth,
)
