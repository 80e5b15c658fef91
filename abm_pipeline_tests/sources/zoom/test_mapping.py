"""Zoom's records as canonical rows: recorded payloads with every odd case, rows written by hand."""

from __future__ import annotations

from datetime import UTC, date, datetime
from hashlib import sha256
from typing import Any

import pytest

from abm_pipeline.contracts import tables as T
from abm_pipeline_tests.staging.conftest import DAY, RawLake

OF = {"id": 978, "uuid": "/aB//c==", "start_time": "2026-03-02T15:00:00Z"}
START = datetime(2026, 3, 2, 15, tzinfo=UTC)


def hashed(mail: str) -> str:
    """A person's id."""
    return sha256(mail.encode()).hexdigest()


JO, AL, EV = hashed("jo@acme.com"), hashed("al@beta.io"), hashed("ev@acme.com")


def stay(number: int, mail: str, minutes: int, **more: Any) -> dict[str, Any]:
    """One stay of five minutes or more, begun `number` minutes after the start."""
    return {
        "of": OF, "id": "", "user_id": f"1677{number}", "name": "Jo D", "user_email": mail, "registrant_id": "",
        "join_time": f"2026-03-02T15:{number:02d}:00Z", "leave_time": f"2026-03-02T15:{number + minutes:02d}:00Z",
        "duration": minutes * 60, **more,
    }  # fmt: skip


def registrant(ident: str, mail: str, status: str = "approved", **more: Any) -> dict[str, Any]:
    """One registration."""
    return {
        "of": {**OF, "uuid": None}, "id": ident, "email": mail, "first_name": "Jo", "last_name": "Doe",
        "org": "Acme", "job_title": "VP Finance", "role_in_purchase_process": "", "phone": "", "status": status,
        "create_time": "2026-02-20T08:00:00Z", **more,
    }  # fmt: skip


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> RawLake:
    """All streams, staged in one run."""
    made = RawLake(tmp_path_factory.mktemp("lake"))

    def put(stream: str, ident: str, payload: dict[str, Any], **more: Any) -> None:
        made.put("zoom", stream, ident, payload, **more)

    put("user", "u", {"id": "u", "email": "Ann@Northwind.example", "status": "active"})
    put("webinar", "978", {"id": 978, "topic": "Data Trust", "type": 5, "start_time": "2026-03-02T15:00:00Z"})
    put("webinar_registrant", "978|r1", registrant("r1", "Jo@Acme.com"))
    put("webinar_registrant", "978|r2", registrant("r2", "al@beta.io", "denied", role_in_purchase_process="Influencer"))
    put("webinar_registrant", "978|r3", registrant("r3", "bo@northwind.example"))
    put("webinar_registrant", "978|r4", registrant("r4", "ev@acme.com", "pending", job_title="", first_name=None))
    put("webinar_registrant", "bad", {**registrant("x", "x@x.com"), "create_time": None})
    put("webinar_absentee", "a", registrant("r4", "ev@acme.com", of=OF, role_in_purchase_process="Not involved"))
    put("webinar_participant", "w1", stay(1, "JO@acme.com", 10, registrant_id="r1"))
    put("webinar_participant", "w2", stay(20, "jo@acme.com", 5, registrant_id="r1"))
    put("webinar_participant", "w2", stay(20, "jo@acme.com", 6, registrant_id="r1"), version="v2",
        fetched="2026-03-04T04:00:00Z")  # fmt: skip
    put("webinar_participant", "w3", stay(2, "", 30))
    put("webinar_participant", "w4", stay(3, "ann@northwind.example", 40))
    put("meeting_participant", "m1", stay(4, "al@beta.io", 30, name="Al B"))
    put("meeting_participant", "m2", stay(5, "guest", 30))
    made.stage()
    return made


def test_stays_add_up_to_one_touch(lake: RawLake) -> None:
    """10 and 6 minutes (restated from 5), whatever the case of the address: 960 s from the first join on."""
    columns = ("contact_source_id", "touch_type", "occurred_at", "duration_seconds", "campaign_source_id")
    joined = datetime(2026, 3, 2, 15, 1, tzinfo=UTC)
    assert (JO, "webinar_attended", joined, 960.0, "978") == lake.one(T.ACTIVITY, f"/aB//c==:{JO}", *columns)


def test_meetings_with_people_outside(lake: RawLake) -> None:
    """One touch at the meeting's start; colleagues and guests without an address make none."""
    columns = ("contact_source_id", "touch_type", "channel", "occurred_at", "duration_seconds", "outcome")
    assert (AL, "meeting", "meeting", START, 1800.0, "held") == lake.one(T.ACTIVITY, f"/aB//c==:{AL}", *columns)
    assert 6 == len(lake.rows(T.ACTIVITY, "source_id"))


def test_registrations(lake: RawLake) -> None:
    """At the time of registering; denied and pending ones do not stand; a colleague's is none."""
    registered = datetime(2026, 2, 20, 8, tzinfo=UTC)
    expected = [("978:r1", JO, registered, False), ("978:r2", AL, registered, True), ("978:r4", EV, registered, True)]
    rows = lake.rows(T.ACTIVITY, "touch_type", "source_id", "contact_source_id", "occurred_at", "is_deleted")
    assert expected == [row[1:] for row in rows if row[0] == "webinar_registered"]


def test_who_did_not_come(lake: RawLake) -> None:
    """An absentee is a no-show at the webinar's start."""
    columns = ("touch_type", "occurred_at", "is_exposure")
    assert ("webinar_no_show", START, False) == lake.one(T.ACTIVITY, f"/aB//c==:{EV}:absent", *columns)


def test_people_are_their_address(lake: RawLake) -> None:
    """By hash; what the registration tells: name, title, role. Who is not involved has none but the title's."""
    rows = lake.rows(
        T.CONTACT, "source_id", "email_domain", "full_name", "title", "role", order="modified_at, full_name"
    )
    expected = {
        (JO, "acme.com", "Jo Doe", "VP Finance", "decision_maker"),
        (AL, "beta.io", "Jo Doe", "VP Finance", "influencer"),
        (AL, "beta.io", "Al B", None, None),
        (EV, "acme.com", "Doe", None, None),
        (EV, "acme.com", "Jo Doe", "VP Finance", "decision_maker"),
    }
    assert expected == set(rows)


def test_webinars_are_campaigns(lake: RawLake) -> None:
    """By id and topic, on their day."""
    assert [("978", "Data Trust", "webinar", DAY)] == lake.rows(T.CAMPAIGN, "source_id", "name", "channel", "start_day")


def test_what_breaks_the_contract_is_quarantined(lake: RawLake) -> None:
    """A registration without its time."""
    assert [("webinar_registrant", "bad", "null:create_time")] == lake.quarantine()


def test_a_registration_that_is_taken_back(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Its status changes without a stamp: the later capture stands on a later day, and wins there."""
    lake = RawLake(tmp_path_factory.mktemp("later"))
    lake.put("zoom", "webinar_registrant", "978|r1", registrant("r1", "jo@acme.com"))
    later = date(2026, 3, 4)
    lake.put("zoom", "webinar_registrant", "978|r1", registrant("r1", "jo@acme.com", "denied"), day=later, version="v2")
    lake.stage([DAY, later])
    expected = [(DAY, False), (later, True)]
    assert expected == lake.rows(T.ACTIVITY, "day", "is_deleted", order="modified_at")
