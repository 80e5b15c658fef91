"""6sense: segments of accounts, and predicted intent and buying stage of their companies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from abm_pipeline.sandbox.sixsense.rest import SCORING_TOKEN, SEGMENTS_TOKEN, SixsenseApi
from abm_pipeline.sandbox.sixsense.truth import truth
from abm_pipeline.sandbox.vendor import Vendor


def _refusal(status: int) -> tuple[Mapping[str, str], Any]:
    return {}, {"status": "error", "message": "Too Many Requests" if status == 429 else "Internal Server Error"}


SPEC = Vendor(
    name="sixsense",
    title="6sense",
    create=SixsenseApi,
    environment={
        "ABM_SIXSENSE_BASE_URL": "{url}/sixsense",
        "ABM_SIXSENSE_SEGMENTS_TOKEN": SEGMENTS_TOKEN,
        "ABM_SIXSENSE_SCORING_TOKEN": SCORING_TOKEN,
    },
    lists=("list", "accounts"),
    refusal=_refusal,
    settings=("per_minute", "credits", "has_scores"),
    truth=truth,
)
