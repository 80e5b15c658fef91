"""The door for Dagster: `workspace.yaml`, `dg`, the code server and the daemon load `defs` from here."""

from __future__ import annotations

from abm_pipeline.defs.build import build
from abm_pipeline.settings import Settings

defs = build(Settings())  # type: ignore[call-arg]
