"""Meta (Facebook and Instagram) ads: ad accounts, campaigns, insights by campaign and day."""

from __future__ import annotations

from abm_pipeline.sources._spec import Credential, SourceSpec
from abm_pipeline.sources.meta.client import DATA_URL, Client
from abm_pipeline.sources.meta.contract import streams

SPEC = SourceSpec(
    vendor="meta",
    title="Meta Ads",
    about="Advertising: campaigns and their insights by day, of all ad accounts of a system user. No companies.",
    credentials=(
        Credential("ABM_META_ACCESS_TOKEN", "Token of a system user with ads_read."),
        Credential(
            "ABM_META_APP_SECRET", "Secret of the app, if it requires proof of it with every request.",
            is_required=False,
        ),
        Credential(
            "ABM_META_VERSION",
            "Graph API version; each lives for about two years.",
            is_secret=False,
            is_required=False,
            default="v26.0",
        ),
    ),
    base_url=Credential("ABM_META_BASE_URL", "Data host.", is_secret=False, is_required=False, default=DATA_URL),
    streams=streams,
    connect=lambda credentials, _: Client(credentials),
    concurrency=3,
)  # fmt: skip
