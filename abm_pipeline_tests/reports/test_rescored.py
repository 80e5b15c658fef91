"""The audit of a re-score: a meeting's points go from 10 to 12, and the page says so."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
import yaml

from abm_pipeline.contracts import tables as T
from abm_pipeline.reports import rescored
from abm_pipeline.reports.moved import compare, pairs
from abm_pipeline.scoring.refresh import refresh
from abm_pipeline.settings import Settings
from abm_pipeline_tests.scoring.world import D0, PLAIN, World, touch

DAYS = [D0 + timedelta(days=i) for i in range(3)]


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Account a has a meeting a day with one person, b and c nothing; scored under both versions."""
    world = World(tmp_path_factory.mktemp("moved") / "home", programme={"champion": "plain"})
    world.write_days(T.TOUCH, [touch(i, day, "a") for i, day in enumerate(DAYS)])
    config = world.settings.config
    assert config is not None
    (config / "scoring_models").mkdir()
    for version, meeting in (("1", 10), ("2", 12)):
        model = {**PLAIN, "version": version, "points": {**PLAIN["points"], "meeting": meeting}}
        (config / "scoring_models" / "plain.yaml").write_text(yaml.safe_dump(model))
        refresh(world.settings, DAYS, "run")
    return world.settings


def test_what_moved_by_how_much_and_why(settings: Settings) -> None:
    """Three accounts in two windows on three days are 18 rows, of which a's 6 moved. On the first day a goes from 10 to
    12, so the mean change is 2 / 3 in each window. On the last one its meetings of three days weigh 2^(-2/30) +
    2^(-1/30) + 1 = 2.932: 29.32 becomes 35.18, + 5.86, all of it from meetings.
    """
    ((before, after),) = pairs(settings)
    found = compare(settings, before, after)
    assert ("1", "2") == (before.model_version[0], after.model_version[0])
    assert [("version", "1", "2"), ("points.meeting", 10.0, 12.0)] == [
        edit for edit in found.edits if edit[0] in ("version", "points.meeting")
    ]
    assert (18, 6) == (found.by_day["rows"].sum(), found.by_day.moved.sum())
    assert [2.0, 2.0] == found.by_day[found.by_day.day.dt.date == D0].distance.tolist()
    first = found.accounts.iloc[0]
    assert ("A-a", 5.86, "meeting +5.9") == (first.account_id, round(first.change, 2), first.why)
    assert [("meeting", 5.86, 1)] == [
        (row.part, round(row.net, 2), row.accounts) for row in found.parts.itertuples(index=False)
    ]


def test_the_page_is_written_once_and_again_when_a_row_changed(settings: Settings) -> None:
    """One page and `latest.html`; a second refresh leaves it as it is; a changed score rewrites it."""
    (path,) = rescored.refresh(settings, DAYS, "run")
    page = path.read_text()
    assert "meeting +5.9" in page
    assert page == path.with_name("latest.html").read_text()
    assert path.with_suffix(".csv").read_text().count("\n") == 4
    stamp = path.stat().st_mtime_ns
    rescored.refresh(settings, DAYS, "run")
    assert stamp == path.stat().st_mtime_ns
    _, after = pairs(settings)[0]
    file = settings.open_lake.file(T.SCORE_PART, D0, f"{after.name}_{after.model_version}")
    file.touch()
    assert [path] == rescored.refresh(settings, DAYS, "run")
    assert stamp < path.stat().st_mtime_ns


def test_without_an_older_version_there_is_no_page(tmp_path: Path) -> None:
    """Nothing to compare with: nothing is written."""
    world = World(tmp_path / "home")
    assert [] == rescored.refresh(world.settings, DAYS, "run")
