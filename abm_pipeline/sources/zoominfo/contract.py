"""What is asked of ZoomInfo and relied on in its answers, and what the programme tells of it."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from abm_pipeline.contracts.fields import Type
from abm_pipeline.programme import Programme
from abm_pipeline.sources._spec import RawField, Stream


class Options(BaseModel):
    """`sources.zoominfo` in programme.yaml.

    `websites`: of the companies looked at; without any, everything that ZoomInfo has, if that is not too much for a
    search (10,000). `management_levels`: only people of these levels. `org_chart_departments`: charts asked for.
    `enrich`: whether a person's address is asked for, which costs a credit a year.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    websites: tuple[str, ...] = ()
    management_levels: tuple[str, ...] = ()
    org_chart_departments: tuple[str, ...] = (
        "C-Suite", "Finance", "Information Technology", "Engineering & Technical", "Operations",
    )  # fmt: skip
    enrich: bool = True


# What is bought with a credit.
OUTPUT_FIELDS = ("id", "email", "managementLevel", "jobFunction", "personHasMoved", "hasCanadianEmail")

COMPANY = Stream(
    "company",
    "Companies looked at.",
    "reference",
    (
        RawField("id", Type.TEXT, required=True),
        RawField("attributes.name", Type.TEXT),
        RawField("attributes.website", Type.TEXT),
        RawField("attributes.country", Type.TEXT),
        RawField("attributes.city", Type.TEXT),
        # Both come as text; revenue in thousands of dollars.
        RawField("attributes.revenue", Type.FLOAT),
        RawField("attributes.employeeCount", Type.INT),
    ),
)
CONTACT = Stream(
    "contact",
    "People who work there now. `enrich` is added to what the search sends: the same person's answer of Enrich.",
    "changes",
    (
        RawField("id", Type.TEXT, required=True),
        RawField("attributes.company.id", Type.INT),
        RawField("attributes.firstName", Type.TEXT),
        RawField("attributes.lastName", Type.TEXT),
        RawField("attributes.jobTitle", Type.TEXT),
        RawField("attributes.hasDirectPhone", Type.BOOL),
        RawField("attributes.hasMobilePhone", Type.BOOL),
        RawField("attributes.validDate", Type.TIMESTAMP),
        RawField("attributes.lastUpdatedDate", Type.TIMESTAMP),
        RawField("enrich.email", Type.TEXT),
        RawField("enrich.personHasMoved", Type.TEXT),
        RawField("enrich.managementLevel", Type.TEXTS),
        RawField("enrich.jobFunction", Type.TEXTS),
    ),
    lookback_days=3,
)
ORG_CHART = Stream(
    "org_chart",
    "People of a company by department and tier, as of now.",
    "snapshot",
    (
        RawField("id", Type.TEXT, required=True),
        RawField("attributes.company.id", Type.INT, required=True),
        RawField("attributes.firstName", Type.TEXT),
        RawField("attributes.lastName", Type.TEXT),
        RawField("attributes.jobTitle", Type.TEXT),
        RawField("attributes.department", Type.TEXT),
        RawField("attributes.orgChartTier", Type.INT),
        RawField("attributes.orgChartSubTier", Type.INT),
    ),
    after="company",
)


def streams(_: Programme) -> tuple[Stream, ...]:
    """Every stream."""
    return (COMPANY, CONTACT, ORG_CHART)
