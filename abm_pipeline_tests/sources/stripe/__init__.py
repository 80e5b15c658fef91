"""Stripe."""

from abm_pipeline.sources.stripe import client
from abm_pipeline_tests.sources.suite import Suite

SUITE = Suite(
    route=r"/stripe/v1/",
    routes={
        "customer": r"/stripe/v1/(events|customers)",
        "subscription": r"/stripe/v1/(events|subscriptions$)",
        "invoice": r"/stripe/v1/(events|invoices)",
    },
    small_pages=((client, "PAGE_SIZE", 2), (client, "CALLS", 100_000)),
    paged=(("customer", r"/stripe/v1/(events|customers)$"), ("invoice", r"/stripe/v1/invoices$")),
    broken=("invoice", r"/stripe/v1/invoices", frozenset({"invoice"})),
    schema=(("customer", "email"), ("subscription", "status"), ("invoice", "currency")),
    wrong="ABM_STRIPE_API_KEY",
    is_login=False,
    calm={"per_second": 100_000},
)
