"""Meta Ads."""

from abm_pipeline.sources.meta import client
from abm_pipeline_tests.sources.suite import Suite

SUITE = Suite(
    route=r"/meta/v\d+\.\d+/me/adaccounts$",
    routes={"campaign": r"/act_\d+/campaigns$", "campaign_day": r"/meta/v\d+\.\d+/\d+/insights$"},
    small_pages=((client, "PAGE_ROWS", 2),),
    paged=(("campaign", r"/act_\d+/campaigns$"),),
    broken=("campaign_day", r"/insights$", frozenset({"campaign_day"})),
    schema=(("ad_account", "account_id"), ("campaign", "id"), ("campaign", "updated_time"),
            ("campaign_day", "campaign_id"), ("campaign_day", "spend")),
    wrong="ABM_META_ACCESS_TOKEN",
    is_login=False,
    calm={
        "quota_calls": 1_000_000, "quota_seconds": 3600.0, "polls_to_complete": 3, "failing_runs": 0, "racing_polls": 0,
        "most_rows": 5000,
    },
)  # fmt: skip
