"""6sense: predicted intent and buying stage of companies, and the segments they are in."""

from __future__ import annotations

from abm_pipeline.sources._spec import Credential, SourceSpec
from abm_pipeline.sources.sixsense.client import Client
from abm_pipeline.sources.sixsense.contract import streams

SPEC = SourceSpec(
    vendor="sixsense",
    title="6sense",
    about="Predicted intent score and buying stage by company and product; accounts by segment.",
    credentials=(
        Credential("ABM_SIXSENSE_SCORING_TOKEN", "Token of the Lead Scoring and Firmographics API."),
        Credential("ABM_SIXSENSE_SEGMENTS_TOKEN", "Token of the Segments API, where it is open.", is_required=False),
    ),
    base_url=Credential(
        "ABM_SIXSENSE_BASE_URL", "Scribe host.", is_secret=False, is_required=False, default="https://scribe.6sense.com"
    ),
    streams=streams,
    connect=Client,
    concurrency=2,
)
