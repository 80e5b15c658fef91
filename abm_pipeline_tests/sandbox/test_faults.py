"""Every kind of fault does what it says, as often as it says, and only on its route."""

from __future__ import annotations

import time

import httpx
import pytest

from abm_pipeline.sandbox.faults import KINDS
from abm_pipeline.sandbox.serve import running_sandbox
from abm_pipeline_tests.sandbox.conftest import Vendor, bombora_login, linkedin_login, salesforce_login

ACCOUNTS = {"q": "SELECT Id, Name, NumberOfEmployees FROM Account"}
QUERY = "/salesforce/services/data/v62.0/query"


@pytest.fixture
def org(sandbox: running_sandbox) -> Vendor:
    """A Salesforce session on the test's own server."""
    return salesforce_login(sandbox.url)


@pytest.mark.parametrize(
    ("kind", "status"),
    [("429", 429), ("429_retry_after", 429), ("500", 500), ("503_html", 503), ("expired_token", 401)],
)
def test_refusing_kinds(sandbox: running_sandbox, org: Vendor, kind: str, status: int) -> None:
    """The second request is hit once, then the route is well again (the expired session needs a new login)."""
    sandbox.set_fault(QUERY, kind, times=1, after=1)
    assert org.get("/query", params=ACCOUNTS).status_code == 200
    struck = org.get("/query", params=ACCOUNTS)
    assert struck.status_code == status
    assert ("Retry-After" in struck.headers) == (kind == "429_retry_after")
    assert struck.text.startswith("<html>") == (kind == "503_html")
    assert salesforce_login(sandbox.url).get("/query", params=ACCOUNTS).status_code == 200


def test_cut_body(sandbox: running_sandbox, org: Vendor) -> None:
    """The body ends before its Content-Length."""
    sandbox.set_fault(QUERY, "cut_body", times=1)
    with pytest.raises(httpx.RemoteProtocolError):
        org.get("/query", params=ACCOUNTS)
    assert org.get("/query", params=ACCOUNTS).status_code == 200


def test_down(sandbox: running_sandbox, org: Vendor) -> None:
    """No answer at all while it lasts; the other vendors stay up."""
    sandbox.set_fault("/salesforce", "down")
    for _ in range(2):
        with pytest.raises(httpx.TransportError):
            org.get("/query", params=ACCOUNTS)
    assert bombora_login(sandbox.url).get("/reference/v1/topics").status_code == 200
    sandbox.clear_faults()
    assert org.get("/query", params=ACCOUNTS).status_code == 200


def test_slow(sandbox: running_sandbox, org: Vendor) -> None:
    """The answer comes late."""
    sandbox.set_fault(QUERY, "slow", times=1, seconds=0.3)
    begin = time.monotonic()
    assert org.get("/query", params=ACCOUNTS).status_code == 200
    assert time.monotonic() - begin >= 0.3


def test_changed_schema(sandbox: running_sandbox, org: Vendor) -> None:
    """A field goes, changes its type, or comes."""
    for kind, field in (("drop_field", "Name"), ("retype_field", "NumberOfEmployees"), ("new_field", "Brand_New__c")):
        sandbox.set_fault(QUERY, kind, times=1, field=field)
    records = [org.get("/query", params=ACCOUNTS).json()["records"] for _ in range(3)]
    assert "Name" not in records[0][0]
    assert {type(record["NumberOfEmployees"]) for record in records[1]} <= {str, type(None)}
    assert records[2][0]["Brand_New__c"] == "new"


def test_changed_schema_in_bulk(sandbox: running_sandbox, org: Vendor) -> None:
    """The same on CSV."""
    job = org.post("/jobs/query", json={"operation": "query", "query": ACCOUNTS["q"]}).json()["id"]
    for _ in range(2):
        org.get(f"/jobs/query/{job}")
    for kind, field in (("drop_field", "Name"), ("new_field", "X__c"), ("empty", None)):
        sandbox.set_fault("results$", kind, times=1, field=field)
    heads = [org.get(f"/jobs/query/{job}/results").text.splitlines() for _ in range(3)]
    assert heads[0][0] == '"Id","NumberOfEmployees"'
    assert heads[1][0] == '"Id","Name","NumberOfEmployees","X__c"'
    assert len(heads[2]) == 1


def test_empty(sandbox: running_sandbox, org: Vendor) -> None:
    """A day without data, for each vendor."""
    sandbox.set_fault("/(query|adAccounts|topics)$", "empty")
    assert {"totalSize": 0, "done": True, "records": []} == org.get("/query", params=ACCOUNTS).json()
    assert linkedin_login(sandbox.url).get("/adAccounts?q=search").json()["elements"] == []
    assert bombora_login(sandbox.url).get("/reference/v1/topics").json()["topics"] == []


def test_loop(sandbox: running_sandbox, org: Vendor) -> None:
    """The next page is this page, for each vendor."""
    sandbox.set_fault("/", "loop")
    small = {"Sforce-Query-Options": "batchSize=200"}
    first = org.get("/query", params={"q": "SELECT Id FROM Task"}, headers=small).json()["nextRecordsUrl"]
    root = org.base.removesuffix("/services/data/v62.0")
    assert org.http.get(root + first).json()["nextRecordsUrl"] == first
    ads = linkedin_login(sandbox.url)
    path = "/adAccounts?q=search&pageSize=1"
    token = ads.get(path).json()["metadata"]["nextPageToken"]
    assert ads.get(f"{path}&pageToken={token}").json()["metadata"]["nextPageToken"] == token
    intent = bombora_login(sandbox.url)
    token = intent.post("/intent/v1/data", json={"topics": ["Zero Trust"]}).json()["pageToken"]
    assert intent.get("/intent/v1/data", params={"pageToken": token}).json()["nextPageToken"] == token


def test_controls_over_http(sandbox: running_sandbox) -> None:
    """Faults, clock, counts, limits, truth and health work from outside; nonsense is refused with a reason."""
    http = httpx.Client(base_url=f"{sandbox.url}/_sandbox")
    assert http.post("/faults", json={"route": "/bombora", "kind": "500"}).json()["faults"][0]["kind"] == "500"
    assert http.post("/faults", json={"route": "/bombora", "kind": "bad"}).status_code == 400
    assert http.delete("/faults").json() == {"faults": []}
    assert http.post("/clock", json={"until": "2026-06-01"}).json() == {"until": "2026-06-01"}
    assert http.post("/clock", json={"until": "2020-01-01"}).status_code == 400
    assert http.get("/health").json() == {"status": "ok", "scale": "tiny", "seed": 7, "clock": "2026-06-01"}
    salesforce_login(sandbox.url)
    assert http.get("/requests").json() == {"POST /salesforce/services/oauth2/token": 1}
    assert http.post("/config", json={"bombora": {"per_minute": 5}}).status_code == 200
    assert http.post("/config", json={"bombora": {"nope": 5}}).status_code == 400
    lines = http.get("/truth/tier").text.splitlines()
    assert len(lines) >= 10
    assert http.get("/truth/nothing").status_code == 404


def test_every_kind_is_tested_here() -> None:
    """A new kind needs a test."""
    tested = {
        "429", "429_retry_after", "500", "503_html", "expired_token", "cut_body", "down", "slow", "drop_field",
        "retype_field",
        "new_field", "duplicate", "empty", "loop",
    }  # fmt: skip
    assert tested == set(KINDS)


def test_duplicates(sandbox: running_sandbox, org: Vendor) -> None:
    """Every record of the answer twice."""
    before = org.get("/query", params=ACCOUNTS).json()["records"]
    sandbox.set_fault(QUERY, "duplicate", times=1)
    assert before + before == org.get("/query", params=ACCOUNTS).json()["records"]


def test_variables_of_every_vendor(sandbox: running_sandbox) -> None:
    """Lines of a `.env`: the same variables that tests set, with the URL that was asked."""
    said = httpx.get(f"{sandbox.url}/_sandbox/env").text
    assert dict(line.split("=", 1) for line in said.splitlines()) == sandbox.environment
    assert f"ABM_SALESFORCE_BASE_URL={sandbox.url}/salesforce\n" in said
