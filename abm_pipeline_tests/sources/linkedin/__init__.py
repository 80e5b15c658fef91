"""LinkedIn Marketing."""

from abm_pipeline.sources.linkedin import client
from abm_pipeline_tests.sources.suite import Suite

SUITE = Suite(
    route=r"/linkedin/rest/",
    routes={"campaign": r"/adCampaigns"},
    small_pages=((client, "PAGE_SIZE", 1),),
    paged=(("campaign", r"/adCampaigns"),),
    broken=(
        "ad_analytics_company",
        r"/linkedin/rest/adAnalytics",
        frozenset({"ad_analytics_campaign", "ad_analytics_company", "organization"}),
    ),
    schema=(
        ("campaign", "id"),
        ("campaign", "changeAuditStamps"),
        ("ad_analytics_company", "pivotValues"),
        ("ad_analytics_company", "dateRange"),
    ),
    wrong="ABM_LINKEDIN_CLIENT_SECRET",
)
