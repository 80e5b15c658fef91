"""Run metrics' steps and make rows of `metric_values` of what they yield.

Belongs here: collecting tidy rows of all metrics, and a row for the total where a metric had nothing to count.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import duckdb
import pandas as pd
import pyarrow as pa

from abm_pipeline.metrics._finish import finish
from abm_pipeline.metrics._spec import MetricSpec
from abm_pipeline.programme import Programme
from abm_pipeline.scoring.model import ScoringModel
from abm_pipeline.storage.engine import run_steps

_NUMBERS = ("numerator", "denominator", "n", "value", "sum_squares", "sum_xx", "sum_xy", "sum_yy")
_KEYS = ("day", "window_days", "dimension", "dimension_value")


def compute(
    con: duckdb.DuckDBPyConnection,
    specs: Sequence[MetricSpec],
    days: Sequence[date],
    programme: Programme,
    model: ScoringModel,
) -> None:
    """Make the relation `metric_row` with the rows of `metric_values` of `days`; the base steps have run."""
    frames = []
    for spec in specs:
        run_steps(con, spec.steps)
        columns = set(con.table(spec.id).columns)
        numbers = ", ".join(f"CAST({name} AS DOUBLE) AS {name}" for name in _NUMBERS if name in columns)
        rows = con.execute(f"SELECT {', '.join(_KEYS)}, {numbers} FROM {spec.id}").df()
        # What no day of a long range fills must not change the type of the column.
        rows["day"] = pd.to_datetime(rows["day"]).astype("datetime64[us]")
        frames += [rows.assign(metric=spec.id), _missing_totals(spec, rows, days, model.windows)]
        for step in spec.steps:
            con.execute(f"DROP TABLE IF EXISTS {step.name}")
    finished = finish(
        pd.concat([frame for frame in frames if len(frame)], ignore_index=True),
        {spec.id: spec for spec in specs},
        min_sample=programme.min_sample,
        benchmarks=programme.benchmarks,
        score_version=model.model_version,
    )
    # By way of Arrow, where NaN becomes null.
    con.register("metric_row", pa.Table.from_pandas(finished, preserve_index=False))


def _missing_totals(
    spec: MetricSpec, rows: pd.DataFrame, days: Sequence[date], model_windows: Sequence[int]
) -> pd.DataFrame:
    """A total for each day and window that has none: nothing counted, and so no value where there is a denominator."""
    grid = pd.MultiIndex.from_product(
        [pd.to_datetime(list(days)).astype("datetime64[us]"), spec.window_days or model_windows],
        names=["day", "window_days"],
    )
    totals = rows.loc[rows["dimension"] == "all", ["day", "window_days"]]
    missing = grid.difference(pd.MultiIndex.from_frame(totals)) if len(totals) else grid
    counted = spec.statistic in ("count", "proportion", "mean")
    return missing.to_frame(index=False).assign(
        metric=spec.id,
        dimension="all",
        dimension_value="all",
        numerator=0.0 if counted else None,
        denominator=None if spec.statistic == "count" else 0.0,
        n=0.0,
    )
