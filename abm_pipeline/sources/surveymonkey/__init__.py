"""SurveyMonkey: surveys and the responses to them."""

from __future__ import annotations

from abm_pipeline.sources._spec import Credential, SourceSpec
from abm_pipeline.sources.surveymonkey.client import DATA_URL, Client
from abm_pipeline.sources.surveymonkey.contract import streams

SPEC = SourceSpec(
    vendor="surveymonkey",
    title="SurveyMonkey",
    about="Satisfaction: answers to NPS and other surveys.",
    credentials=(Credential("ABM_SURVEYMONKEY_TOKEN", "Access token of a private app."),),
    base_url=Credential(
        "ABM_SURVEYMONKEY_BASE_URL", "API host of the account's region.", is_secret=False, is_required=False,
        default=DATA_URL,
    ),
    streams=streams,
    connect=lambda credentials, _: Client(credentials),
    concurrency=2,
)  # fmt: skip
