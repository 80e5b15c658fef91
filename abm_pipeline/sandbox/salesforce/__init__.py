"""Salesforce: REST, Bulk 2.0, and the logins that clients use."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from starlette.requests import Request

from abm_pipeline.sandbox import credentials as known
from abm_pipeline.sandbox.salesforce.rest import RestApi
from abm_pipeline.sandbox.vendor import Vendor


def _end(body: Any) -> None:
    body.pop("nextRecordsUrl", None)
    if "records" in body:
        body.update(totalSize=0, done=True)


def _loop(body: Any, request: Request) -> None:
    path = request.url.path.removeprefix("/salesforce")
    if re.search(r"/query(All)?/\w+-\d+$", path):
        body.update(nextRecordsUrl=path, done=False)


def _refusal(status: int) -> tuple[Mapping[str, str], Any]:
    if status == 500:
        return {}, [{"message": "Server error", "errorCode": "UNKNOWN_EXCEPTION"}]
    return {}, [{"message": "TotalRequests Limit exceeded.", "errorCode": "REQUEST_LIMIT_EXCEEDED"}]


SPEC = Vendor(
    name="salesforce",
    title="Salesforce",
    create=RestApi.of_world,
    environment={
        "ABM_SALESFORCE_BASE_URL": "{url}/salesforce",
        "ABM_SALESFORCE_CLIENT_ID": known.SALESFORCE_CLIENT_ID,
        "ABM_SALESFORCE_CLIENT_SECRET": known.SALESFORCE_CLIENT_SECRET,
    },
    lists=("records",),
    end=_end,
    loop=_loop,
    refusal=_refusal,
    settings=("session_requests", "session_seconds", "daily_requests"),
)
