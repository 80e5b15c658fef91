"""Thresholds from rates, drift and age: worked by hand; and the checks that warn."""

from __future__ import annotations

import math
import shutil
from datetime import date, timedelta
from pathlib import Path

import pandas as pd
import pytest
import yaml

from abm_pipeline.contracts import tables as T
from abm_pipeline.defs.checks import CHECKS, evaluate, thresholds_age
from abm_pipeline.programme import ConfigError
from abm_pipeline.scoring import lifecycle
from abm_pipeline.scoring.discrimination import Estimate, Group, Judged
from abm_pipeline.scoring.thresholds import calibrated_on, drift, floors, propose
from abm_pipeline.settings import Settings
from abm_pipeline.storage.engine import connect
from abm_pipeline_tests.scoring.test_lifecycle import declare, fresh
from abm_pipeline_tests.scoring.world import D0, World, plain_model, touch

TODAY = date(2026, 6, 30)


def judged(rates: dict[int, tuple[int, int]]) -> Judged:
    """Opportunity rates (x of n) by twentieth of the score."""
    groups = tuple(
        Group("twentieth", str(k), n, x, n, 10.0 * k, 10.0 * k + 9, Estimate(x / n), False)
        for k, (x, n) in rates.items()
    )
    x, n = (sum(pair[i] for pair in rates.values()) for i in (0, 1))
    none = Estimate(None)
    return Judged(0, "opportunity", n, x, x, n - x, groups, none, none, None, None, (), min(x, n - x) < 10)


def test_bands_are_cut_from_rates_that_never_fall() -> None:
    """0 (no score): 2 of 60. Twentieths 7 to 14: 2 of 20; 15 and 16: 5 and 3 of 20; 17 and 18: 6 of 20; 19 and 20: 12.

    Falling 5, 3 of 20 are pooled to 4: 0.2. In all 2 + 16 + 8 + 12 + 24 = 62 of 340: average 0.1824, twice 0.3647,
    half 0.0912. Hot: 0.6, two twentieths: 10 %. Warm: 0.2 and 0.3, four: 20 %. Cool: 0.1, eight: 40 %. The rest has no
    score or 0.033. Engaged from where the 15th begins, 150.129, cut to two digits.
    """
    rates = {0: (2, 60), **dict.fromkeys(range(7, 15), (2, 20)), 15: (5, 20), 16: (3, 20)}
    rates |= {17: (6, 20), 18: (6, 20), 19: (12, 20), 20: (12, 20)}
    found = propose(0, plain_model(), [judged(rates)], {k: 10 * k + 0.129 for k in range(7, 21)}, TODAY, 10)
    assert ((10, 20, 40), 150.12, "") == (found.band_pct, found.engaged_min_score, found.reason)
    assert [0.2, 0.2] == [pytest.approx(rate) for k, rate in found.fitted if k in (15, 16)]
    edit = yaml.safe_load(found.yaml)
    expected = {"hot": 10, "warm": 20, "cool": 40}
    assert {"engaged_min_score": 150.12, "band_pct": expected, "calibrated_on": TODAY} == edit
    assert plain_model(**edit).calibrated_on == TODAY


def test_a_twentieth_begins_at_the_median_of_its_days() -> None:
    """The 15th begins at 10, 14 and 50 on three days: at 14. Who has no score is in none."""
    rows = [(0, 1, 15, 10.0), (0, 1, 15, 11.0), (0, 2, 15, 14.0), (0, 3, 15, 50.0), (0, 3, 0, 0.0)]
    with connect() as con:
        con.register("backtest_input", pd.DataFrame(rows, columns=["model", "day", "twentieth", "score"]))
        assert {0: {15: 14.0}} == floors(con)


def test_nothing_is_proposed_where_scores_tell_nothing() -> None:
    """The same rate everywhere: nobody stands out. Nine accounts are too few. No accounts at all: so is that."""
    flat = propose(0, plain_model(), [judged(dict.fromkeys(range(1, 21), (4, 20)))], {}, TODAY, 10)
    few = propose(0, plain_model(), [judged({1: (0, 20), 20: (9, 20)})], {}, TODAY, 10)
    none = propose(0, plain_model(), [], {}, TODAY, 10)
    assert [None, None, None] == [each.band_pct for each in (flat, few, none)]
    assert "scores don't tell them apart" in flat.reason
    assert ("too few accounts opened a deal: 9", "too few accounts opened a deal: 0") == (few.reason, none.reason)


def test_drift_is_the_population_stability_index() -> None:
    """Then 10 accounts without a score and one in each tenth; now 15 without and 5 above all.

    With half an account in each of 11 cells: then 10.5, ten of 1.5 of 25.5; now 15.5, nine of 0.5, 5.5 of 25.5:
    (5/25.5) ln(15.5/10.5) + 9 (−1/25.5) ln(1/3) + (4/25.5) ln(5.5/1.5) = 0.6680. The same as then: 0.
    """
    then = [(0.0, 10), *((float(score), 1) for score in range(1, 11))]
    expected = (5 * math.log(15.5 / 10.5) + 9 * math.log(3) + 4 * math.log(5.5 / 1.5)) / 25.5
    for now, index in (([(0.0, 15), (99.0, 5)], expected), (then, 0.0)):
        rows = [(0, day, score) for day, side in ((1, then), (2, now)) for score, times in side for _ in range(times)]
        frame = pd.DataFrame(rows, columns=["model", "day", "score"])
        with connect() as con:
            con.register("scored_then", frame)
            con.register("as_of", pd.DataFrame({"day": [1]}))
            (found,) = drift(con, 1)
        assert pytest.approx(index, abs=1e-12) == found.index
    assert pytest.approx(0.6680, abs=1e-4) == expected


@pytest.fixture(scope="module")
def scored(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A first day and a last, 93 days later, scored under the champion `plain`."""
    world = World(tmp_path_factory.mktemp("old") / "home", programme={"champion": "plain"})
    declare(world.settings)
    world.write_days(T.TOUCH, [touch(1, D0, "a")])
    world.score([D0, D0 + timedelta(days=93)])
    return world.settings


@pytest.fixture
def settings(scored: Settings, tmp_path: Path) -> Settings:
    """The same with a configuration of its own."""
    assert scored.config is not None
    return fresh(scored.model_copy(update={"config": Path(shutil.copytree(scored.config, tmp_path / "config"))}))


def test_thresholds_are_old_after_a_quarter(settings: Settings) -> None:
    """93 days after the first score nobody has looked: a warning. Calibrated one day later, 92 days: none. Not a part
    of the version, so nothing is scored again."""
    passed, seen = thresholds_age(settings)
    assert (False, 93, "first scored; never calibrated since") == (passed, seen["age_days"], seen["why"])
    before = lifecycle.find(settings, "plain").label
    declare(settings, calibrated_on=D0 + timedelta(days=1))
    passed, seen = thresholds_age(fresh(settings))
    assert (True, 92, "declared in its file") == (passed, seen["age_days"], seen["why"])
    assert before == lifecycle.find(fresh(settings), "plain").label


def test_a_promotion_is_a_look_at_the_thresholds(settings: Settings) -> None:
    """`default` is promoted: its thresholds hold since, however long ago it was scored first; before, since never."""
    assert settings.config is not None
    (settings.config / "programme.yaml").write_text("champion: default\n")
    assert (None, "no day is scored") == calibrated_on(fresh(settings))
    (settings.config / "programme.yaml").write_text("champion: nobody\n")
    with pytest.raises(ConfigError, match="declares the champion nobody"):
        calibrated_on(fresh(settings))
    (settings.config / "programme.yaml").write_text("champion: plain\n")
    made = lifecycle.promote(fresh(settings), lifecycle.find(settings, "default"), "looked at it")
    assert (made.at.date(), "promoted") == calibrated_on(fresh(settings))


@pytest.mark.parametrize(
    ("lift", "low_sample", "expected"), [(1.9, False, False), (2.0, False, True), (1.2, True, True)]
)
def test_a_low_lift_is_warned_of(tmp_path: Path, lift: float, low_sample: bool, expected: bool) -> None:
    """1.9 fires, 2 does not; nor does 1.2 where too few accounts say so."""
    world = World(tmp_path)
    row = {"day": D0, "metric": "score_calibration_lift", "as_of": D0, "window_days": 90, "dimension": "all"}
    row |= {"dimension_value": "all", "value": lift, "n": 40, "low_sample": low_sample, "status": "none"}
    world.write_days(T.METRIC_VALUES, [{**row, "definition_version": "1"}])
    (check,) = (each for each in CHECKS if each.name == "score_lift")
    passed, seen = evaluate(world.settings, check)
    assert (expected, str(lift)) == (passed, seen["lift"])


def test_no_lift_is_no_alarm(tmp_path: Path) -> None:
    """A day without the metric passes."""
    world = World(tmp_path)
    row = {"day": D0, "metric": "other", "as_of": D0, "window_days": 90, "dimension": "all", "dimension_value": "all"}
    world.write_days(T.METRIC_VALUES, [{**row, "low_sample": False, "status": "none", "definition_version": "1"}])
    (check,) = (each for each in CHECKS if each.name == "score_lift")
    assert (True, "unknown") == (evaluate(world.settings, check)[0], evaluate(world.settings, check)[1]["lift"])
