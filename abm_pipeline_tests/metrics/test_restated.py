"""The restatement log of computed numbers: what was first published, what is now, and why."""

from __future__ import annotations

import shutil
from pathlib import Path

import yaml

from abm_pipeline.contracts import tables as T
from abm_pipeline.metrics._setup import champion
from abm_pipeline.programme import DEFAULTS
from abm_pipeline_tests.metrics.world import D, World

TABLES = (T.METRIC_VALUES, T.ACCOUNT_METRICS_DAILY)


def log(world: World, key: str) -> list[tuple[object, ...]]:
    """Day, column, first value, value now and reason of a cell's rows, in the order in which they were noticed."""
    rows = sorted(world.read(T.RESTATEMENT, f"key = '{key}'"), key=lambda row: (row["noticed_at"], row["column"]))
    return [(row["day"], row["column"], row["value_first"], row["value_now"], row["reason"]) for row in rows]


def test_a_late_deal_is_logged_with_what_was_first_published(tmp_path: Path) -> None:
    """a.com has an open deal of 1000 on D. That it is of 3000 comes late, then that it is of 1000 after all:

    | computed | open_pipeline | first | now | why |
    |---|---|---|---|---|
    | first | 1000 | | | (nothing is logged) |
    | second | 3000 | 1000 | 3000 | deals changed |
    | third | 1000 | 1000 | 1000 | deals changed |

    A run that changes nothing logs nothing; one that is killed after it logged, and before it replaced the rows, logs
    nothing again."""
    world = World(tmp_path)
    world.account("a.com", "one_to_one")
    world.deal("d", "a.com", "06-10")
    assert "restatement" not in world.refresh(tables=TABLES)
    (version,) = world.rows["facts.deal"]
    folder, killed = world.lake.folder(T.ACCOUNT_METRICS_DAILY), tmp_path / "killed"
    for amount in (3000, 1000):
        version["amount_reporting"] = version["amount"] = amount
        shutil.copytree(
            world.lake.folder(T.ACCOUNT_METRICS_DAILY), killed, dirs_exist_ok=True, copy_function=shutil.copy2
        )
        world.refresh(tables=TABLES)

    why = "facts.deal changed"
    expected = [(D, "open_pipeline", "1000.0000", f"{amount}.0000", why) for amount in (3000, 1000)]
    assert expected == log(world, "a.com")
    assert "restatement" not in world.refresh(tables=TABLES)
    shutil.rmtree(folder)
    shutil.copytree(killed, folder)
    assert "restatement" not in world.refresh(tables=TABLES)
    assert expected == log(world, "a.com")


def test_many_numbers_that_moved_on_a_day_are_counted(tmp_path: Path) -> None:
    """Of 300 accounts on the list all but one are found never to have been on it. Totals are told one by one: of target
    accounts there were 300, now 1. Accounts are counted: 299 have no row any more, so no stage, no tier, no cover."""
    world = World(tmp_path)
    for number in range(300):
        world.account(f"a{number}.com", "one_to_many")
    world.refresh(tables=TABLES)
    world.rows["identity.tier_history"] = world.rows["identity.tier_history"][:1]
    world.refresh(tables=TABLES)

    why = "identity.tier_history changed"
    assert [(D, "value", "300.0", "1.0", why)] == log(world, "target_accounts 1d")
    for column in ("stage", "tier", "is_covered"):
        assert [(D, column, None, "299 moved", why)] == log(world, f"{column} *")


def test_another_scoring_model_is_the_reason(tmp_path: Path) -> None:
    """a.com scores 30 under the champion. Its half-life is changed, and under the new version it scores 10: the score
    is logged with both versions."""
    world = World(tmp_path)
    world.account("a.com", "one_to_one")
    world.score("a.com", "06-30", 30)
    world.refresh(tables=TABLES)
    before = champion(world.settings)
    folder = tmp_path / "config" / "scoring_models"
    folder.mkdir()
    changed = yaml.safe_load((DEFAULTS / "scoring_models" / f"{before.name}.yaml").read_text())
    (folder / f"{before.name}.yaml").write_text(yaml.safe_dump(changed | {"half_life_days": 11, "version": "x"}))
    now = champion(world.settings)
    world.rows["scoring.engagement_score"].clear()
    world.score("a.com", "06-30", 10)
    world.refresh(tables=TABLES)

    why = f"scoring model {now.name} {before.model_version} → {now.model_version}"
    assert (D, "engagement_score", "30.0", "10.0", why) in log(world, "a.com")
