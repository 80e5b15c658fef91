"""Bombora Company Surge: which companies research which topics."""

from __future__ import annotations

from abm_pipeline.sources._spec import Credential, SourceSpec
from abm_pipeline.sources.bombora.client import Client
from abm_pipeline.sources.bombora.contract import streams

SPEC = SourceSpec(
    vendor="bombora",
    title="Bombora",
    about="Intent: companies whose research on a topic surges, as a weekly snapshot.",
    credentials=(
        Credential("ABM_BOMBORA_CLIENT_ID", "Client id of the API.", is_secret=False),
        Credential("ABM_BOMBORA_CLIENT_SECRET", "Client secret of the API."),
    ),
    base_url=Credential(
        "ABM_BOMBORA_BASE_URL", "Data host.", is_secret=False, is_required=False, default="https://api.bombora.com"
    ),
    streams=streams,
    connect=Client,
    concurrency=2,
)
