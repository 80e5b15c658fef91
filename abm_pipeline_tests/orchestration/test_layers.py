"""The order in which a layer reports its tables."""

from __future__ import annotations

import pytest

from abm_pipeline.defs._graph import READS
from abm_pipeline.defs.layers import LAYERS, Layer


@pytest.mark.parametrize("layer", LAYERS, ids=lambda layer: layer.name)
def test_a_table_comes_after_what_it_reads(layer: Layer) -> None:
    """metric_values reads cost_allocation, which the contracts declare after it: a run that reported them in that order
    was refused by Dagster after all its work was done."""
    place = {table: i for i, table in enumerate(layer.tables)}
    early = [(t.name, s.name) for t in layer.tables for s in READS.get(t, ()) if place.get(s, -1) >= place[t]]
    assert [] == early
