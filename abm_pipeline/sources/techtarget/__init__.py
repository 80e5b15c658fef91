"""TechTarget Priority Engine: accounts that research in a market segment, from weekly files."""

from __future__ import annotations

from abm_pipeline.sources._spec import Credential, SourceSpec
from abm_pipeline.sources.techtarget.client import Client, listing
from abm_pipeline.sources.techtarget.contract import streams

SPEC = SourceSpec(
    vendor="techtarget",
    title="TechTarget Priority Engine",
    about="Intent: accounts that research in a market segment, ranked by stars, from weekly files.",
    credentials=(),
    base_url=Credential("ABM_TECHTARGET_PATH", "Folder of the weekly exports.", is_secret=False),
    streams=streams,
    connect=Client,
    watched=listing,
)
