"""HubSpot."""

from abm_pipeline.sources.hubspot import client
from abm_pipeline_tests.sources.suite import Suite

SUITE = Suite(
    route=r"/hubspot/(crm|email|marketing|form-integrations)/",
    routes={
        "email_event": r"/hubspot/email/public/v1/events",
        "email_campaign": r"/hubspot/email/public/v1/campaigns",
        "form": r"/hubspot/marketing/",
        "form_submission": r"/hubspot/form-integrations/",
    },
    small_pages=(
        (client, "LIST_ROWS", 7), (client, "HISTORY_ROWS", 7), (client, "SEARCH_ROWS", 5), (client, "EVENT_ROWS", 40),
        (client, "SUBMISSION_ROWS", 6),
    ),
    paged=(
        ("company", r"/hubspot/crm/v3/objects/companies$"),
        ("contact", r"/hubspot/crm/v3/objects/contacts$"),
        ("email_event", r"/hubspot/email/public/v1/events"),
        ("form_submission", r"/hubspot/form-integrations/"),
    ),
    broken=("email_event", r"/hubspot/email/public/v1/events", frozenset({"email_event"})),
    schema=(("company", "properties.domain"), ("deal", "properties.dealstage"), ("email_event", "recipient")),
    wrong="ABM_HUBSPOT_CLIENT_SECRET",
    calm={
        "per_ten_seconds": 1_000_000, "searches_per_second": 1_000_000, "daily_requests": 1_000_000_000,
        "token_seconds": 1800.0, "index_lag_seconds": 0, "search_cap": 10_000, "short_pages": False,
        "missing_scopes": (),
    },
)  # fmt: skip
