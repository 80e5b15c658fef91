"""Metrics on Spark are DuckDB's: every step's rows, and what stands in the lake in the end."""

from __future__ import annotations

import shutil
import sys
from dataclasses import dataclass
from datetime import timedelta

import pytest

from abm_pipeline.contracts.tables import Table
from abm_pipeline.metrics._setup import champion
from abm_pipeline.metrics.refresh import OUTPUTS
from abm_pipeline.storage.engine import connect
from abm_pipeline_tests.metrics.test_laws import populate
from abm_pipeline_tests.metrics.test_market import record
from abm_pipeline_tests.metrics.world import D, World, at
from abm_pipeline_tests.metrics.world_pipeline import lead
from abm_pipeline_tests.spark.compare import Rows, differences, recorded, rows_of

# Numbers made by `hash`, which each engine makes its own of: equal for what is equal.
HASHED = frozenset({"contact", "item", "kind", "person"})


@dataclass
class Both:
    """Each step's rows by both engines, and the worlds that they computed."""

    duckdb: dict[str, list[Rows]]
    spark: dict[str, list[Rows]]
    worlds: tuple[World, World]


def populate_more(world: World) -> None:
    """What the full world of the laws lacks, where a metric has a value there by other rows: some for each step."""
    late = D - timedelta(days=9)
    world.spend(str(D - timedelta(days=40)), amount=0, company_key="domain:a01.com")
    world.member("a01.com", "linkedin", "1")
    shared = {"key_kind": "domain", "key_value": "shared.com", "records": 9, "names": 9, "snapshot_id": "s"}
    world.rows["identity.weak_key"].append(shared)
    record(world, "a01.com/0", str(late - timedelta(days=30)), email=True)
    record(world, "a01.com/0", str(late), email=True, phone=True)
    content = {"day": D, "account_id": "a01.com", "window_days": 90, "part": "content_download", "points": 12.5}
    version = champion(world.settings).model_version
    world.rows["scoring.score_part"].append({**content, "model_version": version, "touches": 1})
    lead(world, "salesforce:l", "mql", str(late))
    lead(world, "salesforce:l", "sql", str(late + timedelta(days=2)))
    last = {"day": late, "source": "bombora", "source_id": "c", "modified_at": at(late), "name": "then it fell silent"}
    world.rows["staged.campaign"].append({**last, "is_deleted": False})
    world.intent("a01.com", str(late))
    refused = {"day": late, "vendor": "salesforce", "stream": "opportunity", "record_id": "r", "version": "1"}
    rule = {"rule": "closed_before_created", "table_name": "staged.deal", "column": "close_day"}
    world.rows["quarantine.record"].append({**refused, **rule})


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory, master: str) -> Both:
    """A day of the same world, in one lake computed on DuckDB, in another on Spark."""
    world, of_spark = World(tmp_path_factory.mktemp("metrics")), World(tmp_path_factory.mktemp("metrics_on_spark"))
    populate(world)
    populate_more(world)
    world.write()
    shutil.copytree(world.settings.lake_path, of_spark.settings.lake_path)
    of_spark.settings.engine, of_spark.settings.spark_master = "spark", master
    layer = [each for name, each in sys.modules.items() if name.startswith("abm_pipeline.metrics.")]
    run = [each for each in layer if hasattr(each, "run_steps")]
    with recorded(*run, without=HASHED) as on_duckdb:
        world.refresh()
    with recorded(*run, without=HASHED) as on_spark:
        of_spark.refresh()
    return Both(on_duckdb, on_spark, (world, of_spark))


def test_every_step_has_rows(both: Both) -> None:
    """A step without rows in this world, and be it a new one, would be compared with nothing."""
    assert [] == [step for step, taken in both.duckdb.items() if not any(each.rows for each in taken)]


def test_every_step_gives_the_same_rows(both: Both) -> None:
    """Whatever steps the refresh ran, a new one too: as often on both engines, and each time with the same rows."""
    assert both.duckdb.keys() == both.spark.keys()
    found = {
        step: [line for mine, other in zip(taken, both.spark[step], strict=True) for line in differences(mine, other)]
        for step, taken in both.duckdb.items()
    }
    assert {} == {step: lines for step, lines in found.items() if lines}


@pytest.mark.parametrize("table", OUTPUTS, ids=str)
def test_the_lake_holds_the_same_rows(both: Both, table: Table) -> None:
    """Finished values and their intervals included, doubles to 1e-9."""
    assert [] == differences(*(stands(world, table) for world in both.worlds))


def stands(world: World, table: Table) -> Rows:
    """A table's rows in the world's lake."""
    with connect() as con:
        world.lake.attach(con, table)
        return rows_of(con, str(table))
