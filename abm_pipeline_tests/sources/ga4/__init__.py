"""Google Analytics 4."""

from abm_pipeline.sources.ga4 import client
from abm_pipeline_tests.sources.suite import Suite

SUITE = Suite(
    route=r":runReport",
    small_pages=((client, "PAGE_ROWS", 150),),
    paged=(("company_visit", r":runReport"),),
    broken=("company_visit", r":runReport", frozenset({"company_visit"})),
    schema=(("company_visit", "metricValues"),),
    wrong="ABM_GA4_CLIENT_SECRET",
    loops=False,
    calm={
        "hourly_tokens": 1_000_000_000, "spent": 0, "token_seconds": 3_599.0, "is_sampled": False,
        "has_dimension": True,
    },
)  # fmt: skip
