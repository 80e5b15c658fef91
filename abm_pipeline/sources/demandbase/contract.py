"""What is asked of Demandbase and relied on in its answers, and what the programme tells of it."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict, Field

from abm_pipeline.contracts.fields import Type
from abm_pipeline.programme import Programme
from abm_pipeline.sources._spec import RawField, Stream

VENDOR = "demandbase"


class AccountFields(BaseModel):
    """Names of account fields as `/data/export/v1/fields` lists them, without `{Account}.`; null: there is none."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    website: str | None = "website"
    industry: str | None = "industry"
    country: str | None = "country"
    city: str | None = "city"
    employees: str | None = "employees"
    annual_revenue: str | None = "annualRevenue"
    salesforce_id: str | None = "sfdcId"
    journey_stage: str | None = "journeyStage"
    engagement_minutes: str | None = "engagementMinutesLast7Day"


class Options(BaseModel):
    """`sources.demandbase` in programme.yaml. `keyword_sets`: ids of those asked for (empty: all)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    keyword_sets: tuple[int, ...] = ()
    account_fields: AccountFields = Field(default_factory=AccountFields)


TYPES = {"employees": Type.INT, "annual_revenue": Type.MONEY, "engagement_minutes": Type.FLOAT}

INTENT = Stream(
    "intent",
    "Keywords of our sets that a company's people research, by the week that ends on the day.",
    "days",
    (
        RawField("companyId", Type.TEXT, required=True),
        RawField("keyword", Type.TEXT, required=True),
        RawField("endDate", Type.DATE, required=True),
        RawField("domain", Type.TEXT),
        RawField("startDate", Type.DATE),
        RawField("keywordSetId", Type.INT),
        RawField("keywordSetName", Type.TEXT),
        RawField("numPeopleResearching", Type.INT),
        RawField("intentStrength", Type.TEXT),
        RawField("isTrending", Type.BOOL),
        RawField("trendingScore", Type.INT),
        RawField("numTrendingDays", Type.INT),
    ),
    # A week is told after it has ended, and corrected for some days.
    lookback_days=10,
)


def account_names(programme: Programme) -> Mapping[str, str | None]:
    """The organisation's field names by ours."""
    fields: Mapping[str, str | None] = programme.options(VENDOR, Options).account_fields.model_dump()
    return fields


def streams(programme: Programme) -> tuple[Stream, ...]:
    """Every stream; accounts have whichever fields the programme names."""
    named = tuple(
        RawField(name, TYPES.get(ours, Type.TEXT))
        for ours, name in account_names(programme).items()
        if name is not None
    )
    fixed = (RawField("id", Type.TEXT, required=True), RawField("name", Type.TEXT))
    account = Stream("account", "Accounts as of now, by export job.", "snapshot", fixed + named)
    return (account, INTENT)
