"""A world of its own for each test of the metrics."""

from __future__ import annotations

from pathlib import Path

import pytest

from abm_pipeline_tests.metrics.world import World


@pytest.fixture
def world(tmp_path: Path) -> World:
    """An empty world with the default programme."""
    return World(tmp_path)
