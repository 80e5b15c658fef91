"""Bombora over HTTP: the two-step pull, short pages, filters, signal definitions, call limit, the week of the clock."""

from __future__ import annotations

import csv
import datetime as dt
import gzip
import io
from typing import Any

import httpx

from abm_pipeline.sandbox.serve import running_sandbox
from abm_pipeline.sandbox.world import World
from abm_pipeline.sandbox.world.names import TOPICS
from abm_pipeline_tests.sandbox.conftest import Vendor, bombora_login


def pull(intent: Vendor, limit: int = 1000, **ask: Any) -> list[dict[str, Any]]:
    """All rows of a request."""
    body = {"topics": list(TOPICS), "attributes": ["domain", "topic", "score", "scoreLabel"], **ask}
    token = intent.post("/intent/v1/data", json=body).json()["pageToken"]
    rows: list[dict[str, Any]] = []
    while token is not None:
        page = intent.get("/intent/v1/data", params={"pageToken": token, "limit": limit}).json()
        rows += page["data"]
        token = page["nextPageToken"]
    return rows


def test_rows_are_the_truth_of_the_last_landed_week(big_sandbox: running_sandbox, demo: World) -> None:
    """On Tuesday 30 June the week that ended on Sunday 28 June has just landed; every score is 60 or more."""
    truth = demo.truth["intent"]
    week = truth[truth["week"] == dt.date(2026, 6, 28)]
    rows = pull(bombora_login(big_sandbox.url))
    expected = {(row.domain, row.topic): row.score for row in week.itertuples()}
    assert truth["week"].max() == dt.date(2026, 6, 28)
    assert expected == {(row["domain"], row["topic"]): row["score"] for row in rows}
    assert min(row["score"] for row in rows) >= 60


def test_weekly_files_hold_the_history(big_sandbox: running_sandbox, demo: World) -> None:
    """One file a landed week; the newest equals the API's week; an older one equals the truth of its week."""
    intent = bombora_login(big_sandbox.url)
    names = intent.get("/files").json()["files"]
    truth = demo.truth["intent"]
    assert len(names) == truth["week"].nunique()
    assert names[-1] == "company_surge_2026-06-28.csv.gz"
    for name in (names[0], names[-1]):
        body = gzip.decompress(intent.get(f"/files/{name}").content).decode()
        rows = list(csv.DictReader(io.StringIO(body)))
        week = truth[truth["week"] == dt.date.fromisoformat(rows[0]["Date Stamp"])]
        expected = {(row.domain, row.topic): row.score for row in week.itertuples()}
        assert expected == {(row["Domain"], row["Topic Name"]): int(row["Composite Score"]) for row in rows}
    assert intent.get("/files/company_surge_2026-07-05.csv.gz").status_code == 404


def test_the_week_lands_on_tuesday(sandbox: running_sandbox) -> None:
    """Monday still shows the week before; rows carry no date."""
    intent = bombora_login(sandbox.url)
    tuesday = pull(intent)
    sandbox.set_clock(dt.date(2026, 6, 29))
    monday = pull(intent)
    sandbox.set_clock(dt.date(2026, 6, 23))
    assert monday == pull(intent)
    assert tuesday != monday
    assert set(tuesday[0]) == {"domain", "topic", "score", "scoreLabel"}


def test_pages_may_be_short(big_sandbox: running_sandbox) -> None:
    """With a limit of 100 the second page holds 75 and is not the last."""
    intent = bombora_login(big_sandbox.url)
    body = {"topics": list(TOPICS), "attributes": ["domain", "topic"]}
    token = intent.post("/intent/v1/data", json=body).json()["pageToken"]
    sizes = []
    for _ in range(3):
        page = intent.get("/intent/v1/data", params={"pageToken": token}).json()
        sizes.append(len(page["data"]))
        token = page["nextPageToken"]
    assert sizes == [100, 75, 75]
    assert token


def test_attributes_and_filters(sandbox: running_sandbox) -> None:
    """Without topic a domain comes once; nested company parts; wildcard, and, gte filters; both keys of the filter."""
    intent = bombora_login(sandbox.url)
    rows = pull(intent, attributes=["domain", "score", "topics", "company.hq.country"])
    assert len({row["domain"] for row in rows}) == len(rows)
    assert rows[0]["topics"][0]["id"] >= 1_333_500
    assert "country" in rows[0]["company"]["hq"]
    edu = {"a": "domain", "eq": "*.edu"}
    assert all(row["domain"].endswith(".edu") for row in pull(intent, filter=edu))
    strong = pull(intent, filters={"and": [{"a": "score", "gte": 70}, {"a": "domain", "neq": "*.edu"}]})
    assert strong
    assert all(row["score"] >= 70 for row in strong)


def test_signal_definitions_take_time(sandbox: running_sandbox) -> None:
    """202, 409 while Processing, then Available and readable."""
    intent = bombora_login(sandbox.url)
    made = intent.post("/intent/v1/signal-definition", json={"name": "ours", "topics": list(TOPICS)})
    ident = made.json()["signalDefinitionId"]
    assert made.status_code == 202
    ask = {"signalDefinitionId": ident, "attributes": ["domain"]}
    assert intent.post("/intent/v1/data", json=ask).status_code == 409
    states = [intent.get("/intent/v1/signal-definitions").json()["signalDefinitions"][0]["status"] for _ in range(2)]
    assert states == ["Processing", "Available"]
    assert intent.post("/intent/v1/data", json=ask).status_code == 200


def test_refusals_have_no_body(sandbox: running_sandbox) -> None:
    """401 and 429 are empty, 422 has a message; the limit is per endpoint and minute."""
    intent = bombora_login(sandbox.url)
    bare = httpx.get(f"{intent.base}/reference/v1/topics")
    assert (401, "") == (bare.status_code, bare.text)
    both = intent.post("/intent/v1/data", json={"topics": ["x"], "signalDefinitionId": "y"})
    assert (422, ["message"]) == (both.status_code, list(both.json()))
    sandbox.configure("bombora", per_minute=2)
    statuses = [intent.get("/reference/v1/topics?maxTopics=3").status_code for _ in range(3)]
    assert statuses == [200, 200, 429]
    assert intent.get("/intent/v1/signal-definitions").status_code == 200
