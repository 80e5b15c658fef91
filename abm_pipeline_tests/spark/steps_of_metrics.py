"""Metrics on Spark against DuckDB, every step's rows, and what stands in the lake in the end. By hand, not yet held:

    .venv-spark/bin/python -m pytest abm_pipeline_tests/spark/steps_of_metrics.py

Metrics run on DuckDB whatever the engine (`storage.engine.ON_SPARK`) until all of this holds; then it is a test like
those of facts and scoring, and the layer's `connect` takes the cluster by itself.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from functools import partial

import pytest

from abm_pipeline.metrics import _accounts, _base, _kept, _values, allocation, attribution, campaigns, data_health
from abm_pipeline.metrics import refresh as metrics
from abm_pipeline.metrics._definitions import metric_specs
from abm_pipeline.metrics._spec import parts_of
from abm_pipeline.storage.engine import Cluster, connect
from abm_pipeline_tests.metrics.test_laws import populate
from abm_pipeline_tests.metrics.world import World
from abm_pipeline_tests.spark.compare import Rows, assert_same, recorded

_SPECS = metric_specs()
_OF_PARTS = [step for part in parts_of(_SPECS) for step in part.all_steps]
_OF_KEPT = [step for kept in _base.KEPT for step in kept.steps]
_OF_ACCOUNTS = (*_base.ONCE, *_OF_KEPT, *_base.DEALS, *_base.DAILY, *_accounts.STEPS, *_OF_PARTS)
_OF_TABLES = [*allocation.STEPS, *data_health.STEPS, *campaigns.STEPS]
_OF_CREDIT = [step for steps in attribution.TABLES.values() for step in steps]
_OF_VALUES = [step for spec in _SPECS for step in spec.steps]
STEPS = {step.name: step.about for step in (*_OF_TABLES, *_OF_CREDIT, *_OF_ACCOUNTS, *_OF_VALUES)}
# Numbers made by `hash`, which each engine makes its own of: equal for what is equal.
HASHED = frozenset({"contact", "item", "kind", "person"})


@dataclass
class Both:
    """Each step's rows by both engines, and the world that Spark computed."""

    duckdb: dict[str, list[Rows]]
    spark: dict[str, list[Rows]]
    world: World


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory, master: str) -> Both:
    """A day of the same world, in one lake computed on DuckDB, in another on Spark."""
    world, of_spark = World(tmp_path_factory.mktemp("metrics")), World(tmp_path_factory.mktemp("metrics_on_spark"))
    populate(world)
    world.write()
    shutil.copytree(world.settings.lake_path, of_spark.settings.lake_path)
    cluster = Cluster(master, of_spark.settings.lake_path / ".spill")
    with recorded(metrics, _values, _kept, without=HASHED) as on_duckdb:
        world.refresh()
    with pytest.MonkeyPatch.context() as patch, recorded(metrics, _values, _kept, without=HASHED) as on_spark:
        patch.setattr(metrics, "connect", partial(connect, cluster=cluster))
        of_spark.refresh()
    return Both(on_duckdb, on_spark, of_spark)


@pytest.mark.parametrize("step", STEPS)
def test_a_step_gives_the_same_rows(both: Both, step: str) -> None:
    """Every step of the layer, a new one too, has rows in this world, and the same on both engines."""
    assert_same(both.duckdb[step], both.spark[step])


def test_what_agrees_is_not_written_again(both: Both) -> None:
    """No partition that Spark wrote differs from what DuckDB computes for it, to the bit: all stand as they stood."""
    reports = both.world.refresh()
    assert dict.fromkeys(reports, ()) == {name: report.changed for name, report in reports.items()}
