"""Google Ads: accounts under a manager, campaigns, delivery by campaign and day."""

from __future__ import annotations

from abm_pipeline.sources._spec import Credential, SourceSpec
from abm_pipeline.sources.google_ads.client import DATA_URL, Client
from abm_pipeline.sources.google_ads.contract import streams

SPEC = SourceSpec(
    vendor="google_ads",
    title="Google Ads",
    about="Advertising: campaigns and their delivery by day, of all accounts under a manager. No companies.",
    credentials=(
        Credential("ABM_GOOGLE_ADS_CLIENT_ID", "OAuth client id of the Google Cloud project.", is_secret=False),
        Credential("ABM_GOOGLE_ADS_CLIENT_SECRET", "OAuth client secret."),
        Credential("ABM_GOOGLE_ADS_REFRESH_TOKEN", "Refresh token of a user of the manager, scope adwords."),
        Credential("ABM_GOOGLE_ADS_DEVELOPER_TOKEN", "Developer token of the manager's API center."),
        Credential("ABM_GOOGLE_ADS_LOGIN_CUSTOMER_ID", "The manager's customer id, ten digits.", is_secret=False),
        Credential(
            "ABM_GOOGLE_ADS_VERSION",
            "API version, v23 or later; each lives for about a year.",
            is_secret=False,
            is_required=False,
            default="v26",
        ),
    ),
    base_url=Credential("ABM_GOOGLE_ADS_BASE_URL", "Data host.", is_secret=False, is_required=False, default=DATA_URL),
    streams=streams,
    connect=lambda credentials, _: Client(credentials),
    concurrency=3,
)
