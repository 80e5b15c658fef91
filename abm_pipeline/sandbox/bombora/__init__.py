"""Bombora Company Surge: topics, intent data in two steps, weekly files."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request

from abm_pipeline.sandbox import credentials as known
from abm_pipeline.sandbox.bombora.rest import BomboraApi
from abm_pipeline.sandbox.vendor import Vendor


def _end(body: Any) -> None:
    if "data" in body:
        body["nextPageToken"] = None


def _loop(body: Any, request: Request) -> None:
    if "pageToken" in request.query_params:
        body["nextPageToken"] = request.query_params["pageToken"]


SPEC = Vendor(
    name="bombora",
    title="Bombora",
    create=BomboraApi,
    environment={
        "ABM_BOMBORA_BASE_URL": "{url}/bombora",
        "ABM_BOMBORA_CLIENT_ID": known.BOMBORA_CLIENT_ID,
        "ABM_BOMBORA_CLIENT_SECRET": known.BOMBORA_CLIENT_SECRET,
    },
    lists=("data", "topics", "signalDefinitions"),
    end=_end,
    loop=_loop,
    settings=("per_minute", "token_seconds"),
)
