"""Calendly: meetings that people outside booked by themselves."""

from __future__ import annotations

from abm_pipeline.sources._spec import Credential, SourceSpec
from abm_pipeline.sources.calendly.client import DATA_URL, Client
from abm_pipeline.sources.calendly.contract import streams

SPEC = SourceSpec(
    vendor="calendly",
    title="Calendly",
    about="Meetings booked by people outside: bookings, cancellations, no-shows.",
    credentials=(Credential("ABM_CALENDLY_TOKEN", "Personal access token of an owner or admin."),),
    base_url=Credential("ABM_CALENDLY_BASE_URL", "Data host.", is_secret=False, is_required=False, default=DATA_URL),
    streams=streams,
    connect=Client,
    concurrency=2,
)
