"""Scores on Spark are DuckDB's: every step's rows, and what stands in the lake in the end."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import pandas as pd
import pytest

from abm_pipeline.contracts import tables as T
from abm_pipeline.scoring.days import DAY_STEPS
from abm_pipeline.scoring.refresh import prepare_model, prepare_touches, run_chunk
from abm_pipeline.scoring.steps import SPAN_STEPS, TOUCH_STEPS
from abm_pipeline.storage.engine import Cluster, connect, run_steps
from abm_pipeline_tests.scoring.test_laws import MODEL, SCORED, random_intent, random_touches
from abm_pipeline_tests.scoring.world import World, touch
from abm_pipeline_tests.spark.compare import Rows, differences, rows_of

STEPS = {step.name: step.about for step in (*TOUCH_STEPS, *SPAN_STEPS, *DAY_STEPS)}


@dataclass
class Both:
    """The world, and each step's rows by both engines."""

    world: World
    duckdb: dict[str, Rows]
    spark: dict[str, Rows]


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory, master: str) -> Both:
    """120 touches of three accounts, two listed and one for a while; intent; who changed employer; nobody's touches."""
    world = World(
        tmp_path_factory.mktemp("scoring"),
        listed=(),
        same={"crm:a-other": "crm:a-user"},
        programme={"account_level": "parent"},
    )
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
    cluster = Cluster(master, world.settings.lake_path / ".spill")
    return Both(world, _rows_of_steps(world, None), _rows_of_steps(world, cluster))


def _rows_of_steps(world: World, cluster: Cluster | None) -> dict[str, Rows]:
    lake = world.settings.open_lake
    with connect(cluster=cluster) as con:
        prepare_touches(con, lake, world.settings.programme, SCORED, max(MODEL.windows) + 6)
        prepare_model(con, MODEL)
        run_steps(con, SPAN_STEPS)
        run_chunk(con, SCORED)
        return {name: rows_of(con, name) for name in STEPS}


@pytest.mark.parametrize("step", STEPS)
def test_a_step_gives_the_same_rows(both: Both, step: str) -> None:
    """Every step of the layer, a new one too, has rows in this world, and the same on both engines."""
    assert both.duckdb[step].rows
    assert [] == differences(both.duckdb[step], both.spark[step])


def test_the_same_model_scores_the_same(both: Both, master: str) -> None:
    """Scored on DuckDB, then on Spark: the lake's rows agree to 1e-9, and partitions that do are not written again.

    A week's scores of two windows of each account that is listed, touched or has intent.
    """
    world = both.world
    world.score(SCORED, MODEL)
    tables = (T.ENGAGEMENT_SCORE, T.SCORE_PART)
    expected = {table: world.read(table) for table in tables}
    world.settings.engine, world.settings.spark_master = "spark", master
    changed = {report.table: report.changed for report in world.score(SCORED, MODEL)}
    for table in tables:
        pd.testing.assert_frame_equal(expected[table], world.read(table), check_exact=False, rtol=0, atol=1e-9)
    assert {T.ENGAGEMENT_SCORE: (), T.SCORE_PART: ()} == changed
