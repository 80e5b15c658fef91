"""Bombora Company Surge."""

from abm_pipeline.sources.bombora import client
from abm_pipeline_tests.sources.suite import Suite

SUITE = Suite(
    route=r"/bombora/(intent|reference)/",
    routes={"intent": r"/bombora/intent/"},
    small_pages=((client, "PAGE_ROWS", 7),),
    paged=(("intent", r"/bombora/intent/"),),
    broken=("intent", r"/bombora/intent/", frozenset({"intent"})),
    schema=(("intent", "domain"), ("intent", "score")),
    wrong="ABM_BOMBORA_CLIENT_SECRET",
    calm={"per_minute": 100_000, "token_seconds": 86_400.0},
)
