"""Demandbase."""

from abm_pipeline.sources.demandbase import client
from abm_pipeline_tests.sources.suite import Suite

_INTENT = r"/demandbase/data/intent/"

SUITE = Suite(
    route=r"/demandbase/(data/export/v1/job|files|data/intent)",
    routes={"account": r"/demandbase/(data/export/v1/job|files/)", "intent": _INTENT},
    small_pages=((client, "PAGE_SIZE", 5),),
    paged=(("intent", _INTENT),),
    broken=("intent", _INTENT, frozenset({"intent"})),
    schema=(("account", "{Account}.name"), ("account", "{Account}.id"), ("intent", "keyword")),
    wrong="ABM_DEMANDBASE_CLIENT_SECRET",
    calm={
        "token_seconds": 86_400.0, "link_seconds": 3600.0, "rows_per_file": 8, "quota": 1_000_000, "has_intent": True,
        "failing": False,
    },
)  # fmt: skip
