"""LinkedIn over HTTP: header checks, Rest.li encodings, threshold, truncation, restated days, paging, truth."""

from __future__ import annotations

import datetime as dt
from typing import Any

import httpx
import pytest

from abm_pipeline.sandbox import credentials as known
from abm_pipeline.sandbox.linkedin.restli import RestliError, parse_query
from abm_pipeline.sandbox.serve import running_sandbox
from abm_pipeline.sandbox.world import World
from abm_pipeline_tests.sandbox.conftest import Vendor, linkedin_login

FIELDS = "pivotValues,dateRange,impressions,clicks,totalEngagements,costInLocalCurrency"


def analytics(ads: Vendor, pivot: str, facet: str, first: str, last: str, fields: str = FIELDS) -> list[dict[str, Any]]:
    """DAILY elements of one pivot, or of `pivots=List(…)` when it has a comma."""
    days = [f"(year:{d.year},month:{d.month},day:{d.day})" for d in map(dt.date.fromisoformat, (first, last))]
    finder = f"q=statistics&pivots=List({pivot})" if "," in pivot else f"q=analytics&pivot={pivot}"
    span = f"dateRange=(start:{days[0]},end:{days[1]})"
    answer = ads.get(f"/adAnalytics?{finder}&timeGranularity=DAILY&{span}&{facet}&fields={fields}")
    assert answer.status_code == 200
    return answer.json()["elements"]


def campaign_ids(ads: Vendor, account: int = 508720451) -> list[int]:
    """Ids of an account's campaigns, read in pages of two."""
    ids, token = [], ""
    while True:
        page = ads.get(f"/adAccounts/{account}/adCampaigns?q=search&pageSize=2{token}").json()
        ids += [campaign["id"] for campaign in page["elements"]]
        if not page["metadata"].get("nextPageToken"):
            return ids
        token = f"&pageToken={page['metadata']['nextPageToken']}"


def test_both_protocols_parse_alike() -> None:
    """Objects in any key order, lists, encoded colons in urns; protocol 1 gives the same value."""
    new = "dateRange=(end:(day:2,month:6,year:2024),start:(year:2024,month:6,day:1))&campaigns=List(urn%3Ali%3Ax%3A1)"
    start = "dateRange.start.year=2024&dateRange.start.month=6&dateRange.start.day=1"
    end = "dateRange.end.year=2024&dateRange.end.month=6&dateRange.end.day=2"
    old = f"{start}&{end}&campaigns[0]=urn:li:x:1"
    assert parse_query(new) == parse_query(old)
    assert parse_query("a=%28b%3Ac%29") == {"a": "(b:c)"}
    with pytest.raises(RestliError):
        parse_query("a=(b:c")


def test_header_checks(sandbox: running_sandbox) -> None:
    """No version 400, old version 426 with 01 appended, structure without the protocol header 400, bad token 401."""
    ads = linkedin_login(sandbox.url)
    path = f"{ads.base}/adAccounts?q=search"
    auth = {"Authorization": ads.http.headers["Authorization"]}
    missing = httpx.get(path, headers=auth)
    assert (400, "VERSION_MISSING") == (missing.status_code, missing.json()["code"])
    old = httpx.get(path, headers={**auth, "LinkedIn-Version": "202409"})
    assert {
        "status": 426,
        "code": "NONEXISTENT_VERSION",
        "message": "Requested version 20240901 is not active",
    } == old.json()
    bare = httpx.get(f"{path}&search=(status:(values:List(ACTIVE)))", headers={**auth, "LinkedIn-Version": "202609"})
    assert bare.status_code == 400
    assert httpx.get(path).status_code == 401


def test_tokens(sandbox: running_sandbox) -> None:
    """Refresh gives 60 days, introspection tells, a revoked refresh token is refused, an old token is 65602."""
    url = f"{sandbox.url}/linkedin/oauth/v2"
    pair = {"client_id": known.LINKEDIN_CLIENT_ID, "client_secret": known.LINKEDIN_CLIENT_SECRET}
    form = {"grant_type": "refresh_token", "refresh_token": known.LINKEDIN_REFRESH_TOKEN, **pair}
    answer = httpx.post(f"{url}/accessToken", data=form).json()
    assert (5_184_000, 31_536_000) == (answer["expires_in"], answer["refresh_token_expires_in"])
    seen = httpx.post(f"{url}/introspectToken", data={"token": answer["access_token"], **pair}).json()
    assert seen["status"] == "active"
    assert httpx.post(f"{url}/accessToken", data={**form, "refresh_token": "x"}).json()["error"] == "invalid_grant"
    sandbox.configure("linkedin", token_seconds=-1)
    stale = linkedin_login(sandbox.url).get("/adAccounts?q=search")
    assert (401, 65602) == (stale.status_code, stale.json()["serviceErrorCode"])


def test_company_rows_are_the_truth_and_over_the_threshold(big_sandbox: running_sandbox, demo: World) -> None:
    """One campaign of June by company equals the truth table; nothing under 3 shows."""
    ads = linkedin_login(big_sandbox.url)
    campaign = campaign_ids(ads)[-1]
    facet = f"campaigns=List(urn%3Ali%3AsponsoredCampaign%3A{campaign})"
    got = analytics(ads, "MEMBER_COMPANY", facet, "2026-06-10", "2026-06-30")
    both = analytics(ads, "CAMPAIGN,MEMBER_COMPANY", facet, "2026-06-10", "2026-06-30")
    truth = demo.truth["ad"]
    truth = truth[(truth["campaign_id"] == campaign) & (truth["day"] >= dt.date(2026, 6, 10))]
    expected = {
        (row.day, row.organization_id): (row.impressions, row.clicks, row.total_engagements)
        for row in truth.itertuples()
    }
    actual = {
        (dt.date(**element["dateRange"]["start"]), int(element["pivotValues"][0].rpartition(":")[2])): (
            element["impressions"],
            element.get("clicks", 0),
            element.get("totalEngagements", 0),
        )
        for element in got
    }
    assert expected == actual
    assert len(both) == len(got) > 500
    assert all(value is None or value >= 3 for e in got for value in (e.get("impressions"), e.get("clicks")))


def test_long_answers_are_cut_in_silence(big_sandbox: running_sandbox) -> None:
    """A year by company and day has far more than 15,000 rows; 15,000 come."""
    ads = linkedin_login(big_sandbox.url)
    facet = "accounts=List(urn%3Ali%3AsponsoredAccount%3A508720451)"
    assert len(analytics(ads, "MEMBER_COMPANY", facet, "2025-06-01", "2026-06-30")) == 15_000


def test_recent_days_are_restated(sandbox: running_sandbox) -> None:
    """The last day grows while the clock moves on and is settled after seven days."""
    ads = linkedin_login(sandbox.url)
    facet = "accounts=List(urn%3Ali%3AsponsoredAccount%3A508720451)"

    def spend(day: str) -> float:
        return sum(float(e["costInUsd"]) for e in analytics(ads, "ACCOUNT", facet, day, day, "costInUsd,pivotValues"))

    seen = []
    for ahead in (0, 3, 7, 20):
        sandbox.set_clock(dt.date(2026, 6, 20) + dt.timedelta(days=ahead))
        seen.append(spend("2026-06-20"))
    assert seen[0] < seen[1] < seen[2] == seen[3]
    sandbox.set_clock(dt.date(2026, 6, 19))
    assert analytics(ads, "ACCOUNT", facet, "2026-06-20", "2026-06-20") == []


def test_zero_rows_drop_and_fields_are_limited(sandbox: running_sandbox) -> None:
    """Only-zero metrics give no rows; 21 fields, an unknown field and no facet are refused; default fields are two."""
    ads = linkedin_login(sandbox.url)
    facet = "accounts=List(urn%3Ali%3AsponsoredAccount%3A508720451)"
    assert analytics(ads, "CAMPAIGN", facet, "2026-06-01", "2026-06-05", "shares,pivotValues") == []
    base = "/adAnalytics?q=analytics&pivot=CAMPAIGN&timeGranularity=ALL&dateRange=(start:(year:2026,month:6,day:1))"
    many = ",".join(["impressions"] * 21)
    for query in (f"{base}&{facet}&fields={many}", f"{base}&{facet}&fields=nope", f"{base}&fields=clicks"):
        assert ads.get(query).status_code == 400
    assert set(ads.get(f"{base}&{facet}").json()["elements"][0]) == {"impressions", "clicks"}


def test_long_urls_need_tunnelling(sandbox: running_sandbox) -> None:
    """A URL over 8 kB is 414; the same query in a POST body is answered."""
    ads = linkedin_login(sandbox.url)
    urns = ",".join(["urn%3Ali%3AsponsoredCampaign%3A312000100"] * 300)
    query = (
        "q=analytics&pivot=CAMPAIGN&timeGranularity=ALL&fields=impressions&"
        f"dateRange=(start:(year:2025,month:12,day:1))&campaigns=List({urns})"
    )
    assert ads.get(f"/adAnalytics?{query}").status_code == 414
    headers = {"X-HTTP-Method-Override": "GET", "Content-Type": "application/x-www-form-urlencoded"}
    tunnelled = ads.post("/adAnalytics", content=query, headers=headers)
    assert len(tunnelled.json()["elements"]) == 1


def test_quota_and_lookup(sandbox: running_sandbox) -> None:
    """The quota answers 429 with 101; unknown organisations are listed as errors."""
    ads = linkedin_login(sandbox.url)
    found = ads.get("/organizationsLookup?ids=List(1035000,7)").json()
    assert {"1035000": 200, "7": 404} == found["statuses"]
    vanity = found["results"]["1035000"]["vanityName"]
    assert ads.get(f"/organizations?q=vanityName&vanityName={vanity}").json()["elements"][0]["id"] == 1035000
    sandbox.configure("linkedin", daily_requests=0)
    refused = ads.get("/adAccounts?q=search")
    assert (429, 101) == (refused.status_code, refused.json()["serviceErrorCode"])
    assert "Retry-After" not in refused.headers
