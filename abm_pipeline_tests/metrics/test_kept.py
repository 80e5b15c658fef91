"""Rows of a day that are kept: what reaches them, what they hang on, and that nothing but time hangs on them."""

from __future__ import annotations

import shutil
from datetime import date, timedelta
from pathlib import Path

import pytest

from abm_pipeline_tests.metrics.test_laws import populate
from abm_pipeline_tests.metrics.world import D, World

SETS = ["deal_origin", "depth_item", "engaged_start", "stage_day", "talk", "volume_day"]


def made(world: World, name: str) -> dict[str, int]:
    """When the rows of each day were made, over all sets of the name."""
    found = (world.lake.root / "kept" / name).glob("*/day=*/data.parquet")
    return {path.parent.name.removeprefix("day="): path.stat().st_mtime_ns for path in found}


def moved(world: World, name: str, before: dict[str, int]) -> set[date]:
    """Days whose rows are others than before."""
    return {date.fromisoformat(day) for day, at in made(world, name).items() if before.get(day) != at}


@pytest.fixture
def world(tmp_path: Path) -> World:
    """One account, engaged since 20 June, a meeting on the 10th and a deal of the 25th, computed for 30 June."""
    world = World(tmp_path)
    world.account("a.com", "one_to_one")
    world.person("ann", "a.com")
    for offset in range(30):
        world.score("a.com", str(D - timedelta(days=offset)), 30 if offset <= 10 else 10)
    world.touch("a.com", "06-10", "meeting", "ann")
    world.deal("d", "a.com", "06-25")
    world.refresh()
    return world


def test_a_late_touch_reaches_the_days_that_hang_on_it(world: World) -> None:
    """A call of 20 June, told later. What was counted on a day and who talked is that day's; who is engaged hangs on 90
    days, but the stage is the same with it: engaged by its score. The call was part of no campaign."""
    before = {name: made(world, name) for name in SETS}
    world.touch("a.com", "06-20", "call_connected", "ann")
    world.refresh()
    after = {name: moved(world, name, before[name]) for name in SETS}
    assert {
        name: {date(2026, 6, 20)} if name in ("depth_item", "talk", "volume_day") else set() for name in SETS
    } == after


def test_a_score_restated_moves_the_start(world: World) -> None:
    """a was engaged on 15 June already: it began then, and again on the 20th, since it was not on the 19th. Its stage
    is another on the 15th, and on the 16th it is back in the one before."""
    before = {name: made(world, name) for name in SETS}
    for row in world.rows["scoring.engagement_score"]:
        if row["day"] == date(2026, 6, 15):
            row.update(score=30, is_engaged=True)
    world.refresh()
    assert {date(2026, 6, 15)} == moved(world, "engaged_start", before["engaged_start"])
    assert {date(2026, 6, 15), date(2026, 6, 16)} == moved(world, "stage_day", before["stage_day"])
    assert set() == moved(world, "deal_origin", before["deal_origin"])


def test_nothing_but_time_hangs_on_them(tmp_path: Path) -> None:
    """In a world of thirty accounts every value is the same without them, and no row is written again; nor where steps
    run beside each other, as they do with two threads."""
    world = World(tmp_path)
    populate(world)
    world.refresh()
    assert SETS == sorted(path.name for path in (world.lake.root / "kept").iterdir())
    shutil.rmtree(world.lake.root / "kept")
    world.settings = world.settings.model_copy(update={"threads": 2})
    reports = world.refresh()
    assert dict.fromkeys(reports, ()) == {name: report.changed for name, report in reports.items()}
    assert SETS == sorted(path.name for path in (world.lake.root / "kept").iterdir())


def test_another_programme_has_its_own(tmp_path: Path) -> None:
    """Accounts count as reached for 10 days, no longer for 90. A meeting 20 days ago is then no reach, also on the days
    before the day asked for: the account fell back to unaware on 20 June, 11 days ago with both ends."""
    config = Path("abm_pipeline/config/programme.yaml").read_text()
    world = World(tmp_path, config)
    world.account("a.com", "one_to_one")
    for offset in range(60):
        world.score("a.com", str(D - timedelta(days=offset)), 1)
    world.touch("a.com", "06-10")
    world.refresh()
    assert ("aware", 21) == tuple(world.account_row("a.com")[name] for name in ("stage", "stage_days"))
    sets = set((world.lake.root / "kept" / "stage_day").iterdir())
    shorter = config.replace("aware_window_days: 90", "aware_window_days: 10")
    assert config != shorter
    (world.settings.config / "programme.yaml").write_text(shorter)
    world = World(tmp_path)
    world.refresh()
    assert ("unaware", 11) == tuple(world.account_row("a.com")[name] for name in ("stage", "stage_days"))
    assert 1 == len(set((world.lake.root / "kept" / "stage_day").iterdir()) - sets)
