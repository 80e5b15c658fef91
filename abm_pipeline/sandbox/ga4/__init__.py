"""Google Analytics 4: reports on the blog; a reverse-IP tool writes the visitors' companies into a custom dimension."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from abm_pipeline.sandbox.ga4 import rest
from abm_pipeline.sandbox.ga4.truth import truth
from abm_pipeline.sandbox.vendor import Vendor


def _end(body: Any) -> None:
    if "rows" in body:
        del body["rows"], body["rowCount"]


def _refusal(status: int) -> tuple[Mapping[str, str], Any]:
    if status == 429:
        return {}, rest.error(429, "RESOURCE_EXHAUSTED", "Exhausted concurrent requests quota.")
    return {}, rest.error(500, "INTERNAL", "Internal error encountered.")


SPEC = Vendor(
    name="ga4",
    title="Google Analytics 4",
    create=rest.Ga4Api,
    environment={
        "ABM_GA4_BASE_URL": "{url}/ga4",
        "ABM_GA4_PROPERTY_ID": rest.PROPERTY,
        "ABM_GA4_CLIENT_ID": rest.CLIENT_ID,
        "ABM_GA4_CLIENT_SECRET": rest.CLIENT_SECRET,
        "ABM_GA4_REFRESH_TOKEN": rest.REFRESH_TOKEN,
    },
    lists=("rows",),
    end=_end,
    refusal=_refusal,
    settings=("hourly_tokens", "spent", "token_seconds", "is_sampled", "has_dimension"),
    truth=truth,
)
