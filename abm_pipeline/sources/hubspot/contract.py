"""What is asked of HubSpot and relied on in its answers: objects with their properties, history and links.

Every property is text or null in JSON. An organisation's own properties have the names that `sources.hubspot` of
programme.yaml gives them (`Options`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, Field

from abm_pipeline.contracts.fields import Type
from abm_pipeline.programme import Programme, Tier
from abm_pipeline.sources._spec import RawField, Stream

_TYPES = {
    "text": Type.TEXT, "int": Type.INT, "float": Type.FLOAT, "bool": Type.BOOL, "stamp": Type.TIMESTAMP,
    "date": Type.DATE, "money": Type.MONEY,
}  # fmt: skip
# HubSpot's search lags behind by seconds to minutes, and association changes by more: the day before is read again.
LOOKBACK_DAYS = 1


class Options(BaseModel):
    """Names of properties that organisations choose, null where they have none; and what their values mean.

    The defaults are HubSpot's own for account-based marketing.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    tier: str | None = "hs_ideal_customer_profile"
    is_target: str | None = "hs_is_target_account"
    tier_since: str | None = None
    committee_size: str | None = None
    buying_role: str | None = "hs_buying_role"
    tier_values: Mapping[str, Tier] = Field(default_factory=dict)
    # Call outcomes beside HubSpot's own "Connected" that mean that somebody was reached, by id.
    connected_outcomes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Object:
    """A CRM object. `fields` are properties as `name type`; `history` those asked for with their earlier values.

    `links`: objects whose associations are read too. `is_optional`: not every portal has it.
    """

    path: str
    about: str
    fields: str
    stamp: str = "hs_lastmodifieddate"
    history: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
    is_optional: bool = False


_PEOPLE = ("contacts", "companies")
_ENGAGEMENT = "hs_timestamp stamp hubspot_owner_id text hs_engagement_source text hs_engagement_source_id text "
OBJECTS: dict[str, Object] = {
    "company": Object(
        "companies",
        "Companies; archived ones with the time they were. A merged one names the records it was made of.",
        "name text domain text website text phone text country text city text industry text numberofemployees int "
        "annualrevenue money hubspot_owner_id text lifecyclestage text hs_parent_company_id text "
        "hs_merged_object_ids text salesforceaccountid text",
    ),
    "contact": Object(
        "contacts",
        "People, with their way through the life cycle and their companies.",
        "email text firstname text lastname text jobtitle text phone text mobilephone text associatedcompanyid text "
        "lifecyclestage text hubspot_owner_id text hs_merged_object_ids text hs_calculated_merged_vids text "
        "salesforcecontactid text salesforceleadid text",
        stamp="lastmodifieddate",
        history=("lifecyclestage",),
        links=("companies",),
    ),
    "deal": Object(
        "deals",
        "Deals, with the stages and amounts they had, their companies and people.",
        "dealname text amount money deal_currency_code text dealstage text pipeline text closedate stamp dealtype text "
        "hubspot_owner_id text hs_analytics_source text hs_merged_object_ids text hs_salesforceopportunityid text",
        history=("dealstage", "amount"),
        links=_PEOPLE,
    ),
    "call": Object(
        "calls",
        "Calls that were logged or made.",
        _ENGAGEMENT + "hs_call_direction text hs_call_duration float hs_call_disposition text hs_call_status text",
        links=_PEOPLE,
    ),
    "meeting": Object(
        "meetings",
        "Meetings, also those still ahead.",
        _ENGAGEMENT + "hs_meeting_start_time stamp hs_meeting_end_time stamp hs_meeting_outcome text",
        links=_PEOPLE,
    ),
    "email": Object(
        "emails",
        "One-to-one e-mails that were logged or sent; neither text nor addresses are asked for.",
        _ENGAGEMENT + "hs_email_direction text hs_email_status text",
        links=_PEOPLE,
    ),
    "feedback_submission": Object(
        "feedback_submissions",
        "Answers to surveys.",
        "hs_survey_id text hs_survey_name text hs_survey_type text hs_value float hs_content text "
        "hs_submission_timestamp stamp",
        links=_PEOPLE,
        is_optional=True,
    ),
}
# Fields that must be there.
REQUIRED = {
    "deal": {"dealstage"}, "call": {"hs_timestamp"}, "meeting": {"hs_timestamp"}, "email": {"hs_timestamp"},
    "feedback_submission": {"hs_survey_type", "hs_submission_timestamp"},
}  # fmt: skip
_STAMPS = (
    RawField("id", Type.TEXT, required=True),
    RawField("createdAt", Type.TIMESTAMP, required=True),
    RawField("updatedAt", Type.TIMESTAMP, required=True),
    RawField("archived", Type.BOOL, required=True),
    RawField("archivedAt", Type.TIMESTAMP),
)

OWNER = Stream(
    "owner",
    "People who own records, those who have left included.",
    "reference",
    (
        RawField("id", Type.TEXT, required=True),
        RawField("firstName", Type.TEXT),
        RawField("lastName", Type.TEXT),
        RawField("userId", Type.INT),
        RawField("archived", Type.BOOL),
    ),
)
PIPELINE = Stream(
    "pipeline",
    "Deal pipelines with their stages: what a stage is called, whether it is closed, and how likely it wins.",
    "reference",
    (
        RawField("id", Type.TEXT, required=True),
        RawField("label", Type.TEXT, required=True),
        RawField("displayOrder", Type.INT),
        RawField("stages", Type.TEXTS, required=True),
    ),
)
EMAIL_CAMPAIGN = Stream(
    "email_campaign",
    "Sendings of marketing e-mail.",
    "reference",
    (
        RawField("id", Type.INT, required=True),
        RawField("appId", Type.INT),
        RawField("name", Type.TEXT),
        RawField("subject", Type.TEXT),
        RawField("type", Type.TEXT),
        RawField("subType", Type.TEXT),
    ),
)
EMAIL_EVENT = Stream(
    "email_event",
    "What became of a marketing e-mail; opens and clicks by machines included, as HubSpot marks them.",
    "changes",
    (
        RawField("id", Type.TEXT, required=True),
        RawField("created", Type.INT, required=True),
        RawField("type", Type.TEXT, required=True),
        RawField("recipient", Type.TEXT),
        RawField("emailCampaignId", Type.INT),
        RawField("filteredEvent", Type.BOOL),
        RawField("portalSubscriptionStatus", Type.TEXT),
        RawField("subscriptions", Type.TEXTS),
        RawField("category", Type.TEXT),
        RawField("url", Type.TEXT),
    ),
    lookback_days=LOOKBACK_DAYS,
)
FORM = Stream(
    "form",
    "Forms.",
    "reference",
    (
        RawField("id", Type.TEXT, required=True),
        RawField("name", Type.TEXT),
        RawField("formType", Type.TEXT),
        RawField("archived", Type.BOOL),
    ),
)
FORM_SUBMISSION = Stream(
    "form_submission",
    "What people sent in by forms. The record id names the form; a submission knows an address and no contact.",
    "changes",
    (
        RawField("conversionId", Type.TEXT, required=True),
        RawField("submittedAt", Type.INT, required=True),
        RawField("values", Type.TEXTS, required=True),
        RawField("pageUrl", Type.TEXT),
    ),
    lookback_days=LOOKBACK_DAYS,
)
# Streams that an app may lack the scope for, or a portal the hub.
OPTIONAL = {name for name, item in OBJECTS.items() if item.is_optional} | {
    "email_campaign", "email_event", "form", "form_submission",
}  # fmt: skip


def streams(programme: Programme) -> tuple[Stream, ...]:
    """Every stream, with the organisation's own properties."""
    made = tuple(
        Stream(name, item.about, "changes", _object_fields(name, item, programme), lookback_days=LOOKBACK_DAYS)
        for name, item in OBJECTS.items()
    )
    return (*made, OWNER, PIPELINE, EMAIL_CAMPAIGN, EMAIL_EVENT, FORM, FORM_SUBMISSION)


def properties(name: str, programme: Programme) -> list[str]:
    """The properties asked for of an object, by stream name."""
    words = OBJECTS[name].fields.split()
    return [*words[::2], *(field for field, _ in _custom(programme).get(name, ()))]


def _object_fields(name: str, item: Object, programme: Programme) -> tuple[RawField, ...]:
    words = item.fields.split()
    pairs = [*zip(words[::2], words[1::2], strict=True), *_custom(programme).get(name, ())]
    needed = REQUIRED.get(name, set())
    asked = [RawField(f"properties.{key}", _TYPES[kind], required=key in needed) for key, kind in pairs]
    history = [RawField(f"propertiesWithHistory.{key}", Type.TEXTS) for key in item.history]
    links = [RawField(f"associations.{key}", Type.TEXTS) for key in item.links]
    return (*_STAMPS, *asked, *history, *links)


def _custom(programme: Programme) -> dict[str, tuple[tuple[str, str], ...]]:
    """The organisation's own properties with their types, by stream; those it has not are left out."""
    names = programme.options("hubspot", Options)
    wanted = {
        "company": (
            (names.tier, "text"), (names.is_target, "bool"), (names.tier_since, "date"), (names.committee_size, "int"),
        ),
        "contact": ((names.buying_role, "text"),),
    }  # fmt: skip
    return {stream: tuple((name, kind) for name, kind in some if name) for stream, some in wanted.items()}
