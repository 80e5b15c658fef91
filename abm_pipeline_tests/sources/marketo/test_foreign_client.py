"""`marketorestpython`, which nobody here wrote, reads the sandbox."""

from __future__ import annotations

import warnings

import pytest

from abm_pipeline.sandbox.marketo.answers import CLIENT_ID, CLIENT_SECRET
from abm_pipeline.sandbox.serve import running_sandbox
from abm_pipeline_tests.sources.conftest import UNTIL, fetched, stream_of
from abm_pipeline_tests.sources.marketo.test_client import WEEK

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from marketorestpython.client import MarketoClient


@pytest.fixture
def marketo(sandbox: running_sandbox, monkeypatch: pytest.MonkeyPatch) -> MarketoClient:
    """It builds its host from a Munchkin id, and waits a fifth of a second between calls."""
    monkeypatch.setattr("marketorestpython.helper.http_lib.time.sleep", lambda seconds: None)
    client = MarketoClient("123-ABC-456", CLIENT_ID, CLIENT_SECRET)
    client.host = f"{sandbox.url}/marketo"
    return client


def test_it_reads_activities_leads_and_programs(marketo: MarketoClient) -> None:
    """The activity log by paging token over empty pages, leads by id, assets by offset."""
    spec, stream = stream_of("marketo", "activity")
    ours = {record.record_id for record in fetched(spec, stream, WEEK)}
    assert WEEK.start is not None
    since = WEEK.start.strftime("%Y-%m-%dT%H:%M:%SZ")
    rows = marketo.execute(
        method="get_lead_activities", activityTypeIds=["1", "2", "7", "8", "9", "10", "11", "27", "32", "104"],
        sinceDatetime=since, batchSize="5",
    )  # fmt: skip
    assert ours == {row["marketoGUID"] for row in rows}
    ident = str(rows[0]["leadId"])
    lead = marketo.execute(method="get_multiple_leads_by_filter_type", filterType="id", filterValues=[ident])
    assert int(ident) == lead[0]["id"]
    deleted = marketo.execute(method="get_deleted_leads", sinceDatetime=since)
    assert {37} == {row["activityTypeId"] for row in deleted}
    programs = marketo.execute(method="browse_programs", maxReturn=20)
    assert len({program["id"] for program in programs}) > 20


def test_it_exports_activities(marketo: MarketoClient) -> None:
    """Create, enqueue, status, file."""
    filters = {"createdAt": {"startAt": "2026-06-24T00:00:00Z", "endAt": f"{UNTIL}T23:59:59Z"}}
    job = marketo.execute(method="create_activities_export_job", filters=filters)[0]["exportId"]
    marketo.execute(method="enqueue_activities_export_job", job_id=job)
    assert "Completed" == marketo.execute(method="get_activities_export_job_status", job_id=job)[0]["status"]
    text = marketo.execute(method="get_activities_export_job_file", job_id=job).decode()
    assert text.startswith("marketoGUID,leadId")
