"""Salesloft: accounts, people, cadences, and the mails and calls of the sales team."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request

from abm_pipeline.sandbox.salesloft.rest import CLIENT_ID, CLIENT_SECRET, REFRESH_TOKEN, SalesloftApi
from abm_pipeline.sandbox.salesloft.truth import truth
from abm_pipeline.sandbox.vendor import Vendor


def _end(body: Any) -> None:
    if "metadata" in body:
        body["metadata"]["paging"]["next_page"] = None


def _loop(body: Any, request: Request) -> None:
    if "metadata" in body:
        body["metadata"]["paging"]["next_page"] = body["metadata"]["paging"]["current_page"]


def _refusal(status: int) -> tuple[Mapping[str, str], Any]:
    text = "Rate limit exceeded" if status == 429 else "Internal Server Error"
    return {"x-ratelimit-remaining-minute": "0"}, {"error": text}


SPEC = Vendor(
    name="salesloft",
    title="Salesloft",
    create=SalesloftApi,
    environment={
        "ABM_SALESLOFT_BASE_URL": "{url}/salesloft",
        "ABM_SALESLOFT_CLIENT_ID": CLIENT_ID,
        "ABM_SALESLOFT_CLIENT_SECRET": CLIENT_SECRET,
        "ABM_SALESLOFT_REFRESH_TOKEN": REFRESH_TOKEN,
    },
    lists=("data",),
    end=_end,
    loop=_loop,
    refusal=_refusal,
    settings=("points", "token_seconds", "one_use", "without_scope"),
    truth=truth,
)
