"""LinkedIn Marketing: ad accounts, campaigns, delivery by campaign and by company."""

from __future__ import annotations

from abm_pipeline.sources._spec import Credential, SourceSpec
from abm_pipeline.sources.linkedin.client import DATA_URL, Client
from abm_pipeline.sources.linkedin.contract import streams

SPEC = SourceSpec(
    vendor="linkedin",
    title="LinkedIn Marketing",
    about="Advertising: campaigns, delivery by campaign and day, and by the companies that were reached.",
    credentials=(
        Credential("ABM_LINKEDIN_CLIENT_ID", "Client id of the developer application.", is_secret=False),
        Credential("ABM_LINKEDIN_CLIENT_SECRET", "Client secret."),
        Credential(
            "ABM_LINKEDIN_REFRESH_TOKEN",
            "Refresh token of a member with a role in the ad accounts; without it client credentials are used.",
            is_required=False,
        ),
        Credential(
            "ABM_LINKEDIN_VERSION",
            "API version, YYYYMM; each lives for about a year.",
            is_secret=False,
            is_required=False,
            default="202609",
        ),
    ),
    base_url=Credential("ABM_LINKEDIN_BASE_URL", "Data host.", is_secret=False, is_required=False, default=DATA_URL),
    streams=streams,
    connect=lambda credentials, _: Client(credentials),
    concurrency=3,
)
