"""What is asked of SurveyMonkey and relied on in its answers, and how responses say who answered."""

from __future__ import annotations

from dataclasses import replace

from pydantic import BaseModel, ConfigDict

from abm_pipeline.contracts.fields import Type
from abm_pipeline.programme import Programme
from abm_pipeline.sources._spec import RawField, Stream


class SurveyMonkeyOptions(BaseModel):
    """`sources.surveymonkey` in programme.yaml: the custom variables that links to surveys carry; null for none."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    email_variable: str | None = "email"
    salesforce_account_variable: str | None = "account_id"

    def aliases(self) -> dict[str, str | None]:
        """Our names for the variables."""
        wanted = {"variable_email": self.email_variable, "account": self.salesforce_account_variable}
        return {alias: None if name is None else f"custom_variables.{name}" for alias, name in wanted.items()}


SURVEY = Stream(
    "survey",
    "Surveys with their questions, choices and weights.",
    "reference",
    (
        RawField("id", Type.TEXT, required=True),
        RawField("title", Type.TEXT),
        RawField("pages", Type.TEXTS, required=True),
    ),
)
RESPONSE = Stream(
    "response",
    "Responses with all answers.",
    "changes",
    (
        RawField("id", Type.TEXT, required=True),
        RawField("survey_id", Type.TEXT, required=True),
        RawField("date_modified", Type.TIMESTAMP, required=True),
        RawField("date_created", Type.TIMESTAMP, required=True),
        RawField("response_status", Type.TEXT),
        RawField("email_address", Type.TEXT),
        RawField("metadata.contact.email.value", Type.TEXT),
        RawField("metadata.contact.first_name.value", Type.TEXT),
        RawField("metadata.contact.last_name.value", Type.TEXT),
        RawField("pages", Type.TEXTS),
    ),
    lookback_days=1,
)


def streams(programme: Programme) -> tuple[Stream, ...]:
    """Every stream; responses with the custom variables that the programme names."""
    names = programme.options("surveymonkey", SurveyMonkeyOptions).aliases().values()
    variables = tuple(RawField(name, Type.TEXT) for name in names if name is not None)
    return (SURVEY, replace(RESPONSE, fields=(*RESPONSE.fields, *variables)))
