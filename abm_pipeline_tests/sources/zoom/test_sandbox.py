"""The Zoom sandbox against what is known of the API, and the pipeline against what the sandbox planted."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import quote

import httpx
import pytest

from abm_pipeline.contracts import tables as T
from abm_pipeline.sandbox.serve import running_sandbox
from abm_pipeline.sandbox.zoom.rest import ACCOUNT_ID, CLIENT_ID, CLIENT_SECRET
from abm_pipeline.settings import Settings
from abm_pipeline.sources.extract import extract
from abm_pipeline.staging.refresh import refresh
from abm_pipeline_tests.sources.conftest import SPECS, UNTIL
from abm_pipeline_tests.sources.planted import newest, planted

LOGIN = {"grant_type": "account_credentials", "account_id": ACCOUNT_ID}


@pytest.fixture
def http(sandbox: running_sandbox) -> Iterator[httpx.Client]:
    """A client with a token."""
    with httpx.Client(base_url=f"{sandbox.url}/zoom") as client:
        said = client.post("/oauth/token", params=LOGIN, auth=(CLIENT_ID, CLIENT_SECRET)).json()
        client.headers["Authorization"] = f"Bearer {said['access_token']}"
        yield client


def test_login_and_tokens(http: httpx.Client, sandbox: running_sandbox) -> None:
    """A wrong secret is a 400 with a reason; an expired token 401 with code 124."""
    wrong = http.post("/oauth/token", params=LOGIN, auth=(CLIENT_ID, "x"))
    assert (400, "invalid_client") == (wrong.status_code, wrong.json()["error"])
    sandbox.api("zoom").revoke(http.headers["Authorization"].removeprefix("Bearer "))
    over = http.get("/v2/users")
    assert (401, 124) == (over.status_code, over.json()["code"])


def test_pages_end_with_an_empty_token(http: httpx.Client) -> None:
    """Counts on every page; the last token is an empty string, never missing; a made-up one is refused with 300."""
    first = http.get("/v2/users", params={"page_size": 4}).json()
    assert (4, 2) == (len(first["users"]), first["page_count"])
    last = http.get("/v2/users", params={"page_size": 4, "next_page_token": first["next_page_token"]}).json()
    assert last["next_page_token"] == ""
    wrong = http.get("/v2/users", params={"next_page_token": "x"})
    assert (400, 300) == (wrong.status_code, wrong.json()["code"])


def test_uuids_have_to_be_encoded_twice(http: httpx.Client, sandbox: running_sandbox) -> None:
    """Once is not enough for one that begins with a slash: 404, 3001."""
    told = sandbox.api("zoom").shown
    uuid = next(s.uuid for s in told.rows.sessions if s.kind == 2 and s.uuid.startswith("/") and told.is_over(s))
    once = quote(uuid, safe="")
    torn = http.get(f"/v2/report/meetings/{once}/participants")
    assert (404, 3001) == (torn.status_code, torn.json()["code"])
    assert 200 == http.get(f"/v2/report/meetings/{quote(once, safe='')}/participants").status_code


def test_limits_of_reports(http: httpx.Client) -> None:
    """More than a month, or longer ago than six months: refused. Every answer tells the limits."""
    users = http.get("/v2/users").json()["users"]
    path = f"/v2/report/users/{users[0]['id']}/meetings"
    assert 400 == http.get(path, params={"from": "2026-04-01", "to": "2026-06-01"}).status_code
    assert 400 == http.get(path, params={"from": "2025-06-01", "to": "2025-06-20"}).status_code
    fine = http.get(path, params={"from": "2026-06-01", "to": "2026-06-30"})
    assert ("Heavy", "Daily-limit") == (fine.headers["X-RateLimit-Category"], fine.headers["X-RateLimit-Type"])


def test_what_is_staged_is_what_was_planted(sandbox: running_sandbox, settings: Settings) -> None:
    """Half a year in one run: every registration, stay, absence and meeting that the API reveals, each once."""
    days = [UNTIL - timedelta(days=back) for back in range(181)]
    extract(SPECS["zoom"], settings, days, "run")
    refresh(settings, days, "run")
    columns = ("source_id", "contact_source_id", "touch_type", "channel", "occurred_at")
    touches = {row[:-1] for row in newest(settings, T.ACTIVITY, *columns, "is_deleted") if not row[-1]}
    told = ("source_id", "contact_id", "touch_type", "channel", "occurred_at")
    assert planted(sandbox.world, "touch", "zoom", *told) == touches
    assert planted(sandbox.world, "contact", "zoom", "contact_id") == newest(settings, T.CONTACT, "source_id")
    kinds = {"webinar_registered", "webinar_attended", "webinar_no_show", "meeting"}
    assert kinds == {touch[2] for touch in touches}
    assert len(touches) > 200
