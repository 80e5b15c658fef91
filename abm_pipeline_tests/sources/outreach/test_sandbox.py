"""The simulated Outreach is what Outreach's documentation and connectors say of it."""

from __future__ import annotations

import httpx
import pytest

from abm_pipeline.contracts import tables as T
from abm_pipeline.sandbox.outreach.rest import CLIENT_ID, CLIENT_SECRET, MEDIA_TYPE, REFRESH_TOKEN
from abm_pipeline.sandbox.serve import running_sandbox
from abm_pipeline.settings import Settings
from abm_pipeline_tests.sources.conftest import stream_of
from abm_pipeline_tests.sources.planted import newest, planted, staged


@pytest.fixture
def http(sandbox: running_sandbox) -> httpx.Client:
    """A client with a token and the media type."""
    form = {
        "grant_type": "refresh_token", "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET,
        "refresh_token": REFRESH_TOKEN,
    }  # fmt: skip
    token = httpx.post(f"{sandbox.url}/outreach/oauth/token", data=form).json()
    assert token["refresh_token"] != REFRESH_TOKEN
    assert 7200 == token["expires_in"]
    headers = {"Authorization": f"Bearer {token['access_token']}", "Content-Type": MEDIA_TYPE}
    return httpx.Client(base_url=f"{sandbox.url}/outreach/api/v2", headers=headers)


def test_requests_must_be_json_api(http: httpx.Client) -> None:
    """415 with Outreach's own words without the media type; 401 without a token."""
    plain = http.get("/accounts", headers={"Content-Type": "application/json"})
    assert (415, "unsupportedMediaType") == (plain.status_code, plain.json()["errors"][0]["id"])
    assert 401 == http.get("/accounts", headers={"Authorization": "Bearer x"}).status_code


def test_pages_end_without_a_next_link(http: httpx.Client) -> None:
    """Ids are numbers, related records are type and id, counts come unless declined, the last page has no next."""
    seen: list[int] = []
    answer = http.get("/prospects", params={"page[size]": "12"}).json()
    count, pages = answer["meta"]["count"], 1
    while True:
        seen += [row["id"] for row in answer["data"]]
        if "next" not in answer["links"]:
            break
        answer, pages = http.get(answer["links"]["next"]).json(), pages + 1
    assert (count, sorted(set(seen))) == (len(seen), seen)
    assert pages == -(-count // 12)
    account = answer["data"][0]["relationships"]["account"]["data"]
    assert ("account", int) == (account["type"], type(account["id"]))
    assert "meta" not in http.get("/prospects", params={"count": "false"}).json()


def test_ranges_sort_and_fields(http: httpx.Client) -> None:
    """`a..b` is inclusive, sorted by change; a nonsense range, page size or parameter is a validation error."""
    params = {"filter[updatedAt]": "2026-06-01T00:00:00.000Z..inf", "sort": "updatedAt", "fields[mailing]": "updatedAt"}
    rows = http.get("/mailings", params={**params, "page[size]": "1000"}).json()["data"]
    stamps = [row["attributes"]["updatedAt"] for row in rows]
    assert stamps == sorted(stamps)
    assert {"updatedAt"} == set(rows[0]["attributes"])
    one = http.get("/mailings", params={**params, "filter[updatedAt]": f"{stamps[0]}..{stamps[0]}"}).json()["data"]
    assert rows[0]["id"] in [row["id"] for row in one]
    for wrong in ({"filter[updatedAt]": "yesterday"}, {"page[size]": "1001"}, {"updated": "1"}, {"page[after]": "x"}):
        answer = http.get("/mailings", params=wrong)
        assert (400, "validationError") == (answer.status_code, answer.json()["errors"][0]["id"])


def test_every_answer_tells_the_limit(http: httpx.Client) -> None:
    """Limit, remaining and reset of the hour."""
    headers = http.get("/calls").headers
    assert {"x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"} <= set(headers)


def test_what_is_staged_is_what_was_planted(sandbox: running_sandbox, settings: Settings) -> None:
    """Every account, prospect and touch that the API reveals is staged exactly once, at its own time."""
    spec, _ = stream_of("outreach", "mailing")
    staged(spec, settings, sandbox.world)
    touch = ("source_id", "contact_source_id", "touch_type", "occurred_at", "is_exposure", "is_deleted")
    told = ("source_id", "contact_id", "touch_type", "occurred_at", "is_exposure")
    assert planted(sandbox.world, "touch", "outreach", *told) == {
        row[:-1] for row in newest(settings, T.ACTIVITY, *touch) if not row[-1]
    }
    people = planted(sandbox.world, "contact", "outreach", "contact_id", "is_deleted", "created_at")
    assert people == newest(settings, T.CONTACT, "source_id", "is_deleted", "created_at")
    accounts = planted(sandbox.world, "record_company", "outreach", "source_id")
    assert accounts == newest(settings, T.COMPANY, "source_id")
