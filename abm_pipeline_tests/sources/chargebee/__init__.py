"""Chargebee."""

from abm_pipeline.sources.chargebee import client
from abm_pipeline_tests.sources.suite import Suite

SUITE = Suite(
    route=r"/chargebee/api/v2/",
    routes={
        "customer": r"/chargebee/api/v2/customers",
        "subscription": r"/chargebee/api/v2/subscriptions",
        "invoice": r"/chargebee/api/v2/invoices",
    },
    small_pages=((client, "PAGE_SIZE", 2), (client, "CALLS", 100_000)),
    paged=(("customer", r"/chargebee/api/v2/customers"), ("invoice", r"/chargebee/api/v2/invoices")),
    broken=("invoice", r"/chargebee/api/v2/invoices", frozenset({"invoice"})),
    schema=(("customer", "customer.updated_at"), ("subscription", "subscription.status"), ("invoice", "invoice.id")),
    wrong="ABM_CHARGEBEE_API_KEY",
    is_login=False,
    calm={"per_minute": 100_000},
)
