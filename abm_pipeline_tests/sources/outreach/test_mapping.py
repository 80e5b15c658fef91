"""Recorded Outreach records with every odd case, and the staged rows that they make."""

from __future__ import annotations

from datetime import UTC, date, datetime
from hashlib import sha256
from typing import Any

import pytest

from abm_pipeline.contracts import tables as T
from abm_pipeline_tests.staging.conftest import DAY, RawLake

STAMP = "2026-03-02T09:30:00.000Z"
AT = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


def resource(kind: str, ident: int, linked: dict[str, int] | None = None, **attributes: Any) -> dict[str, Any]:
    """A JSON:API resource."""
    relationships = {name: {"data": {"type": name, "id": to}} for name, to in (linked or {}).items()}
    return {
        "type": kind, "id": ident, "attributes": {"createdAt": STAMP, "updatedAt": STAMP, **attributes},
        "relationships": relationships,
    }  # fmt: skip


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> RawLake:
    """All streams, staged in one run."""
    made = RawLake(tmp_path_factory.mktemp("lake"))

    def put(stream: str, ident: int, linked: dict[str, int] | None = None, **attributes: Any) -> None:
        made.put("outreach", stream, str(ident), resource(stream, ident, linked, **attributes))

    put("account", 7, {"owner": 3}, name="Acme Inc.", domain="WWW.Acme.com", customId="001A", numberOfEmployees=9)
    put("account", 8, name=None, naturalName="Beta", websiteUrl="https://beta.io/en", trashedAt=STAMP)
    put(
        "prospect", 1, {"account": 7}, name="Jo Doe", emails=["Jo.Doe@Acme.com", "jo@home.example"], title="VP Sales",
        workPhones=["+1"], externalId="003A", stageName="Cold",
    )  # fmt: skip
    put("prospect", 2, name=None, firstName="Al", lastName="Low", emails=[], workPhones=[], trashedAt=STAMP)
    put(
        "mailing", 5, {"prospect": 1, "sequence": 4}, deliveredAt="2026-03-01T10:00:00.000Z",
        openedAt="2026-03-01T11:00:00.000Z", openCount=3, clickedAt="2026-03-01T12:00:00.000Z",
        repliedAt="2026-03-02T09:30:00.000Z",
    )  # fmt: skip
    late = "2026-03-01T10:30:00.000Z"
    put("mailing", 6, {"prospect": 2}, deliveredAt="2026-03-01T10:00:00.000Z", bouncedAt=late)
    put("mailing", 7, {"prospect": 2}, state="failed")
    made.put("outreach", "mailing", "8", {**resource("mailing", 8), "relationships": {"prospect": {"data": None}}})
    put("call_disposition", 1, name="Answered - Meeting Set", outcome="completed")
    put("call_disposition", 2, name="Left Voicemail", outcome="no_answer")
    times = {"dialedAt": "2026-03-01T10:00:00.000Z", "completedAt": "2026-03-01T10:05:00.000Z"}
    put(
        "call", 5, {"prospect": 1, "callDisposition": 1, "sequence": 4}, direction="outbound", outcome="Answered",
        state="completed", answeredAt="2026-03-01T10:00:10.000Z", **times,
    )  # fmt: skip
    put("call", 6, {"prospect": 1}, direction="outbound", outcome="Not Answered", **times)
    put("call", 7, {"prospect": 1, "callDisposition": 1}, direction="inbound", state="completed", completedAt=STAMP)
    put("call", 8, {"prospect": 1, "callDisposition": 2}, direction="outbound", state="completed", completedAt=STAMP)
    put("call", 9, {"prospect": 1}, direction="outbound", state="ringing", dialedAt=STAMP)
    put("sequence", 4, name="Executive intro", enabledAt="2026-01-05T08:00:00.000Z")
    put("sequence", 9, name=None)
    made.stage()
    return made


def test_accounts(lake: RawLake) -> None:
    """The domain as registered, or of the website; the CRM's record by customId; the bin is deleted."""
    columns = ("source_id", "name", "domain", "same_as", "employee_count", "owner_id", "is_deleted", "modified_at")
    expected = [
        ("7", "Acme Inc.", "acme.com", "salesforce:001A", 9, "3", False, AT),
        ("8", "Beta", "beta.io", None, None, None, True, AT),
    ]
    assert expected == lake.rows(T.COMPANY, *columns)


def test_prospects(lake: RawLake) -> None:
    """The first address counts, whatever its case, and is only kept as a hash."""
    columns = ("source_id", "person_type", "company_source_id", "email_domain", "full_name", "role", "phone_known")
    expected = [
        ("1", "contact", "7", "acme.com", "Jo Doe", "decision_maker", True),
        ("2", "contact", None, None, "Al Low", None, False),
    ]
    assert expected == lake.rows(T.CONTACT, *columns)
    hashed = sha256(b"jo.doe@acme.com").hexdigest()
    assert [(hashed,), (None,)] == lake.rows(T.CONTACT, "email_hash")
    assert [("salesforce:003A", False), (None, True)] == lake.rows(T.CONTACT, "same_as", "is_deleted")


def test_a_mailing_is_several_activities(lake: RawLake) -> None:
    """Sent, opened, clicked, answered at their own times; one that bounced after all was not sent."""
    columns = ("source_id", "contact_source_id", "touch_type", "occurred_at", "is_exposure", "is_deleted")
    rows = [row for row in lake.rows(T.ACTIVITY, *columns) if row[0].startswith("mailing")]
    at = [datetime(2026, 3, 1, hour, tzinfo=UTC) for hour in (10, 11, 12)]
    expected = [
        ("mailing:5:click", "1", "email_click", at[2], False, False),
        ("mailing:5:open", "1", "email_open", at[1], False, False),
        ("mailing:5:reply", "1", "email_reply", AT, False, False),
        ("mailing:5:sent", "1", "email_sent", at[0], True, False),
        ("mailing:6:bounce", "2", "email_bounce", datetime(2026, 3, 1, 10, 30, tzinfo=UTC), False, False),
        ("mailing:6:sent", "2", "email_sent", at[0], True, True),
    ]
    assert expected == rows
    told = ("source_id", "channel", "direction", "campaign_source_id")
    sent = next(row for row in lake.rows(T.ACTIVITY, *told) if row[0] == "mailing:5:sent")
    assert ("mailing:5:sent", "email", "outbound", "4") == sent


def test_calls(lake: RawLake) -> None:
    """Answered by time, by outcome, or by the disposition of a call logged by hand; a ringing one is nothing yet."""
    columns = ("source_id", "touch_type", "direction", "duration_seconds", "outcome", "is_deleted", "occurred_at")
    rows = [row for row in lake.rows(T.ACTIVITY, *columns) if row[0].startswith("call")]
    ten = datetime(2026, 3, 1, 10, tzinfo=UTC)
    expected = [
        ("call:5", "call_connected", "outbound", 290.0, "answered_-_meeting_set", False, ten),
        ("call:6", "call", "outbound", None, "not_answered", False, ten),
        ("call:7", "call_connected", "inbound", None, "answered_-_meeting_set", False, AT),
        ("call:8", "call", "outbound", None, "left_voicemail", False, AT),
        ("call:9", "none", "outbound", None, None, True, AT),
    ]
    assert expected == rows


def test_sequences_and_what_breaks_the_contract(lake: RawLake) -> None:
    """A sequence is a campaign from the day it was switched on; one without a name goes to quarantine."""
    assert [("4", "Executive intro", "email", date(2026, 1, 5), DAY)] == lake.rows(
        T.CAMPAIGN, "source_id", "name", "channel", "start_day", "day"
    )
    assert [("sequence", "9", "null:attributes.name")] == lake.quarantine()


def test_what_the_crm_has_as_tasks_counts_there(tmp_path: Any) -> None:
    """`logged_in_crm`: sendings, answers and calls are taken back here; clicks, which no CRM is told, stay."""
    (tmp_path / "programme.yaml").write_text("sources: {outreach: {logged_in_crm: true}}\n")
    made = RawLake(tmp_path / "home", tmp_path)
    mail = resource("mailing", 5, {"prospect": 1}, deliveredAt=STAMP, clickedAt=STAMP, repliedAt=STAMP)
    made.put("outreach", "mailing", "5", mail)
    made.put("outreach", "call", "6", resource("call", 6, {"prospect": 1}, state="completed", completedAt=STAMP))
    made.stage(tables=[T.ACTIVITY])
    expected = [("call", True), ("email_click", False), ("email_reply", True), ("email_sent", True)]
    assert expected == made.rows(T.ACTIVITY, "touch_type", "is_deleted")


def test_ids_of_another_crm(tmp_path: Any) -> None:
    """`sources.outreach.crm` says whose ids they are, or that they are nobody's."""
    for crm, expected in (("hubspot", "hubspot:001A"), ("null", None)):
        config = tmp_path / crm
        config.mkdir()
        (config / "programme.yaml").write_text(f"sources: {{outreach: {{crm: {crm}}}}}\n")
        made = RawLake(tmp_path / f"home_{crm}", config)
        made.put("outreach", "account", "7", resource("account", 7, name="Acme", customId="001A"))
        made.stage(tables=[T.COMPANY])
        assert [(expected,)] == made.rows(T.COMPANY, "same_as")
