"""G2: which companies look at our products' pages and at competitors', and what reviewers say."""

from __future__ import annotations

from abm_pipeline.sources._spec import Credential, SourceSpec
from abm_pipeline.sources.g2.client import Client
from abm_pipeline.sources.g2.contract import streams

SPEC = SourceSpec(
    vendor="g2",
    title="G2",
    about="Buyer intent: companies on pages of our products, of competitors' and of categories. Reviews.",
    credentials=(
        Credential("ABM_G2_API_TOKEN", "Token of the vendor's account, from the integration hub."),
        Credential("ABM_G2_PRODUCTS", "Our products on G2: slugs or ids, comma-separated.", is_secret=False),
    ),
    base_url=Credential(
        "ABM_G2_BASE_URL", "Data host.", is_secret=False, is_required=False, default="https://data.g2.com"
    ),
    streams=streams,
    connect=Client,
    concurrency=3,
)
