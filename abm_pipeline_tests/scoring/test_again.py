"""Scoring again: what stands is not done again, a killed re-score goes on where it was, kept work is never stale."""

from __future__ import annotations

import multiprocessing
import time
from datetime import timedelta
from pathlib import Path

import pytest

from abm_pipeline.contracts import tables as T
from abm_pipeline.scoring import refresh as scoring
from abm_pipeline.settings import Settings
from abm_pipeline_tests.scoring.world import D0, World, days_from, intent, plain_model, touch

DAYS = days_from(D0, 120)
TABLES = (T.ENGAGEMENT_SCORE, T.SCORE_PART)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    """Three accounts, a touch a day in turn, and a topic in the first week; 120 days scored under version 1."""
    made = World(tmp_path_factory.mktemp("again") / "home")
    made.write_days(T.TOUCH, [touch(i, day, "abc"[i % 3]) for i, day in enumerate(DAYS)])
    made.write_days(T.INTENT, [intent(day, "a", "t", 80) for day in DAYS[:7]])
    made.score(DAYS)
    return made


def computed(world: World, version: str) -> dict[object, int]:
    """When each day of the parts was computed under a version of the plain model."""
    return dict(world.settings.open_lake.computed_at(T.SCORE_PART, plain_model(version=version).file_part))


def test_what_stands_is_counted_and_not_scored_again(world: World) -> None:
    """120 days asked for again: none is scored, the report counts their rows; a touch of day 100 that comes late is in
    the windows of days 100 to 119: 20 days are scored, though one was asked for.
    """
    before = computed(world, "1")
    (scores, _) = world.score(DAYS)
    assert (0, len(world.read(T.ENGAGEMENT_SCORE))) == (scores.notes["days_scored"], sum(scores.rows.values()))
    assert before == computed(world, "1")

    late = DAYS[100]
    world.write_days(T.TOUCH, [touch(100, late, "b"), touch(900, late, "b")])
    (scores, _) = world.score([DAYS[0]])
    assert 20 == scores.notes["days_scored"]


def test_work_kept_is_used_and_never_when_its_inputs_changed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Version 2 of the model reuses what touches add up to; after another touch it is made anew. Either way the rows
    are those of a refresh that keeps nothing.
    """

    def kept() -> list[str]:
        return [path.name for path in (world.settings.home / "kept").iterdir()]

    def rows(version: str) -> list[object]:
        where = f"model_version LIKE '{version}+%'"
        return [world.read(table, where).drop(columns="model_version").to_dict("split") for table in TABLES]

    world.score(DAYS, plain_model(version="2"))
    first = kept()
    world.score(DAYS, plain_model(version="3"))
    assert first == kept()
    assert rows("2") == rows("3")
    world.write_days(T.TOUCH, [touch(50, DAYS[50], "c"), touch(901, DAYS[50], "a")])
    world.score(DAYS, plain_model(version="4"))
    assert 1 == len(kept())
    assert first != kept()
    monkeypatch.setattr(scoring, "KEPT_FROM_DAYS", 10_000)
    world.score(DAYS, plain_model(version="5"))
    assert rows("4") == rows("5")
    assert rows("3") != rows("5")


def _score_slowly(settings: Settings, version: str) -> None:
    scoring.CHUNK_DAYS = 2
    scoring.refresh(settings, DAYS, "killed", {"plain": plain_model(version=version)})


def test_a_killed_rescore_goes_on_where_it_was(world: World) -> None:
    """A process scores two days at a time and is killed once some are there. The next run leaves those alone, does the
    rest, and ends in the rows of a run that nobody disturbed.
    """
    killed = multiprocessing.get_context("spawn").Process(target=_score_slowly, args=(world.settings, "6"))
    killed.start()
    until = time.monotonic() + 60
    while len(computed(world, "6")) < 6 and time.monotonic() < until:
        time.sleep(0.01)
    killed.kill()
    killed.join()
    done = computed(world, "6")
    assert 0 < len(done) < len(DAYS)

    (scores, _) = world.score(DAYS, plain_model(version="6"))
    after = computed(world, "6")
    assert done == {day: after[day] for day in done}
    assert len(DAYS) - len(done) == scores.notes["days_scored"]
    world.score(DAYS, plain_model(version="7"))
    for table in TABLES:
        undisturbed = world.read(table, "model_version LIKE '7+%'").drop(columns="model_version")
        resumed = world.read(table, "model_version LIKE '6+%'").drop(columns="model_version")
        assert undisturbed.to_dict("split") == resumed.to_dict("split"), table


def test_many_touches_are_looked_at_in_pieces(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """120 days of 120 touches, 70 at the most together, are two pieces of 60 days; their rows are those of one."""
    pieces: list[int] = []
    prepare = scoring.prepare_touches
    monkeypatch.setattr(scoring, "SEGMENT_TOUCHES", 70)
    monkeypatch.setattr(scoring, "prepare_touches", lambda *given: pieces.append(len(given[3])) or prepare(*given))
    world.score(DAYS, plain_model(version="8"))
    assert [60, 60] == pieces
    monkeypatch.setattr(scoring, "SEGMENT_TOUCHES", 1_000)
    world.score(DAYS, plain_model(version="9"))
    assert [60, 60, 120] == pieces
    for table in TABLES:
        cut, whole = (
            world.read(table, f"model_version LIKE '{version}+%'").drop(columns="model_version") for version in "89"
        )
        assert whole.to_dict("split") == cut.to_dict("split"), table


def test_other_rules_score_again_what_is_asked_for(world: World, tmp_path: Path) -> None:
    """History begins a day later: what the change of seven days compares with is another, so days asked for are scored
    again, though no table changed."""
    world.score(DAYS)
    programme = world.settings.programme.model_copy(update={"history_start": DAYS[0] - timedelta(days=1)})
    other = world.settings.model_copy()
    other.__dict__["programme"] = programme
    (scores, _) = scoring.refresh(other, DAYS[:3], "test", {"plain": plain_model()})
    assert 3 == scores.notes["days_scored"]
