"""Credit by the day on which a path ended: what stands is not made again, and what changed is."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from abm_pipeline.contracts import tables as T
from abm_pipeline_tests.metrics.world import D, World, day

TABLES = (T.CHANNEL_TRANSITION, T.DEAL_CREDIT)
CREATED, CLOSED = date(2026, 6, 10), date(2026, 6, 20)


@pytest.fixture
def two(tmp_path: Path) -> World:
    """a.com: meetings on 1 and 3 June, a form on the 5th, a call on the 12th; a deal of the 10th, won on the 20th.
    b.com: a meeting on 4 June; a deal of the 10th, lost on the 29th."""
    world = World(tmp_path)
    for name in ("a.com", "b.com"):
        world.account(name)
    for when, kind in (("06-01", "meeting"), ("06-03", "meeting"), ("06-05", "form_fill"), ("06-12", "call_connected")):
        world.touch("a.com", when, kind)
    world.touch("b.com", "06-04", "meeting")
    world.deal("a", "a.com", "06-10", "06-20", won=True)
    world.deal("b", "b.com", "06-10", "06-29")
    return world


def transitions(world: World, ending: str, when: date) -> dict[tuple[str, str], int]:
    """(channel, next channel) → how often, on paths that ended so on a day."""
    rows = world.read(T.CHANNEL_TRANSITION, f"ending = '{ending}' AND day = '{when}'")
    return {(row["channel"], row["next_channel"]): row["paths"] for row in rows}


def test_transitions_are_counted_where_a_path_ended(two: World) -> None:
    """Both deals were created on the 10th: start → meeting twice, meeting → meeting and → content once, and each path
    converts. a.com's path to its close goes on by phone; b.com's, which was lost, ends in null."""
    two.refresh(tables=TABLES)

    expected = {
        ("(start)", "meeting"): 2,
        ("meeting", "meeting"): 1,
        ("meeting", "content"): 1,
        ("content", "(conversion)"): 1,
        ("meeting", "(conversion)"): 1,
    }
    assert expected == transitions(two, "created", CREATED)
    assert {("content", "phone"): 1, ("phone", "(conversion)"): 1}.items() <= transitions(two, "closed", CLOSED).items()
    assert {("(start)", "meeting"): 1, ("meeting", "(null)"): 1} == transitions(two, "closed", date(2026, 6, 29))


def shares(world: World, deal: str, ending: str) -> dict[str, Any]:
    """Channel → millionths of the deal under the linear model."""
    rows = world.read(T.DEAL_CREDIT, f"deal_id = '{deal}' AND ending = '{ending}' AND dimension = 'channel'")
    return {row["dimension_value"]: row["share_linear"] // 10**6 for row in rows}


def test_one_more_day_makes_only_its_own_paths(two: World) -> None:
    """Once all stands, a deal created on 1 July makes that day; the days before have no row made again."""
    two.refresh(tables=TABLES)
    two.deal("c", "b.com", "07-01")
    reports = two.refresh(day("07-01"), tables=TABLES)

    assert [{day("07-01")}] * 2 == [set(reports[table.name].rows) for table in TABLES]
    assert {"meeting": 10**6} == shares(two, "c", "created")


def test_days_one_by_one_are_the_range(two: World, tmp_path: Path) -> None:
    """Law: 1 to 30 June day by day, newest first or oldest first, are the rows of the range at once."""
    days = [day("06-01") + timedelta(days=offset) for offset in range(30)]
    two.refresh(*days, tables=TABLES)
    expected = [two.read(table) for table in TABLES]
    for order in (days, days[::-1]):
        world = World(tmp_path / order[0].isoformat())
        world.rows.update(two.rows)
        for each in order[::5] + order[1:2]:
            world.refresh(each, tables=TABLES)
        world.refresh(*days, tables=TABLES)
        assert expected == [world.read(table) for table in TABLES]


def test_a_late_touch_counts_on_every_path_after_it(two: World) -> None:
    """A webinar of 2 June comes in on the 30th: a.com's paths have one touch more, and what Markov learned since then
    is learned again; a second refresh finds nothing to change."""
    two.refresh(tables=TABLES)
    two.touch("a.com", "06-02", "webinar_attended")
    reports = two.refresh(tables=TABLES)

    assert {CREATED, CLOSED} == set(reports["deal_credit"].changed)
    assert {"meeting": 500_000, "webinar": 250_000, "content": 250_000} == shares(two, "a", "created")
    assert () == two.refresh(tables=TABLES)["deal_credit"].changed


def test_a_deal_that_moves_to_another_account_takes_its_credit_along(two: World) -> None:
    """Deal a turns out to be b.com's: its pipeline goes to b.com's one meeting, though no touch changed and the last
    version began after the day it was created."""
    two.refresh(tables=TABLES)
    assert {"meeting": 666_666, "content": 333_333} == shares(two, "a", "created")
    for row in two.rows["facts.deal"]:
        row["company_key"] = "domain:b.com"
    two.refresh(tables=TABLES)

    assert {"meeting": 10**6} == shares(two, "a", "created") == shares(two, "a", "closed")


def test_a_deal_that_closed_on_another_day_leaves_the_first(two: World) -> None:
    """Won on the 20th, says the CRM; later it says the 25th. No row stays behind on the 20th."""
    two.refresh(tables=TABLES)
    for row in two.rows["facts.deal"]:
        if row["deal_id"] == "a" and row["is_closed"]:
            row["closed_day"] = day("06-25")
    two.refresh(tables=TABLES)

    assert [day("06-25")] == sorted({row["day"] for row in two.read(T.DEAL_CREDIT, "ending = 'closed'")})
    assert {} == transitions(two, "closed", CLOSED)
    assert D not in {row["day"] for row in two.read(T.DEAL_CREDIT)}
