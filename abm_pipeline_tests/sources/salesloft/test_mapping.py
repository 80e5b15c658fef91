"""Recorded Salesloft records with every odd case, and the staged rows that they make."""

from __future__ import annotations

from datetime import UTC, date, datetime
from hashlib import sha256
from typing import Any

import pytest

from abm_pipeline.contracts import tables as T
from abm_pipeline_tests.staging.conftest import RawLake

STAMP = "2026-03-02T04:30:00.123456-05:00"
AT = datetime(2026, 3, 2, 9, 30, 0, 123456, tzinfo=UTC)
SENT = {"status": "sent", "sent_at": "2026-03-01T05:00:00.000000-05:00", "bounced": False}
SENT_AT = datetime(2026, 3, 1, 10, tzinfo=UTC)


def counts(views: int = 0, clicks: int = 0, replies: int = 0) -> dict[str, int]:
    """Counters of a mail."""
    return {"clicks": clicks, "views": views, "replies": replies, "unique_devices": 0, "attachments": 0}


def put(lake: RawLake, stream: str, ident: int, **fields: Any) -> None:
    """One raw record with its stamps."""
    lake.put("salesloft", stream, str(ident), {"id": ident, "created_at": STAMP, "updated_at": STAMP, **fields})


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> RawLake:
    """All streams, staged in one run."""
    made = RawLake(tmp_path_factory.mktemp("lake"))
    put(
        made, "account", 7, name="Acme", domain="www.Acme.com", website=None, country="Germany", size="250",
        crm_id="001A", crm_object_type="account", archived_at=None, owner={"_href": "x", "id": 3},
    )  # fmt: skip
    put(made, "account", 8, name="Beta", domain=None, website="http://beta.io", size="51-200", archived_at=STAMP)
    put(
        made, "person", 1, display_name="Jo Doe", email_address="Jo.Doe@Acme.com", title="Data Analyst", crm_id="00QA",
        crm_object_type="lead", account={"id": 7}, mobile_phone="+1", job_seniority="manager",
    )  # fmt: skip
    put(
        made, "person", 2, display_name=None, first_name="Al", last_name="Low", email_address=None, account=None,
        person_company_website="http://gamma.de",
    )  # fmt: skip
    put(made, "email", 5, recipient={"id": 1}, cadence={"id": 4}, counts=counts(views=3, clicks=1, replies=1), **SENT)
    put(made, "email", 6, recipient={"id": 1}, cadence=None, counts=counts(), **{**SENT, "bounced": True})
    put(made, "email", 7, recipient={"id": 1}, status="scheduled", sent_at=None, bounced=None, counts=counts())
    put(made, "email", 8, recipient=None, counts=None, **SENT)
    put(made, "call", 5, called_person={"id": 1}, duration=61, disposition="Connected", cadence={"id": 4})
    put(made, "call", 6, called_person={"id": 1}, duration=None, disposition="No Answer")
    put(made, "call", 7, called_person=None, duration=None, disposition=None)
    put(made, "cadence", 4, name="EMEA outbound", archived_at=None)
    put(made, "cadence", 9, name=None)
    made.stage()
    return made


def test_accounts(lake: RawLake) -> None:
    """The domain as registered; a size that is a range is no number of employees; archived is deleted."""
    columns = ("source_id", "domain", "country_code", "employee_count", "same_as", "is_deleted", "modified_at")
    expected = [
        ("7", "acme.com", "DE", 250, "salesforce:001A", False, AT),
        ("8", "beta.io", None, None, None, True, AT),
    ]
    assert expected == lake.rows(T.COMPANY, *columns)


def test_people(lake: RawLake) -> None:
    """The CRM record may be a lead; without an address the company's website gives the domain."""
    columns = (
        "source_id",
        "company_source_id",
        "domain",
        "email_domain",
        "full_name",
        "role",
        "phone_known",
        "same_as",
    )
    expected = [
        ("1", "7", "acme.com", "acme.com", "Jo Doe", "user", True, "salesforce:00QA"),
        ("2", None, "gamma.de", None, "Al Low", None, False, None),
    ]
    assert expected == lake.rows(T.CONTACT, *columns)
    assert [(sha256(b"jo.doe@acme.com").hexdigest(), "manager"), (None, None)] == lake.rows(
        T.CONTACT, "email_hash", "seniority"
    )


def test_a_mail_is_several_activities_at_its_sending(lake: RawLake) -> None:
    """Three views are one opening; a bounced mail was not sent; a scheduled one is nothing; no counters, no more."""
    columns = ("source_id", "contact_source_id", "touch_type", "is_exposure", "is_deleted", "occurred_at")
    rows = [row for row in lake.rows(T.ACTIVITY, *columns) if row[0].startswith("email")]
    expected = [
        ("email:5:click", "1", "email_click", False, False, SENT_AT),
        ("email:5:open", "1", "email_open", False, False, SENT_AT),
        ("email:5:reply", "1", "email_reply", False, False, SENT_AT),
        ("email:5:sent", "1", "email_sent", True, False, SENT_AT),
        ("email:6:bounce", "1", "email_bounce", False, False, SENT_AT),
        ("email:6:sent", "1", "email_sent", True, True, SENT_AT),
        ("email:8:sent", None, "email_sent", True, False, SENT_AT),
    ]
    assert expected == rows


def test_calls(lake: RawLake) -> None:
    """Connected by disposition; logged at their creation."""
    columns = ("source_id", "touch_type", "duration_seconds", "outcome", "campaign_source_id", "occurred_at")
    rows = [row for row in lake.rows(T.ACTIVITY, *columns) if row[0].startswith("call")]
    expected = [
        ("call:5", "call_connected", 61.0, "connected", "4", AT),
        ("call:6", "call", None, "no_answer", None, AT),
        ("call:7", "call", None, None, None, AT),
    ]
    assert expected == rows


def test_cadences_and_what_breaks_the_contract(lake: RawLake) -> None:
    """A cadence is a campaign; one without a name goes to quarantine."""
    expected = [("4", "EMEA outbound", "email", date(2026, 3, 2), None, False)]
    columns = ("source_id", "name", "channel", "start_day", "end_day", "is_deleted")
    assert expected == lake.rows(T.CAMPAIGN, *columns)
    assert [("cadence", "9", "null:name")] == lake.quarantine()


def test_options(tmp_path: Any) -> None:
    """Dispositions of one's own, ids of another CRM, and activities that the CRM has as tasks."""
    told = "{crm: hubspot, logged_in_crm: true, connected: [Spoke to somebody]}"
    (tmp_path / "programme.yaml").write_text(f"sources: {{salesloft: {told}}}\n")
    made = RawLake(tmp_path / "home", tmp_path)
    put(made, "account", 7, name="Acme", crm_id="55")
    put(made, "call", 5, disposition="Spoke to Somebody")
    put(made, "call", 6, disposition="Connected")
    put(made, "email", 5, counts=counts(views=1, replies=1), **SENT)
    made.stage()
    assert [("hubspot:55",)] == made.rows(T.COMPANY, "same_as")
    expected = [
        ("call_connected", True),
        ("call", True),
        ("email_open", False),
        ("email_reply", True),
        ("email_sent", True),
    ]
    assert expected == made.rows(T.ACTIVITY, "touch_type", "is_deleted")
