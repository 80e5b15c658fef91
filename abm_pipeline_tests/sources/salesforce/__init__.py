"""Salesforce."""

from abm_pipeline.sources.salesforce import _bulk, client
from abm_pipeline_tests.sources.suite import Suite

SUITE = Suite(
    route=r"/salesforce/services/data/v[\d.]+/query",
    small_pages=((client, "PAGE_ROWS", 200), (_bulk, "PAGE_ROWS", 50)),
    paged=(("task", r"/query/\w+-\d+"),),
    broken=("account", r"/sobjects/Account/describe", frozenset({"account"})),
    schema=(("account", "Name"), ("account", "Id"), ("account", "SystemModstamp")),
    wrong="ABM_SALESFORCE_CLIENT_SECRET",
    calm={"session_requests": None, "daily_requests": 10_000_000},
)
