"""Demandbase: accounts by export job, and the keywords that companies research."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request

from abm_pipeline.sandbox.demandbase.rest import CLIENT_ID, CLIENT_SECRET, DemandbaseApi
from abm_pipeline.sandbox.demandbase.truth import truth
from abm_pipeline.sandbox.vendor import Vendor


def _end(body: Any) -> None:
    if isinstance(body, dict) and "pagination" in body:
        body["pagination"]["after"] = None


def _loop(body: Any, request: Request) -> None:
    """The same token on every page: what was asked for is in the body, which is read by now."""
    if isinstance(body, dict) and "pagination" in body:
        body["pagination"]["after"] = "Tzo1OjU="


def _refusal(status: int) -> tuple[Mapping[str, str], Any]:
    text = "Rate limit exceeded." if status == 429 else "Error while communicating with internal service."
    return {}, {"errorCode": f"{status}-100", "errorMessage": text, "diagnosticCode": "ce0fc1770e0d425b88892df4"}


SPEC = Vendor(
    name="demandbase",
    title="Demandbase",
    create=DemandbaseApi,
    environment={
        "ABM_DEMANDBASE_BASE_URL": "{url}/demandbase",
        "ABM_DEMANDBASE_CLIENT_ID": CLIENT_ID,
        "ABM_DEMANDBASE_CLIENT_SECRET": CLIENT_SECRET,
    },
    lists=("data",),
    end=_end,
    loop=_loop,
    refusal=_refusal,
    settings=("token_seconds", "link_seconds", "rows_per_file", "quota", "has_intent", "failing"),
    truth=truth,
)
