"""Salesforce records as canonical rows: every odd case once, all staged together, looked at one by one."""

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from abm_pipeline.contracts import tables as T

from .conftest import (
    RawLake,
    account,
    campaign,
    contact,
    event,
    lead,
    member,
    opportunity,
    task,
)  # fmt: skip

SYSTEM = {"CreatedDate": "2026-02-01T10:00:00.000+0000", "SystemModstamp": "2026-03-02T09:30:00.000+0000"}
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def lake(shared_lake: RawLake) -> RawLake:
    """All of it, staged in one run."""

    def put(stream: str, *records: dict[str, object]) -> None:
        for record in records:
            shared_lake.put("salesforce", stream, str(record["Id"]), record)

    put(
        "account",
        account(
            "001A", Website="https://www.Acme.co.uk/en", BillingCountry="United Kingdom", NumberOfEmployees=39000.0,
            AnnualRevenue=950000000.0, OwnerId="005A", ABM_Tier__c="1:Few", Target_Account__c=True,
            ABM_Tier_Since__c="2026-01-15", Committee_Size__c=8.0,
        ),
        account("001B", Website="n/a"),
        account("001C", IsDeleted=True, MasterRecordId="001A"),
        account("001D", NumberOfEmployees=-5),
        account("001E", ABM_Tier__c="Platinum"),
    )  # fmt: skip
    put("user", {"Id": "005A", "Name": "Ola Owner", "IsActive": True, **SYSTEM})
    put("product", {"Id": "01tA", "Name": "Platform", "Family": "Software", "IsDeleted": False, **SYSTEM})
    put(
        "account_history",
        {"Id": "017A", "AccountId": "001A", "Field": "ABM_Tier__c", "OldValue": None, "NewValue": "1:Few", **SYSTEM},
        {
            "Id": "017B",
            "AccountId": "001A",
            "Field": "Target_Account__c",
            "OldValue": "false",
            "NewValue": "true",
            **SYSTEM,
        },
    )
    put(
        "contact",
        contact("003A", Email=" Jane.Doe@Mail.Acme.co.uk ", Title="VP Sales", Buying_Role__c="Champion", Phone="1"),
        contact("003B", Email="no address", Title="Head of IT"),
        contact("003C", Title="Data Analyst", IsDeleted=True, MasterRecordId="003A"),
    )
    put(
        "lead",
        lead(
            "00QA", Email="lee@beta.io", Website="www.beta.io", MQL_Date__c="2026-02-01T10:00:00.000+0000", Status="MQL"
        ),
        lead(
            "00QB",
            Status="Converted",
            IsConverted=True,
            ConvertedDate="2026-02-20",
            ConvertedAccountId="001A",
            ConvertedContactId="003A",
        ),
        lead("00QC", IsDeleted=True, MasterRecordId="00QA"),
    )
    put(
        "opportunity",
        opportunity("006A", OwnerId="005A", Type="Existing Business - Upgrade"),
        opportunity("006B", CurrencyIsoCode=None, Type="Renewal", AccountId=None),
        opportunity("006C", CurrencyIsoCode="XTS"),
        opportunity("006D", IsClosed=True, CloseDate="2026-01-09"),
        opportunity("006E", IsClosed=True, IsWon=True, CloseDate="2026-01-10"),
        opportunity("006F", CloseDate="2025-01-01"),
    )
    put(
        "opportunity_history",
        {"Id": "008A", "OpportunityId": "006A", "StageName": "Proposal", "Probability": 50.0, "Amount": 9.5, **SYSTEM},
    )
    put(
        "opportunity_contact_role",
        {
            "Id": "00KA",
            "OpportunityId": "006A",
            "ContactId": "003A",
            "Role": "Economic Buyer",
            "IsDeleted": False,
            **SYSTEM,
        },
    )
    put(
        "opportunity_line_item",
        {"Id": "00kA", "OpportunityId": "006A", "Product2Id": "01tA", "Quantity": 2.0, "UnitPrice": 50.0,
         "TotalPrice": 100.0, "IsDeleted": False, **SYSTEM},
    )  # fmt: skip
    put(
        "task",
        task("00TA"),
        task("00TB", CompletedDateTime="2026-03-02T08:00:00.000+0000", TaskSubtype="ListEmail", WhatId="701A"),
        task(
            "00TC",
            Type="Call",
            TaskSubtype="Call",
            CallDisposition="Connected",
            CallDurationInSeconds=90,
            CallType="Inbound",
        ),
        task("00TD", Type="Call", TaskSubtype="Call", CallDisposition="Left Voicemail", CallType="Outbound"),
        task("00TE", Type="Other", TaskSubtype="Task"),
        task("00TF", Status="Not Started", IsClosed=False, CompletedDateTime=None),
        task("00TG", Type="Email Reply", IsDeleted=True),
    )
    put(
        "event", event("00UA"), event("00UB", Meeting_Outcome__c="No Show"), event("00UC", Meeting_Outcome__c=None),
        event("00UD", Meeting_Outcome__c="Cancelled"), event("00UE", Type="Internal"),
    )  # fmt: skip
    put(
        "campaign",
        campaign("701A", ABM__c=True, Personalisation__c="Industry", Channel__c="web", Content_Type__c="webinar",
                 Funnel_Stage__c="top"),
        campaign("701B", Type="Content", Personalisation__c="Bespoke", BudgetedCost=5000.0, StartDate="2026-01-01"),
        campaign("701C", Type="Web Form"), campaign("701D", Type="Event"),
    )  # fmt: skip
    put(
        "campaign_member", member("00vA"), member("00vB", CampaignId="701B", LeadId="00QB"),
        member("00vC", CampaignId="701C", ContactId=None, LeadId="00QA", AccountId=None),
        member("00vD", CampaignId="701D"),
        member("00vE", HasResponded=False, Status="Invited", FirstRespondedDate=None),
    )  # fmt: skip
    put(
        "dated_conversion_rate",
        {
            "Id": "04wA",
            "IsoCode": "EUR",
            "ConversionRate": 0.92,
            "StartDate": "2026-01-01",
            "NextStartDate": "2026-02-01",
            **SYSTEM,
        },
        {
            "Id": "04wB",
            "IsoCode": "EUR",
            "ConversionRate": 0.93,
            "StartDate": "2026-02-01",
            "NextStartDate": "9999-12-31",
            **SYSTEM,
        },
    )
    reports = shared_lake.stage()
    assert 1 == reports["staged.company"].notes["websites_without_domain"]
    return shared_lake


def test_an_account_is_a_company(lake: RawLake) -> None:
    """Domain from the website, country from its name, tier from the configured values, owner's name looked up."""
    expected = (
        "acme.co.uk", "https://www.Acme.co.uk/en", "GB", "EMEA", 39000, Decimal("950000000.0000"), "Ola Owner",
        "one_to_few", True, date(2026, 1, 15), 8, False,
    )  # fmt: skip
    assert expected == lake.one(
        T.COMPANY, "001A", "domain", "website", "country_code", "region", "employee_count", "annual_revenue",
        "owner_name", "tier", "is_target", "tier_since_day", "committee_size", "is_deleted",
    )  # fmt: skip


def test_a_website_that_is_none_stays_text(lake: RawLake) -> None:
    """ "n/a" is kept as it was typed, gives no domain, and quarantines nothing."""
    assert ("n/a", None) == lake.one(T.COMPANY, "001B", "website", "domain")


def test_a_merged_account_names_its_winner(lake: RawLake) -> None:
    """The losing side is deleted and says into what."""
    assert (True, "001A") == lake.one(T.COMPANY, "001C", "is_deleted", "merged_into_source_id")


def test_tracked_tiers_are_told_in_our_words(lake: RawLake) -> None:
    """AccountHistory's custom-field names and values become ours."""
    expected = [("001A", "tier", None, "one_to_few"), ("001A", "is_target", "false", "true")]
    assert expected == lake.rows(T.COMPANY_CHANGE, "company_source_id", "column", "value_first", "value_now")


def test_an_address_is_hashed_and_only_its_domain_kept(lake: RawLake) -> None:
    """Case and white space do not matter to the hash; the sub-domain goes; what is no address gives neither."""
    digest = hashlib.sha256(b"jane.doe@mail.acme.co.uk").hexdigest()
    assert (digest, "acme.co.uk", True) == lake.one(T.CONTACT, "003A", "email_hash", "email_domain", "phone_known")
    assert (None, None, False) == lake.one(T.CONTACT, "003B", "email_hash", "email_domain", "phone_known")


def test_a_role_is_the_known_one_or_read_from_the_title(lake: RawLake) -> None:
    """A champion stays one whatever the title; without a known role heads decide and analysts use."""
    roles = [row for row in lake.rows(T.CONTACT, "source_id", "role") if row[0].startswith("003")]
    assert [("003A", "champion"), ("003B", "decision_maker"), ("003C", "user")] == roles


def test_a_lead_is_a_person_with_stages(lake: RawLake) -> None:
    """Lead at creation; MQL by its stamp; a converted lead without a stamp was SQL by its conversion."""
    assert ("lead", "beta.io", "MQL", None) == lake.one(
        T.CONTACT, "00QA", "person_type", "domain", "lifecycle_stage", "company_source_id"
    )
    created = datetime(2026, 1, 10, 8, tzinfo=UTC)
    expected = [
        ("00QA", "lead", created),
        ("00QA", "mql", datetime(2026, 2, 1, 10, tzinfo=UTC)),
        ("00QB", "lead", created),
        ("00QB", "sql", datetime(2026, 2, 20, tzinfo=UTC)),
        ("00QC", "lead", created),
    ]
    assert expected == lake.rows(T.LEAD_EVENT, "contact_source_id", "stage", "entered_at")


def test_a_converted_lead_names_its_contact_and_lives_on(lake: RawLake) -> None:
    """A converted lead names its contact and is not deleted; a merged lead or contact names its winner and is."""
    columns = ("merged_into_source_id", "is_deleted")
    assert ("003A", False) == lake.one(T.CONTACT, "00QB", *columns)
    assert ("00QA", True) == lake.one(T.CONTACT, "00QC", *columns)
    assert ("003A", True) == lake.one(T.CONTACT, "003C", *columns)
    assert (None, False) == lake.one(T.CONTACT, "00QA", *columns)


def test_deals_keep_their_currency(lake: RawLake) -> None:
    """A EUR deal stays in EUR; without a currency it is in the reporting one; upgrades are upsells."""
    columns = ("amount", "currency", "deal_type", "kind", "company_source_ids", "owner_name")
    assert (Decimal("1000.0000"), "EUR", "expansion", "upsell", ["001A"], "Ola Owner") == lake.one(
        T.DEAL, "006A", *columns
    )
    assert (Decimal("1000.0000"), "USD", "renewal", "none", [], None) == lake.one(T.DEAL, "006B", *columns)


def test_rows_that_cannot_be_true_are_quarantined(lake: RawLake) -> None:
    """Each with its rule; a deal closed on the day it was created, or open with a date gone by, is fine."""
    expected = [
        ("account", "001D", "too_low:employee_count"),
        ("account", "001E", "unknown_value:tier"),
        ("opportunity", "006C", "unknown_currency"),
        ("opportunity", "006D", "closed_before_created"),
    ]
    assert expected == lake.quarantine()
    assert {"006A", "006B", "006E", "006F"} == {row[0] for row in lake.rows(T.DEAL, "source_id")}
    row = [("staged.deal", "close_day", "run")]
    assert row == lake.rows(T.QUARANTINE, "table_name", "column", "run_id", order="rule")[:1]


def test_parts_of_deals(lake: RawLake) -> None:
    """A probability of 50 is 0.5; an economic buyer decides; a line's category is its product's family."""
    assert ("006A", 0.5, None) == lake.one(T.DEAL_STAGE_EVENT, "008A", "deal_source_id", "probability", "currency")
    assert ("003A", "decision_maker", False) == lake.one(
        T.DEAL_CONTACT, "00KA", "contact_source_id", "role", "is_primary"
    )
    assert ("Platform", "Software", 2.0) == lake.one(T.DEAL_LINE, "00kA", "product", "category", "quantity")


def test_tasks_are_touches_only_when_done(lake: RawLake) -> None:
    """Type and disposition say what it was; a to-do, or a task not done, counts as deleted."""
    expected = [
        ("00TA", "email_sent", "email", "outbound", True, False),
        ("00TB", "email_sent", "email", "outbound", True, False),
        ("00TC", "call_connected", "phone", "inbound", False, False),
        ("00TD", "call", "phone", "outbound", False, False),
        ("00TE", "none", "none", None, False, True),
        ("00TF", "none", "none", None, False, True),
        ("00TG", "email_reply", "email", "inbound", False, True),
    ]
    columns = ("source_id", "touch_type", "channel", "direction", "is_exposure", "is_deleted")
    assert expected == [row for row in lake.rows(T.ACTIVITY, *columns) if row[0].startswith("00T")]


def test_a_task_completed_on_another_day_happened_at_noon(lake: RawLake) -> None:
    """Completed on its day: then. Completed the day after: at noon of its day. A list mail names its campaign."""
    assert (datetime(2026, 3, 1, 10, 15, tzinfo=UTC), None) == lake.one(
        T.ACTIVITY, "00TA", "occurred_at", "campaign_source_id"
    )
    assert (NOON, "701A") == lake.one(T.ACTIVITY, "00TB", "occurred_at", "campaign_source_id")


def test_meetings_count_when_their_outcome_is_known(lake: RawLake) -> None:
    """Held and missed ones are touches; ones ahead, cancelled or internal are not."""
    expected = [
        ("00UA", "meeting", 1800.0, "held", False), ("00UB", "meeting_no_show", 1800.0, "no_show", False),
        ("00UC", "none", 1800.0, None, True), ("00UD", "none", 1800.0, "cancelled", True),
        ("00UE", "none", 1800.0, "held", True),
    ]  # fmt: skip
    columns = ("source_id", "touch_type", "duration_seconds", "outcome", "is_deleted")
    assert expected == [row for row in lake.rows(T.ACTIVITY, *columns) if row[0].startswith("00U")]


def test_responses_take_their_type_from_the_campaign(lake: RawLake) -> None:
    """The campaign's type says what the response was; the contact stands before its lead; invited is not come."""
    expected = [
        ("00vA", "webinar_attended", "webinar", "003A", "webinar", "top", NOON, False),
        ("00vB", "content_download", "content", "003A", None, None, NOON, False),
        ("00vC", "form_fill", "content", "00QA", None, None, NOON, False),
        ("00vD", "event_attended", "event", "003A", None, None, NOON, False),
    ]
    columns = (
        "source_id", "touch_type", "channel", "contact_source_id", "content_type", "funnel_stage", "occurred_at",
        "is_deleted",
    )  # fmt: skip
    found = [row for row in lake.rows(T.ACTIVITY, *columns) if row[0].startswith("00v")]
    assert expected == found[:4]
    assert ("none", True) == (found[4][1], found[4][-1])


def test_campaigns_speak_the_programmes_words(lake: RawLake) -> None:
    """The channel is one of ours; a level of personalisation that is none of the three is not known."""
    columns = ("channel", "personalisation", "is_abm", "budget", "start_day")
    assert ("content", "industry", True, None, None) == lake.one(T.CAMPAIGN, "701A", *columns)
    assert ("content", None, None, Decimal("5000.0000"), date(2026, 1, 1)) == lake.one(T.CAMPAIGN, "701B", *columns)


def test_a_rate_lasts_until_the_day_before_the_next(lake: RawLake) -> None:
    """NextStartDate is not a day of the rate; the last rate is open-ended."""
    expected = [("EUR", 0.92, date(2026, 1, 1), date(2026, 1, 31)), ("EUR", 0.93, date(2026, 2, 1), None)]
    assert expected == lake.rows(T.FX_RATE, "currency", "rate", "start_day", "end_day")


def test_what_a_sales_tool_logged_is_no_touch_of_salesforce(tmp_path: Path) -> None:
    """Subjects that the programme names, in any case, for tasks and events; others stay, also those without one."""
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "programme.yaml").write_text("sources: {salesforce: {logged_by_tools: ['[Outreach]%']}}")
    lake = RawLake(tmp_path / "home", tmp_path / "config")
    lake.put("salesforce", "task", "00T1", task("00T1", Subject="[outreach] First mail"))
    lake.put("salesforce", "task", "00T2", task("00T2", Subject="First mail [Outreach]"))
    lake.put("salesforce", "task", "00T3", task("00T3", Subject=None))
    lake.put("salesforce", "event", "00U1", event("00U1", Subject="[Outreach] Demo"))
    lake.stage()
    assert [("00T1", "none"), ("00T2", "email_sent"), ("00T3", "email_sent"), ("00U1", "none")] == lake.rows(
        T.ACTIVITY, "source_id", "touch_type"
    )
