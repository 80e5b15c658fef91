"""Segment: first-party web events and use of the product."""

from __future__ import annotations

from abm_pipeline.sources._spec import Credential, SourceSpec
from abm_pipeline.sources.segment.client import Client, listing
from abm_pipeline.sources.segment.contract import streams

SPEC = SourceSpec(
    vendor="segment",
    title="Segment",
    about="First-party web events and use of the product, from Segment's archive of calls by day.",
    credentials=(),
    base_url=Credential("ABM_SEGMENT_PATH", "Folder of the archive (segment-logs).", is_secret=False),
    streams=streams,
    connect=Client,
    watched=listing,
)
