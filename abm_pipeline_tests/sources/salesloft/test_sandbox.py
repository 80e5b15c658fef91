"""The simulated Salesloft is what Salesloft's documentation and connectors say of it."""

from __future__ import annotations

import httpx
import pytest

from abm_pipeline.contracts import tables as T
from abm_pipeline.sandbox.salesloft.rest import API_KEY, CLIENT_ID, CLIENT_SECRET, REFRESH_TOKEN
from abm_pipeline.sandbox.serve import running_sandbox
from abm_pipeline.settings import Settings
from abm_pipeline_tests.sources.conftest import stream_of
from abm_pipeline_tests.sources.planted import newest, planted, staged


@pytest.fixture
def http(sandbox: running_sandbox) -> httpx.Client:
    """A client with a key."""
    return httpx.Client(base_url=f"{sandbox.url}/salesloft/v2", headers={"Authorization": f"Bearer {API_KEY}"})


def test_logins_rotate(sandbox: running_sandbox) -> None:
    """A refresh token gives a token for two hours and the next refresh token; a wrong secret is 401."""
    form = {"grant_type": "refresh_token", "client_id": CLIENT_ID, "refresh_token": REFRESH_TOKEN}
    url = f"{sandbox.url}/salesloft/oauth/token"
    said = httpx.post(url, data={**form, "client_secret": CLIENT_SECRET}).json()
    assert (7200, True) == (said["expires_in"], said["refresh_token"] != REFRESH_TOKEN)
    assert 401 == httpx.post(url, data={**form, "client_secret": "x"}).status_code


def test_pages_and_ranges(http: httpx.Client) -> None:
    """Newest first unless asked; next_page null at the end; gt leaves its end out, gte does not; .json is the same."""
    told = http.get("/people", params={"per_page": 20, "include_paging_counts": "true"}).json()
    assert {"per_page", "current_page", "next_page", "prev_page", "total_pages", "total_count"} == set(
        told["metadata"]["paging"]
    )
    pages, total = told["metadata"]["paging"]["total_pages"], told["metadata"]["paging"]["total_count"]
    last = http.get("/people.json", params={"per_page": 20, "page": pages}).json()
    assert last["metadata"]["paging"]["next_page"] is None
    assert total == 20 * (pages - 1) + len(last["data"])
    stamps = [row["updated_at"] for row in told["data"]]
    assert stamps == sorted(stamps, reverse=True)
    oldest_first = {"sort_direction": "ASC", "per_page": 100}
    newer = http.get("/people", params={**oldest_first, "updated_at[gt]": stamps[5]}).json()["data"]
    same = http.get("/people", params={**oldest_first, "updated_at[gte]": stamps[5]}).json()["data"]
    assert [row["id"] for row in same[1:]] == [row["id"] for row in newer]
    assert same[0]["updated_at"] == stamps[5]


def test_what_is_out_of_range_is_refused(http: httpx.Client) -> None:
    """422 with errors by field."""
    for wrong in ({"per_page": "101"}, {"page": "0"}, {"updated_at[gt]": "yesterday"}, {"updated": "1"}):
        answer = http.get("/accounts", params=wrong)
        assert (422, 1) == (answer.status_code, len(answer.json()["errors"]))


def test_deep_pages_cost_more(http: httpx.Client) -> None:
    """One point up to page 100, then 3, 8, 10 and 30, told with each answer."""
    costs = [
        http.get("/calls", params={"page": page}).headers.get("x-ratelimit-endpoint-cost")
        or http.get("/activities/calls", params={"page": page}).headers["x-ratelimit-endpoint-cost"]
        for page in (1, 100, 101, 150, 151, 250, 251, 500, 501)
    ]
    assert ["1", "1", "3", "3", "8", "8", "10", "10", "30"] == costs


def test_what_is_staged_is_what_was_planted(sandbox: running_sandbox, settings: Settings) -> None:
    """Every account, person and touch that the API reveals is staged exactly once."""
    spec, _ = stream_of("salesloft", "email")
    staged(spec, settings, sandbox.world)
    touch = ("source_id", "contact_source_id", "touch_type", "occurred_at", "is_exposure", "is_deleted")
    told = ("source_id", "contact_id", "touch_type", "occurred_at", "is_exposure")
    assert planted(sandbox.world, "touch", "salesloft", *told) == {
        row[:-1] for row in newest(settings, T.ACTIVITY, *touch) if not row[-1]
    }
    people = planted(sandbox.world, "contact", "salesloft", "contact_id", "created_at")
    assert people == newest(settings, T.CONTACT, "source_id", "created_at")
    accounts = planted(sandbox.world, "record_company", "salesloft", "source_id")
    assert accounts == newest(settings, T.COMPANY, "source_id")
