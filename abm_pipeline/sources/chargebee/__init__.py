"""Chargebee: customers, subscriptions, invoices."""

from __future__ import annotations

from abm_pipeline.sources._spec import Credential, SourceSpec
from abm_pipeline.sources.chargebee.client import Client
from abm_pipeline.sources.chargebee.contract import streams

SPEC = SourceSpec(
    vendor="chargebee",
    title="Chargebee",
    about="Billing: customers, subscriptions with their monthly recurring revenue, invoices.",
    credentials=(Credential("ABM_CHARGEBEE_API_KEY", "API key that can read."),),
    base_url=Credential("ABM_CHARGEBEE_BASE_URL", "The site: https://<site>.chargebee.com.", is_secret=False),
    streams=streams,
    connect=lambda credentials, _: Client(credentials),
    concurrency=3,
)
