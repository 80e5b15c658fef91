"""ZoomInfo: companies, people and org charts (the GTM data API)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from abm_pipeline.sandbox.vendor import Vendor
from abm_pipeline.sandbox.zoominfo.rest import CLIENT_ID, CLIENT_SECRET, ZoominfoApi
from abm_pipeline.sandbox.zoominfo.truth import truth


def _end(body: Any) -> None:
    if "meta" in body:
        body["meta"] = {"page": {"number": 1, "total": 1}, "totalResults": 0}


def _refusal(status: int) -> tuple[Mapping[str, str], Any]:
    code, text = ("ZI0004", "You have exceeded the rate limit.") if status == 429 else ("PFAPI0007", "Internal Error")
    headers = {"X-RateLimit-Rejected-Bucket": "second"} if status == 429 else {}
    return headers, {"error": {"code": code, "message": text, "status": status, "retryable": True}}


SPEC = Vendor(
    name="zoominfo",
    title="ZoomInfo",
    create=ZoominfoApi,
    environment={
        "ABM_ZOOMINFO_BASE_URL": "{url}/zoominfo",
        "ABM_ZOOMINFO_CLIENT_ID": CLIENT_ID,
        "ABM_ZOOMINFO_CLIENT_SECRET": CLIENT_SECRET,
    },
    lists=("data",),
    end=_end,
    refusal=_refusal,
    settings=("token_seconds", "per_second", "day_left", "credits", "has_org_charts", "total"),
    truth=truth,
)
