"""Marketo Engage."""

from abm_pipeline.sources.marketo import client
from abm_pipeline_tests.sources.suite import Suite

SUITE = Suite(
    route=r"/marketo/(rest/v1/(activities|leads|campaigns)|rest/asset|bulk/v1/\w+/export/[\w-]+/file)",
    routes={
        "lead": r"/marketo/(rest/v1/leads|bulk/v1/leads/export/[\w-]+/file)",
        "activity": r"/marketo/(rest/v1/activities\.json|bulk/v1/activities/export/[\w-]+/file)",
    },
    small_pages=((client, "PAGE_ROWS", 7), (client, "ASSET_ROWS", 5)),
    paged=(("lead_change", r"/activities/leadchanges"), ("deleted_lead", r"/activities/deletedleads")),
    broken=("program", r"/marketo/rest/asset/", frozenset({"program"})),
    schema=(
        ("lead", "id"), ("lead", "updatedAt"), ("activity", "marketoGUID"), ("activity", "activityDate"),
        ("lead_change", "fields"), ("program", "updatedAt"),
    ),
    wrong="ABM_MARKETO_CLIENT_SECRET",
    calm={
        "token_seconds": 3600.0, "per_20_seconds": 100_000, "daily_calls": 10_000_000, "fail_next": [], "polls": 1,
        "has_updated_at": True,
    },
)  # fmt: skip
