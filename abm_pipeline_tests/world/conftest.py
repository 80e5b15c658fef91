"""One run of the whole pipeline a world, shared by what is compared with the world's truth."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

import pandas as pd
import pytest
import sqlalchemy as sa

from abm_pipeline.contracts.tables import Table
from abm_pipeline.defs import sandboxed
from abm_pipeline.defs.run import run
from abm_pipeline.sandbox.serve import running_sandbox
from abm_pipeline.sandbox.world import World, build_world
from abm_pipeline.settings import Settings
from abm_pipeline.storage.engine import connect
from abm_pipeline_tests.conftest import own_pipeline
from abm_pipeline_tests.sources.suite import calm

UNTIL = date(2026, 6, 30)
# The longest window of the metrics that are compared.
WINDOW = timedelta(days=90)
FIRST = UNTIL - WINDOW + timedelta(days=1)


@dataclass(frozen=True)
class Ran:
    """A world, the lake of a run over its last ninety days, and the metrics of the last day as Postgres serves them."""

    world: World
    settings: Settings
    published: dict[tuple[str, str, str], pd.Series[float]]

    def table(self, table: Table, columns: str = "*") -> pd.DataFrame:
        """A table of the lake."""
        with connect() as con:
            self.settings.open_lake.attach(con, table)
            return con.sql(f"SELECT {columns} FROM {table}").df()


@pytest.fixture(scope="session", params=["tiny", "demo"])
def ran(
    request: pytest.FixtureRequest, postgres_server: Settings, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Ran]:
    """Ninety days, all vendors, through `abm run`."""
    scale: str = request.param
    with own_pipeline(postgres_server, tmp_path_factory.mktemp(scale) / "home") as settings:
        # The vendors are gone before the tests: those of other folders that follow find none switched on.
        with pytest.MonkeyPatch.context() as patch, running_sandbox(scale, until=UNTIL) as sandbox:
            for name, value in sandboxed.credentials(sandbox.url, sandbox.files).items():
                patch.setenv(name, value)
            calm(sandbox)
            assert run(settings, FIRST, UNTIL) == 0
        assert settings.postgres_url is not None
        engine = sa.create_engine(settings.postgres_url.get_secret_value())
        query = sa.text("SELECT * FROM abm.metric_values WHERE as_of = :day AND window_days IN (30, 90)")
        rows = pd.read_sql(query, engine, params={"day": UNTIL}).sort_values("window_days")
        engine.dispose()
        keys = zip(rows.metric, rows.dimension, rows.dimension_value, strict=True)
        published = {key: row for key, (_, row) in zip(keys, rows.iterrows(), strict=True)}
        yield Ran(build_world(scale, 7, UNTIL), settings, published)
