"""What the README says about activities is so: its tables, applied to served records, give the true touches."""

from __future__ import annotations

import datetime as dt
from typing import Any

from abm_pipeline.sandbox.serve import running_sandbox
from abm_pipeline.sandbox.world import World
from abm_pipeline_tests.sandbox.conftest import Vendor, salesforce_login


def read(org: Vendor, text: str) -> list[dict[str, Any]]:
    """All records of a query, archived ones too."""
    root = org.base.removesuffix("/services/data/v62.0")
    page = org.get("/queryAll", params={"q": text}).json()
    records = page["records"]
    while not page["done"]:
        page = org.http.get(root + page["nextRecordsUrl"]).json()
        records += page["records"]
    return [record for record in records if not record.get("IsDeleted")]


def test_readme_rules_give_the_truth(big_sandbox: running_sandbox, demo: World) -> None:
    """Types, instants and counts of all touches in the CRM, by the README's three tables."""
    org = salesforce_login(big_sandbox.url)
    mapped: dict[str, tuple[str, dt.datetime]] = {}
    kinds = {
        ("Email", None): "email_sent",
        ("Email Reply", None): "email_reply",
        ("Call", "Connected"): "call_connected",
    }
    fields = "Id, IsDeleted, Type, Status, CallDisposition, ActivityDate, CompletedDateTime"
    for task in read(org, f"SELECT {fields} FROM Task WHERE Status = 'Completed' AND Type != 'Other'"):
        done, noon = task["CompletedDateTime"], f"{task['ActivityDate']}T12:00:00.000+0000"
        at = done if done[:10] == task["ActivityDate"] else noon
        mapped[task["Id"]] = (kinds.get((task["Type"], task["CallDisposition"]), "call"), dt.datetime.fromisoformat(at))
    outcomes = {"Held": "meeting", "Held - Next Step": "meeting", "No Show": "meeting_no_show"}
    for event in read(org, "SELECT Id, IsDeleted, StartDateTime, Meeting_Outcome__c FROM Event WHERE Type = 'Meeting'"):
        if event["Meeting_Outcome__c"] in outcomes:
            mapped[event["Id"]] = (
                outcomes[event["Meeting_Outcome__c"]],
                dt.datetime.fromisoformat(event["StartDateTime"]),
            )
    types = {
        "Webinar": "webinar_attended",
        "Content": "content_download",
        "Web Form": "form_fill",
        "Event": "event_attended",
    }
    members = "SELECT Id, Campaign.Type, FirstRespondedDate FROM CampaignMember WHERE HasResponded = true"
    for member in read(org, members):
        at = f"{member['FirstRespondedDate']}T12:00:00+00:00"
        mapped[member["Id"]] = (types[member["Campaign"]["Type"]], dt.datetime.fromisoformat(at))
    touches = demo.truth["touch"]
    touches = touches[touches["source"] == "salesforce"]
    end = dt.datetime(2026, 6, 30, 23, 59, 59, tzinfo=dt.UTC)
    expected = dict(
        zip(touches["source_id"], zip(touches["touch_type"], touches["occurred_at"], strict=True), strict=True)
    )
    assert expected == {ident: touch for ident, touch in mapped.items() if touch[1] <= end}
