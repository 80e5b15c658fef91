"""`zoomus`, which nobody here wrote, reads the sandbox."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from zoomus import ZoomClient

from abm_pipeline.sandbox.serve import running_sandbox
from abm_pipeline.sandbox.zoom.rest import ACCOUNT_ID, CLIENT_ID, CLIENT_SECRET
from abm_pipeline.sources._spec import Window
from abm_pipeline_tests.sources.conftest import fetched, stream_of


def test_it_reads_users_webinars_and_reports(sandbox: running_sandbox) -> None:
    """Login, the users, a host's webinars with registrants, the report of a month and who was there."""
    base = f"{sandbox.url}/zoom"
    zoom = ZoomClient(CLIENT_ID, CLIENT_SECRET, ACCOUNT_ID, base_uri=f"{base}/v2", oauth_uri=f"{base}/oauth/token")
    users = zoom.user.list(page_size=300).json()["users"]
    webinars = [webinar for user in users for webinar in zoom.webinar.list(user_id=user["id"]).json()["webinars"]]
    registrants = [
        (webinar["id"], registrant["id"])
        for webinar in webinars
        for registrant in zoom.webinar.get_registrants(id=webinar["id"], page_size=300).json()["registrants"]
    ]
    end = datetime(2026, 7, 1, tzinfo=UTC)
    spec, stream = stream_of("zoom", "webinar_registrant")
    ours = {record.record_id for record in fetched(spec, stream, Window(end - timedelta(days=30), end))}
    assert registrants
    assert {f"{webinar}|{registrant}" for webinar, registrant in registrants} <= ours
    span = {"start_time": datetime(2026, 6, 1), "end_time": datetime(2026, 6, 29)}
    held = [row for user in users for row in zoom.report.get_user_report(user_id=user["id"], **span).json()["meetings"]]
    plain = next(row for row in held if row["type"] == 2 and "/" not in row["uuid"])
    stays = zoom.report.get_meeting_participants_report(id=plain["uuid"]).json()["participants"]
    assert len(stays) == plain["participants_count"]
