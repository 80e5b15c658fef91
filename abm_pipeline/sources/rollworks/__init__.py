"""RollWorks (AdRoll ABM): advertisables, campaigns, delivery by campaign and by company domain."""

from __future__ import annotations

from abm_pipeline.sources._spec import Credential, SourceSpec
from abm_pipeline.sources.rollworks.client import DATA_URL, Client
from abm_pipeline.sources.rollworks.contract import streams

SPEC = SourceSpec(
    vendor="rollworks",
    title="RollWorks (AdRoll ABM)",
    about="Advertising: campaigns, delivery by campaign and day, and by the companies that were reached.",
    credentials=(
        Credential("ABM_ROLLWORKS_API_KEY", "Client id of the application, sent with every request.", is_secret=False),
        Credential("ABM_ROLLWORKS_TOKEN", "Personal access token; instead of OAuth.", is_required=False),
        Credential("ABM_ROLLWORKS_CLIENT_SECRET", "Client secret, for OAuth.", is_required=False),
        Credential(
            "ABM_ROLLWORKS_REFRESH_TOKEN", "Refresh token, for OAuth; its successors are kept.", is_required=False
        ),
    ),
    base_url=Credential("ABM_ROLLWORKS_BASE_URL", "Data host.", is_secret=False, is_required=False, default=DATA_URL),
    streams=streams,
    connect=lambda credentials, _: Client(credentials),
    one_of=(("ABM_ROLLWORKS_TOKEN",), ("ABM_ROLLWORKS_CLIENT_SECRET", "ABM_ROLLWORKS_REFRESH_TOKEN")),
    concurrency=2,
)
