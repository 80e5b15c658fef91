"""Zendesk Support: incremental exports of organizations, users and tickets; satisfaction ratings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request

from abm_pipeline.sandbox.vendor import Vendor
from abm_pipeline.sandbox.zendesk.rest import API_TOKEN, EMAIL, ZendeskApi, too_many
from abm_pipeline.sandbox.zendesk.truth import truth


def _end(body: Any) -> None:
    if "end_of_stream" in body:
        body["end_of_stream"] = True
    if "meta" in body:
        body["meta"]["has_more"] = False


def _loop(body: Any, request: Request) -> None:
    asked = request.query_params
    if "cursor" in asked:
        body |= {"after_cursor": asked["cursor"], "end_of_stream": False}
    elif "end_time" in body and "start_time" in asked:
        body |= {"end_time": int(asked["start_time"]), "end_of_stream": False}
    elif "page[after]" in asked:
        body["meta"] = {"has_more": True, "after_cursor": asked["page[after]"], "before_cursor": None}


def _refusal(status: int) -> tuple[Mapping[str, str], Any]:
    return too_many(93) if status == 429 else ({}, {"error": "InternalServerError", "description": "Oops"})


SPEC = Vendor(
    name="zendesk",
    title="Zendesk",
    create=ZendeskApi,
    environment={
        "ABM_ZENDESK_BASE_URL": "{url}/zendesk",
        "ABM_ZENDESK_EMAIL": EMAIL,
        "ABM_ZENDESK_API_TOKEN": API_TOKEN,
    },
    lists=("tickets", "users", "organizations", "satisfaction_ratings"),
    end=_end,
    loop=_loop,
    refusal=_refusal,
    settings=("exports_per_minute", "per_minute", "empty_first"),
    truth=truth,
)
