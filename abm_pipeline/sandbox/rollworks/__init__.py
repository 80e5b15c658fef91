"""RollWorks: AdRoll's GraphQL reporting API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from abm_pipeline.sandbox.rollworks import rest
from abm_pipeline.sandbox.rollworks.truth import truth
from abm_pipeline.sandbox.vendor import Vendor


def _refusal(status: int) -> tuple[Mapping[str, str], Any]:
    if status == 500:
        return {}, {"errors": [{"message": "Internal error", "code": 8}]}
    return {}, None


_CAMPAIGNS = tuple(f"data.advertisable.byEID.{part}" for part in ("active", "rest", "campaigns"))

SPEC = Vendor(
    name="rollworks",
    title="RollWorks",
    create=rest.RollWorksApi,
    environment={
        "ABM_ROLLWORKS_BASE_URL": "{url}/rollworks",
        "ABM_ROLLWORKS_API_KEY": rest.API_KEY,
        "ABM_ROLLWORKS_TOKEN": rest.PERSONAL_TOKEN,
    },
    lists=(
        *(f"{path}.metrics.byDate" for path in _CAMPAIGNS),
        *_CAMPAIGNS,
        "data.advertisable.forUser",
        *(f"data.accountMetrics.a{number}" for number in range(30)),
        "data.accountMetrics.summary",
    ),
    refusal=_refusal,
    settings=("daily_requests", "partial_answers", "token_seconds"),
    truth=truth,
)
