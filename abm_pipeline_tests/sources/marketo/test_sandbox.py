"""The Marketo sandbox against the vendor's documentation, and the pipeline against what the sandbox planted."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from abm_pipeline.contracts import tables as T
from abm_pipeline.sandbox.marketo.answers import CLIENT_ID, CLIENT_SECRET
from abm_pipeline.sandbox.serve import running_sandbox
from abm_pipeline.settings import Settings
from abm_pipeline_tests.sources.conftest import SPECS
from abm_pipeline_tests.sources.planted import newest, planted, staged

LOGIN = {"grant_type": "client_credentials", "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}


@pytest.fixture
def http(sandbox: running_sandbox) -> Iterator[httpx.Client]:
    """A client with a token."""
    with httpx.Client(base_url=f"{sandbox.url}/marketo") as client:
        token = client.get("/identity/oauth/token", params=LOGIN).json()["access_token"]
        client.headers["Authorization"] = f"Bearer {token}"
        yield client


def test_one_token_until_it_ends(http: httpx.Client, sandbox: running_sandbox) -> None:
    """A second login gives the same token with the life it has left; an ended one is 602, an unknown one 601."""
    first = http.post("/identity/oauth/token", data=LOGIN).json()
    assert first == http.get("/identity/oauth/token", params=LOGIN).json() | {"expires_in": first["expires_in"]}
    sandbox.api("marketo").revoke(first["access_token"])
    said = http.get("/rest/v1/stats/usage.json")
    assert (200, False, "602") == (said.status_code, said.json()["success"], said.json()["errors"][0]["code"])
    assert http.get("/identity/oauth/token", params=LOGIN).json()["access_token"] != first["access_token"]
    unknown = http.get("/rest/v1/stats/usage.json", headers={"Authorization": "Bearer x"})
    assert "601" == unknown.json()["errors"][0]["code"]


def test_limits(http: httpx.Client, sandbox: running_sandbox) -> None:
    """606 above the rate, 607 above the day's quota, and a wrong secret is the only 401."""
    sandbox.configure("marketo", per_20_seconds=0)
    assert "606" == http.get("/rest/v1/stats/usage.json").json()["errors"][0]["code"]
    sandbox.configure("marketo", per_20_seconds=100_000, daily_calls=0)
    assert "607" == http.get("/rest/v1/stats/usage.json").json()["errors"][0]["code"]
    assert 401 == http.post("/identity/oauth/token", data={**LOGIN, "client_secret": "x"}).status_code


def test_assets_end_with_a_warning(http: httpx.Client) -> None:
    """No `result` and a warning; dates with `Z` and an offset."""
    page = http.get("/rest/asset/v1/programs.json", params={"maxReturn": 200}).json()
    assert page["result"][0]["updatedAt"].endswith("Z+0000")
    end = http.get("/rest/asset/v1/programs.json", params={"maxReturn": 200, "offset": 200}).json()
    assert "result" not in end
    assert ["No assets found for the given search criteria."] == end["warnings"]


def test_exports(http: httpx.Client) -> None:
    """Created, Queued, Completed; `null` in the file; ranges of bytes; 31 days at most; one l too many."""
    span = {"startAt": "2026-06-01T00:00:00Z", "endAt": "2026-06-30T23:59:59Z"}
    made = http.post("/bulk/v1/activities/export/create.json", json={"filter": {"createdAt": span}}).json()
    assert "Created" == made["result"][0]["status"]
    job = f"/bulk/v1/activities/export/{made['result'][0]['exportId']}"
    assert "1003" == http.get(f"{job}/file.json").json()["errors"][0]["code"]
    assert "Queued" == http.post(f"{job}/enqueue.json").json()["result"][0]["status"]
    done = http.get(f"{job}/status.json").json()["result"][0]
    file = http.get(f"{job}/file.json")
    assert (done["fileSize"], done["numberOfRecords"]) == (len(file.content), len(file.text.splitlines()) - 1)
    assert "marketoGUID,leadId,activityDate,activityTypeId,campaignId" in file.text.splitlines()[0]
    assert ",null," in file.text
    part = http.get(f"{job}/file.json", headers={"Range": "bytes=10-19"})
    assert (206, file.content[10:20]) == (part.status_code, part.content)
    long = {"startAt": "2026-05-01T00:00:00Z", "endAt": "2026-06-30T23:59:59Z"}
    wrong = ({"filter": {"createdAt": long}}, {"filter": {"createdAt": span, "activityTypeIds": [37]}}, {"filter": {}})
    for asked in wrong:
        assert "1003" == http.post("/bulk/v1/activities/export/create.json", json=asked).json()["errors"][0]["code"]
    other = http.post("/bulk/v1/activities/export/create.json", json={"filter": {"createdAt": span}}).json()
    cancelled = http.post(f"/bulk/v1/activities/export/{other['result'][0]['exportId']}/cancel.json").json()
    assert "Cancelled" == cancelled["result"][0]["status"]


def test_what_is_staged_is_what_was_planted(sandbox: running_sandbox, settings: Settings) -> None:
    """Every touch, stage and person that the API reveals, each once, with its instant and person."""
    staged(SPECS["marketo"], settings, sandbox.world)
    touches = {
        row[:-1] for row in newest(
            settings, T.ACTIVITY, "source_id", "contact_source_id", "touch_type", "channel", "occurred_at",
            "is_exposure", "is_deleted",
        ) if not row[-1]
    }  # fmt: skip
    columns = ("source_id", "contact_id", "touch_type", "channel", "occurred_at", "is_exposure")
    assert planted(sandbox.world, "touch", "marketo", *columns) == touches
    stages = newest(settings, T.LEAD_EVENT, "source_id", "contact_source_id", "stage", "entered_at")
    told = ("source_id", "contact_id", "stage", "entered_at")
    assert planted(sandbox.world, "lead_event", "marketo", *told) == stages
    people = newest(settings, T.CONTACT, "source_id", "is_deleted")
    assert planted(sandbox.world, "contact", "marketo", "contact_id", "is_deleted") == people
    assert len(touches) > 200
    assert stages
