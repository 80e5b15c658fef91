"""The instances for containers are dagster.yaml and a run launcher, and nothing else: they can't drift apart."""

from __future__ import annotations

import pytest
import yaml

from abm_pipeline.defs.instance import PACKAGE

ROOT = PACKAGE.parent


@pytest.mark.parametrize(
    ("name", "launcher"), [("docker", "DockerRunLauncher"), ("kubernetes", "K8sRunLauncher")], ids=["docker", "k8s"]
)
def test_it_is_dagster_yaml_with_a_run_launcher(name: str, launcher: str) -> None:
    """Without `run_launcher`, what is left is dagster.yaml, key by key."""
    found = yaml.safe_load((ROOT / "docker" / f"dagster.{name}.yaml").read_text())
    assert launcher == found.pop("run_launcher")["class"]
    assert yaml.safe_load((ROOT / "dagster.yaml").read_text()) == found


def test_a_daily_run_is_not_held_up_by_a_rescore() -> None:
    """Of four runs at a time one may be a re-score, so three are left for ingest and refresh, whatever it takes."""
    concurrency = yaml.safe_load((ROOT / "dagster.yaml").read_text())["concurrency"]["runs"]
    limits = {limit["key"]: limit["limit"] for limit in concurrency["tag_concurrency_limits"]}
    assert (4, 1) == (concurrency["max_concurrent_runs"], limits["abm/rescore"])
