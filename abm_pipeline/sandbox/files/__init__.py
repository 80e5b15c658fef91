"""Files that people keep: lists, costs, hours, rankings, rates, deliveries."""

from __future__ import annotations

from abm_pipeline.sandbox.files.truth import truth
from abm_pipeline.sandbox.files.writing import deliver
from abm_pipeline.sandbox.vendor import NoApi, Vendor

SPEC = Vendor(
    name="files",
    title="Files",
    create=NoApi,
    environment={"ABM_FILES_PATH": "{files}/files"},
    truth=truth,
    files=deliver,
)
