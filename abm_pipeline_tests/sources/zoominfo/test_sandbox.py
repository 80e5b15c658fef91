"""Wire facts of the ZoomInfo sandbox, without the pipeline's client."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from abm_pipeline.sandbox.serve import running_sandbox
from abm_pipeline.sandbox.zoominfo.rest import CLIENT_ID, CLIENT_SECRET
from abm_pipeline.sandbox.zoominfo.rows import department, level
from abm_pipeline.sandbox.zoominfo.truth import truth

SEARCH, ENRICH = "/data/v1/contacts/search", "/data/v1/contacts/enrich"
CHART = "/data/v1/companies/org-chart/enrich"


@pytest.fixture
def api(sandbox: running_sandbox) -> httpx.Client:
    """A logged-in plain client."""
    base = f"{sandbox.url}/zoominfo"
    said = httpx.post(
        f"{base}/oauth/v1/token", data={"grant_type": "client_credentials"}, auth=(CLIENT_ID, CLIENT_SECRET)
    ).json()
    return httpx.Client(base_url=base, headers={"Authorization": f"Bearer {said['access_token']}"})


def body(kind: str, **attributes: Any) -> dict[str, Any]:
    """A request."""
    return {"data": {"type": kind, "attributes": attributes}}


def test_a_search(api: httpx.Client, sandbox: running_sandbox) -> None:
    """25 by default, links without a host, no address; the page's total counts pages, not people."""
    told = api.post(SEARCH, json=body("ContactSearch")).json()
    people = len(truth(sandbox.world)["contact"])
    assert 25 == len(told["data"])
    assert people == told["meta"]["totalResults"]
    assert {"number": 1, "total": -(-people // 25)} == told["meta"]["page"]
    assert {"first", "last", "next"} == set(told["links"])
    assert told["links"]["next"].startswith("/data/v1/contacts/search?page[number]=2")
    assert not any("@" in str(row) for row in told["data"])


@pytest.mark.parametrize(
    ("path", "params", "asked", "status", "code"),
    [
        (SEARCH, {"page[number]": 101}, body("ContactSearch"), 400, "PFAPI0002"),
        (SEARCH, {"page[size]": 101}, body("ContactSearch"), 400, "PFAPI0002"),
        (SEARCH, {}, body("CompanySearch"), 400, "PFAPI0003"),
        (ENRICH, {}, body("ContactEnrich", matchPersonInput=[{"personId": 1}]), 400, "PFAPI0002"),
        (ENRICH, {}, body("ContactEnrich", matchPersonInput=[{}] * 26, outputFields=["id"]), 400, "PFAPI0006"),
        (ENRICH, {}, body("ContactEnrich", matchPersonInput=[{}], outputFields=["shoeSize"]), 400, "PFAPI0009"),
        (CHART, {}, body("OrgChartEnrich", companyId="1"), 400, "PFAPI0002"),
        (CHART, {}, body("OrgChartEnrich", companyId="1", department="Cellar"), 400, "PFAPI0006"),
    ],
)
def test_refusals(
    api: httpx.Client, path: str, params: dict[str, int], asked: dict[str, Any], status: int, code: str
) -> None:
    """The status stands in the body too, with a request id and whether trying again helps."""
    answer = api.post(path, params=params, json=asked)
    error = answer.json()["error"]
    assert (status, status, code, False) == (answer.status_code, error["status"], error["code"], error["retryable"])
    assert error["requestId"].startswith("req_")


def test_enrichment_charges_once(api: httpx.Client, sandbox: running_sandbox) -> None:
    """The same person again is under management; nobody costs nothing; answers are not in the order asked."""
    ids = [row["id"] for row in api.post(SEARCH, json=body("ContactSearch")).json()["data"][:2]]
    sandbox.api("zoominfo").managed.clear()
    before = sandbox.api("zoominfo").credits
    asked = body(
        "ContactEnrich", matchPersonInput=[{"personId": ident} for ident in (*ids, "0")],
        outputFields=["id", "personHasMoved"],
    )  # fmt: skip
    told = [api.post(ENRICH, json=asked).json()["data"] for _ in range(2)][1]
    assert before - 2 == sandbox.api("zoominfo").credits
    assert ["NoMatch", "Contact", "Contact"] == [row["type"] for row in told]
    assert [ids[1], ids[0]] == [row["meta"]["input"]["personId"] for row in told[1:]]
    assert {"personHasMoved"} == set(told[1]["attributes"])


def test_every_answer_tells_what_is_left(api: httpx.Client, sandbox: running_sandbox) -> None:
    """By second and day; the hour's is not known, which is told as -1. Refused calls don't count."""
    sandbox.configure("zoominfo", day_left=1)
    told = api.get("/data/v1/lookup/departments")
    assert "-1" == told.headers["X-RateLimit-Remaining-Hour"]
    refused = api.get("/data/v1/lookup/departments")
    assert (429, "ZI0004", True) == (
        refused.status_code, refused.json()["error"]["code"], refused.json()["error"]["retryable"],
    )  # fmt: skip
    assert ("day", "40000") == (refused.headers["X-RateLimit-Rejected-Bucket"], refused.headers["Retry-After"])
    assert 0 == sandbox.api("zoominfo").day_left


def test_a_token_is_refused_as_over(api: httpx.Client) -> None:
    """401, and trying again (with a new one) helps."""
    answer = api.post(SEARCH, json=body("ContactSearch"), headers={"Authorization": "Bearer x"})
    assert (401, "ZI0001") == (answer.status_code, answer.json()["error"]["code"])


@pytest.mark.parametrize(
    ("title", "place", "tier"),
    [
        ("Chief Financial Officer", "C-Suite", 1),
        ("CIO", "C-Suite", 1),
        ("VP Finance", "Finance", 2),
        ("Head of Analytics", "Information Technology", 3),
        ("IT Manager", "Information Technology", 4),
        ("Senior Engineer", "Engineering & Technical", 5),
    ],
)
def test_titles_have_their_place(title: str, place: str, tier: int) -> None:
    """Department and tier."""
    assert (place, tier) == (department(title)[0], level(title)[1])
