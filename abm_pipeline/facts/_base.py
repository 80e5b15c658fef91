"""What every fact is made of, and which of its days new input reaches.

A daily fact declares `affected`: one SELECT of (day, changed_at) that says which of its days the partitions in
`changed` (table, day, changed_at) reach. Staged partitions are by arrival: a task logged late, or moved to another
date, arrives today and belongs to an earlier day. Days asked for and days reached are computed, the latter also before
the first day asked for, as a first load brings history; new days after the last one asked for wait until asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

import duckdb

from abm_pipeline.contracts.tables import Table
from abm_pipeline.storage.engine import Step, run_steps
from abm_pipeline.storage.lake import Lake

Notes = dict[str, int | float | str]


@dataclass(frozen=True)
class Fact:
    """One table of facts: the staged tables it reads, its steps, of which the last makes its rows.

    The steps of a daily one read `wanted` (day). `note` counts what a person should know about the rows.
    """

    table: Table
    reads: tuple[Table, ...]
    steps: tuple[Step, ...]
    affected: str | None = None
    note: Callable[[duckdb.DuckDBPyConnection], Notes] = lambda _: {}

    @property
    def rows(self) -> str:
        """The relation that holds the table's rows."""
        return self.steps[-1].name


def want_days(con: duckdb.DuckDBPyConnection, lake: Lake, fact: Fact, days: Sequence[date]) -> list[date]:
    """Make `wanted` (day): the days asked for, and those that input changed since they were computed reaches."""
    assert fact.affected is not None
    computed = {day: stamp for day, stamp in lake.computed_at(fact.table).items() if day is not None}
    oldest = min(computed.values(), default=0)
    changed = [
        (str(table), day, stamp)
        for table in fact.reads
        for day, stamp in lake.content_changed_at(table).items()
        if day is not None and stamp > oldest
    ]
    _register(con, "computed", "day DATE, computed_at BIGINT", list(computed.items()))
    _register(con, "changed", "table_name VARCHAR, day DATE, changed_at BIGINT", changed)
    _register(con, "asked", "day DATE", [(day,) for day in days])
    wanted = Step(
        "wanted",
        "days asked for, and days that changed input reaches",
        f"""
        SELECT day FROM asked
        UNION
        SELECT a.day
        FROM (SELECT day, max(changed_at) AS changed_at FROM ({fact.affected}) GROUP BY day) AS a
        LEFT JOIN computed AS c USING (day)
        WHERE CASE WHEN c.day IS NULL THEN a.day <= (SELECT max(day) FROM asked) ELSE a.changed_at > c.computed_at END
        """,
    )
    run_steps(con, [wanted])
    return [day for (day,) in con.execute("SELECT day FROM wanted ORDER BY day").fetchall()]


def _register(con: duckdb.DuckDBPyConnection, name: str, columns: str, rows: Sequence[tuple[object, ...]]) -> None:
    con.execute(f"CREATE OR REPLACE TEMP TABLE {name} ({columns})")
    if rows:
        # As columns: row by row takes a second for a year of days.
        lists = ", ".join("unnest(?)" for _ in rows[0])
        con.execute(f"INSERT INTO {name} SELECT {lists}", [list(column) for column in zip(*rows, strict=True)])
