"""Zendesk Support: organizations, people, tickets, satisfaction ratings."""

from __future__ import annotations

from abm_pipeline.sources._spec import Credential, SourceSpec
from abm_pipeline.sources.zendesk.client import Client
from abm_pipeline.sources.zendesk.contract import streams

SPEC = SourceSpec(
    vendor="zendesk",
    title="Zendesk Support",
    about="Support: organizations, the people who ask, tickets and how they were rated.",
    credentials=(
        Credential(
            "ABM_ZENDESK_EMAIL",
            "Address of the admin whom the API token stands for.",
            is_secret=False,
            is_required=False,
        ),
        Credential("ABM_ZENDESK_API_TOKEN", "API token.", is_required=False),
        Credential("ABM_ZENDESK_OAUTH_TOKEN", "OAuth access token with scope read, instead.", is_required=False),
    ),
    one_of=(("ABM_ZENDESK_EMAIL", "ABM_ZENDESK_API_TOKEN"), ("ABM_ZENDESK_OAUTH_TOKEN",)),
    base_url=Credential("ABM_ZENDESK_BASE_URL", "The account: https://<subdomain>.zendesk.com.", is_secret=False),
    streams=streams,
    connect=lambda credentials, _: Client(credentials),
    concurrency=2,
)
