"""Zoom: users, webinars and their registrants, reports of what was held and who came."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request

from abm_pipeline.sandbox.vendor import Vendor
from abm_pipeline.sandbox.zoom.rest import ACCOUNT_ID, CLIENT_ID, CLIENT_SECRET, ZoomApi
from abm_pipeline.sandbox.zoom.truth import truth


def _end(body: Any) -> None:
    if "next_page_token" in body:
        body["next_page_token"] = ""


def _loop(body: Any, request: Request) -> None:
    if token := request.query_params.get("next_page_token"):
        body["next_page_token"] = token


def _refusal(status: int) -> tuple[dict[str, str], Any]:
    said = "You have reached the maximum per-second rate limit for this API. Try again later."
    headers = {"X-RateLimit-Category": "Medium", "X-RateLimit-Type": "QPS"} if status == 429 else {}
    return headers, {"code": status, "message": said if status == 429 else "Internal server error."}


SPEC = Vendor(
    name="zoom",
    title="Zoom",
    create=ZoomApi,
    environment={
        "ABM_ZOOM_BASE_URL": "{url}/zoom",
        "ABM_ZOOM_ACCOUNT_ID": ACCOUNT_ID,
        "ABM_ZOOM_CLIENT_ID": CLIENT_ID,
        "ABM_ZOOM_CLIENT_SECRET": CLIENT_SECRET,
    },
    lists=("users", "webinars", "registrants", "meetings", "participants"),
    end=_end,
    loop=_loop,
    refusal=_refusal,
    settings=("token_seconds", "page_token_seconds", "per_day", "throttle_next", "used", "gone", "unlicensed"),
    truth=truth,
)
