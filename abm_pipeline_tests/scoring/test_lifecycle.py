"""Versions, differences, plans and promotions of scoring models, on a lake that two of them have scored."""

from __future__ import annotations

import csv
import shutil
from datetime import timedelta
from pathlib import Path

import pytest
import yaml

from abm_pipeline.contracts import tables as T
from abm_pipeline.programme import ConfigError
from abm_pipeline.scoring import lifecycle
from abm_pipeline.scoring.refresh import refresh
from abm_pipeline.scoring.state import missing_days
from abm_pipeline.settings import Settings
from abm_pipeline_tests.scoring.world import D0, PLAIN, World, touch

DAYS = [D0 + timedelta(days=i) for i in range(3)]


def fresh(settings: Settings) -> Settings:
    """As another process would read them, after an edit."""
    changed = settings.model_copy()
    changed.__dict__.pop("programme", None)
    return changed


def declare(settings: Settings, **changes: object) -> None:
    """Write a model's YAML into the configuration."""
    assert settings.config is not None
    folder = settings.config / "scoring_models"
    folder.mkdir(exist_ok=True)
    content = {**PLAIN, **changes}
    (folder / f"{content['name']}.yaml").write_text(yaml.safe_dump(content))


@pytest.fixture(scope="module")
def scored(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Three days scored under `default`, `plain` 1 and `plain` 2, of which the YAML still says `plain` 2."""
    world = World(tmp_path_factory.mktemp("scored") / "home", programme={"champion": "plain"})
    world.write_days(T.TOUCH, [touch(i, day, "a") for i, day in enumerate(DAYS)])
    for version, meeting in (("1", 10), ("2", 12)):
        declare(world.settings, version=version, points={**PLAIN["points"], "meeting": meeting})
        refresh(world.settings, DAYS, "run")
    return world.settings


@pytest.fixture
def settings(scored: Settings, tmp_path: Path) -> Settings:
    """The same with a configuration of its own."""
    assert scored.config is not None
    config = Path(shutil.copytree(scored.config, tmp_path / "config"))
    return fresh(scored.model_copy(update={"config": config}))


def test_versions_are_what_is_declared_and_what_has_scores(settings: Settings) -> None:
    """Three versions with three days each; the one that is no longer declared is known from the archive."""
    found = [
        (v.name, v.model_version[0], v.is_champion, v.is_present, len(v.days)) for v in lifecycle.versions(settings)
    ]
    assert [("default", "1", False, True, 3), ("plain", "2", True, True, 3), ("plain", "1", False, False, 3)] == found
    assert 10 == next(v.model for v in lifecycle.versions(settings) if v.label.startswith("plain@1")).points["meeting"]  # type: ignore[union-attr]


def test_a_version_is_found_by_name_or_beginning(settings: Settings) -> None:
    """A name means what the YAML says now; an unknown or ambiguous text is refused with what there is."""
    assert "2" == lifecycle.find(settings, "plain").model_version[0]
    assert "1" == lifecycle.find(settings, "plain@1").model_version[0]
    with pytest.raises(ConfigError, match="no version of a model; default@"):
        lifecycle.find(settings, "plan")
    with pytest.raises(ConfigError, match="several versions"):
        lifecycle.find(settings, "1")


def test_what_differs(settings: Settings) -> None:
    """The version and the points of a meeting, 10 → 12; nothing else."""
    old, new = lifecycle.find(settings, "plain@1").model, lifecycle.find(settings, "plain").model
    assert old is not None
    assert new is not None
    assert [("version", "1", "2"), ("points.meeting", 10.0, 12.0)] == lifecycle.differences(old, new)


def test_a_plan_says_what_a_change_would_compute(settings: Settings) -> None:
    """A third version has no day of its own: three days of scores, about as many rows as the versions before have a
    day (a, b and c are listed, two windows: 6). The champion itself needs nothing."""
    champion = lifecycle.plan(settings, lifecycle.find(settings, "plain"))
    assert [0] * len(champion) == [line.days for line in champion]
    declare(settings, version="3", points={**PLAIN["points"], "meeting": 1})
    lines = {line.table: line for line in lifecycle.plan(fresh(settings), lifecycle.find(fresh(settings), "plain"))}
    scores = lines["scoring.engagement_score"]
    assert (3, DAYS[0], DAYS[-1], 18) == (scores.days, scores.first, scores.last, scores.rows)


def test_a_promotion_is_one_edit_with_who_when_and_why(settings: Settings) -> None:
    """`champion:` changes and the comment beside it stays; the log has a line; a second time is refused."""
    assert settings.config is not None
    path = settings.config / "programme.yaml"
    path.write_text("# ours\nchampion: plain\nhistory_start: 2024-01-01  # first day\n")
    made = lifecycle.promote(settings, lifecycle.find(settings, "default"), "predicts\nbetter")

    assert "# ours\nchampion: default\nhistory_start: 2024-01-01  # first day\n" == path.read_text()
    rows = list(csv.DictReader((settings.config / lifecycle.LOG).read_text().splitlines()))
    assert [(made.champion_before, made.champion, "predicts better")] == [
        (row["champion_before"], row["champion"], row["why"]) for row in rows
    ]
    assert rows[0]["who"]
    assert "default" == fresh(settings).programme.champion
    with pytest.raises(ConfigError, match="is the champion already"):
        lifecycle.promote(fresh(settings), lifecycle.find(fresh(settings), "default"), "again")


def test_a_rollback_needs_no_scoring_where_the_rows_are_there(settings: Settings) -> None:
    """From `plain` 2 to `plain` 1 and back: each time the YAML says the version again, and no day is missing."""
    lifecycle.promote(settings, lifecycle.find(settings, "plain@1"), "2 was too kind to meetings")
    now = fresh(settings)
    assert "1" == lifecycle.find(now, "plain").model_version[0]
    assert [] == missing_days(now)["plain"]
    back = lifecycle.rollback(now, "not so bad")
    assert back.champion.startswith("plain@2")
    assert [] == missing_days(fresh(settings))["plain"]
    assert 2 == len(lifecycle.promotions(settings))
    assert [3, 3, 3] == [len(v.days) for v in lifecycle.versions(fresh(settings))]


def test_what_cant_be_promoted_is_said(settings: Settings) -> None:
    """No folder to edit, no reason, nothing to roll back."""
    found = lifecycle.find(settings, "default")
    with pytest.raises(ConfigError, match="set ABM_CONFIG"):
        lifecycle.promote(settings.model_copy(update={"config": None}), found, "why")
    with pytest.raises(ConfigError, match="say why"):
        lifecycle.promote(settings, found, " ")
    with pytest.raises(ConfigError, match="no promotion to roll back"):
        lifecycle.rollback(settings, "why")
