"""Outreach."""

from abm_pipeline.sources.outreach import client
from abm_pipeline_tests.sources.suite import Suite

SUITE = Suite(
    route=r"/outreach/api/",
    routes={
        "account": r"/v2/accounts", "prospect": r"/v2/prospects", "mailing": r"/v2/mailings", "call": r"/v2/calls",
        "sequence": r"/v2/sequences",
    },
    small_pages=((client, "PAGE_SIZE", 40),),
    paged=(("mailing", r"/v2/mailings"),),
    broken=("mailing", r"/v2/mailings", frozenset({"mailing"})),
    schema=(
        ("mailing", "id"), ("mailing", "attributes.updatedAt"), ("prospect", "relationships"), ("call", "attributes"),
    ),
    wrong="ABM_OUTREACH_CLIENT_SECRET",
    calm={
        "per_hour": 1_000_000, "token_seconds": 7_200.0, "one_use": False, "outages": 0, "tells_wait": True,
        "without_scope": "",
    },
)  # fmt: skip
