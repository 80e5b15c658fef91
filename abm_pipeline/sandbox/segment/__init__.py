"""Segment on docs.northwind-abm.example and in the product: the archive of calls, a packed file a source and day."""

from __future__ import annotations

from abm_pipeline.sandbox.segment.calls import deliver
from abm_pipeline.sandbox.segment.truth import truth
from abm_pipeline.sandbox.vendor import NoApi, Vendor

SPEC = Vendor(
    name="segment",
    title="Segment",
    create=NoApi,
    environment={"ABM_SEGMENT_PATH": "{files}/segment"},
    truth=truth,
    files=deliver,
)
