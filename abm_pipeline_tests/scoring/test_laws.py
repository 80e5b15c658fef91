"""What holds for every world: the parts add up, the cut of a range and the order of rows don't matter, late facts reach
the days they touch and no others; and the numbers are those of a plain loop.
"""

from __future__ import annotations

import random
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from abm_pipeline.contracts import tables as T
from abm_pipeline.defs.checks import CHECKS, evaluate
from abm_pipeline.scoring.refresh import refresh
from abm_pipeline.scoring.state import missing_days
from abm_pipeline.storage.engine import connect
from abm_pipeline.storage.lake import now_ns
from abm_pipeline_tests.scoring.naive import naive_day
from abm_pipeline_tests.scoring.world import World, days_from, intent, plain_model, touch

# Fixed-point blocks of 90 days change on 13 March 2025 (day 20,160), in the middle of what is scored.
FIRST = date(2025, 3, 10)
SCORED = days_from(FIRST, 6)
MODEL = plain_model(breadth={1: 1.0, 2: 1.15, 4: 1.5}, half_life_days=11)
# The other of account a is its user once more (a lead and the contact it became).
SAME = {"crm:a-other": "crm:a-user"}
SEEDS = st.integers(0, 10**6)
FEW = settings(max_examples=3, deadline=None)


def random_touches(seed: int, count: int = 120) -> list[dict[str, Any]]:
    """Touches of three accounts in the 110 days up to the last one scored; many on the same contact and day."""
    rng = random.Random(seed)
    rows = []
    for number in range(count):
        account = rng.choice("aab")
        role = rng.choice(["decision_maker", "champion", "influencer", "user", "other", "unknown", None])
        kind = rng.choice(["meeting", "content_download", "ad_click", "email_sent", "call"])
        columns = {
            "touch_type": kind,
            "is_exposure": kind == "email_sent",
            "contact_key": role and f"crm:{account}-{role}",
            "content_type": rng.choice([None, "pricing_guide", "ebook"]),
            "weight_count": float(rng.choice([1, 1, 1, 3])),
        }
        rows.append(
            touch(number, SCORED[-1] - timedelta(days=rng.choice([0, 1, 2, rng.randrange(110)])), account, **columns)
        )
    return rows


def random_intent(seed: int) -> list[dict[str, Any]]:
    """Topics of the days scored."""
    rng = random.Random(seed)
    return [
        intent(day, account, topic, rng.randrange(50, 100), is_surging=rng.random() < 0.7)
        for day in days_from(FIRST - timedelta(days=8), 14)
        for account in "bc"
        for topic in ("erp", "crm")
    ]


def made(home: Path, touches: list[dict[str, Any]], intents: list[dict[str, Any]]) -> World:
    """A world of those facts."""
    world = World(home, listed=("a", "b"), same=SAME)
    world.write_days(T.TOUCH, touches)
    world.write_days(T.INTENT, intents)
    return world


def both(world: World) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Everything that scoring wrote."""
    return world.read(T.ENGAGEMENT_SCORE), world.read(T.SCORE_PART)


@given(SEEDS)
@FEW
def test_agrees_with_a_plain_loop(seed: int) -> None:
    """Score, parts, counts, days, rank and change equal those of `naive`, within 1e-6."""
    touches, intents = random_touches(seed), random_intent(seed)
    with TemporaryDirectory() as home:
        world = made(Path(home), touches, intents)
        world.score(SCORED, MODEL)
        scores, parts = both(world)
    for (stamp, window), rows in scores.groupby(["day", "window_days"]):
        day = stamp.date()
        expected = naive_day(MODEL, touches, intents, day, window, SAME)
        before = naive_day(MODEL, touches, intents, day - timedelta(days=7), window, SAME)
        listed = [expected[f"A-{account}"]["score"] for account in "ab"]
        for row in rows.itertuples():
            plain = expected[row.account_id]
            assert pytest.approx(plain["score"], abs=1e-6) == row.score
            assert pytest.approx(plain["score"] - before[row.account_id]["score"], abs=1e-6) == row.score_change_7d
            assert (plain["contacts_engaged"], plain["touches"]) == (row.contacts_engaged, row.touches)
            assert (plain["first_touch_day"], plain["last_touch_day"]) == tuple(
                None if pd.isna(at) else at.date() for at in (row.first_touch_day, row.last_touch_day)
            )
            rank = 1 + sum(score > plain["score"] for score in listed)
            assert (rank if row.account_id != "A-c" else None) == (None if pd.isna(row.rank) else row.rank)
            its_parts = parts[
                (parts.account_id == row.account_id) & (parts.day == stamp) & (parts.window_days == window)
            ]
            assert pytest.approx(plain["parts"], abs=1e-6) == dict(zip(its_parts.part, its_parts.points, strict=True))
        scored = {account for account, plain in expected.items() if plain["score"] > 0} | {"A-a", "A-b"}
        assert scored == set(rows.account_id)


def test_parts_that_were_tampered_with_are_noticed(tmp_path: Path) -> None:
    """The check passes on what was scored; a part lost, or a hundredth of a point more, and it fails."""
    (check,) = (each for each in CHECKS if each.name == "parts_add_up")
    world = made(tmp_path, random_touches(1), random_intent(1))
    world.score(SCORED, MODEL)
    assert evaluate(world.settings, check)[0]
    lake = world.settings.open_lake
    with connect() as con:
        lake.attach(con, T.SCORE_PART)
        con.execute("CREATE TEMP TABLE was AS SELECT * FROM scoring.score_part")
        for tampered in (
            "SELECT * FROM was WHERE part <> 'meeting'",
            "SELECT * REPLACE (if(part = 'intent', points + 0.01, points) AS points) FROM was",
        ):
            lake.write_days(con, T.SCORE_PART, tampered, SCORED, computed_at=now_ns(), part=MODEL.file_part)
            assert not evaluate(world.settings, check)[0], tampered


@given(SEEDS)
@FEW
def test_a_range_equals_its_days_and_parts_add_up(seed: int) -> None:
    """Six days at once, and one by one in any order from touches in any order: the same rows to the bit. Parts of a
    score add up to it, within the rounding of its eighth decimal and theirs."""
    touches, intents = random_touches(seed), random_intent(seed)
    rng = random.Random(seed)
    numbers = rng.sample(range(len(touches)), len(touches))
    renamed = [row | {"touch_id": f"crm:{n}", "source_id": str(n)} for row, n in zip(touches, numbers, strict=True)]
    with TemporaryDirectory() as home:
        at_once = made(Path(home) / "range", touches, intents)
        at_once.score(SCORED, MODEL)
        by_day = made(Path(home) / "days", renamed, intents)
        for day in rng.sample(SCORED, len(SCORED)):
            by_day.score([day], MODEL)
        for left, right in zip(both(at_once), both(by_day), strict=True):
            pd.testing.assert_frame_equal(left, right, check_exact=True)
        scores, parts = both(at_once)
    keys = ["day", "account_id", "window_days"]
    summed = parts.groupby(keys)["points"].sum().reindex(pd.MultiIndex.from_frame(scores[keys]), fill_value=0.0)
    assert (summed.to_numpy() - scores["score"]).abs().max() < 1e-7


@given(SEEDS)
@FEW
def test_exposures_and_second_runs_change_nothing(seed: int) -> None:
    """Scored; scored again; fifty more impressions and e-mails, scored again: no day changes."""
    touches, intents = random_touches(seed), random_intent(seed)
    shown = [
        touch(
            1000 + i, SCORED[i % 6], "ab"[i % 2], touch_type=kind, is_exposure=True, contact_key=None, weight_count=9.0
        )
        for i, kind in enumerate(["ad_impression", "email_sent"] * 25)
    ]
    with TemporaryDirectory() as home:
        world = made(Path(home), touches, intents)
        assert [SCORED, SCORED] == [list(report.changed) for report in world.score(SCORED, MODEL)]
        assert [[], []] == [list(report.changed) for report in world.score(SCORED, MODEL)]
        world.write_days(T.TOUCH, touches + shown)
        assert [[], []] == [list(report.changed) for report in world.score([], MODEL)]


def test_a_late_touch_changes_the_days_that_see_it(tmp_path: Path) -> None:
    """200 days scored, then a touch of day 50 arrives. Asked for one day, the run changes the parts of days 50 … 139
    (its 90-day window), and the scores of 50 … 146: seven days longer, since score_change_7d looks back at them."""
    days = days_from(date(2025, 1, 1), 200)
    world = World(tmp_path)
    early = touch(1, days[0], "a")
    world.write_days(T.TOUCH, [early], days)
    world.score(days)
    world.write_days(T.TOUCH, [touch(2, days[50], "b")])
    scores, parts = world.score([days[50]])
    assert (days[50:147], days[50:140]) == (list(scores.changed), list(parts.changed))
    assert [[], []] == [list(report.changed) for report in world.score(days)]


def test_moving_a_record_to_another_account_moves_its_points(tmp_path: Path) -> None:
    """Record a turns out to belong to account B: the days scored before are computed again, from unchanged facts."""
    world = World(tmp_path, accounts=("a", "b"), listed=("b",))
    world.write_days(T.TOUCH, [touch(1, FIRST, "a")])
    world.score([FIRST])
    before = world.scores(FIRST)
    member = {"match_rule": "crm", "match_probability": 1.0, "is_manual": False, "snapshot_id": "s2", "source": "crm"}
    world.write_table(T.MEMBER, [member | {"account_id": "A-b", "source_id": record} for record in "ab"])
    world.score([])
    assert ({"a": 10.0, "b": 0.0}, {"b": 10.0}) == (before, world.scores(FIRST))


def test_a_changed_model_misses_every_day_scored_before(tmp_path: Path) -> None:
    """Three days scored; one weight changed: the new version misses those three, scores them, and the old rows stay."""
    world = World(tmp_path)
    folder = tmp_path / "config" / "scoring_models"
    folder.mkdir()
    write = (folder / "default.yaml").write_text
    write(plain_model(name="default").model_dump_json())
    assert {"default": []} == missing_days(world.settings)
    world.write_days(T.TOUCH, [touch(1, FIRST, "a")])
    run = (world.settings, SCORED[:3], "test")
    refresh(*run)
    assert {"default": []} == missing_days(world.settings)
    write(plain_model(name="default", engaged_min_score=11).model_dump_json())
    assert {"default": SCORED[:3]} == missing_days(world.settings)
    refresh(*run)
    assert {"default": []} == missing_days(world.settings)
    rows = world.read(T.ENGAGEMENT_SCORE, f"day = '{FIRST}' AND account_id = 'A-a' AND window_days = 30")
    assert [False, True] == sorted(rows.is_engaged)
    write(plain_model(name="default", valid_from=SCORED[2], engaged_min_score=12).model_dump_json())
    assert {"default": SCORED[2:3]} == missing_days(world.settings)
