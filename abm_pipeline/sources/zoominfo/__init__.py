"""ZoomInfo: people of the companies looked at, and who is above whom."""

from __future__ import annotations

from abm_pipeline.sources._spec import Credential, SourceSpec
from abm_pipeline.sources.zoominfo.client import Client
from abm_pipeline.sources.zoominfo.contract import streams

SPEC = SourceSpec(
    vendor="zoominfo",
    title="ZoomInfo",
    about="People and org charts of companies: the buying committee, known to the CRM or not.",
    credentials=(
        Credential("ABM_ZOOMINFO_CLIENT_ID", "Client id of an app (client credentials).", is_secret=False),
        Credential("ABM_ZOOMINFO_CLIENT_SECRET", "Client secret of the app."),
    ),
    base_url=Credential(
        "ABM_ZOOMINFO_BASE_URL", "API host and path.", is_secret=False, is_required=False,
        default="https://api.zoominfo.com/gtm",
    ),
    streams=streams,
    connect=Client,
    concurrency=2,
)  # fmt: skip
