"""Scores on Spark are DuckDB's: every step's rows, and what stands in the lake in the end."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import pandas as pd
import pytest

from abm_pipeline.contracts import tables as T
from abm_pipeline.contracts.tables import Table
from abm_pipeline.scoring import refresh
from abm_pipeline.scoring.days import DAY_STEPS
from abm_pipeline.scoring.steps import SPAN_STEPS, TOUCH_STEPS
from abm_pipeline.storage.engine import Step, connect, run_steps
from abm_pipeline.storage.report import TableReport
from abm_pipeline_tests.scoring.test_laws import MODEL, SCORED, random_intent, random_touches
from abm_pipeline_tests.scoring.world import World, touch
from abm_pipeline_tests.spark.compare import Rows, assert_same, recorded

STEPS = {step.name: step.about for step in (*TOUCH_STEPS, *SPAN_STEPS, *DAY_STEPS)}


@dataclass
class Both:
    """Each step's rows by both engines, the lake's rows that DuckDB wrote, and the world that Spark scored again."""

    duckdb: dict[str, list[Rows]]
    spark: dict[str, list[Rows]]
    written: dict[Table, pd.DataFrame]
    world: World
    reports: list[TableReport]


def write_facts(world: World) -> None:
    """120 touches of three accounts, each listed for another while; intent; who changed employer; nobody's touches."""
    world.list_accounts(
        {"account_id": "A-a"},
        {"account_id": "A-b", "valid_to": datetime(2025, 3, 12, 3, tzinfo=UTC)},
        {"account_id": "A-c", "valid_from": datetime(2025, 3, 13, 3, tzinfo=UTC)},
    )
    world.write_table(T.ACCOUNT, [{"account_id": f"A-{a}", "name": a, "ultimate_parent_id": f"A-{a}"} for a in "abc"])
    job = {"source": "crm", "source_id": "b-user", "person_id": "crm:b-user", "role": "champion"}
    world.write_table(
        T.PERSON_HISTORY,
        [
            job | {"account_id": "A-c", "valid_from_day": date(2020, 1, 1), "valid_to_day": date(2025, 2, 20)},
            job | {"account_id": "A-b", "valid_from_day": date(2025, 2, 20)},
        ],
    )
    nobody = touch(9001, SCORED[1], "x", contact_key=None)
    moved = [touch(9002 + n, SCORED[0] - timedelta(days=n), None, contact_key="crm:b-user") for n in (1, 30)]
    world.write_days(T.TOUCH, [*random_touches(3), nobody, *moved])
    world.write_days(T.INTENT, random_intent(3))


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory, master: str) -> Both:
    """Six days under one model, scored on DuckDB, and then on Spark over what that left."""
    same, parents = {"crm:a-other": "crm:a-user"}, {"account_level": "parent"}
    world = World(tmp_path_factory.mktemp("scoring"), listed=(), same=same, programme=parents)
    write_facts(world)
    with recorded(refresh) as on_duckdb:
        world.score(SCORED, MODEL)
    written = {table: world.read(table) for table in refresh.OUTPUTS}
    (world.settings.lake_path / "scoring" / "_rules.json").unlink()  # or days that stand would be left alone
    world.settings.engine, world.settings.spark_master = "spark", master
    with recorded(refresh) as on_spark:
        reports = world.score(SCORED, MODEL)
    return Both(on_duckdb, on_spark, written, world, reports)


@pytest.mark.parametrize("step", STEPS)
def test_a_step_gives_the_same_rows(both: Both, step: str) -> None:
    """Every step of the layer, a new one too, has rows in this world, and the same on both engines."""
    assert_same(both.duckdb[step], both.spark[step])


@pytest.mark.parametrize("table", refresh.OUTPUTS, ids=str)
def test_the_same_model_scores_the_same(both: Both, table: Table) -> None:
    """The lake's rows agree to 1e-9, and partitions that agree to the bit, here all, stand as they stood."""
    pd.testing.assert_frame_equal(both.written[table], both.world.read(table), check_exact=False, rtol=0, atol=1e-9)
    assert [()] == [report.changed for report in both.reports if report.table == table]


def test_a_step_that_fails_is_named(both: Both) -> None:
    """What Spark can't run is an error that says which step it was; nothing goes on with half of the steps."""
    with connect(cluster=both.world.settings.cluster) as con, pytest.raises(Exception, match="no_such_table") as caught:
        run_steps(con, [Step("lost", "reads what is not there", "SELECT * FROM no_such_table")])
    assert ["in SQL step 'lost' on Spark: reads what is not there"] == caught.value.__notes__
