"""ZoomInfo."""

from abm_pipeline.sources.zoominfo import client
from abm_pipeline_tests.sources.suite import Suite

_COMPANIES, _PEOPLE = r"/zoominfo/data/v1/companies/search", r"/zoominfo/data/v1/contacts/"
_CHARTS = r"/zoominfo/data/v1/companies/org-chart/"

SUITE = Suite(
    route=r"/zoominfo/data/",
    routes={"company": _COMPANIES, "contact": _PEOPLE, "org_chart": _CHARTS},
    small_pages=((client, "PAGE_SIZE", 5),),
    paged=(("company", _COMPANIES), ("contact", _PEOPLE), ("org_chart", _CHARTS)),
    broken=("company", _COMPANIES, frozenset({"company", "org_chart"})),
    schema=(("company", "attributes.name"), ("contact", "attributes.jobTitle"), ("org_chart", "attributes.lastName")),
    wrong="ABM_ZOOMINFO_CLIENT_SECRET",
    loops=False,
    calm={
        "token_seconds": 86_400.0, "per_second": 100_000, "day_left": 10_000_000, "credits": 1_000_000,
        "has_org_charts": True, "total": 0,
    },
)  # fmt: skip
