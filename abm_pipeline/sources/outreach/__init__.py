"""Outreach: what the sales team's sequences, mails and calls did."""

from __future__ import annotations

from abm_pipeline.sources._spec import Credential, SourceSpec
from abm_pipeline.sources.outreach.client import Client
from abm_pipeline.sources.outreach.contract import streams

SPEC = SourceSpec(
    vendor="outreach",
    title="Outreach",
    about="Sales activity: accounts, prospects, mailings with openings and answers, calls, sequences.",
    credentials=(
        Credential("ABM_OUTREACH_CLIENT_ID", "Application id.", is_secret=False),
        Credential("ABM_OUTREACH_CLIENT_SECRET", "Application secret."),
        Credential("ABM_OUTREACH_REFRESH_TOKEN", "First refresh token; the ones after it are kept by the pipeline."),
        Credential("ABM_OUTREACH_REDIRECT_URI", "Redirect URI of the application.", is_secret=False, is_required=False),
    ),
    base_url=Credential(
        "ABM_OUTREACH_BASE_URL", "API host.", is_secret=False, is_required=False, default="https://api.outreach.io"
    ),
    streams=streams,
    connect=lambda credentials, _: Client(credentials),
)
