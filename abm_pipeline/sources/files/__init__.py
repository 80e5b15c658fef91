"""Files with a declared meaning: lists, costs, hours, rankings, rates, deliveries."""

from __future__ import annotations

from abm_pipeline.sources._spec import Credential, SourceSpec
from abm_pipeline.sources.files.client import Client, listing
from abm_pipeline.sources.files.contract import streams

SPEC = SourceSpec(
    vendor="files",
    title="Files",
    about="CSV, JSON lines and Parquet files that somebody drops into a folder, their meaning declared in YAML.",
    credentials=(),
    base_url=Credential("ABM_FILES_PATH", "Folder of the files.", is_secret=False),
    streams=streams,
    connect=Client,
    watched=listing,
)
