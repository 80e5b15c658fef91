"""Marketo Engage: people, e-mails, forms, web visits, programs."""

from __future__ import annotations

from abm_pipeline.sources._spec import Credential, SourceSpec
from abm_pipeline.sources.marketo.client import Client
from abm_pipeline.sources.marketo.contract import streams

SPEC = SourceSpec(
    vendor="marketo",
    title="Marketo Engage",
    about="Marketing automation: people, what they were sent and did, stages, programs.",
    credentials=(
        Credential("ABM_MARKETO_CLIENT_ID", "Client id of the LaunchPoint service.", is_secret=False),
        Credential("ABM_MARKETO_CLIENT_SECRET", "Client secret of the LaunchPoint service."),
    ),
    base_url=Credential(
        "ABM_MARKETO_BASE_URL", "The instance's host, e.g. https://123-ABC-456.mktorest.com.", is_secret=False
    ),
    streams=streams,
    connect=Client,
    concurrency=3,
)
