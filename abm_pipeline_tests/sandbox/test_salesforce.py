"""Salesforce over HTTP: logins, paging, sessions, quota, Bulk jobs, replication, describe."""

from __future__ import annotations

import csv
import io
import time

import httpx
import jwt
import pytest

from abm_pipeline.sandbox import credentials as known
from abm_pipeline.sandbox.serve import running_sandbox
from abm_pipeline_tests.sandbox.conftest import salesforce_login


def test_pages_hold_every_record_once(big_sandbox: running_sandbox) -> None:
    """8,077 or so contacts in pages of 2,000: all there, no doubles, the last page has no nextRecordsUrl."""
    org = salesforce_login(big_sandbox.url)
    root = org.base.removesuffix("/services/data/v62.0")
    page = org.get("/queryAll", params={"q": "SELECT Id, Name, Account.Name FROM Contact"}).json()
    ids = [record["Id"] for record in page["records"]]
    assert len(ids) == 2000
    while not page["done"]:
        assert page["nextRecordsUrl"].startswith("/services/data/v62.0/query/")
        page = org.http.get(root + page["nextRecordsUrl"]).json()
        ids += [record["Id"] for record in page["records"]]
    assert "nextRecordsUrl" not in page
    assert page["totalSize"] == len(ids) == len(set(ids))


def test_answers_look_like_the_org(sandbox: running_sandbox) -> None:
    """Dates, parents, nulls and the usage header have the documented shapes; Date is the world's clock."""
    org = salesforce_login(sandbox.url)
    answer = org.get(
        "/query",
        params={"q": "SELECT Id, ParentId, Parent.Name, CreatedDate FROM Account WHERE ParentId = null LIMIT 1"},
    )
    record = answer.json()["records"][0]
    assert list(record) == ["attributes", "Id", "ParentId", "Parent", "CreatedDate"]
    assert record["Parent"] is None
    assert record["CreatedDate"].endswith(".000+0000")
    assert answer.headers["Sforce-Limit-Info"] == "api-usage=1/100000"
    assert answer.headers["Date"] == "Tue, 30 Jun 2026 23:59:59 GMT"
    count = org.get("/query", params={"q": "SELECT COUNT() FROM Account"}).json()
    assert count["records"] == []
    assert count["totalSize"] > 20


def test_a_locator_dies_with_its_session(big_sandbox: running_sandbox) -> None:
    """After a new login the old nextRecordsUrl answers INVALID_SESSION_ID; a mangled one INVALID_QUERY_LOCATOR."""
    org = salesforce_login(big_sandbox.url)
    following = org.get("/query", params={"q": "SELECT Id FROM Contact"}).json()["nextRecordsUrl"].rpartition("/")[2]
    again = salesforce_login(big_sandbox.url)
    refused = again.get(f"/query/{following}")
    assert (401, "INVALID_SESSION_ID") == (refused.status_code, refused.json()[0]["errorCode"])
    lost = org.get("/query/01gBn00000zzzzzAAA-2000")
    assert (400, "INVALID_QUERY_LOCATOR") == (lost.status_code, lost.json()[0]["errorCode"])


def test_the_eleventh_open_cursor_drops_the_oldest(big_sandbox: running_sandbox) -> None:
    """Ten cursors may be open; the first of eleven is gone."""
    org = salesforce_login(big_sandbox.url)
    links = [
        org.get("/query", params={"q": "SELECT Id FROM Contact"}).json()["nextRecordsUrl"].rpartition("/")[2]
        for _ in range(11)
    ]
    assert org.get(f"/query/{links[0]}").status_code == 400
    assert org.get(f"/query/{links[-1]}").status_code == 200


def test_a_session_ends_in_the_middle_of_paging(sandbox: running_sandbox) -> None:
    """With two requests a session, the third page answers 401 and a new login goes on."""
    sandbox.configure("salesforce", session_requests=2)
    org = salesforce_login(sandbox.url)
    headers = {"Sforce-Query-Options": "batchSize=200"}
    first = org.get("/query", params={"q": "SELECT Id FROM Task"}, headers=headers).json()
    path = f"/query/{first['nextRecordsUrl'].rpartition('/')[2]}"
    assert org.get(path).status_code == 200
    assert org.get(path).status_code == 401
    assert salesforce_login(sandbox.url).get("/limits").status_code == 200


def test_over_quota_is_403(sandbox: running_sandbox) -> None:
    """The quota answers 403 REQUEST_LIMIT_EXCEEDED without Retry-After."""
    sandbox.configure("salesforce", daily_requests=1)
    org = salesforce_login(sandbox.url)
    assert org.get("/limits").json()["DailyApiRequests"] == {"Max": 1, "Remaining": 0}
    refused = org.get("/limits")
    assert (403, "REQUEST_LIMIT_EXCEEDED") == (refused.status_code, refused.json()[0]["errorCode"])
    assert "Retry-After" not in refused.headers


def test_every_login(sandbox: running_sandbox) -> None:
    """Basic, refresh and JWT logins work; a wrong secret is 400 with an object."""
    url = f"{sandbox.url}/salesforce/services/oauth2/token"
    pair = (known.SALESFORCE_CLIENT_ID, known.SALESFORCE_CLIENT_SECRET)
    assert httpx.post(url, data={"grant_type": "client_credentials"}, auth=pair).status_code == 200
    form = {"grant_type": "refresh_token", "client_id": pair[0], "client_secret": pair[1]}
    good = httpx.post(url, data={**form, "refresh_token": known.SALESFORCE_REFRESH_TOKEN})
    assert "expires_in" not in good.json()
    bad = httpx.post(url, data={**form, "refresh_token": "old"})
    assert (400, "invalid_grant") == (bad.status_code, bad.json()["error"])
    key = httpx.get(f"{sandbox.url}/_sandbox/keys").json()["private_key"]
    grant = "urn:ietf:params:oauth:grant-type:jwt-bearer"
    for username, status in ((known.SALESFORCE_USERNAME, 200), ("somebody@else.example", 400)):
        claims = {
            "iss": pair[0],
            "sub": username,
            "aud": "https://login.salesforce.com",
            "exp": str(int(time.time()) + 180),
        }
        assertion = jwt.encode({**claims, "exp": int(claims["exp"])}, key, algorithm="RS256")
        assert status == httpx.post(url, data={"grant_type": grant, "assertion": assertion}).status_code


def test_bulk_job_life(big_sandbox: running_sandbox) -> None:
    """Create, not ready, in progress, complete, pages by locator until `null`, delete."""
    org = salesforce_login(big_sandbox.url)
    text = "SELECT Id, CloseDate, CreatedDate, Account.Name FROM Opportunity"
    job = org.post("/jobs/query", json={"operation": "query", "query": text}).json()
    assert ("UploadComplete", 62.0) == (job["state"], job["apiVersion"])
    path = f"/jobs/query/{job['id']}"
    assert org.get(f"{path}/results").status_code == 412
    assert org.get(path).json()["state"] == "InProgress"
    done = org.get(path).json()
    assert done["state"] == "JobComplete"
    rows, locator, pages = [], "", 0
    while locator != "null":
        params = {"maxRecords": 500, **({"locator": locator} if locator else {})}
        answer = org.get(f"{path}/results", params=params)
        rows += list(csv.DictReader(io.StringIO(answer.text)))
        locator, pages = answer.headers["Sforce-Locator"], pages + 1
    assert pages == 3
    assert done["numberRecordsProcessed"] == len(rows) == len({row["Id"] for row in rows})
    assert rows[0]["CreatedDate"].endswith(".000Z")
    assert list(rows[0]) == ["Id", "CloseDate", "CreatedDate", "Account.Name"]
    assert org.http.get(f"{org.base}{path}/results".replace("v62.0", "v61.0")).status_code == 409
    assert org.http.delete(org.base + path).status_code == 204
    assert org.get(path).status_code == 404


def test_bulk_abort_and_refusals(sandbox: running_sandbox) -> None:
    """An aborted job has no results; COUNT and unsupported objects are refused."""
    org = salesforce_login(sandbox.url)
    job = org.post("/jobs/query", json={"operation": "queryAll", "query": "SELECT Id FROM Task"}).json()
    aborted = org.http.patch(f"{org.base}/jobs/query/{job['id']}", json={"state": "Aborted"})
    assert aborted.json()["state"] == "Aborted"
    assert org.get(f"/jobs/query/{job['id']}/results").status_code == 412
    for text, code in (
        ("SELECT COUNT() FROM Task", "API_ERROR"),
        ("SELECT Id FROM DatedConversionRate", "INVALIDENTITY"),
        ("SELECT Nope FROM Task", "INVALID_FIELD"),
    ):
        refused = org.post("/jobs/query", json={"operation": "query", "query": text})
        assert (400, code) == (refused.status_code, refused.json()[0]["errorCode"])


def test_replication_windows(sandbox: running_sandbox) -> None:
    """Deleted looks 15 days back at most, updated 30; ends must be a minute apart."""
    org = salesforce_login(sandbox.url)
    span = {"start": "2026-06-20T00:00:00+00:00", "end": "2026-06-30T23:59:00+00:00"}
    updated = org.get("/sobjects/Opportunity/updated/", params=span).json()
    assert updated["ids"]
    assert "deletedRecords" in org.get("/sobjects/Contact/deleted/", params=span).json()
    for start in ("2026-06-10T00:00:00+00:00", "2026-06-30T23:59:00+00:00"):
        refused = org.get("/sobjects/Contact/deleted/", params={**span, "start": start})
        assert (400, "INVALID_REPLICATION_DATE") == (refused.status_code, refused.json()[0]["errorCode"])


def test_describe_names_the_custom_fields(sandbox: running_sandbox) -> None:
    """Custom fields say so, references say where to, and unknown objects are 404-like errors."""
    org = salesforce_login(sandbox.url)
    fields = {field["name"]: field for field in org.get("/sobjects/Account/describe").json()["fields"]}
    assert fields["ABM_Tier__c"]["custom"]
    assert fields["OwnerId"]["referenceTo"] == ["User"]
    assert org.get("/sobjects").json()["maxBatchSize"] == 200
    assert httpx.get(f"{sandbox.url}/salesforce/services/data/").json()[-1]["version"] == "67.0"
    assert org.get("/sobjects/Nothing/describe").json()[0]["errorCode"] == "NOT_FOUND"


@pytest.mark.parametrize("path", ["/query", "/limits", "/sobjects"])
def test_no_token_no_answer(sandbox: running_sandbox, path: str) -> None:
    """Without a session every data path is 401."""
    answer = httpx.get(f"{sandbox.url}/salesforce/services/data/v62.0{path}")
    assert (401, "INVALID_SESSION_ID") == (answer.status_code, answer.json()[0]["errorCode"])
