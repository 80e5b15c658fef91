"""Calendly's records as canonical rows: recorded payloads with every odd case, rows written by hand."""

from __future__ import annotations

from datetime import UTC, date, datetime
from hashlib import sha256
from typing import Any

import pytest

from abm_pipeline.contracts import tables as T
from abm_pipeline_tests.staging.conftest import DAY, RawLake

BASE = "https://api.calendly.com/scheduled_events"
BOOKED = datetime(2026, 3, 2, 9, 30, 0, 123456, tzinfo=UTC)
START = datetime(2026, 3, 5, 15, tzinfo=UTC)


def hashed(mail: str) -> str:
    """A person's id."""
    return sha256(mail.encode()).hexdigest()


JO, AL = hashed("jo@acme.com"), hashed("al@beta.io")


def event(code: str, status: str = "active") -> dict[str, Any]:
    """An event of half an hour."""
    return {
        "uri": f"{BASE}/{code}", "name": "Demo", "status": status, "start_time": "2026-03-05T15:00:00.000000Z",
        "end_time": "2026-03-05T15:30:00.000000Z", "updated_at": "2026-03-02T09:30:00.123456Z",
        "event_memberships": [{"user": "u", "user_email": "Ann@Northwind.example"}],
    }  # fmt: skip


def invitee(code: str, of: str, mail: str, **more: Any) -> dict[str, Any]:
    """Somebody in an event."""
    return {
        "uri": f"{BASE}/{of}/invitees/{code}", "event": f"{BASE}/{of}", "email": mail, "name": "Jo Doe",
        "status": "active", "created_at": "2026-03-02T09:30:00.123456Z", "updated_at": "2026-03-02T09:30:00.123456Z",
        "old_invitee": None, "no_show": None, "tracking": {"utm_campaign": None, "salesforce_uuid": None}, **more,
    }  # fmt: skip


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> RawLake:
    """Both streams, staged in one run."""
    made = RawLake(tmp_path_factory.mktemp("lake"))
    for code, status in (("E1", "active"), ("E2", "canceled"), ("E3", "active")):
        made.put("calendly", "scheduled_event", code, event(code, status))
    crm = {"salesforce_uuid": "0035e00000AbCdEAAV"}
    rows = {
        "held": invitee("held", "E1", "Jo@Acme.com", tracking=crm),
        "missed": invitee("missed", "E3", "al@beta.io", no_show={"uri": "n", "created_at": "2026-03-02T10:00:00.5Z"}),
        "off": invitee("off", "E2", "al@beta.io", status="canceled", tracking={"salesforce_uuid": "not an id"}),
        "left": invitee("left", "E1", "al@beta.io", status="canceled", rescheduled=True),
        "moved": invitee("moved", "E3", "jo@acme.com", old_invitee=f"{BASE}/E2/invitees/off"),
        "ours": invitee("ours", "E1", "bo@northwind.example"),
        "lone": invitee("lone", "E9", "jo@acme.com"),
        "bad": invitee("bad", "E1", "x@y.com", created_at="yesterday"),
    }
    for ident, row in rows.items():
        made.put("calendly", "invitee", ident, row)
    made.stage()
    return made


def test_bookings(lake: RawLake) -> None:
    """At the moment of booking, also of what was cancelled later; one that was only moved is not booked twice."""
    rows = lake.rows(T.ACTIVITY, "source_id", "contact_source_id", "occurred_at", "is_deleted", "touch_type")
    expected = [
        ("held:booked", JO, BOOKED, False), ("left:booked", AL, BOOKED, False), ("lone:booked", JO, BOOKED, False),
        ("missed:booked", AL, BOOKED, False), ("moved:booked", JO, BOOKED, True), ("off:booked", AL, BOOKED, False),
    ]  # fmt: skip
    assert expected == [row[:4] for row in rows if row[4] == "meeting_booked"]


def test_meetings(lake: RawLake) -> None:
    """At the event's start; cancelled by the host or by the invitee: deleted; marked: a no-show. Colleagues: none."""
    rows = lake.rows(T.ACTIVITY, "source_id", "touch_type", "outcome", "is_deleted", "occurred_at", "duration_seconds")
    expected = [
        ("held", "meeting", "held", False), ("left", "meeting", "cancelled", True),
        ("missed", "meeting_no_show", "no_show", False), ("moved", "meeting", "held", False),
        ("off", "meeting", "cancelled", True),
    ]  # fmt: skip
    meetings = [row for row in rows if row[1] != "meeting_booked"]
    assert expected == [row[:4] for row in meetings]
    assert {(START, 1800.0)} == {row[4:] for row in meetings}


def test_people_are_their_address(lake: RawLake) -> None:
    """By hash; who came by a link with a Salesforce id is that record."""
    rows = set(lake.rows(T.CONTACT, "source_id", "email_domain", "full_name", "same_as"))
    assert {
        (JO, "acme.com", "Jo Doe", "salesforce:0035e00000AbCdEAAV"), (JO, "acme.com", "Jo Doe", None),
        (AL, "beta.io", "Jo Doe", None),
    } >= rows  # fmt: skip
    assert {JO, AL} == {row[0] for row in rows}


def test_what_breaks_the_contract_is_quarantined(lake: RawLake) -> None:
    """A booking without a time."""
    assert [("invitee", "bad", "retyped:created_at")] == lake.quarantine()


def test_an_event_that_comes_later_brings_its_meetings(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Its stream had failed: the booking stands; with the event, the meeting is there, on the day of its invitee."""
    lake = RawLake(tmp_path_factory.mktemp("later"))
    lake.put("calendly", "invitee", "held", invitee("held", "E1", "jo@acme.com"))
    lake.stage()
    assert [("held:booked",)] == lake.rows(T.ACTIVITY, "source_id")
    later = date(2026, 3, 3)
    lake.put("calendly", "scheduled_event", "E1", event("E1"), day=later)
    lake.stage([later])
    assert [("held", DAY), ("held:booked", DAY)] == lake.rows(T.ACTIVITY, "source_id", "day")
