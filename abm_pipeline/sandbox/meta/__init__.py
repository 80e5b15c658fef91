"""Meta ads: ad accounts, campaigns, insights with report runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request

from abm_pipeline.sandbox.meta import rest
from abm_pipeline.sandbox.meta.truth import truth
from abm_pipeline.sandbox.vendor import Vendor


def _end(body: Any) -> None:
    body.get("paging", {}).pop("next", None)


def _loop(body: Any, request: Request) -> None:
    if "after" in request.query_params and "next" in body.get("paging", {}):
        body["paging"]["cursors"]["after"] = request.query_params["after"]


def _refusal(status: int) -> tuple[Mapping[str, str], Any]:
    if status == 500:
        text = "An unknown error occurred"
        return {}, {"error": {"message": text, "type": "OAuthException", "code": 1, "error_subcode": 99}}
    text = "(#17) User request limit reached"
    return {}, {"error": {"message": text, "type": "OAuthException", "is_transient": True, "code": 17}}


SPEC = Vendor(
    name="meta",
    title="Meta Ads",
    create=rest.MetaApi,
    environment={
        "ABM_META_BASE_URL": "{url}/meta",
        "ABM_META_ACCESS_TOKEN": rest.ACCESS_TOKEN,
        "ABM_META_APP_SECRET": rest.APP_SECRET,
    },
    lists=("data",),
    end=_end,
    loop=_loop,
    refusal=_refusal,
    settings=("quota_calls", "quota_seconds", "polls_to_complete", "failing_runs", "racing_polls", "most_rows"),
    truth=truth,
)
