"""Wire facts of the RollWorks sandbox, and that staged rows and touches are its truth."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import httpx
import pytest

from abm_pipeline.contracts import tables as T
from abm_pipeline.facts.refresh import refresh as refresh_facts
from abm_pipeline.sandbox.rollworks import rest
from abm_pipeline.sandbox.rollworks.graphql import GraphqlError, read
from abm_pipeline.sandbox.rollworks.rows import ADVERTISABLES
from abm_pipeline.sandbox.serve import running_sandbox
from abm_pipeline.settings import Settings
from abm_pipeline.sources.extract import extract
from abm_pipeline.staging.refresh import refresh
from abm_pipeline.storage.engine import connect as engine
from abm_pipeline_tests.sources.conftest import SPECS, UNTIL

Ask = Callable[..., httpx.Response]
OWNER = ADVERTISABLES[0].eid


@pytest.fixture
def ask(sandbox: running_sandbox) -> Ask:
    """Posts a query."""

    def post(query: str, key: str = rest.API_KEY, token: str = rest.PERSONAL_TOKEN) -> httpx.Response:
        url = f"{sandbox.url}/rollworks/reporting/api/v1/query"
        headers = {"Authorization": f"Token {token}"}
        return httpx.post(url, json={"query": query}, params={"apikey": key}, headers=headers)

    return post


def _campaigns(ask: Ask, span: str, fields: str = "byDate { date impressions clicks cost }") -> list[dict[str, Any]]:
    campaigns = f"campaigns {{ eid metrics({span}) {{ {fields} }} }}"
    query = f'{{ advertisable {{ byEID(advertisable: "{OWNER}") {{ {campaigns} }} }} }}'
    found: list[dict[str, Any]] = ask(query).json()["data"]["advertisable"]["byEID"]["campaigns"]
    return found


def test_key_and_token_are_both_needed(ask: Ask) -> None:
    """Either wrong: 401."""
    query = "{ advertisable { forUser { eid } } }"
    assert [200, 401, 401] == [
        ask(query).status_code,
        ask(query, key="x").status_code,
        ask(query, token="x").status_code,
    ]


def test_errors_have_status_200(ask: Ask) -> None:
    """The envelope is AdRoll's own: `id` and `msg`, and `has_errors`."""
    answer = ask("{ advertisable { forUser { nothing } } }")
    body = answer.json()
    assert (200, True, None) == (answer.status_code, body["has_errors"], body["data"])
    assert [{"id", "msg"}] == [set(error) for error in body["errors"]]
    assert {"request", "version"} < body.keys()


def test_the_end_of_a_span_is_exclusive(ask: Ask) -> None:
    """From the 1st to the 3rd are two days."""
    days = {
        row["date"] for c in _campaigns(ask, 'start: "2026-06-01", end: "2026-06-03"') for row in c["metrics"]["byDate"]
    }
    assert {"2026-06-01", "2026-06-02"} == days


def test_companies_are_told_for_thirty_days_at_most_and_the_top_spender_first(ask: Ask) -> None:
    """A campaign's companies over its days, by spend; they add up to less than its total."""
    span = 'start: "2026-06-01", end: "2026-06-30"'
    campaign = max(_campaigns(ask, span), key=lambda c: len(c["metrics"]["byDate"]))
    where = f'advertisableEID: {OWNER}, campaignEIDs: ["{campaign["eid"]}"]'
    query = "{{ accountMetrics {{ summary({}, {}) {{ domain cost impressions }} }} }}"
    told = ask(query.format(span, where)).json()["data"]["accountMetrics"]["summary"]
    assert sorted((row["cost"] for row in told), reverse=True) == [row["cost"] for row in told]
    total = sum(row["impressions"] for row in campaign["metrics"]["byDate"])
    assert 0 < sum(row["impressions"] for row in told) < total
    long = ask(query.format('start: "2026-05-01", end: "2026-06-30"', where)).json()
    assert "30 days" in long["errors"][0]["msg"]


def test_money_is_in_dollars_unless_told(ask: Ask) -> None:
    """The European advertisable's cost, in dollars and in euros."""

    def cost(more: str) -> float:
        fields = f'campaigns {{ metrics(start: "2026-06-01", end: "2026-07-01"{more}) {{ byDate {{ cost }} }} }}'
        answer = ask(f'{{ advertisable {{ byEID(advertisable: "{ADVERTISABLES[1].eid}") {{ {fields} }} }} }}').json()
        return sum(
            d["cost"] for c in answer["data"]["advertisable"]["byEID"]["campaigns"] for d in c["metrics"]["byDate"]
        )

    assert cost("") == cost(', currency: "USD"') > cost(', currency: "EUR"') > 0


@pytest.mark.parametrize("text", ["{", "{ a", "{ a( }", "{ a(b: ]) }", "{ a } }", "{ }", "a"])
def test_broken_queries(text: str) -> None:
    """Each is refused as a whole."""
    with pytest.raises(GraphqlError, match="Syntax Error"):
        read(text)


def test_an_earlier_clock_shows_a_prefix(sandbox: running_sandbox, ask: Ask) -> None:
    """No day past the clock."""
    sandbox.set_clock(date(2026, 6, 10))
    found = _campaigns(ask, 'start: "2026-06-01", end: "2026-07-01"')
    assert "2026-06-10" == max(row["date"] for c in found for row in c["metrics"]["byDate"])


def test_staged_rows_and_touches_are_the_truth(sandbox: running_sandbox, settings: Settings) -> None:
    """Every total and every company's day is staged once, as it was planted; companies' days are touches."""
    days = [UNTIL - timedelta(days=back) for back in range(20)]
    extract(SPECS["rollworks"], settings, days, "run")
    refresh(settings, days, "run")
    refresh_facts(settings, days, "run")
    truth = sandbox.world.truth
    names = ["source_id", "impressions", "clicks", "conversions", "currency", "account_time_zone"]
    planted = truth["ad_delivery"].query("source == 'rollworks'")
    planted = planted[planted["day"] >= min(days)]
    touches = truth["touch"].query("source == 'rollworks'")
    touches = touches[touches["occurred_at"].dt.date >= min(days)]
    company = truth["record_company"].query("source == 'rollworks'").set_index("company_id")["source_id"]
    with engine() as con:
        for table in (T.AD_DELIVERY, T.COMPANY, T.TOUCH):
            settings.open_lake.attach(con, table)
        columns = ", ".join(names)
        staged = con.execute(f"SELECT {columns}, spend::DOUBLE FROM staged.ad_delivery ORDER BY ALL").fetchall()
        companies = con.execute("SELECT DISTINCT source_id FROM staged.company").fetchall()
        columns = "source_id, company_key, touch_type, weight_count, is_exposure, channel"
        found = con.execute(f"SELECT {columns} FROM facts.touch ORDER BY ALL").fetchall()
    assert sorted(planted[[*names, "spend"]].itertuples(index=False, name=None)) == staged
    assert {domain for (domain,) in companies} <= set(company)
    assert len(found) > 100
    assert found == sorted(
        (t.source_id, f"rollworks:{company[t.company_id]}", t.touch_type, t.count_, t.is_exposure, t.channel)
        for t in touches.rename(columns={"count": "count_"}).itertuples()
    )
