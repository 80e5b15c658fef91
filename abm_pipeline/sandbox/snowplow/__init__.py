"""Snowplow on www.northwind-abm.example: enriched events as TSV, a packed file a day of loading."""

from __future__ import annotations

from abm_pipeline.sandbox.snowplow.events import deliver
from abm_pipeline.sandbox.snowplow.truth import truth
from abm_pipeline.sandbox.vendor import NoApi, Vendor

SPEC = Vendor(
    name="snowplow",
    title="Snowplow",
    create=NoApi,
    environment={"ABM_SNOWPLOW_PATH": "{files}/snowplow"},
    truth=truth,
    files=deliver,
)
