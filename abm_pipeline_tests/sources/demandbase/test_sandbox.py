"""Wire facts of the Demandbase sandbox, without the pipeline's client."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from abm_pipeline.sandbox.demandbase.rest import CLIENT_ID, CLIENT_SECRET
from abm_pipeline.sandbox.serve import running_sandbox

INTENT = "/data/intent/v1/companies/intent/query"
ASKED = {"keywordSetIds": [7303, 7304], "startDate": "2026-05-25", "endDate": "2026-06-30"}


@pytest.fixture
def api(sandbox: running_sandbox) -> httpx.Client:
    """A logged-in plain client."""
    form = {"grant_type": "client_credentials", "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
    said = httpx.post(f"{sandbox.url}/demandbase/auth/v1/token", data=form).json()
    assert {"accessToken", "tokenType", "expiresIn"} == set(said)
    headers = {"Authorization": f"Bearer {said['accessToken']}"}
    return httpx.Client(base_url=f"{sandbox.url}/demandbase", headers=headers)


def test_a_job_from_acceptance_to_files(api: httpx.Client) -> None:
    """202 accepted, processing, finished with links; a link works without a token, and not with one."""
    body = {"entityType": "account", "jobName": "x", "fields": ["{Account}.id", "{Account}.name"], "format": "csv"}
    made = api.post("/data/export/v1/job", json=body)
    assert (202, "accepted") == (made.status_code, made.json()["jobStatus"])
    path = f"/data/export/v1/job/{made.json()['jobId']}"
    assert ["processing", "processing", "finished"] == [api.get(path).json()["jobStatus"] for _ in range(3)]
    link = api.get(path).json()["resultsUrls"][0]
    assert "{Account}.id,{Account}.name" == httpx.get(link).text.splitlines()[0]
    assert (400, "application/xml") == (api.get(link).status_code, api.get(link).headers["content-type"])
    assert 403 == httpx.get(link.partition("?")[0]).status_code


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"entityType": "cat", "jobName": "x"}, "400-127"),
        ({"entityType": "account", "jobName": "x" * 51}, "400-126"),
        ({"entityType": "account", "jobName": "x", "fields": ["{Account}.All"]}, "400-115"),
    ],
)
def test_jobs_that_are_refused(api: httpx.Client, body: dict[str, Any], code: str) -> None:
    """The code begins with the status."""
    answer = api.post("/data/export/v1/job", json=body)
    assert (400, code) == (answer.status_code, answer.json()["errorCode"])


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"keywordSetIds": []}, "400-218"),
        ({"companyIds": ["1"] * 11}, "400-219"),
        ({"startDate": "June"}, "400-220"),
        ({"endDate": "2026-01-01"}, "400-222"),
        ({"startDate": "2024-01-01"}, "400-223"),
        ({"pageSize": 101}, "400-226"),
        ({"pageToken": "%%"}, "400-228"),
        ({"keywordSetIds": [1] * 11}, "400-229"),
    ],
)
def test_queries_that_are_refused(api: httpx.Client, change: dict[str, Any], code: str) -> None:
    """Every documented bound."""
    assert code == api.post(INTENT, json=ASKED | change).json()["errorCode"]


def test_pages_of_research(api: httpx.Client) -> None:
    """25 rows by default at most, newest first; both tokens null on a single page; the count is of all pages."""
    first = api.post(INTENT, json=ASKED | {"pageSize": 4}).json()
    assert 4 == len(first["data"]) < first["pagination"]["totalCount"]
    assert first["pagination"]["before"] is None
    second = api.post(INTENT, json=ASKED | {"pageSize": 4, "pageToken": first["pagination"]["after"]}).json()
    assert second["pagination"]["before"] is not None
    assert first["data"][-1]["endDate"] >= second["data"][0]["endDate"]
    whole = api.post(INTENT, json=ASKED | {"pageSize": 100}).json()
    assert whole["pagination"]["after"] is None
    assert all(row["numPeopleResearching"] >= 3 for row in whole["data"])


def test_a_wrong_token_is_told_by_a_status(sandbox: running_sandbox) -> None:
    """Not in the shape of other errors."""
    answer = httpx.get(f"{sandbox.url}/demandbase/data/export/v1/jobs", headers={"Authorization": "Bearer x"})
    assert (401, {"status": "Authentication Failed - Unauthorized."}) == (answer.status_code, answer.json())
