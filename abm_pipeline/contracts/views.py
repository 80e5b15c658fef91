"""What is derived from published tables by a SELECT alone, so that no partition depends on another.

Belongs here: the SELECT, which Postgres and DuckDB both run. Not here: creating the view (`storage.warehouse`).
"""

from __future__ import annotations

from dataclasses import dataclass

from abm_pipeline.contracts.tables import METRIC_VALUES, Table


@dataclass(frozen=True)
class View:
    """A view of one table. `sql` is a SELECT from `{table}`."""

    name: str
    about: str
    table: Table
    sql: str

    def over(self, relation: str) -> str:
        """The SELECT over `relation`, which is the table under the name that it has where the SELECT runs."""
        return self.sql.format(table=relation)


METRIC_CHANGES = View(
    "metric_changes",
    "Every metric value beside the one of the same day a calendar quarter before, and the change; null where there was "
    "none, or where its definition has changed since.",
    METRIC_VALUES,
    """
    SELECT v.metric, v.as_of, v.window_days, v.dimension, v.dimension_value, v.value,
           b.as_of AS as_of_before, b.value AS value_before, v.value - b.value AS change,
           (v.value - b.value) / nullif(abs(b.value), 0) AS change_relative
    FROM {table} v LEFT JOIN {table} b
      ON b.metric = v.metric AND b.as_of = CAST(v.as_of - INTERVAL '3 months' AS DATE)
     AND b.window_days = v.window_days AND b.dimension = v.dimension AND b.dimension_value = v.dimension_value
     AND b.definition_version = v.definition_version""",
)
VIEWS = (METRIC_CHANGES,)
