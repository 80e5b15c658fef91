"""Delighted: satisfaction surveys, from the exports of the closed service."""

from __future__ import annotations

from abm_pipeline.sources._spec import Credential, SourceSpec
from abm_pipeline.sources.delighted.client import Client, listing
from abm_pipeline.sources.delighted.contract import streams

SPEC = SourceSpec(
    vendor="delighted",
    title="Delighted",
    about="Satisfaction surveys, from exports: the service closed on 2026-06-30.",
    credentials=(),
    base_url=Credential("ABM_DELIGHTED_PATH", "Folder of the exports.", is_secret=False),
    streams=streams,
    connect=Client,
    watched=listing,
)
