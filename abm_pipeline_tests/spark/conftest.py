"""One cluster for all tests of this folder. They run in the environment that has pyspark: `make test-spark`."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from importlib.util import find_spec

import pytest

from abm_pipeline_tests.spark.cluster import standalone

# Elsewhere there is nothing to collect; where there is no Java, each test is skipped and says so.
collect_ignore_glob = [] if find_spec("pyspark") else ["test_*.py"]


@pytest.fixture(scope="session")
def master(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """URL of a running stand-alone cluster of two workers."""
    if shutil.which("java") is None:
        pytest.skip("Spark needs Java 17 or later, and there is no `java` here")
    with standalone(tmp_path_factory.mktemp("spark")) as url:
        yield url
        from pyspark.sql import SparkSession

        if session := SparkSession.getActiveSession():
            session.stop()
