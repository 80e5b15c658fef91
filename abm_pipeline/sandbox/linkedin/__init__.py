"""LinkedIn Marketing: ad accounts, campaigns, ad analytics, organisations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request

from abm_pipeline.sandbox import credentials as known
from abm_pipeline.sandbox.linkedin.rest import LinkedInApi
from abm_pipeline.sandbox.vendor import Vendor


def _end(body: Any) -> None:
    body.pop("metadata", None)


def _loop(body: Any, request: Request) -> None:
    if "pageToken" in request.query_params and "metadata" in body:
        body["metadata"]["nextPageToken"] = request.query_params["pageToken"]


def _refusal(status: int) -> tuple[Mapping[str, str], Any]:
    if status == 500:
        return {}, {"message": "Internal Server Error", "status": 500}
    message = "Resource level throttle limit for calls to this resource is reached."
    return {}, {"message": message, "status": 429, "serviceErrorCode": 101, "code": "TOO_MANY_REQUESTS"}


SPEC = Vendor(
    name="linkedin",
    title="LinkedIn Marketing",
    create=LinkedInApi,
    environment={
        "ABM_LINKEDIN_BASE_URL": "{url}/linkedin",
        "ABM_LINKEDIN_CLIENT_ID": known.LINKEDIN_CLIENT_ID,
        "ABM_LINKEDIN_CLIENT_SECRET": known.LINKEDIN_CLIENT_SECRET,
    },
    lists=("elements", "results"),
    end=_end,
    loop=_loop,
    refusal=_refusal,
    settings=("daily_requests", "token_seconds"),
)
