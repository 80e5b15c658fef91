"""Salesloft: what the sales team's cadences, mails and calls did."""

from __future__ import annotations

from abm_pipeline.sources._spec import Credential, SourceSpec
from abm_pipeline.sources.salesloft.client import DATA_URL, Client
from abm_pipeline.sources.salesloft.contract import streams

SPEC = SourceSpec(
    vendor="salesloft",
    title="Salesloft",
    about="Sales activity: accounts, people, mails with views and answers, calls, cadences.",
    credentials=(
        Credential("ABM_SALESLOFT_CLIENT_ID", "OAuth application id.", is_secret=False, is_required=False),
        Credential("ABM_SALESLOFT_CLIENT_SECRET", "OAuth application secret.", is_required=False),
        Credential(
            "ABM_SALESLOFT_REFRESH_TOKEN",
            "First OAuth refresh token; the ones after it are kept by the pipeline.",
            is_required=False,
        ),
        Credential("ABM_SALESLOFT_API_KEY", "API key, instead of OAuth.", is_required=False),
    ),
    base_url=Credential("ABM_SALESLOFT_BASE_URL", "API host.", is_secret=False, is_required=False, default=DATA_URL),
    streams=streams,
    connect=lambda credentials, _: Client(credentials),
    one_of=(
        ("ABM_SALESLOFT_CLIENT_ID", "ABM_SALESLOFT_CLIENT_SECRET", "ABM_SALESLOFT_REFRESH_TOKEN"),
        ("ABM_SALESLOFT_API_KEY",),
    ),
)
