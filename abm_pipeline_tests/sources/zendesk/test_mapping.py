"""Zendesk's payloads as canonical rows."""

from __future__ import annotations

from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import pytest

from abm_pipeline.contracts import tables as T
from abm_pipeline_tests.staging.conftest import RawLake

AT = "2026-03-02T09:30:00Z"
STAMP = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


def ticket(**told: Any) -> dict[str, Any]:
    """A solved ticket."""
    base = {
        "created_at": "2026-03-01T08:00:00Z", "updated_at": AT, "generated_timestamp": 1772443801, "status": "solved",
        "subject": "Help", "priority": "high", "type": None, "requester_id": 7, "organization_id": 5,
        "satisfaction_rating": {"score": "good", "id": 1},
        "metric_set": {"solved_at": AT, "reply_time_in_minutes": {"calendar": 90, "business": 30}},
    }  # fmt: skip
    return base | told


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> RawLake:
    """Everything staged in one run."""
    lake = RawLake(tmp_path_factory.mktemp("lake"))
    for ident, told in {
        5: {"name": "Acme", "domain_names": ["Acme.co.uk", "mail.acme.com"], "external_id": "001Bn00000012xYIAQ"},
        6: {"name": "Beta", "domain_names": [], "external_id": "cust-6", "deleted_at": AT},
        7: {"name": "Gamma", "domain_names": None, "external_id": None},
    }.items():
        base = {"id": ident, "created_at": AT, "updated_at": AT, "deleted_at": None}
        lake.put("zendesk", "organization", str(ident), base | told)
    for ident, told in {
        7: {
            "name": "Jo Doe",
            "email": "jo@acme.co.uk",
            "organization_id": 5,
            "phone": "+1",
            "external_id": "003Bn00000001Ab",
        },
        8: {"name": "Bo", "email": None, "organization_id": None, "active": False},
        9: {"name": "Agent", "email": "agent@northwind.example", "role": "agent"},
    }.items():
        base = {"id": ident, "created_at": AT, "updated_at": AT, "role": "end-user", "active": True}
        lake.put("zendesk", "user", str(ident), base | told)
    for ident, told in {
        1: {},
        2: {"status": "open", "metric_set": {"solved_at": AT, "reply_time_in_minutes": {"calendar": None}},
            "satisfaction_rating": {"score": "unoffered"}},
        3: {"status": "deleted", "subject": "SCRUBBED", "organization_id": None, "satisfaction_rating": None,
            "metric_set": None},
        4: {"status": None},
    }.items():  # fmt: skip
        lake.put("zendesk", "ticket", str(ident), {"id": ident, **ticket(**told)})
    for ident, score in {11: "good", 12: "bad", 13: "offered", 14: "good_with_comment"}.items():
        rating = {"id": ident, "updated_at": AT, "score": score, "ticket_id": 1, "requester_id": 7, "comment": "Fine."}
        lake.put("zendesk", "satisfaction_rating", str(ident), rating)
    lake.stage()
    return lake


def test_organizations_are_companies(lake: RawLake) -> None:
    """By the first domain; an external id with a Salesforce id's form is one, another is not."""
    expected = [
        ("5", "Acme", "acme.co.uk", "salesforce:001Bn00000012xYIAQ", False),
        ("6", "Beta", None, None, True),
        ("7", "Gamma", None, None, False),
    ]
    assert expected == lake.rows(T.COMPANY, "source_id", "name", "domain", "same_as", "is_deleted")


def test_people_who_ask_are_contacts(lake: RawLake) -> None:
    """Agents are left out; a deactivated user is deleted; one without an address has no hash."""
    expected = [
        ("7", "5", sha256(b"jo@acme.co.uk").hexdigest(), "acme.co.uk", True, "salesforce:003Bn00000001Ab", False),
        ("8", None, None, None, False, None, True),
    ]
    columns = ("source_id", "company_source_id", "email_hash", "domain", "phone_known", "same_as", "is_deleted")
    assert expected == lake.rows(T.CONTACT, *columns)


def test_tickets(lake: RawLake) -> None:
    """Minutes by the calendar; a reopened ticket is not solved, whatever its metrics say; a deleted one is scrubbed."""
    columns = (
        "source_id", "company_source_id", "contact_source_id", "subject", "status", "priority", "solved_at",
        "first_reply_minutes", "satisfaction", "is_deleted",
    )  # fmt: skip
    expected = [
        ("1", "5", "7", "Help", "solved", "high", STAMP, 90.0, "good", False),
        ("2", "5", "7", "Help", "open", "high", None, None, None, False),
        ("3", None, "7", "SCRUBBED", "deleted", "high", None, None, None, True),
    ]
    assert expected == lake.rows(T.TICKET, *columns)
    stamps = (datetime(2026, 3, 1, 8, tzinfo=UTC), datetime(2026, 3, 2, 9, 30, 1, tzinfo=UTC))
    assert stamps == lake.one(T.TICKET, "1", "opened_at", "modified_at")


def test_ratings_are_answers(lake: RawLake) -> None:
    """Good is 5, bad is 1, with a comment or not; one only offered is none."""
    expected = [
        ("11", "7", "csat", "Ticket 1", 5.0, "Fine.", STAMP),
        ("12", "7", "csat", "Ticket 1", 1.0, "Fine.", STAMP),
        ("14", "7", "csat", "Ticket 1", 5.0, "Fine.", STAMP),
    ]
    columns = ("source_id", "contact_source_id", "survey_type", "question", "score", "comment", "answered_at")
    assert expected == lake.rows(T.SURVEY_RESPONSE, *columns)


def test_what_breaks_the_contract_is_quarantined(lake: RawLake) -> None:
    """A ticket without a status."""
    assert [("ticket", "4", "null:status")] == lake.quarantine()
