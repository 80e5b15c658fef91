"""Zoom: webinars, who registered, came and did not; meetings with people outside."""

from __future__ import annotations

from abm_pipeline.sources._spec import Credential, SourceSpec
from abm_pipeline.sources.zoom.client import DATA_URL, Client
from abm_pipeline.sources.zoom.contract import streams

SPEC = SourceSpec(
    vendor="zoom",
    title="Zoom",
    about="Webinars and meetings: registrants, participants, absentees.",
    credentials=(
        Credential("ABM_ZOOM_ACCOUNT_ID", "Account id of the server-to-server OAuth app.", is_secret=False),
        Credential("ABM_ZOOM_CLIENT_ID", "Client id of the app.", is_secret=False),
        Credential("ABM_ZOOM_CLIENT_SECRET", "Client secret of the app."),
    ),
    base_url=Credential("ABM_ZOOM_BASE_URL", "Data host.", is_secret=False, is_required=False, default=DATA_URL),
    streams=streams,
    connect=Client,
    concurrency=3,
)
