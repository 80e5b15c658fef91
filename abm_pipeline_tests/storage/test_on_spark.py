"""Who runs on Spark, and what one is told where it can't run. That it gives the same rows is tested in `spark/`."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest

import abm_pipeline
from abm_pipeline.settings import Settings
from abm_pipeline.storage.engine import ON_SPARK, EngineError, connect


def test_only_the_layers_that_are_compared_run_on_spark() -> None:
    """The layers whose refresh opens its connection with the settings' cluster are those that `spark/` has tests of."""
    root = Path(abm_pipeline.__file__).parent
    given = {path.parent.name for path in root.rglob("*.py") if "cluster=settings.cluster" in path.read_text()}
    compared = {path.stem.removeprefix("test_") for path in (Path(__file__).parents[1] / "spark").glob("test_*.py")}
    assert ON_SPARK == given
    assert ON_SPARK == compared - {"spark_sql"}


@pytest.mark.skipif(find_spec("pyspark") is not None, reason="pyspark is here")
def test_without_pyspark_one_is_told_what_to_do(tmp_path: Path) -> None:
    """ABM_ENGINE=spark in the usual environment: an error that names the other one, before anything is computed."""
    settings = Settings(_env_file=None, home=tmp_path, engine="spark")
    with pytest.raises(EngineError, match="make setup-spark"), connect(cluster=settings.cluster):
        pass
