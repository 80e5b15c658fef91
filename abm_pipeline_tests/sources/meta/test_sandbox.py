"""Wire facts of the Meta sandbox, and that staged rows are its truth."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import httpx
import orjson
import pytest

from abm_pipeline.contracts import tables as T
from abm_pipeline.sandbox.meta import rest
from abm_pipeline.sandbox.meta.rows import ACCOUNTS, EVERY
from abm_pipeline.sandbox.serve import running_sandbox
from abm_pipeline.settings import Settings
from abm_pipeline.sources.extract import extract
from abm_pipeline.staging.refresh import refresh
from abm_pipeline.storage.engine import connect as engine
from abm_pipeline_tests.sources.conftest import SPECS, UNTIL

Ask = Callable[..., httpx.Response]
ACCOUNT = f"act_{ACCOUNTS[0].ident}"
FILTER = orjson.dumps([{"field": "campaign.effective_status", "operator": "IN", "value": EVERY}]).decode()


@pytest.fixture
def ask(sandbox: running_sandbox) -> Ask:
    """Gets a path with the token in the query, as the package does."""

    def get(path: str, **params: Any) -> httpx.Response:
        asked = {"access_token": rest.ACCESS_TOKEN, **params}
        return httpx.get(f"{sandbox.url}/meta/v26.0/{path}", params=asked)

    return get


def test_the_last_page_has_cursors_and_no_next(sandbox: running_sandbox, ask: Ask) -> None:
    """`next` is absolute, on our host and with the token; an empty answer has no paging at all."""
    first = ask("me/adaccounts", fields="name", limit=2).json()
    assert first["paging"]["next"].startswith(sandbox.url)
    assert rest.ACCESS_TOKEN in first["paging"]["next"]
    last = httpx.get(first["paging"]["next"]).json()
    assert ({"cursors"}, 1) == (set(last["paging"]), len(last["data"]))
    span = '{"since":"2031-01-01","until":"2031-01-02"}'
    assert {"data": []} == ask(f"{ACCOUNT}/insights", level="campaign", time_range=span).json()


def test_metrics_are_text_and_nought_is_absent(ask: Ask) -> None:
    """Spend has two decimals; a row without leads has no such action; days stand in the account's zone."""
    span = '{"since":"2026-06-01","until":"2026-06-30"}'
    asked = {"level": "campaign", "time_range": span, "time_increment": 1, "limit": 500, "fields": "spend,actions"}
    rows = ask(f"{ACCOUNT}/insights", **asked).json()["data"]
    assert all(isinstance(row["spend"], str) and len(row["spend"].partition(".")[2]) == 2 for row in rows)
    kinds = [{action["action_type"] for action in row["actions"]} for row in rows]
    assert {True, False} == {"lead" in kind for kind in kinds}
    assert {"spend", "actions", "date_start", "date_stop"} == set(rows[0])


def test_deleted_campaigns_and_their_insights_come_only_if_asked_for(ask: Ask) -> None:
    """Both edges leave them out unless they are filtered for."""
    plain = ask(f"{ACCOUNT}/campaigns", fields="effective_status", limit=100).json()["data"]
    every = ask(f"{ACCOUNT}/campaigns", fields="effective_status", limit=100, filtering=FILTER).json()["data"]
    gone = {row["id"] for row in every} - {row["id"] for row in plain}
    assert {"DELETED", "ARCHIVED"} >= {row["effective_status"] for row in every if row["id"] in gone}
    assert gone
    span = '{"since":"2025-09-01","until":"2026-06-30"}'
    asked = {"level": "campaign", "time_range": span, "time_increment": 1, "limit": 5000, "fields": "campaign_id"}
    some = ask(f"{ACCOUNT}/insights", **asked).json()["data"]
    more = ask(f"{ACCOUNT}/insights", **asked, filtering=FILTER).json()["data"]
    assert len(some) < len(more)
    assert gone & {row["campaign_id"] for row in more} != set() == gone & {row["campaign_id"] for row in some}


@pytest.mark.parametrize(
    ("path", "params", "status", "code"),
    [
        (f"{ACCOUNT}/insights", {"level": "campaign", "time_range": '{"since":"2019-01-01","until":"2019-02-01"}'},
         400, 3018),
        (f"{ACCOUNT}/campaigns", {"fields": "nothing"}, 400, 100),
        ("act_5/campaigns", {}, 403, 200),
        ("12345", {}, 400, 100),
        (f"{ACCOUNT}/campaigns", {"access_token": "wrong"}, 400, 190),
        (f"{ACCOUNT}/campaigns", {"appsecret_proof": "wrong"}, 400, 100),
        (f"{ACCOUNT}/campaigns", {"limit": 9000}, 500, 1),
    ],
)  # fmt: skip
def test_refusals(ask: Ask, path: str, params: dict[str, Any], status: int, code: int) -> None:
    """Status, and the code that counts."""
    answer = ask(path, **params)
    assert (status, code) == (answer.status_code, answer.json()["error"]["code"])


def test_usage_grows_with_the_calls(sandbox: running_sandbox, ask: Ask) -> None:
    """Two of four calls are fifty percent; the fifth is refused with minutes to wait."""
    sandbox.api("meta").calls.clear()
    sandbox.configure("meta", quota_calls=4, quota_seconds=3600.0)
    answers = [ask("me/adaccounts") for _ in range(5)]
    usage = [orjson.loads(a.headers["x-business-use-case-usage"])[str(ACCOUNTS[0].ident)][0] for a in answers]
    assert [25, 50, 75, 100, 100] == [told["call_count"] for told in usage]
    assert [0, 0, 0, 60, 60] == [told["estimated_time_to_regain_access"] for told in usage]
    assert [200, 200, 200, 200, 400] == [answer.status_code for answer in answers]


def test_an_earlier_clock_shows_a_prefix(sandbox: running_sandbox, ask: Ask) -> None:
    """No day and no change past the clock."""
    sandbox.set_clock(date(2026, 6, 10))
    span = '{"since":"2026-06-01","until":"2026-06-30"}'
    asked = {"level": "campaign", "time_range": span, "time_increment": 1, "limit": 500}
    assert "2026-06-10" == max(row["date_start"] for row in ask(f"{ACCOUNT}/insights", **asked).json()["data"])
    stamps = ask(f"{ACCOUNT}/campaigns", fields="updated_time", limit=100, filtering=FILTER).json()["data"]
    assert "2026-06-11" > max(row["updated_time"] for row in stamps)


def test_staged_rows_are_the_truth(sandbox: running_sandbox, settings: Settings) -> None:
    """Every (campaign, day) that the API reveals is staged once, as it was planted; companies are not."""
    days = [UNTIL - timedelta(days=back) for back in range(20)]
    extract(SPECS["meta"], settings, days, "run")
    refresh(settings, days, "run")
    truth = sandbox.world.truth
    names = ["source_id", "impressions", "clicks", "engagements", "conversions", "currency", "account_time_zone"]
    planted = truth["ad_delivery"].query("source == 'meta'")
    planted = planted[planted["day"] >= min(days)]
    known = truth["campaign"].query("source == 'meta'")
    with engine() as con:
        settings.open_lake.attach(con, T.AD_DELIVERY)
        settings.open_lake.attach(con, T.CAMPAIGN)
        columns = ", ".join(names)
        staged = con.execute(f"SELECT {columns}, spend::DOUBLE FROM staged.ad_delivery ORDER BY ALL").fetchall()
        shown = "source_id, name, currency, is_deleted"
        campaigns = con.execute(f"SELECT {shown} FROM staged.campaign ORDER BY 1").fetchall()
    assert sorted(planted[[*names, "spend"]].itertuples(index=False, name=None)) == staged
    assert sorted(known[shown.split(", ")].itertuples(index=False, name=None)) == campaigns
    assert 1 == len(truth["hidden"].query("source == 'meta'"))
