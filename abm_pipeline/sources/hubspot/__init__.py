"""HubSpot: CRM, marketing e-mail, forms and surveys of one portal."""

from __future__ import annotations

from abm_pipeline.sources._spec import Credential, SourceSpec
from abm_pipeline.sources.hubspot.client import Client
from abm_pipeline.sources.hubspot.contract import streams

SPEC = SourceSpec(
    vendor="hubspot",
    title="HubSpot",
    about="CRM records, engagements, marketing e-mail, forms and survey answers.",
    credentials=(
        Credential("ABM_HUBSPOT_TOKEN", "Access token of a private app.", is_required=False),
        Credential("ABM_HUBSPOT_CLIENT_ID", "Client id of an OAuth app.", is_secret=False, is_required=False),
        Credential("ABM_HUBSPOT_CLIENT_SECRET", "Client secret.", is_required=False),
        Credential("ABM_HUBSPOT_REFRESH_TOKEN", "Refresh token of the app's installation.", is_required=False),
    ),
    base_url=Credential(
        "ABM_HUBSPOT_BASE_URL", "Data host.", is_secret=False, is_required=False, default="https://api.hubapi.com"
    ),
    streams=streams,
    connect=Client,
    one_of=(
        ("ABM_HUBSPOT_TOKEN",),
        ("ABM_HUBSPOT_CLIENT_ID", "ABM_HUBSPOT_CLIENT_SECRET", "ABM_HUBSPOT_REFRESH_TOKEN"),
    ),
    concurrency=4,
)
