"""Zendesk Support."""

from abm_pipeline.sources.zendesk import client
from abm_pipeline_tests.sources.suite import Suite

SUITE = Suite(
    route=r"/zendesk/api/v2/",
    routes={
        "organization": r"/zendesk/api/v2/incremental/organizations",
        "user": r"/zendesk/api/v2/incremental/users",
        "ticket": r"/zendesk/api/v2/incremental/tickets",
        "satisfaction_rating": r"/zendesk/api/v2/satisfaction_ratings",
    },
    small_pages=((client, "EXPORT_PAGE", 4), (client, "LIST_PAGE", 3)),
    paged=(
        ("ticket", r"/zendesk/api/v2/incremental/tickets"),
        ("organization", r"/zendesk/api/v2/incremental/organizations"),
        ("satisfaction_rating", r"/zendesk/api/v2/satisfaction_ratings"),
    ),
    broken=("user", r"/zendesk/api/v2/incremental/users", frozenset({"user"})),
    schema=(("ticket", "generated_timestamp"), ("user", "role"), ("organization", "updated_at")),
    wrong="ABM_ZENDESK_API_TOKEN",
    is_login=False,
    calm={"exports_per_minute": 100_000, "per_minute": 100_000, "empty_first": False},
)
