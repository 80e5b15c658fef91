"""Stripe Billing: customers, subscriptions, invoices."""

from __future__ import annotations

from abm_pipeline.sources._spec import Credential, SourceSpec
from abm_pipeline.sources.stripe.client import DATA_URL, Client
from abm_pipeline.sources.stripe.contract import streams

SPEC = SourceSpec(
    vendor="stripe",
    title="Stripe",
    about="Billing: customers, subscriptions with their monthly recurring revenue, invoices.",
    credentials=(Credential("ABM_STRIPE_API_KEY", "Secret key, or better a restricted key that can only read."),),
    base_url=Credential("ABM_STRIPE_BASE_URL", "API host.", is_secret=False, is_required=False, default=DATA_URL),
    streams=streams,
    connect=lambda credentials, _: Client(credentials),
    concurrency=3,
)
