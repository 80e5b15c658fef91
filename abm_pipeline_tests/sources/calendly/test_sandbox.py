"""The Calendly sandbox against what is known of the API, and the pipeline against what the sandbox planted."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import httpx
import pytest

from abm_pipeline.contracts import tables as T
from abm_pipeline.sandbox.calendly.rest import TOKEN
from abm_pipeline.sandbox.serve import running_sandbox
from abm_pipeline.settings import Settings
from abm_pipeline_tests.sources.conftest import SPECS
from abm_pipeline_tests.sources.planted import newest, planted, staged


@pytest.fixture
def http(sandbox: running_sandbox) -> Iterator[httpx.Client]:
    """A client with the token."""
    headers = {"Authorization": f"Bearer {TOKEN}"}
    with httpx.Client(base_url=f"{sandbox.url}/calendly", headers=headers) as client:
        yield client


def test_errors(http: httpx.Client) -> None:
    """A title and a message; a 400 names the parameter."""
    wrong = http.get("/users/me", headers={"Authorization": "Bearer x"})
    assert (401, "Unauthenticated") == (wrong.status_code, wrong.json()["title"])
    missing = http.get("/scheduled_events")
    assert (400, "organization") == (missing.status_code, missing.json()["details"][0]["parameter"])
    other = http.get("/scheduled_events", params={"organization": "https://api.calendly.com/organizations/X"})
    assert (403, "Permission Denied") == (other.status_code, other.json()["title"])
    assert 404 == http.get("/scheduled_events/NOSUCHEVENT00000/invitees").status_code


def test_pages_and_filters(http: httpx.Client) -> None:
    """At most 100 a page, the end is null; by start time and by status; times to the microsecond."""
    me = http.get("/users/me").json()["resource"]
    ask = {"organization": me["current_organization"], "min_start_time": "2026-06-01T00:00:00.000000Z", "count": "10"}
    first = http.get("/scheduled_events", params=ask).json()
    assert 10 == first["pagination"]["count"]
    last = http.get("/scheduled_events", params={**ask, "count": "100"}).json()
    assert (None, None) == (last["pagination"]["next_page"], last["pagination"]["next_page_token"])
    assert all(row["start_time"] >= "2026-06-01" and len(row["start_time"]) == 27 for row in last["collection"])
    cancelled = http.get("/scheduled_events", params={**ask, "status": "canceled"}).json()["collection"]
    assert cancelled
    assert all(row["status"] == "canceled" and row["cancellation"] for row in cancelled)
    assert 400 == http.get("/scheduled_events", params={**ask, "count": "101"}).status_code


def test_what_is_staged_is_what_was_planted(sandbox: running_sandbox, settings: Settings) -> None:
    """Every booking, and every meeting that has begun by the clock and stands, each once."""
    staged(SPECS["calendly"], settings, sandbox.world)
    columns = ("source_id", "contact_source_id", "touch_type", "channel", "occurred_at")
    end = datetime.fromtimestamp(sandbox.world.instant, UTC)
    rows = newest(settings, T.ACTIVITY, *columns, "is_deleted")
    touches = {row[:-1] for row in rows if not row[-1] and row[4] <= end}
    told = ("source_id", "contact_id", "touch_type", "channel", "occurred_at")
    assert planted(sandbox.world, "touch", "calendly", *told) == touches
    assert planted(sandbox.world, "contact", "calendly", "contact_id") == newest(settings, T.CONTACT, "source_id")
    assert {"meeting_booked", "meeting", "meeting_no_show"} == {touch[2] for touch in touches}
