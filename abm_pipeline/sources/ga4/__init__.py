"""Google Analytics 4: companies that visited the site, by day and landing page."""

from __future__ import annotations

from abm_pipeline.sources._spec import Credential, SourceSpec
from abm_pipeline.sources.ga4.client import DATA_URL, Client
from abm_pipeline.sources.ga4.contract import streams

SPEC = SourceSpec(
    vendor="ga4",
    title="Google Analytics 4",
    about="Web: visits by day, landing page and company, where a reverse-IP tool tells the company.",
    credentials=(
        Credential("ABM_GA4_PROPERTY_ID", "Number of the property.", is_secret=False),
        Credential(
            "ABM_GA4_SERVICE_ACCOUNT_FILE",
            "Path of a service account's JSON key.",
            is_secret=False,
            is_required=False,
        ),
        Credential("ABM_GA4_CLIENT_ID", "OAuth client id, instead of a key.", is_secret=False, is_required=False),
        Credential("ABM_GA4_CLIENT_SECRET", "OAuth client secret.", is_required=False),
        Credential("ABM_GA4_REFRESH_TOKEN", "Refresh token of a user, scope analytics.readonly.", is_required=False),
    ),
    base_url=Credential("ABM_GA4_BASE_URL", "Data host.", is_secret=False, is_required=False, default=DATA_URL),
    streams=streams,
    connect=Client,
    one_of=(
        ("ABM_GA4_SERVICE_ACCOUNT_FILE",),
        ("ABM_GA4_CLIENT_ID", "ABM_GA4_CLIENT_SECRET", "ABM_GA4_REFRESH_TOKEN"),
    ),
    concurrency=1,
)
