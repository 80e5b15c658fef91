"""What is asked of Salesforce and relied on in its answers: objects, fields, and the stamp each is followed by.

An organisation's custom fields have the names that `programme.salesforce` gives them. Optional fields are asked for
only where the organisation has them (some exist only with multiple currencies); a required one that is gone is left
out of the query, and its records end in quarantine.
"""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict

from abm_pipeline.contracts.fields import Type
from abm_pipeline.programme import Programme, SalesforceFields
from abm_pipeline.sources._spec import RawField, Stream


class Options(BaseModel):
    """What `sources.salesforce` of the programme may say.

    `logged_by_tools`: SQL patterns (any case) of the subjects of tasks and events that a sales tool wrote which is a
    source here itself, such as `[Outreach]%`.
    """

    model_config = ConfigDict(extra="forbid")

    logged_by_tools: tuple[str, ...] = ()


_TYPES = {
    "text": Type.TEXT, "int": Type.INT, "float": Type.FLOAT, "bool": Type.BOOL, "date": Type.DATE,
    "stamp": Type.TIMESTAMP, "money": Type.MONEY,
}  # fmt: skip
_STAMPS = "CreatedDate stamp! SystemModstamp stamp!"


@dataclass(frozen=True)
class Object:
    """How a stream is queried: `cursor` is the stamp that moves when a record does; `with_deleted` reads the bin too.

    Not every organisation has the `is_optional` ones; they are left out with a note.
    """

    name: str
    about: str
    fields: str
    cursor: str = "SystemModstamp"
    with_deleted: bool = True
    is_optional: bool = False


# Fields as `name type`, `!` where the value must be there. Every object also has Id.
OBJECTS: dict[str, Object] = {
    "account": Object(
        "Account",
        "Companies; the losing side of a merge is deleted and names its winner.",
        f"IsDeleted bool! MasterRecordId text Name text! Type text ParentId text Website text Phone text "
        f"BillingCity text BillingState text BillingCountry text BillingCountryCode text Industry text "
        f"AnnualRevenue money NumberOfEmployees int OwnerId text AccountSource text CurrencyIsoCode text {_STAMPS}",
    ),
    "account_history": Object(
        "AccountHistory",
        "Tracked field changes of companies: the older states of tier and target flag.",
        "IsDeleted bool AccountId text! Field text! OldValue text NewValue text CreatedDate stamp!",
        cursor="CreatedDate",
        is_optional=True,
    ),
    "contact": Object(
        "Contact",
        "People at companies.",
        f"IsDeleted bool! MasterRecordId text AccountId text FirstName text LastName text Name text Title text "
        f"Email text Phone text MobilePhone text LeadSource text MailingCountry text OwnerId text {_STAMPS}",
    ),
    "lead": Object(
        "Lead",
        "People not yet at a company record; a converted one names its contact and company.",
        f"IsDeleted bool! MasterRecordId text FirstName text LastName text Name text Company text Title text "
        f"Email text Phone text Website text Country text Industry text Status text! LeadSource text Rating text "
        f"OwnerId text IsConverted bool! ConvertedDate date ConvertedAccountId text ConvertedContactId text "
        f"ConvertedOpportunityId text {_STAMPS}",
    ),
    "opportunity": Object(
        "Opportunity",
        "Deals.",
        f"IsDeleted bool! AccountId text Name text StageName text! Amount money Probability float CloseDate date! "
        f"Type text LeadSource text IsClosed bool! IsWon bool! CampaignId text OwnerId text CurrencyIsoCode text "
        f"{_STAMPS}",
    ),
    "opportunity_history": Object(
        "OpportunityHistory",
        "One row per change of a deal's stage, amount, probability or close date.",
        f"IsDeleted bool OpportunityId text! StageName text! Amount money Probability float CloseDate date "
        f"ForecastCategory text CurrencyIsoCode text {_STAMPS}",
    ),
    "opportunity_contact_role": Object(
        "OpportunityContactRole",
        "People in deals.",
        f"IsDeleted bool! OpportunityId text! ContactId text! Role text IsPrimary bool {_STAMPS}",
    ),
    "opportunity_line_item": Object(
        "OpportunityLineItem",
        "Product lines of deals.",
        f"IsDeleted bool! OpportunityId text! Product2Id text ProductCode text Name text Quantity float "
        f"UnitPrice money TotalPrice money CurrencyIsoCode text {_STAMPS}",
    ),
    "product": Object(
        "Product2",
        "Products, for the category of a line.",
        f"IsDeleted bool! Name text! ProductCode text Family text IsActive bool {_STAMPS}",
    ),
    "task": Object(
        "Task",
        "E-mails, calls and to-dos, archived ones included.",
        f"IsDeleted bool! WhoId text WhatId text AccountId text Subject text ActivityDate date Status text! Type text "
        f"TaskSubtype text CallDurationInSeconds int CallType text CallDisposition text IsClosed bool "
        f"CompletedDateTime stamp OwnerId text {_STAMPS}",
    ),
    "event": Object(
        "Event",
        "Meetings, archived ones included.",
        f"IsDeleted bool! WhoId text WhatId text AccountId text Subject text Type text EventSubtype text "
        f"ActivityDate date StartDateTime stamp! EndDateTime stamp DurationInMinutes int IsAllDayEvent bool "
        f"OwnerId text {_STAMPS}",
    ),
    "campaign": Object(
        "Campaign",
        "Campaigns.",
        f"IsDeleted bool! Name text! ParentId text Type text Status text StartDate date EndDate date "
        f"BudgetedCost money ActualCost money IsActive bool OwnerId text CurrencyIsoCode text {_STAMPS}",
    ),
    "campaign_member": Object(
        "CampaignMember",
        "People in campaigns and whether they responded. Salesforce deletes members for good: they just vanish.",
        f"IsDeleted bool CampaignId text! LeadId text ContactId text AccountId text Status text HasResponded bool! "
        f"FirstRespondedDate date {_STAMPS}",
    ),
    "user": Object(
        "User",
        "People who own records. Users are never deleted.",
        f"Name text! IsActive bool! ManagerId text Department text Title text TimeZoneSidKey text {_STAMPS}",
        with_deleted=False,
    ),
    "dated_conversion_rate": Object(
        "DatedConversionRate",
        "Units of each currency for one of the corporate currency, by period; only in organisations that date them.",
        f"IsoCode text! ConversionRate float! StartDate date! NextStartDate date {_STAMPS}",
        with_deleted=False,
        is_optional=True,
    ),
}  # fmt: skip


def streams(programme: Programme) -> tuple[Stream, ...]:
    """Every stream, with the organisation's custom fields."""
    programme.options("salesforce", Options)
    custom = _custom(programme.salesforce)
    return tuple(
        Stream(name, item.about, "changes", (_field("Id", "text!"), *_fields(item.fields), *custom.get(name, ())))
        for name, item in OBJECTS.items()
    )


def _fields(text: str) -> tuple[RawField, ...]:
    words = text.split()
    return tuple(_field(name, kind) for name, kind in zip(words[::2], words[1::2], strict=True))


def _field(name: str, kind: str) -> RawField:
    return RawField(name, _TYPES[kind.rstrip("!")], required=kind.endswith("!"))


def _custom(names: SalesforceFields) -> dict[str, tuple[RawField, ...]]:
    """The organisation's own fields, by stream; what it has no field for is left out."""
    wanted = (
        ("account", names.tier, Type.TEXT),
        ("account", names.is_target, Type.BOOL),
        ("account", names.tier_since, Type.DATE),
        ("account", names.committee_size, Type.INT),
        ("contact", names.buying_role, Type.TEXT),
        ("lead", names.lead_mql_at, Type.TIMESTAMP),
        ("lead", names.lead_sql_at, Type.TIMESTAMP),
        ("event", names.event_outcome, Type.TEXT),
        ("campaign", names.campaign_is_abm, Type.BOOL),
        ("campaign", names.campaign_personalisation, Type.TEXT),
        ("campaign", names.campaign_channel, Type.TEXT),
        ("campaign", names.campaign_content_type, Type.TEXT),
        ("campaign", names.campaign_funnel_stage, Type.TEXT),
    )
    out: dict[str, tuple[RawField, ...]] = {}
    for stream, name, kind in wanted:
        if name is not None:
            out[stream] = (*out.get(stream, ()), RawField(name, kind))
    return out
