"""Salesforce: accounts, people, deals, activities, campaigns."""

from __future__ import annotations

from abm_pipeline.sources._spec import Credential, SourceSpec
from abm_pipeline.sources.salesforce.client import Client
from abm_pipeline.sources.salesforce.contract import streams

BASE_URL = Credential("ABM_SALESFORCE_BASE_URL", "My Domain URL, e.g. https://acme.my.salesforce.com.", is_secret=False)
SPEC = SourceSpec(
    vendor="salesforce",
    title="Salesforce",
    about="CRM: accounts, people, deals, activities and campaigns, by REST and Bulk API 2.0.",
    credentials=(
        Credential("ABM_SALESFORCE_CLIENT_ID", "Consumer key of the external client app.", is_secret=False),
        Credential("ABM_SALESFORCE_CLIENT_SECRET", "Consumer secret, for client credentials.", is_required=False),
        Credential("ABM_SALESFORCE_USERNAME", "Integration user, for JWT bearer.", is_secret=False, is_required=False),
        Credential(
            "ABM_SALESFORCE_PRIVATE_KEY_FILE",
            "Path of the PEM key, for JWT bearer.",
            is_secret=False,
            is_required=False,
        ),
        Credential(
            "ABM_SALESFORCE_BULK_THRESHOLD",
            "Rows of a window above which a bulk job is used.",
            is_secret=False,
            is_required=False,
            default="20000",
        ),
    ),
    base_url=BASE_URL,
    streams=streams,
    connect=lambda credentials, _: Client(credentials),
    one_of=(
        ("ABM_SALESFORCE_CLIENT_SECRET",),
        ("ABM_SALESFORCE_USERNAME", "ABM_SALESFORCE_PRIVATE_KEY_FILE"),
    ),
)
