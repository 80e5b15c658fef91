"""What HubSpot is known to do on the wire, and what the truth says of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import httpx
import pytest

from abm_pipeline.sandbox.hubspot.portal import portal
from abm_pipeline.sandbox.hubspot.rest import PRIVATE_TOKEN
from abm_pipeline.sandbox.serve import running_sandbox

OBJECTS = "/crm/v3/objects"


@pytest.fixture
def api(sandbox: running_sandbox) -> Iterator[httpx.Client]:
    """A private app's connection."""
    headers = {"Authorization": f"Bearer {PRIVATE_TOKEN}"}
    with httpx.Client(base_url=f"{sandbox.url}/hubspot", headers=headers) as client:
        yield client


def search(api: httpx.Client, kind: str, **body: Any) -> httpx.Response:
    """A search."""
    return api.post(f"{OBJECTS}/{kind}/search", json=body)


def test_properties_are_text_null_or_absent(api: httpx.Client) -> None:
    """Asked for and unset: null; unknown: absent, no error; not asked for: only the stamps and the id."""
    told = api.get(f"{OBJECTS}/companies", params={"properties": "phone,numberofemployees,no_such_thing", "limit": 100})
    rows = [row["properties"] for row in told.json()["results"]]
    names = {"createdate", "hs_lastmodifieddate", "hs_object_id", "phone", "numberofemployees"}
    assert {frozenset(row) for row in rows} == {frozenset(names)}
    assert {type(value) for row in rows for value in row.values()} == {str, type(None)}
    usual = api.get(f"{OBJECTS}/companies", params={"limit": 1}).json()["results"][0]["properties"]
    assert set(usual) == {"createdate", "domain", "hs_lastmodifieddate", "hs_object_id", "name"}


def test_a_list_goes_on_from_an_id_and_ends_without_paging(api: httpx.Client) -> None:
    """`after` is the last id and one; ids grow; the last page has no paging at all."""
    ids: list[int] = []
    after = None
    while True:
        page = api.get(f"{OBJECTS}/contacts", params={"limit": 50} | ({"after": after} if after else {})).json()
        ids += [int(row["id"]) for row in page["results"]]
        if "paging" not in page:
            break
        after = page["paging"]["next"]["after"]
        assert after == str(ids[-1] + 1)
    assert ids == sorted(set(ids))
    assert len({len(str(key)) for key in ids}) > 1, "some ids are shorter"


def test_sizes_have_limits(api: httpx.Client) -> None:
    """100 a page, 50 with history, 200 a search; nothing beyond the 10,000th result."""
    assert api.get(f"{OBJECTS}/deals", params={"limit": 101}).status_code == 400
    assert api.get(f"{OBJECTS}/deals", params={"limit": 51, "propertiesWithHistory": "dealstage"}).status_code == 400
    assert search(api, "deals", limit=201).status_code == 400
    beyond = search(api, "deals", limit=200, after="9900")
    assert (beyond.status_code, beyond.json()["category"]) == (400, "VALIDATION_ERROR")
    many = [{"filters": [{"propertyName": "amount", "operator": "HAS_PROPERTY"}]}] * 6
    assert search(api, "deals", filterGroups=many).status_code == 400


def test_search_compares_ids_as_text(api: httpx.Client) -> None:
    """In order of text, shorter ids stand among longer ones, and GT follows the same order."""
    order = [{"propertyName": "hs_object_id", "direction": "ASCENDING"}]
    found = [row["id"] for row in search(api, "contacts", sorts=order, limit=200).json()["results"]]
    assert found == sorted(found)
    assert found != sorted(found, key=int)
    behind = [{"filters": [{"propertyName": "hs_object_id", "operator": "GT", "value": found[9]}]}]
    told = search(api, "contacts", filterGroups=behind, sorts=order, limit=200).json()
    assert [row["id"] for row in told["results"]] == found[10:]


def test_search_ends_by_offset_and_knows_no_archived_ones(api: httpx.Client) -> None:
    """`after` is a number of results; archived records are in the list of archived ones alone."""
    page = search(api, "companies", limit=10).json()
    assert page["paging"] == {"next": {"after": "10"}}
    assert page["total"] == len(api.get(f"{OBJECTS}/companies", params={"limit": 100}).json()["results"])
    gone = api.get(f"{OBJECTS}/companies", params={"limit": 100, "archived": "true"}).json()["results"]
    assert gone
    for row in gone:
        asked = [{"filters": [{"propertyName": "hs_object_id", "operator": "EQ", "value": row["id"]}]}]
        assert search(api, "companies", filterGroups=asked).json()["total"] == 0


def test_an_id_that_was_merged_away_gives_the_winner(api: httpx.Client) -> None:
    """It is in no list, and asking for it tells the new record."""
    rows = api.get(f"{OBJECTS}/companies", params={"limit": 100, "properties": "hs_merged_object_ids"}).json()[
        "results"
    ]
    winner = next(row for row in rows if row["properties"]["hs_merged_object_ids"])
    for loser in winner["properties"]["hs_merged_object_ids"].split(";"):
        assert loser not in {row["id"] for row in rows}
        assert api.get(f"{OBJECTS}/companies/{loser}").json()["id"] == winner["id"]


def test_batches_tell_what_is_missing(api: httpx.Client) -> None:
    """207: what was found, and the ids that were not."""
    some = api.get(f"{OBJECTS}/contacts", params={"limit": 2}).json()["results"]
    asked = {"properties": ["email"], "inputs": [{"id": row["id"]} for row in some] + [{"id": "1"}]}
    told = api.post(f"{OBJECTS}/contacts/batch/read", json=asked)
    assert told.status_code == 207
    assert [row["id"] for row in told.json()["results"]] == [row["id"] for row in some]
    assert told.json()["errors"][0]["context"] == {"ids": ["1"]}


def test_links_have_types_and_the_primary_its_label(sandbox: running_sandbox, api: httpx.Client) -> None:
    """279 is a contact's company, 1 its primary one; a record without any is told as an error."""
    people = portal(sandbox.world).people
    ids = [row["id"] for row in api.get(f"{OBJECTS}/contacts", params={"limit": 100}).json()["results"]]
    linked = next(key for key in ids if people.held_by[people.kind.position[key]] >= 0)
    alone = next(key for key in ids if people.held_by[people.kind.position[key]] < 0)
    asked = {"inputs": [{"id": linked}, {"id": alone}]}
    told = api.post("/crm/v4/associations/contacts/companies/batch/read", json=asked)
    assert told.status_code == 207
    (row,) = told.json()["results"]
    assert [(t["typeId"], t["label"]) for t in row["to"][0]["associationTypes"]] == [(1, "Primary"), (279, None)]
    assert told.json()["errors"][0]["subCategory"] == "crm.associations.NO_ASSOCIATIONS_FOUND"
    company = row["to"][0]["toObjectId"]
    back = api.get(f"/crm/v4/objects/companies/{company}/associations/contacts").json()["results"]
    assert int(linked) in {each["toObjectId"] for each in back}


def test_refusals_are_worded_as_hubspot_does(sandbox: running_sandbox, api: httpx.Client) -> None:
    """Unknown and expired tokens, a throttled search without headers, a scope that is missing."""
    path = "/crm/v3/owners"
    unknown = api.get(path, headers={"Authorization": "Bearer x"})
    assert (unknown.status_code, unknown.json()["category"]) == (401, "INVALID_AUTHENTICATION")
    assert not any("ratelimit" in name for name in search(api, "deals", limit=1).headers)
    sandbox.configure("hubspot", searches_per_second=0)
    throttled = search(api, "deals", limit=1)
    assert (throttled.status_code, throttled.json()["policyName"]) == (429, "SECONDLY")
    assert "category" not in throttled.json()
    assert api.get(path).headers["X-HubSpot-RateLimit-Interval-Milliseconds"] == "10000"
    sandbox.configure("hubspot", missing_scopes=["crm.objects.owners.read"])
    lacking = api.get(path).json()
    assert lacking["category"] == "MISSING_SCOPES"
    assert lacking["errors"][0]["context"] == {"requiredGranularScopes": ["crm.objects.owners.read"]}


def test_a_refused_refresh_token_is_a_400(api: httpx.Client) -> None:
    """With a status of its own."""
    told = api.post("/oauth/v1/token", data={"grant_type": "refresh_token", "refresh_token": "x"})
    assert (told.status_code, told.json()["status"]) == (400, "BAD_REFRESH_TOKEN")


def test_an_earlier_clock_shows_a_prefix(sandbox: running_sandbox, api: httpx.Client) -> None:
    """What was there on June 15 is there again on June 30, and nothing of it was of later."""

    def events() -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = []
        while True:
            page = api.get("/email/public/v1/events", params={"limit": 1000, "offset": str(len(rows))}).json()
            rows += page["events"]
            if not page["hasMore"]:
                return rows

    sandbox.set_clock(date(2026, 6, 15))
    early = events()
    stamps = [row["updatedAt"] for row in api.get(f"{OBJECTS}/contacts", params={"limit": 100}).json()["results"]]
    assert max(stamps) < "2026-06-16"
    sandbox.set_clock(date(2026, 6, 30))
    late = events()
    assert len(late) > len(early)
    assert late[: len(early)] == early


def test_the_truth_names_copies_and_contradictions(sandbox: running_sandbox) -> None:
    """Deals that are copies name their originals; where a copy says something else, both values are listed."""
    truth = sandbox.world.truth
    deals = truth["deal"][truth["deal"]["source"] == "hubspot"]
    copies = deals[deals["same_as"].notna()]
    assert 0 < len(copies) < len(deals)
    originals = set("salesforce:" + truth["deal"].loc[truth["deal"]["source"] == "salesforce", "deal_id"])
    assert set(copies["same_as"]) <= originals
    differing = truth["contradiction"]
    assert {"name", "industry", "employee_count", "owner_name", "amount", "stage"} <= set(differing["column"])
    assert (differing["left_value"] != differing["right_value"]).all()
    assert set(differing["left"].str.split(":").str[0]) == {"salesforce"}


def test_truth_of_touches_is_new(sandbox: running_sandbox) -> None:
    """No touch is a copy of a Salesforce activity, and every one happened by the clock."""
    touch = sandbox.world.truth["touch"]
    here = touch[touch["source"] == "hubspot"]
    assert here["source_id"].is_unique
    assert str(here["occurred_at"].max()) < "2026-07-01"
    calls = portal(sandbox.world).store.objects["calls"].table
    assert set(calls.columns["hs_engagement_source"]) == {"CRM_UI"}
