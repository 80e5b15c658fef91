"""Every row of the catalogue lives: in the demo world its total has values, and they move."""

from __future__ import annotations

import pandas as pd
import pytest

from abm_pipeline.contracts import tables as t
from abm_pipeline.metrics._definitions import metric_specs
from abm_pipeline_tests.world.conftest import FIRST, Ran

LONGER = {
    ("score_calibration", 90), ("score_calibration_auc", 90), ("score_calibration_lift", 90),
    ("score_calibration_win_rate", 90), ("progression", 90), ("engagement_to_opportunity", 90),
}  # fmt: skip
"""What looks back on scores of 90 days before: a run over ninety days has none of then."""
STILL = {("cycle_errors", 90): "one deal is planted with its dates the wrong way round"}


def test_no_row_is_missing_or_constant(ran: Ran) -> None:
    """Of each metric and window, the totals of the ninety days have a value, and more than one."""
    if ran.world.calendar.scale.name != "demo":
        pytest.skip("in a tiny world much never happens")
    rows = ran.table(t.METRIC_VALUES, "as_of, metric, window_days, dimension, value")
    totals = (
        rows[(rows.dimension == "all") & (rows.as_of >= pd.Timestamp(FIRST))].groupby(["metric", "window_days"]).value
    )
    known, different = totals.count(), totals.nunique()
    assert {spec.id for spec in metric_specs()} == {metric for metric, _ in known.index}
    assert set() == set(known[known == 0].index) - LONGER
    assert set() == set(different[different < 2].index) - LONGER - STILL.keys()
