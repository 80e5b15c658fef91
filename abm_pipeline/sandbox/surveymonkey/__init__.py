"""SurveyMonkey: surveys and the responses to them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request

from abm_pipeline.sandbox.surveymonkey.rest import TOKEN, SurveyMonkeyApi, refusal, too_many
from abm_pipeline.sandbox.surveymonkey.truth import truth
from abm_pipeline.sandbox.vendor import Vendor


def _end(body: Any) -> None:
    if "links" in body:
        body["links"].pop("next", None)


def _loop(body: Any, request: Request) -> None:
    if "links" in body and "page" in request.query_params:
        body["links"]["next"] = f"https://api.surveymonkey.com{request.url.path}?page={request.query_params['page']}"


def _refusal(status: int) -> tuple[Mapping[str, str], Any]:
    if status == 429:
        left = {"X-Ratelimit-App-Global-Minute-Remaining": "0", "X-Ratelimit-App-Global-Minute-Reset": "37"}
        return left, too_many()
    return {}, refusal(500, "1050", "Internal Server Error", "Oh bananas! We couldn't process your request.")


SPEC = Vendor(
    name="surveymonkey",
    title="SurveyMonkey",
    create=SurveyMonkeyApi,
    environment={"ABM_SURVEYMONKEY_BASE_URL": "{url}/surveymonkey", "ABM_SURVEYMONKEY_TOKEN": TOKEN},
    lists=("data",),
    end=_end,
    loop=_loop,
    refusal=_refusal,
    settings=("per_minute", "per_day", "today"),
    truth=truth,
)
