"""A change of who is who computes again the days it matters to, in the tables that read it, and no others.

The world, all in UTC, one row a company record:

| record | domain | on the list | facts |
|---|---|---|---|
| salesforce:a | acme.com | since 1 January | meetings on 3 January and 1 February |
| salesforce:b, of 10 February | zeppelin-werke.de | no | a meeting on 10 February, a deal on the 12th |
| salesforce:c | globex.com | since 1 January | a meeting on 5 January |

45 days are computed, from 1 January 2025 on.
"""

from __future__ import annotations

import shutil
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from abm_pipeline.contracts import tables as t
from abm_pipeline.contracts.tables import Table
from abm_pipeline.facts.refresh import refresh as refresh_facts
from abm_pipeline.identity.decisions import decide, decisions_path
from abm_pipeline.identity.refresh import refresh as refresh_identity
from abm_pipeline.metrics.refresh import refresh as refresh_metrics
from abm_pipeline.reports.restated import moves, resolutions
from abm_pipeline.scoring.refresh import refresh as refresh_scores
from abm_pipeline.settings import Settings
from abm_pipeline.storage.report import TableReport
from abm_pipeline_tests.identity.staged import accounts_of, at, company, read, settings_of, span, stage

DAYS = span("2025-01-01", 45)
DAILY = (t.ENGAGEMENT_SCORE, t.SCORE_PART, t.METRIC_VALUES, t.ACCOUNT_METRICS_DAILY, t.CAMPAIGN_METRICS, t.DATA_HEALTH)
NEXT = DAYS[-1] + timedelta(days=1)
B_BEGINS = date(2025, 2, 10)
PROGRAMME = "history_start: 2025-01-01\nreporting_timezone: UTC\n"


def meeting(number: int, record: str, day: str, person: str | None = None) -> dict[str, Any]:
    """A meeting with somebody of a company, logged at once."""
    when = at(f"{day} 10:00")
    kind = {"touch_type": "meeting", "channel": "meeting", "direction": "outbound"}
    who = {"company_source_id": record, "contact_source_id": person}
    return {"source_id": f"m{number}", "occurred_at": when, "modified_at": when, **kind, **who}


def contact(source_id: str, record: str, created: str) -> dict[str, Any]:
    """A contact of a company."""
    when = at(created)
    return {"source_id": source_id, "company_source_id": record, "created_at": when, "modified_at": when}


def built(folder: Path) -> Settings:
    """The world above, staged."""
    settings = settings_of(folder, PROGRAMME)
    lake = settings.open_lake
    listed = {"tier": "one_to_one", "is_target": True, "tier_since_day": DAYS[0]}
    stage(
        lake,
        t.COMPANY,
        [
            # Modified last, so that the account is called so with b in it, too.
            company("a", name="Acme Corporation", domain="acme.com", modified_at=at("2025-02-11"), **listed),
            company("b", name="Zeppelin Werke", domain="zeppelin-werke.de", created_at=at("2025-02-10")),
            company("c", name="Globex", domain="globex.com", **listed),
        ],
        DAYS,
    )
    stage(lake, t.CONTACT, [contact("p", "a", "2025-01-01")], DAYS)
    stage(
        lake,
        t.ACTIVITY,
        [
            meeting(1, "a", "2025-01-03", "p"),
            meeting(2, "a", "2025-02-01"),
            meeting(3, "b", "2025-02-10"),
            meeting(4, "c", "2025-01-05"),
        ],
        DAYS,
    )
    deal = {"company_source_id": "b", "amount": 1000, "currency": "USD", "stage": "Prospecting"}
    stage(
        lake,
        t.DEAL,
        [{"source_id": "d", "created_at": at("2025-02-12"), "modified_at": at("2025-02-12"), **deal}],
        DAYS,
    )
    return settings


def refresh(settings: Settings, *days: date) -> dict[Table, TableReport]:
    """Identity to metrics, in order; of the metrics the tables by day."""
    steps = (refresh_identity, refresh_facts, refresh_scores, partial(refresh_metrics, tables=DAILY))
    return {report.table: report for step in steps for report in step(settings, list(days), "run")}


def computed(reports: dict[Table, TableReport]) -> dict[str, tuple[date, ...]]:
    """Which days each daily table above facts computed."""
    return {table.name: tuple(sorted(day for day in reports[table].rows if day)) for table in DAILY}


def content(settings: Settings) -> dict[str, Any]:
    """Everything that scoring and metrics hold, without account ids, which remember what was served before."""
    return {table.name: read(settings.open_lake, table) for table in DAILY}


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The world, computed for all days; the tests go on from each other."""
    settings = built(tmp_path_factory.mktemp("world"))
    refresh(settings, *DAYS)
    return settings


def test_who_is_new_and_did_nothing_computes_no_past_day(settings: Settings) -> None:
    """A company and a contact created on the day after, without any fact: that day, and no other."""
    created = {"created_at": at(f"{NEXT}"), "modified_at": at(f"{NEXT}")}
    stage(settings.open_lake, t.COMPANY, [company("n", name="Initech", domain="initech.com", **created)])
    stage(settings.open_lake, t.CONTACT, [contact("q", "a", f"{NEXT}")])
    assert dict.fromkeys((table.name for table in DAILY), (NEXT,)) == computed(refresh(settings, NEXT))


def test_a_merge_computes_the_days_since_the_first_fact_of_what_moved(settings: Settings, tmp_path: Path) -> None:
    """Record b, whose first fact is on 10 February, is merged into a. Asked for the last day only, the run computes
    from 10 February on in all that reads who is who, and the rows are those of a world that was merged from the start.
    The restatement log has both accounts' numbers of those days, no others', and names the decision.
    """
    before = accounts_of(settings.open_lake)
    made, _ = decide(settings, "merge", "salesforce:a", "salesforce:b", why="same house")
    since = tuple(day for day in (*DAYS, NEXT) if day >= B_BEGINS)
    reports = refresh(settings, NEXT)

    assert dict.fromkeys((table.name for table in DAILY), since) == computed(reports)
    shutil.copytree(settings.lake_path / "staged", tmp_path / "lake" / "staged")
    again = settings_of(tmp_path, PROGRAMME)
    shutil.copy(decisions_path(settings), decisions_path(again))
    refresh(again, *DAYS, NEXT)
    assert content(again) == content(settings)

    a, b = before["salesforce:a"], before["salesforce:b"]
    what = f"merged: {b} into {a} (decision {made.decision_id} by {made.who})"
    log = moves(settings, table="account_metrics_daily", limit=1000)
    assert {a, b} == {move.key for move in log}
    assert set(since) == {move.day for move in log}
    assert all(what in move.reason for move in log)
    (run,) = resolutions(settings, 1)
    assert (what, B_BEGINS) == (run.what, run.since)
    (gone,) = [move for move in run.accounts if (move.key, move.column) == (b, "stage")]
    assert ("opportunity", None) == (gone.before, gone.now)
