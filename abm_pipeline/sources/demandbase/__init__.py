"""Demandbase: accounts, and the keywords that companies research."""

from __future__ import annotations

from abm_pipeline.sources._spec import Credential, SourceSpec
from abm_pipeline.sources.demandbase.client import Client
from abm_pipeline.sources.demandbase.contract import streams

SPEC = SourceSpec(
    vendor="demandbase",
    title="Demandbase",
    about="Intent: keywords that a company's people research, by week. Accounts with journey stage.",
    credentials=(
        Credential("ABM_DEMANDBASE_CLIENT_ID", "Client id of an API key set.", is_secret=False),
        Credential("ABM_DEMANDBASE_CLIENT_SECRET", "Client secret of the API key set."),
    ),
    base_url=Credential(
        "ABM_DEMANDBASE_BASE_URL",
        "API host.",
        is_secret=False,
        is_required=False,
        default="https://uapi.demandbase.com",
    ),
    streams=streams,
    connect=Client,
    concurrency=2,
)
