"""Google Ads."""

from abm_pipeline_tests.sources.suite import Suite

_SEARCH = r"/customers/(?!1234567890/)\d+/googleAds:search$"

SUITE = Suite(
    route=r"/google_ads/v\d+/customers/1234567890/googleAds:search$",
    routes={"campaign": _SEARCH, "campaign_day": r"/googleAds:searchStream"},
    paged=(("customer", r"/customers/1234567890/googleAds:search$"), ("campaign", _SEARCH)),
    broken=("campaign_day", r"/googleAds:searchStream", frozenset({"campaign_day"})),
    schema=(
        ("customer", "customerClient.id"),
        ("campaign", "campaign.id"),
        ("campaign_day", "campaign.id"),
        ("campaign_day", "metrics.costMicros"),
    ),
    wrong="ABM_GOOGLE_ADS_CLIENT_SECRET",
    calm={
        "page_rows": 2, "daily_operations": 10_000_000, "retry_delay": 30.0, "token_seconds": 3599.0,
        "broken_streams": 0,
    },
)  # fmt: skip
