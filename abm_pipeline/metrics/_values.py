"""Run metrics' steps and make rows of `metric_values` of what they yield.

Belongs here: collecting tidy rows of all metrics, and a row for the total where a metric had nothing to count.
"""

from __future__ import annotations

from collections.abc import Sequence

import duckdb
import pyarrow as pa

from abm_pipeline.metrics._finish import finish
from abm_pipeline.metrics._spec import MetricSpec
from abm_pipeline.programme import Programme
from abm_pipeline.scoring.model import ScoringModel
from abm_pipeline.storage.engine import forget_steps, run_steps

_AT_ONCE = 16
"""Metrics whose rows are in memory at a time: what one makes is nothing to another."""
_SQUARES = ("sum_squares", "sum_xx", "sum_xy", "sum_yy", "units")
_NUMBERS = ("numerator", "denominator", "n", "value", "ci_low", "ci_high", *_SQUARES)
_MISSING_TOTALS = """
    INSERT INTO tidy BY NAME
    SELECT e.metric, d.day, e.window_days, 'all' AS dimension, 'all' AS dimension_value,
           CASE WHEN e.statistic IN ('count', 'proportion', 'weighted', 'clustered', 'mean') THEN 0
                END AS numerator,
           CASE WHEN e.statistic <> 'count' THEN 0 END AS denominator, 0 AS n
    FROM expected_total e CROSS JOIN days d
    ANTI JOIN (SELECT * FROM tidy WHERE dimension = 'all') t
      ON t.metric = e.metric AND t.window_days = e.window_days AND t.day = d.day"""
"""A total for each metric, day and window that has none: nothing counted, and so no value but for a count's 0."""


def compute(
    con: duckdb.DuckDBPyConnection, specs: Sequence[MetricSpec], programme: Programme, model: ScoringModel
) -> None:
    """Make the relation `metric_row` with the rows of `metric_values` of `days`; the base steps have run."""
    con.execute(
        "CREATE OR REPLACE TABLE tidy (metric VARCHAR, day DATE, window_days BIGINT, dimension VARCHAR, "
        f"dimension_value VARCHAR, {', '.join(f'{name} DOUBLE' for name in _NUMBERS)})"
    )
    for first in range(0, len(specs), _AT_ONCE):
        some = specs[first : first + _AT_ONCE]
        steps = [step for spec in some for step in spec.steps]
        run_steps(con, steps)
        for spec in some:
            # Sums are exact until here; only the finished sum becomes a float.
            con.execute(f"INSERT INTO tidy BY NAME SELECT ? AS metric, * FROM {spec.id}", [spec.id])
        forget_steps(con, steps)
    totals = [
        {"metric": spec.id, "window_days": window, "statistic": spec.statistic}
        for spec in specs
        for window in spec.window_days or model.windows
    ]
    con.register("expected_total", pa.Table.from_pylist(totals))
    con.execute(_MISSING_TOTALS)
    finished = finish(
        con.execute("SELECT * FROM tidy").df(),
        {spec.id: spec for spec in specs},
        min_sample=programme.min_sample,
        benchmarks=programme.benchmarks,
        score_version=model.model_version,
    )
    # By way of Arrow, where NaN becomes null.
    con.register("metric_row", pa.Table.from_pandas(finished, preserve_index=False))
