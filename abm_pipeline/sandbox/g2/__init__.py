"""G2: buyer intent by company, day and page, and the reviews of our products."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request

from abm_pipeline.sandbox.g2.rest import TOKEN, G2Api
from abm_pipeline.sandbox.g2.rows import OWN
from abm_pipeline.sandbox.g2.truth import truth
from abm_pipeline.sandbox.vendor import Vendor


def _end(body: Any) -> None:
    if "links" in body:
        body["links"]["next"] = None


def _loop(body: Any, request: Request) -> None:
    if "page[after]" in request.query_params:
        body["links"]["next"] = f"{str(request.url).partition('?')[0]}?{urlencode(dict(request.query_params))}"


def _refusal(status: int) -> tuple[Mapping[str, str], Any]:
    return {}, {"errors": [{"status": str(status), "title": "Too Many Requests" if status == 429 else "Server Error"}]}


SPEC = Vendor(
    name="g2",
    title="G2",
    create=G2Api,
    environment={
        "ABM_G2_BASE_URL": "{url}/g2",
        "ABM_G2_API_TOKEN": TOKEN,
        "ABM_G2_PRODUCTS": ",".join(slug for slug, _ in OWN),
    },
    lists=("data",),
    end=_end,
    loop=_loop,
    refusal=_refusal,
    settings=("per_second", "has_reviews"),
    truth=truth,
)
