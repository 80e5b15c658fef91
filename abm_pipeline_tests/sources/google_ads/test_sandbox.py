"""Wire facts of the Google Ads sandbox, and that staged rows are its truth."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import httpx
import pytest

from abm_pipeline.contracts import tables as T
from abm_pipeline.sandbox.google_ads import rest
from abm_pipeline.sandbox.google_ads.rows import ACCOUNTS, MANAGER
from abm_pipeline.sandbox.serve import running_sandbox
from abm_pipeline.settings import Settings
from abm_pipeline.sources.extract import extract
from abm_pipeline.staging.refresh import refresh
from abm_pipeline.storage.engine import connect as engine
from abm_pipeline_tests.sources.conftest import SPECS, UNTIL

Ask = Callable[..., httpx.Response]


@pytest.fixture
def ask(sandbox: running_sandbox) -> Ask:
    """Posts a query."""
    base = f"{sandbox.url}/google_ads"
    form = {"grant_type": "refresh_token", "client_id": rest.CLIENT_ID, "client_secret": rest.CLIENT_SECRET,
            "refresh_token": rest.REFRESH_TOKEN}  # fmt: skip
    token = httpx.post(f"{base}/token", data=form).json()
    assert {"access_token", "expires_in", "scope", "token_type"} == token.keys()
    headers = {"Authorization": f"Bearer {token['access_token']}", "developer-token": rest.DEVELOPER_TOKEN}

    def post(query: str, customer: int = ACCOUNTS[0].ident, method: str = "search", **more: Any) -> httpx.Response:
        url = f"{base}/v26/customers/{customer}/googleAds:{method}"
        return httpx.post(url, json={"query": query, **more}, headers={**headers, "login-customer-id": str(MANAGER)})

    return post


def _code(answer: httpx.Response) -> tuple[int, str, str]:
    (category, code) = next(iter(answer.json()["error"]["details"][0]["errors"][0]["errorCode"].items()))
    return answer.status_code, category, code


@pytest.mark.parametrize(
    ("query", "customer", "code"),
    [
        ("SELECT campaign.foo FROM campaign", ACCOUNTS[0].ident, "UNRECOGNIZED_FIELD"),
        ("SELECT campaign.id FROM nowhere", ACCOUNTS[0].ident, "BAD_RESOURCE_TYPE_IN_FROM_CLAUSE"),
        ("campaign.id FROM campaign", ACCOUNTS[0].ident, "EXPECTED_SELECT"),
        ("SELECT campaign.id, segments.date FROM campaign", ACCOUNTS[0].ident, "EXPECTED_FILTERS_ON_DATE_RANGE"),
        ("SELECT campaign.id, metrics.clicks FROM campaign", MANAGER, "REQUESTED_METRICS_FOR_MANAGER"),
        ("SELECT campaign.id FROM campaign WHERE campaign.id ~ 4", ACCOUNTS[0].ident, "UNEXPECTED_INPUT"),
    ],
)
def test_queries_are_refused_in_googles_words(ask: Ask, query: str, customer: int, code: str) -> None:
    """400 with the code of QueryError."""
    assert (400, "queryError", code) == _code(ask(query, customer))


def test_paging(ask: Ask) -> None:
    """Pages have a fixed size (two here); the last has no token; a token holds for its own query only."""
    query = "SELECT campaign.id FROM campaign ORDER BY campaign.id"
    assert (400, "requestError", "PAGE_SIZE_NOT_SUPPORTED") == _code(ask(query, pageSize=100))
    first = ask(query, searchSettings={"returnTotalResultsCount": True}).json()
    assert 2 == len(first["results"])
    token = first["nextPageToken"]
    second = ask(query, pageToken=token).json()
    assert first["results"][-1]["campaign"]["id"] < second["results"][0]["campaign"]["id"]
    assert (400, "requestError", "INVALID_PAGE_TOKEN") == _code(
        ask(query + " LIMIT 9", pageToken=first["nextPageToken"])
    )
    assert int(first["totalResultsCount"]) > 2


def test_json_is_proto3(ask: Ask) -> None:
    """64-bit integers are text, doubles numbers, the resource's name comes unasked, nothing found has no `results`."""
    query = "SELECT campaign.id, metrics.cost_micros, metrics.conversions FROM campaign WHERE segments.date = '{}'"
    row = ask(query.format("2026-06-30"), method="searchStream").json()[0]["results"][0]
    kinds = (str, float, str)
    assert kinds == tuple(
        map(type, (row["metrics"]["costMicros"], row["metrics"]["conversions"], row["campaign"]["id"]))
    )
    assert row["campaign"]["resourceName"].endswith(row["campaign"]["id"])
    assert [{"fieldMask", "requestId"}] == [
        set(b) for b in ask(query.format("2031-01-01"), method="searchStream").json()
    ]


def test_metrics_without_days_are_sums(ask: Ask) -> None:
    """A week by day adds up to the week; removed campaigns are told like others."""
    where = "WHERE segments.date BETWEEN '2026-06-20' AND '2026-06-26'"
    whole = ask(f"SELECT campaign.id, metrics.clicks FROM campaign {where}", method="searchStream").json()
    daily = ask(
        f"SELECT campaign.id, segments.date, metrics.clicks FROM campaign {where}", method="searchStream"
    ).json()
    clicks = [sum(int(r["metrics"]["clicks"]) for b in answer for r in b["results"]) for answer in (whole, daily)]
    assert clicks[0] == clicks[1] > 0
    removed = ask("SELECT campaign.id, campaign.status FROM campaign WHERE campaign.status = 'REMOVED'").json()
    assert {"REMOVED"} == {row["campaign"]["status"] for row in removed["results"]}


def test_an_earlier_clock_shows_a_prefix(sandbox: running_sandbox, ask: Ask) -> None:
    """No day past the clock; the campaigns known then are among those known later."""
    query = "SELECT campaign.id, segments.date FROM campaign WHERE segments.date BETWEEN '2026-06-01' AND '2026-06-30'"
    later = {r["campaign"]["id"] for r in ask(query, method="searchStream").json()[0]["results"]}
    sandbox.set_clock(date(2026, 6, 10))
    rows = [r for b in ask(query, method="searchStream").json() for r in b["results"]]
    assert "2026-06-10" == max(row["segments"]["date"] for row in rows)
    assert later >= {row["campaign"]["id"] for row in rows if row["segments"]["date"] == "2026-06-10"} != set()


def test_staged_rows_are_the_truth(sandbox: running_sandbox, settings: Settings) -> None:
    """Every (campaign, day) that the API reveals is staged once, as it was planted; companies are not."""
    days = [UNTIL - timedelta(days=back) for back in range(20)]
    extract(SPECS["google_ads"], settings, days, "run")
    refresh(settings, days, "run")
    truth = sandbox.world.truth
    names = ["source_id", "impressions", "clicks", "engagements", "conversions", "currency", "account_time_zone"]
    planted = truth["ad_delivery"].query("source == 'google_ads'")
    planted = planted[planted["day"] >= min(days)]
    with engine() as con:
        settings.open_lake.attach(con, T.AD_DELIVERY)
        staged = con.execute(
            f"SELECT {', '.join(names)}, spend::DOUBLE FROM staged.ad_delivery ORDER BY ALL"
        ).fetchall()
    assert sorted(planted[[*names, "spend"]].itertuples(index=False, name=None)) == staged
    hidden = truth["hidden"].query("source == 'google_ads'")
    assert [len(truth["ad_delivery"].query("source == 'google_ads'"))] == hidden["rows"].tolist()
