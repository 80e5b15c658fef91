"""Weights learnt from outcomes: a two-by-two table by hand, the ridge, the split in time, and a fit from end to end."""

from __future__ import annotations

import math
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from abm_pipeline.cli import main
from abm_pipeline.contracts import tables as T
from abm_pipeline.programme import ConfigError
from abm_pipeline.scoring import fit
from abm_pipeline.scoring.fit import Lessons, learn, split
from abm_pipeline.scoring.model import load_model
from abm_pipeline_tests.scoring.test_backtest import deal
from abm_pipeline_tests.scoring.test_lifecycle import declare
from abm_pipeline_tests.scoring.world import D0, PLAIN, World, touch


def table(*cells: tuple[tuple[float, ...], int, int]) -> Lessons:
    """Rows from cells: points of each part, how many rows, and to how many of them it came."""
    points = np.array([given for given, n, _ in cells for _ in range(n)])
    came = np.array([float(i < x) for _, n, x in cells for i in range(n)])
    parts = ("meeting", "content_download", "ad_click")[: points.shape[1]]
    return Lessons(parts, points, came, np.arange(len(came)) % 5, len(came))


def test_two_by_two_by_hand() -> None:
    """Of 100 with a meeting (10 points) 30 open a deal, of 100 without 10: odds ratio 30 × 90 ÷ (70 × 10) = 3.857, so
    0.1 × ln 3.857 = 0.13499 a point, and an intercept of ln (1/9). One part has no proportions to keep: factor 1."""
    found = learn(table(((10,), 100, 30), ((0,), 100, 10)), 10)
    assert pytest.approx(math.log(27 / 7) / 10, abs=1e-5) == found.coefficient["meeting"]
    assert pytest.approx(math.log(1 / 9), abs=1e-4) == found.intercept
    assert {"meeting": pytest.approx(1.0)} == found.factor


# Meetings tell, a download alone does not, and clicks speak against.
THREE = [
    ((10, 0, 0), 120, 60),
    ((0, 4, 0), 120, 12),
    ((10, 4, 0), 120, 60),
    ((0, 0, 2), 120, 4),
    ((0, 0, 0), 120, 12),
]


def test_no_weight_is_below_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hardly any ridge: clicks would be negative and get exactly 0, a download gets little, a meeting more than in the
    base; the mean score stays: 240 × 10 × f + 240 × 4 × g = 240 × 10 + 240 × 4 + 120 × 2."""
    monkeypatch.setattr(fit, "LAMBDAS", (1e-9,))
    found = learn(table(*THREE), 10)
    assert 0.0 == found.coefficient["ad_click"]
    assert found.factor["content_download"] < 0.2
    assert found.factor["meeting"] > 1.4
    total = 2400 * found.factor["meeting"] + 960 * found.factor["content_download"]
    assert pytest.approx(3600) == total


def test_a_strong_ridge_leaves_the_base_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """With λ a thousand every factor is 1 to three digits, whatever happened."""
    monkeypatch.setattr(fit, "LAMBDAS", (1e3,))
    assert dict.fromkeys(("meeting", "content_download", "ad_click"), pytest.approx(1, abs=1e-3)) == (
        learn(table(*THREE), 10).factor
    )


def test_left_out_accounts_choose_the_ridge() -> None:
    """Where meetings plainly tell more, a weak ridge explains left-out rows better than the strongest."""
    found = learn(table(*THREE), 10)
    assert found.strength < max(fit.LAMBDAS)
    assert found.factor["meeting"] > 1 > found.factor["content_download"] > found.factor["ad_click"]


def test_what_tells_nothing_is_refused() -> None:
    """Too few outcomes, nobody with points, and points that only speak against: each is said."""
    with pytest.raises(ConfigError, match="it came to 9 of 20"):
        learn(table(((10,), 20, 9)), 10)
    with pytest.raises(ConfigError, match="no account had any points"):
        learn(table(((0,), 40, 20)), 10)
    with pytest.raises(ConfigError, match="every coefficient is 0"):
        learn(table(((10,), 100, 10), ((0,), 100, 60)), 10)


def test_the_split_keeps_outcomes_before_what_is_judged() -> None:
    """Six months, 90 days: the last two are judged; learnt is on those whose 90 days end by the first of them."""
    days = [date(2026, month, 1) for month in range(1, 7)]
    assert ([date(2026, 1, 1), date(2026, 2, 1)], days[4:]) == split([*days][:6], 89)
    assert ([date(2026, 1, 1)], days[4:]) == split(days, 120)
    with pytest.raises(ConfigError, match="too few to learn on some and judge on others"):
        split(days, 121)


AS_OF = [D0 + timedelta(days=100 + 40 * step) for step in range(4)]


def test_a_fit_from_end_to_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Forty accounts: a quarter has a meeting before each day, half a download; of those with a meeting all but one in
    ten open a deal, of the others one in ten. The YAML written has more points for meetings and fewer for downloads,
    is right, tells later deals better than the base, and is not written over."""
    names = tuple(f"x{number:02}" for number in range(40))
    world = World(tmp_path / "home", names, names, {"champion": "plain"})
    declare(world.settings, half_life_days=10)
    touches, deals = [], []
    for step, day in enumerate(AS_OF):
        for number, name in enumerate(names):
            met = (number + step) % 4 == 0
            kinds = ["meeting"] * met + ["content_download"] * (2 * (number * 7 // 4 % 2))
            touches += [touch(0, day, name, touch_type=kind) for kind in kinds]
            if (number + 3 * step) % 10 > 0 if met else (number + step) % 10 == 1:
                deals += deal(name, day + timedelta(days=5), day + timedelta(days=9), is_won=False)
    touches = [{**row, "touch_id": f"crm:{i}", "source_id": str(i)} for i, row in enumerate(touches)]
    world.write_days(T.TOUCH, touches, (D0, AS_OF[-1] + timedelta(days=30)))
    world.write_table(T.FACT_DEAL, deals)
    monkeypatch.setenv("ABM_HOME", str(world.home))
    monkeypatch.setenv("ABM_CONFIG", str(world.home / "config"))
    out = world.home / "config" / "scoring_models" / "fitted.yaml"
    days = ",".join(day.isoformat() for day in AS_OF)
    command = ["model", "fit", "--out", str(out), "--horizon", "30", "--as-of", days]
    result = CliRunner().invoke(main, command, catch_exceptions=False)
    assert 0 == result.exit_code, result.output

    model = load_model(out)
    assert ("fitted", AS_OF[-1] + timedelta(days=30)) == (model.name, model.calibrated_on)
    assert model.points["meeting"] > PLAIN["points"]["meeting"]
    assert model.points["content_download"] < PLAIN["points"]["content_download"]
    # Content keeps its proportion to its type.
    guide = model.content_points["content_download"]["pricing_guide"]
    assert pytest.approx(2, rel=0.02) == guide / model.points["content_download"]
    assert f"# Learnt on scores of 3 days, {AS_OF[0]} to {AS_OF[2]}: 120 rows of 40 accounts" in out.read_text()
    (line,) = (line for line in result.output.splitlines() if "difference" in line)
    assert float(line.split("difference ")[1].split()[0]) > 0
    check = CliRunner().invoke(main, ["model", "check", "fitted"], catch_exceptions=False)
    assert "fitted@1" in check.output
    again = CliRunner().invoke(main, command)
    assert (2, True) == (again.exit_code, "is there already" in again.output)
