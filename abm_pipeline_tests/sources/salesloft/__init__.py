"""Salesloft."""

from abm_pipeline.sources.salesloft import client
from abm_pipeline_tests.sources.suite import Suite

SUITE = Suite(
    route=r"/salesloft/v2/",
    routes={
        "account": r"/v2/accounts", "person": r"/v2/people", "email": r"/activities/emails",
        "call": r"/activities/calls", "cadence": r"/v2/cadences",
    },
    small_pages=((client, "PAGE_SIZE", 40),),
    paged=(("email", r"/activities/emails"),),
    broken=("email", r"/activities/emails", frozenset({"email"})),
    schema=(("email", "id"), ("email", "updated_at"), ("person", "account"), ("call", "created_at")),
    wrong="ABM_SALESLOFT_CLIENT_SECRET",
    calm={"points": 1_000_000, "token_seconds": 7_200.0, "one_use": False, "without_scope": ""},
)  # fmt: skip
