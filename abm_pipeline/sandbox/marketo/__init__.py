"""Marketo Engage: activity log, leads, programs, bulk extract."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request

from abm_pipeline.sandbox.marketo.answers import CLIENT_ID, CLIENT_SECRET
from abm_pipeline.sandbox.marketo.rest import MarketoApi
from abm_pipeline.sandbox.marketo.truth import truth
from abm_pipeline.sandbox.vendor import Vendor


def _end(body: Any) -> None:
    if "moreResult" in body:
        body["moreResult"] = False
    elif "result" in body:
        body.pop("nextPageToken", None)


def _loop(body: Any, request: Request) -> None:
    if "moreResult" in body:
        body["moreResult"], body["nextPageToken"] = True, request.query_params["nextPageToken"]


SPEC = Vendor(
    name="marketo",
    title="Marketo Engage",
    create=MarketoApi,
    environment={
        "ABM_MARKETO_BASE_URL": "{url}/marketo",
        "ABM_MARKETO_CLIENT_ID": CLIENT_ID,
        "ABM_MARKETO_CLIENT_SECRET": CLIENT_SECRET,
    },
    lists=("result",),
    end=_end,
    loop=_loop,
    settings=("token_seconds", "per_20_seconds", "daily_calls", "fail_next", "polls", "has_updated_at"),
    truth=truth,
)
