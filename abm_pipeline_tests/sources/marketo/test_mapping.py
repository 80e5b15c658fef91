"""Marketo's records as canonical rows: recorded payloads with every odd case, rows written by hand."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from abm_pipeline.contracts import tables as T
from abm_pipeline_tests.staging.conftest import DAY, RawLake

AT = "2026-03-02T09:30:00Z"
STAMP = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
HASH = "4ca1552864c46bbded32fb051c64b093e7160078cadc4a6b6c23116786f9ac56"  # sha256 of jo@acme.com


def activity(guid: str, kind: int, value_id: int = 10010, **attributes: Any) -> dict[str, Any]:
    """One entry of the log."""
    return {
        "marketoGUID": guid, "leadId": 7, "activityDate": AT, "activityTypeId": kind, "campaignId": 2001,
        "primaryAttributeValueId": value_id, "primaryAttributeValue": "Newsletter",
        "attributes": [{"name": name.replace("_", " "), "value": value} for name, value in attributes.items()],
    }  # fmt: skip


def change(guid: str, name: str, value: str | None, source: str) -> dict[str, Any]:
    """One changed value."""
    return {
        "marketoGUID": guid, "leadId": 7, "activityDate": "2026-03-02T09:30:00+0000", "activityTypeId": 13,
        "fields": [{"id": 48, "name": name, "newValue": value, "oldValue": None}],
        "attributes": [{"name": "Reason", "value": "x"}, {"name": "Source", "value": source}],
    }  # fmt: skip


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> RawLake:
    """All streams, staged in one run."""
    made = RawLake(tmp_path_factory.mktemp("lake"))

    def put(stream: str, ident: str, payload: dict[str, Any]) -> None:
        made.put("marketo", stream, ident, payload)

    lead = {"createdAt": "2026-01-10T08:00:00Z", "updatedAt": AT}
    put("lead", "7", {
        **lead, "id": 7, "email": "Jo@Acme.com", "firstName": "Jo", "lastName": "Doe", "title": "VP Finance",
        "phone": "+1 5", "website": None, "sfdcContactId": "003A0000001AbCdIAK", "sfdcLeadId": "00Q1",
    })  # fmt: skip
    put("lead", "8", {**lead, "id": 8, "email": None, "firstName": None, "lastName": "X", "website": "www.beta.io"})
    put("lead", "bad", {**lead, "id": None})
    put("deleted_lead", "d", {"marketoGUID": "d", "leadId": 9, "activityDate": "2026-03-02T09:30:00+0000"})
    for ident, name, channel in ((1001, "March", "Email Send"), (1002, "Tour", "Roadshow"), (1003, "Guide", "Content")):
        put("program", str(ident), {
            "id": ident, "name": name, "type": "Default", "channel": channel, "startDate": "2026-03-05T15:00:00Z+0000",
            "updatedAt": "2026-03-02T09:30:00Z+0000",
        })  # fmt: skip
    put("campaign", "campaign:2001", {"id": 2001, "name": "Send", "programId": 1001, "updatedAt": AT})
    for guid, kind in (("v", 1), ("f", 2), ("s", 7), ("h", 8), ("u", 9), ("o", 10), ("c", 11), ("b", 27)):
        put("activity", guid, activity(guid, kind))
    put("activity", "bot", activity("bot", 11, Is_Bot_Activity=True))
    put("activity", "robot", activity("robot", 10, Is_Bot_Activity="true"))
    put("activity", "m", activity("m", 32, 7, Merge_IDs="[11, 12]"))
    put("activity", "p1", activity("p1", 104, 1002, New_Status="Attended", Success="true"))
    put("activity", "p2", activity("p2", 104, 1002, New_Status="Registered", Success="false"))
    put("activity", "p3", activity("p3", 104, 1002, New_Status="Invited"))
    put("activity", "p4", activity("p4", 104, 1003, New_Status="Downloaded", Success="true"))
    put("activity", "lone", {**activity("lone", 10), "campaignId": 2999, "attributes": None})
    put("lead_change", "1", change("1", "leadStatus", "MQL", "Marketo Flow Action"))
    put("lead_change", "2", change("2", "leadStatus", "SQL", "Salesforce"))
    put("lead_change", "3", change("3", "leadStatus", "Recycled", "Marketo Flow Action"))
    put("lead_change", "4", change("4", "leadScore", "MQL", "Marketo Flow Action"))
    put("lead_change", "5", {**change("5", "leadStatus", None, "x"), "activityTypeId": 12, "fields": []})
    made.stage()
    return made


def test_leads_are_people(lake: RawLake) -> None:
    """The sync's id says who they are in Salesforce, the contact before the lead; a website places who has no mail."""
    columns = ("person_type", "email_hash", "email_domain", "domain", "full_name", "role", "phone_known", "same_as")
    expected = ("contact", HASH, "acme.com", None, "Jo Doe", "decision_maker", True, "salesforce:003A0000001AbCdIAK")
    assert expected == lake.one(T.CONTACT, "7", *columns)
    assert ("lead", None, None, "beta.io", "X", None, False, None) == lake.one(T.CONTACT, "8", *columns)


def test_deleted_and_merged_leads(lake: RawLake) -> None:
    """A deletion leaves the id; a merge names two losers, whose touches go on with the winner's."""
    expected = [("11", True, "7", STAMP), ("12", True, "7", STAMP), ("9", True, None, STAMP)]
    rows = lake.rows(T.CONTACT, "source_id", "is_deleted", "merged_into_source_id", "modified_at")
    assert expected == [row for row in rows if row[1]]


@pytest.mark.parametrize(
    ("guid", "touch_type", "channel", "direction", "content"),
    [
        ("v", "page_view", "web", "inbound", "Newsletter"),
        ("f", "form_fill", "content", "inbound", "10010"),
        ("s", "email_sent", "email", "outbound", "10010"),
        ("h", "email_bounce", "email", "outbound", "10010"),
        ("b", "email_bounce", "email", "outbound", "10010"),
        ("u", "email_unsubscribe", "email", "inbound", "10010"),
        ("o", "email_open", "email", "inbound", "10010"),
        ("c", "email_click", "email", "inbound", "10010"),
    ],
)
def test_activities_are_touches(
    lake: RawLake, guid: str, touch_type: str, channel: str, direction: str, content: str
) -> None:
    """Each kind, under the program of its smart campaign; only a delivery is an exposure."""
    columns = ("touch_type", "channel", "direction", "content_id", "campaign_source_id", "contact_source_id")
    assert (touch_type, channel, direction, content, "1001", "7") == lake.one(T.ACTIVITY, guid, *columns)
    assert (guid == "s", False, STAMP) == lake.one(T.ACTIVITY, guid, "is_exposure", "is_deleted", "occurred_at")


def test_machines_do_not_count(lake: RawLake) -> None:
    """Bot activity, told as a boolean or as text, is nothing that somebody did."""
    assert ("none", True) == lake.one(T.ACTIVITY, "bot", "touch_type", "is_deleted")
    assert ("none", True) == lake.one(T.ACTIVITY, "robot", "touch_type", "is_deleted")


def test_program_statuses(lake: RawLake) -> None:
    """What a status means hangs on the program's channel; an invitation is nothing the person did."""
    columns = ("touch_type", "channel", "outcome", "campaign_source_id", "is_deleted")
    assert ("event_attended", "event", "attended", "1002", False) == lake.one(T.ACTIVITY, "p1", *columns)
    assert ("event_registered", "event", "registered", "1002", False) == lake.one(T.ACTIVITY, "p2", *columns)
    assert ("none", "none", "invited", "1002", True) == lake.one(T.ACTIVITY, "p3", *columns)
    assert ("content_download", "content", "downloaded", "1003", False) == lake.one(T.ACTIVITY, "p4", *columns)


def test_stages_that_marketo_set(lake: RawLake) -> None:
    """MQL by a flow counts. Not: what the CRM sync wrote, values that are no stage, other fields, new leads."""
    expected = [("1:mql", "7", "mql", STAMP)]
    assert expected == lake.rows(T.LEAD_EVENT, "source_id", "contact_source_id", "stage", "entered_at")


def test_programs_are_campaigns(lake: RawLake) -> None:
    """Their dates say `Z+0000`; the channel is one of ours."""
    expected = [
        ("1001", "March", "email", date(2026, 3, 5), STAMP),
        ("1002", "Tour", "event", date(2026, 3, 5), STAMP),
        ("1003", "Guide", "content", date(2026, 3, 5), STAMP),
    ]
    assert expected == lake.rows(T.CAMPAIGN, "source_id", "name", "channel", "start_day", "modified_at")


def test_what_breaks_the_contract_is_quarantined(lake: RawLake) -> None:
    """A lead without an id, and nothing else."""
    assert [("lead", "bad", "null:id")] == lake.quarantine()


def test_a_smart_campaign_that_comes_later_names_the_program(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Until then the smart campaign stands in; then the row is staged again, on its own day."""
    lake = RawLake(tmp_path_factory.mktemp("later"))
    lake.put("marketo", "activity", "o", activity("o", 10))
    lake.stage()
    assert ("campaign:2001",) == lake.one(T.ACTIVITY, "o", "campaign_source_id")
    later = date(2026, 3, 3)
    campaign = {"id": 2001, "name": "Send", "programId": 1001, "updatedAt": "2026-03-03T09:30:00Z"}
    lake.put("marketo", "campaign", "campaign:2001", campaign, day=later)
    lake.stage([later])
    assert ("1001",) == lake.one(T.ACTIVITY, "o", "campaign_source_id")
    assert DAY == lake.one(T.ACTIVITY, "o", "day")[0]
