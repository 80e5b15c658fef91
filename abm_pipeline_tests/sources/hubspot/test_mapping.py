"""HubSpot's records as canonical rows: recorded shapes with every odd case, and the sandbox's truth to the last row."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest

from abm_pipeline.contracts import tables as T
from abm_pipeline.contracts.tables import Table
from abm_pipeline.sandbox.serve import running_sandbox
from abm_pipeline.settings import Settings
from abm_pipeline.sources.extract import extract
from abm_pipeline.staging.refresh import refresh
from abm_pipeline_tests.sources.conftest import SPECS, UNTIL
from abm_pipeline_tests.staging.conftest import RawLake

STAMP = "2026-03-02T09:30:00.123Z"
AT = datetime(2026, 3, 2, 9, 30, 0, 123_000, tzinfo=UTC)
PRIMARY = [{"category": "HUBSPOT_DEFINED", "typeId": 5, "label": "Primary"}]
PLAIN = [{"category": "HUBSPOT_DEFINED", "typeId": 341, "label": None}]


def record(key: str, *, links: dict[str, Any] | None = None, history: dict[str, Any] | None = None, **properties: Any):  # type: ignore[no-untyped-def]
    """One CRM record as raw keeps it."""
    row = {"id": key, "properties": properties, "createdAt": "2026-01-10T08:00:00Z", "updatedAt": STAMP}
    row |= {"archived": False}
    return row | ({"associations": links} if links else {}) | ({"propertiesWithHistory": history} if history else {})


def archived(row: dict[str, Any]) -> dict[str, Any]:
    """The same, archived."""
    return row | {"archived": True, "archivedAt": "2026-03-02T20:00:00Z"}


def to(key: int | str, *types: dict[str, Any]) -> dict[str, Any]:
    """One link."""
    return {"toObjectId": key, "associationTypes": list(types or PLAIN)}


def step(value: str, at: str) -> dict[str, Any]:
    """One value of a history."""
    return {"value": value, "timestamp": at, "sourceType": "CRM_UI"}


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> RawLake:
    """Every odd case, staged in one run."""
    config = tmp_path_factory.mktemp("config")
    (config / "programme.yaml").write_text(
        "sources:\n  hubspot:\n    tier_values: {gold: one_to_one}\n    connected_outcomes: [our-own]\n"
    )
    lake = RawLake(tmp_path_factory.mktemp("lake"), config)
    _companies(lake)
    _people(lake)
    _deals(lake)
    _engagements(lake)
    _marketing(lake)
    lake.stage()
    return lake


def _put(lake: RawLake, stream: str, *rows: dict[str, Any]) -> None:
    for row in rows:
        lake.put("hubspot", stream, str(row["id"]), row)


def _companies(lake: RawLake) -> None:
    owner = {"id": "61", "firstName": "Jo", "lastName": "Doe", "userId": None, "archived": True}
    _put(lake, "owner", owner)
    _put(
        lake, "company",
        record("1", name="Acme", domain="Shop.Acme.co.uk", website="http://other.com", country="United Kingdom",
               numberofemployees="500", annualrevenue="1200000.5", hubspot_owner_id="61",
               salesforceaccountid="0015g00000ABCDEAA1", hs_is_target_account="true",
               hs_ideal_customer_profile="tier_2", hs_merged_object_ids="7;8"),
        record("2", name=None, domain=None, website="www.beta.io/en", numberofemployees="",
               hs_ideal_customer_profile="gold", hs_is_target_account=None, hs_merged_object_ids="2;9"),
        archived(record("3", name="Gone", domain="gone.com")),
        record("4", name="Odd", hs_ideal_customer_profile="tier_9"),
    )  # fmt: skip


def _people(lake: RawLake) -> None:
    history = [
        step("opportunity", "2026-03-01T10:00:00Z"), step("salesqualifiedlead", "2026-02-20T10:00:00Z"),
        step("marketingqualifiedlead", "2026-02-10T10:00:00Z"), step("lead", "2026-02-05T10:00:00Z"),
        step("marketingqualifiedlead", "2026-02-01T10:00:00.5Z"), step("lead", "2026-01-10T08:00:00Z"),
    ]  # fmt: skip
    _put(
        lake, "contact",
        record("51", email="Ada.L@Acme.co.uk", firstname="Ada", lastname="L", jobtitle="CFO", phone="1",
               hs_buying_role="BUDGET_HOLDER;CHAMPION", salesforcecontactid="0035g00000ABCDEAA1",
               salesforceleadid="00Q5g00000ABCDEAA1", associatedcompanyid="2",
               links={"companies": [to("2"), to("1", *PRIMARY, *PLAIN)]}, history={"lifecyclestage": history}),
        record("52", email=None, firstname=None, lastname="", jobtitle="Data Analyst", associatedcompanyid="2",
               salesforceleadid="00Q5g00000ABCDEAA9", hs_merged_object_ids="57",
               hs_calculated_merged_vids="57:1583864300000;58:1583864300001"),
        archived(record("53", email="x@gone.com")),
    )  # fmt: skip


def _deals(lake: RawLake) -> None:
    def stage(key: str, label: str, closed: str, probability: str) -> dict[str, Any]:
        return {"id": key, "label": label, "metadata": {"isClosed": closed, "probability": probability}}

    stages = [
        stage("17", "Proposal", "false", "0.5"),
        stage("18", "Won", "true", "1.0"),
        stage("19", "Lost", "true", "0.0"),
    ]
    _put(lake, "pipeline", {"id": "default", "label": "Sales", "displayOrder": 0, "stages": stages})
    steps = [
        step("18", "2026-03-02T09:00:00Z"),
        step("17", "2026-02-10T08:00:00Z"),
        step("old", "2026-01-10T08:00:00Z"),
    ]
    amounts = [
        step("1500", "2026-03-02T09:00:00Z"),
        step("", "2026-02-20T00:00:00Z"),
        step("900", "2026-01-15T00:00:00Z"),
    ]
    label = {"category": "USER_DEFINED", "typeId": 36, "label": "Decision maker"}
    _put(
        lake, "deal",
        record("91", dealname="Big", amount="1500", deal_currency_code="EUR", dealstage="18", pipeline="default",
               closedate="2026-03-02T23:30:00Z", dealtype="newbusiness", hubspot_owner_id="61",
               hs_salesforceopportunityid="0065g00000ABCDEAA1", hs_merged_object_ids="88",
               links={"companies": [to(2), to(1, *PRIMARY)], "contacts": [to(51, *PLAIN, label), to(52)]},
               history={"dealstage": steps, "amount": amounts}),
        record("92", dealname="No amount", amount=None, dealstage="19", closedate=None, dealtype="existingbusiness"),
        record("93", dealstage="unknown", dealtype="Renewal", amount="1"),
        archived(record("94", dealstage="17", amount="5")),
        record("95", dealstage=None),
    )  # fmt: skip


def _engagements(lake: RawLake) -> None:
    links = {"contacts": [to(51), to(52)], "companies": [to("1", *PRIMARY)]}
    when = "2026-03-01T15:00:00Z"

    def call(key: str, **properties: Any) -> dict[str, Any]:
        return record(key, links=links, **{"hs_timestamp": when, "hs_call_status": "COMPLETED", **properties})

    _put(
        lake, "call",
        call("c1", hs_call_disposition="f240bbac-87c9-4f6e-bf70-924b57d47db7", hs_call_duration="61500",
             hs_call_direction="INBOUND"),
        call("c2", hs_call_disposition="our-own"), call("c3", hs_call_disposition=None),
        call("c4", hs_call_status="CANCELED"), archived(call("c5")),
        call("c6", hs_engagement_source="SALESFORCE", hs_engagement_source_id="00T5g00000ABCDEAA1"),
        call("c7", hs_engagement_source="SALESFORCE", hs_engagement_source_id="12345"),
    )  # fmt: skip
    span = {"hs_timestamp": when, "hs_meeting_start_time": when, "hs_meeting_end_time": "2026-03-01T15:45:00Z"}
    outcomes = {"m1": "COMPLETED", "m2": "NO_SHOW", "m3": "SCHEDULED", "m4": "CANCELED", "m5": None}
    _put(lake, "meeting", *(record(k, links=links, hs_meeting_outcome=o, **span) for k, o in outcomes.items()))
    mails = {
        "e1": ("EMAIL", "SENT"), "e2": ("INCOMING_EMAIL", None), "e3": ("EMAIL", "BOUNCED"), "e4": ("EMAIL", "FAILED"),
        "e5": ("FORWARDED_EMAIL", None),
    }  # fmt: skip
    _put(
        lake, "email",
        *(record(k, hs_timestamp=when, hs_email_direction=d, hs_email_status=s) for k, (d, s) in mails.items()),
    )  # fmt: skip
    answer = {"hs_survey_id": "5", "hs_survey_name": "How likely?", "hs_submission_timestamp": when}
    _put(
        lake, "feedback_submission",
        record("f1", links=links, hs_survey_type="NPS", hs_value="10", hs_content="Fine", **answer),
        record("f2", hs_survey_type="CUSTOM", hs_value=None, **answer),
        archived(record("f3", hs_survey_type="CES", hs_value="2", **answer)),
    )  # fmt: skip


MAILED = 1772442000000


def _marketing(lake: RawLake) -> None:
    def event(key: str, kind: str, **more: Any) -> None:
        row = {"id": key, "created": MAILED, "type": kind, "recipient": "Ada.L@acme.co.uk", "emailCampaignId": 2873}
        lake.put("hubspot", "email_event", f"{key}:{MAILED}", row | more)

    event("a", "DELIVERED")
    event("b", "OPEN", filteredEvent=True)
    event("c", "OPEN", filteredEvent=False)
    event("d", "CLICK", filteredEvent=False, url="https://x")
    event("e", "BOUNCE", category="UNKNOWN_USER", recipient="b@gmail.com")
    event("f", "STATUSCHANGE", portalSubscriptionStatus="UNSUBSCRIBED")
    event("g", "STATUSCHANGE", subscriptions=[{"id": 7, "status": "UNSUBSCRIBED"}])
    event("h", "STATUSCHANGE", portalSubscriptionStatus="SUBSCRIBED")
    event("i", "SPAMREPORT")
    event("j", "FORWARD")
    event("k", "UNBOUNCE", recipient=None)
    _put(lake, "email_campaign", {"id": 2873, "appId": 1, "name": "Spring", "subject": "Hello"})
    _put(lake, "form", {"id": "guid", "name": "Request a demo", "archived": False})
    values = [
        {"name": "email", "value": "ADA.L@acme.co.uk "},
        {"name": "box", "value": "1"},
        {"name": "box", "value": "2"},
    ]
    for key, sent in (("s1", values), ("s2", [{"name": "firstname", "value": "Jo"}])):
        row = {"conversionId": key, "submittedAt": MAILED, "values": sent, "pageUrl": "https://x"}
        lake.put("hubspot", "form_submission", f"guid:{key}", row)


ADA = sha256(b"ada.l@acme.co.uk").hexdigest()


def test_companies(lake: RawLake) -> None:
    """Numbers are text, the domain goes before the website, an owner who left has a name still."""
    columns = ("name", "domain", "country_code", "employee_count", "annual_revenue", "owner_name", "same_as")
    expected = ("Acme", "acme.co.uk", "GB", 500, Decimal("1200000.5000"), "Jo Doe", "salesforce:0015g00000ABCDEAA1")
    assert expected == lake.one(T.COMPANY, "1", *columns)
    assert (None, "beta.io", None, None, None, None) == tuple(lake.one(T.COMPANY, "2", *columns))[:5] + (
        lake.one(T.COMPANY, "2", "same_as")
    )
    gone = datetime(2026, 3, 2, 20, 0, tzinfo=UTC)
    assert (True, gone, None) == lake.one(T.COMPANY, "3", "is_deleted", "modified_at", "merged_into_source_id")


def test_tiers_are_what_the_options_say(lake: RawLake) -> None:
    """HubSpot's tiers by themselves, own ones by the options; another goes to quarantine."""
    assert ("one_to_few", True) == lake.one(T.COMPANY, "1", "tier", "is_target")
    assert ("one_to_one", None) == lake.one(T.COMPANY, "2", "tier", "is_target")
    assert "4" not in {row[0] for row in lake.rows(T.COMPANY, "source_id")}


def test_records_that_were_merged_leave_with_their_winners_stamp(lake: RawLake) -> None:
    """Two became company 1; 9 went into 2, which is not its own loser; people also by the older property."""
    told = lake.rows(T.COMPANY, "source_id", "merged_into_source_id", "is_deleted", "modified_at")
    assert [row for row in told if row[1]] == [("7", "1", True, AT), ("8", "1", True, AT), ("9", "2", True, AT)]
    people = lake.rows(T.CONTACT, "source_id", "merged_into_source_id")
    assert [row for row in people if row[1]] == [("57", "52"), ("58", "52")]
    losers = [row for row in lake.rows(T.LEAD_EVENT, "source_id", "is_deleted") if row[0].startswith("57")]
    assert losers == [("57:lead", True), ("57:mql", True), ("57:sql", True)]


def test_people(lake: RawLake) -> None:
    """The primary company, the contact's Salesforce id before the lead's, a role from two roles."""
    columns = ("company_source_id", "email_hash", "email_domain", "full_name", "role", "phone_known", "same_as")
    expected = ("1", ADA, "acme.co.uk", "Ada L", "decision_maker", True, "salesforce:0035g00000ABCDEAA1")
    assert expected == lake.one(T.CONTACT, "51", *columns)
    expected = ("2", None, None, None, "user", False, "salesforce:00Q5g00000ABCDEAA9")
    assert expected == lake.one(T.CONTACT, "52", *columns)
    assert (True,) == lake.one(T.CONTACT, "53", "is_deleted")


def test_first_entries_into_the_lead_funnel(lake: RawLake) -> None:
    """Ada was marketing-qualified twice: February 1 counts; an opportunity is no stage of the funnel."""
    told = [row for row in lake.rows(T.LEAD_EVENT, "contact_source_id", "stage", "entered_at") if row[0] == "51"]
    expected = [
        ("51", "lead", datetime(2026, 1, 10, 8, tzinfo=UTC)),
        ("51", "mql", datetime(2026, 2, 1, 10, 0, 0, 500_000, tzinfo=UTC)),
        ("51", "sql", datetime(2026, 2, 20, 10, tzinfo=UTC)),
    ]
    assert expected == told


def test_deals(lake: RawLake) -> None:
    """A stage by its label; won if closed with a probability of 1; without a currency the reporting one."""
    columns = ("company_source_ids", "amount", "currency", "stage", "is_closed", "is_won", "deal_type", "close_day")
    expected = (["1", "2"], Decimal(1500), "EUR", "Won", True, True, "new", date(2026, 3, 2))
    assert expected == lake.one(T.DEAL, "91", *columns)
    assert ([], None, "USD", "Lost", True, False, "expansion", None) == lake.one(T.DEAL, "92", *columns)
    assert ([], Decimal(1), "USD", "unknown", False, False, "renewal", None) == lake.one(T.DEAL, "93", *columns)
    assert ("salesforce:0065g00000ABCDEAA1", "1") == lake.one(T.DEAL, "91", "same_as", "company_source_id")
    assert (True,) == lake.one(T.DEAL, "94", "is_deleted")
    assert (True,) == lake.one(T.DEAL, "88", "is_deleted")


def test_stages_of_a_deal(lake: RawLake) -> None:
    """Each with the amount of its time: none yet, 900, and 1500, set in the same moment."""
    told = lake.rows(T.DEAL_STAGE_EVENT, "deal_source_id", "stage", "amount", "probability", order="entered_at")
    expected = [("91", "old", None, None), ("91", "Proposal", Decimal(900), 0.5), ("91", "Won", Decimal(1500), 1.0)]
    assert expected == told


def test_people_of_a_deal(lake: RawLake) -> None:
    """A label of the link gives the role."""
    told = lake.rows(T.DEAL_CONTACT, "source_id", "contact_source_id", "role", "is_primary")
    assert [("91:51", "51", "decision_maker", False), ("91:52", "52", None, False)] == told


def test_engagements(lake: RawLake) -> None:
    """What each amounts to, and whether it stands."""
    told = {row[0]: row[1:] for row in lake.rows(T.ACTIVITY, "source_id", "touch_type", "channel", "is_deleted")}
    expected = {
        "c1": ("call_connected", "phone", False), "c2": ("call_connected", "phone", False),
        "c3": ("call", "phone", False), "c4": ("none", "none", True), "c5": ("call", "phone", True),
        "m1": ("meeting", "meeting", False), "m2": ("meeting_no_show", "meeting", False), "m3": ("none", "none", True),
        "m4": ("none", "none", True), "m5": ("meeting", "meeting", False), "e1": ("email_sent", "email", False),
        "e2": ("email_reply", "email", False), "e3": ("email_bounce", "email", False), "e4": ("none", "none", True),
        "e5": ("email_reply", "email", False), "f1": ("survey_answered", "survey", False),
        "f3": ("survey_answered", "survey", True),
    }  # fmt: skip
    assert expected == {key: told[key] for key in expected}
    columns = ("contact_source_id", "company_source_id", "duration_seconds", "direction")
    assert ("51", "1", 61.5, "inbound") == lake.one(T.ACTIVITY, "c1", *columns)
    assert ("51", "1", 2700.0, "outbound") == lake.one(T.ACTIVITY, "m1", *columns)


def test_copies_of_salesforce_activities_are_known_by_the_form_of_their_id(lake: RawLake) -> None:
    """00T and fifteen more; a number says nothing."""
    told = {row[0]: row[1] for row in lake.rows(T.ACTIVITY, "source_id", "same_as") if row[1]}
    assert told == {"c6": "salesforce:00T5g00000ABCDEAA1"}


def test_marketing_mail(lake: RawLake) -> None:
    """Delivered is sent; what machines opened is none; a change of subscription counts where it ends one."""
    told = lake.rows(T.ACTIVITY, "source_id", "touch_type", "is_exposure", "is_deleted", "contact_source_id")
    events = {row[0][0]: row[1:4] for row in told if row[0].endswith(f":{MAILED}")}
    expected = {
        "a": ("email_sent", True, False), "b": ("none", False, True), "c": ("email_open", False, False),
        "d": ("email_click", False, False), "e": ("email_bounce", False, False),
        "f": ("email_unsubscribe", False, False), "g": ("email_unsubscribe", False, False), "h": ("none", False, True),
        "i": ("email_spam_report", False, False), "j": ("email_forward", False, False), "k": ("none", False, True),
    }  # fmt: skip
    assert expected == events
    assert (ADA, "2873") == lake.one(T.ACTIVITY, f"a:{MAILED}", "contact_source_id", "campaign_source_id")
    assert ("Spring", "email") == lake.one(T.CAMPAIGN, "2873", "name", "channel")


def test_forms_and_addresses(lake: RawLake) -> None:
    """The form's name tells what it was for; an address is one person a day, however it is written."""
    columns = ("contact_source_id", "touch_type", "channel", "content_id", "content_type")
    assert (ADA, "form_fill", "web", "guid", "demo_request") == lake.one(T.ACTIVITY, "guid:s1", *columns)
    assert (None, "form_fill", "web", "guid", "demo_request") == lake.one(T.ACTIVITY, "guid:s2", *columns)
    expected = ("contact", ADA, "acme.co.uk", "acme.co.uk", False)
    assert expected == lake.one(T.CONTACT, ADA, "person_type", "email_hash", "email_domain", "domain", "is_deleted")


def test_answers_to_surveys(lake: RawLake) -> None:
    """What is no known kind is another one; a score may be missing."""
    columns = ("survey_type", "score", "comment", "question", "contact_source_id", "company_source_id", "is_deleted")
    assert ("nps", 10.0, "Fine", "How likely?", "51", "1", False) == lake.one(T.SURVEY_RESPONSE, "f1", *columns)
    assert ("other", None, None, "How likely?", None, None, False) == lake.one(T.SURVEY_RESPONSE, "f2", *columns)
    assert (True,) == lake.one(T.SURVEY_RESPONSE, "f3", "is_deleted")


def test_what_breaks_the_contract_is_quarantined(lake: RawLake) -> None:
    """A tier nobody knows, and a deal without a stage."""
    expected = [("company", "4", "unknown_value:tier"), ("deal", "95", "null:properties.dealstage")]
    assert expected == lake.quarantine()


def _latest(con: duckdb.DuckDBPyConnection, settings: Settings, table: Table, columns: str) -> list[tuple[Any, ...]]:
    """The last version of each record that is not deleted."""
    settings.open_lake.attach(con, table)
    return con.execute(
        f"""
        SELECT {columns} FROM (
            SELECT * FROM staged."{table.name}" WHERE source = 'hubspot'
            QUALIFY row_number() OVER (PARTITION BY source_id ORDER BY modified_at DESC, captured_at DESC) = 1
        ) WHERE NOT coalesce(is_deleted, false)
        """
    ).fetchall()


def test_what_is_staged_is_the_truth(sandbox: running_sandbox, tmp_path: Path) -> None:
    """Pulled as of June 20 and again as of June 30: touches, deals with their stages, people, funnel and answers are
    those that the sandbox planted, each once.
    """
    settings, spec = Settings(_env_file=None, home=tmp_path), SPECS["hubspot"]
    days = [UNTIL - timedelta(days=back) for back in reversed(range(12))]
    sandbox.set_clock(days[1])
    extract(spec, settings, days[:2], "run")
    sandbox.set_clock(UNTIL)
    extract(spec, settings, days[2:], "run")
    refresh(settings, days, "run")
    truth = {name: rows for name, rows in sandbox.world.truth.items() if name != "hidden"}

    def planted(name: str, *columns: str) -> list[tuple[Any, ...]]:
        rows = truth[name]
        rows = rows[rows["source"] == "hubspot"] if "source" in rows else rows
        rows = rows[~rows["is_deleted"].astype(bool)] if "is_deleted" in rows else rows
        return sorted(tuple(map(_plain, row)) for row in zip(*(rows[column] for column in columns), strict=True))

    with duckdb.connect() as con:
        con.execute("SET TimeZone = 'UTC'")

        def staged(table: Table, *columns: str) -> list[tuple[Any, ...]]:
            return sorted(tuple(map(_plain, row)) for row in _latest(con, settings, table, ", ".join(columns)))

        touch = ("source_id", "touch_type", "channel", "is_exposure", "occurred_at")
        assert planted("touch", *touch, "contact_id") == staged(T.ACTIVITY, *touch, "contact_source_id")
        deal = ("stage", "is_won", "is_closed", "amount", "currency", "same_as")
        assert planted("deal", "deal_id", *deal) == staged(T.DEAL, "source_id", *deal)
        stages = [row for row in planted("deal_stage", "deal_id", "stage", "entered_at") if str(row[0]).isdigit()]
        live = {row[0] for row in planted("deal", "deal_id")}
        assert [row for row in stages if row[0] in live] == staged(
            T.DEAL_STAGE_EVENT, "deal_source_id", "stage", "entered_at"
        )
        assert planted("contact", "contact_id") == staged(T.CONTACT, "source_id")
        funnel = ("source_id", "stage", "entered_at")
        assert planted("lead_event", *funnel) == staged(T.LEAD_EVENT, *funnel)
        answer = ("source_id", "survey_type", "score", "answered_at")
        assert planted("survey_response", *answer, "contact_id") == staged(
            T.SURVEY_RESPONSE, *answer, "contact_source_id"
        )


def _plain(value: Any) -> str:
    """What compares: a missing value as an empty text, numbers and stamps as text."""
    if pd.isna(value):
        return ""
    if isinstance(value, datetime):
        return f"{value.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}"
    return f"{float(value):g}" if isinstance(value, float | Decimal) else str(value)
