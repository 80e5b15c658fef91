"""Snowplow: first-party web events."""

from __future__ import annotations

from abm_pipeline.sources._spec import Credential, SourceSpec
from abm_pipeline.sources.snowplow.client import Client, listing
from abm_pipeline.sources.snowplow.contract import streams

SPEC = SourceSpec(
    vendor="snowplow",
    title="Snowplow",
    about="First-party web events as Snowplow enriches them, from files by day.",
    credentials=(),
    base_url=Credential("ABM_SNOWPLOW_PATH", "Folder of the enriched events.", is_secret=False),
    streams=streams,
    connect=Client,
    watched=listing,
)
