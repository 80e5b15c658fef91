"""What a source changed after it was first seen, kept for ever: the answer to "why is last week's number another now?"

Belongs here: facts by day that sources restate. Raw keeps every capture that differed, so the log is made from the
captures themselves: staging a day twice, or after three captures at once, logs the same.
"""

from __future__ import annotations

import duckdb

from abm_pipeline.contracts import tables as T
from abm_pipeline.contracts.render import empty_select, quoted, select_list
from abm_pipeline.contracts.tables import Table
from abm_pipeline.storage.lake import Lake

# The part of `staged.restatement` that is written here; recomputations have one of their own.
PART = "sources"
RESTATED: dict[Table, tuple[str, ...]] = {
    T.AD_DELIVERY: ("impressions", "clicks", "engagements", "conversions", "spend"),
    T.INTENT_SIGNAL: ("score",),
}

_CHANGES = """
INSERT INTO restated BY NAME
SELECT
    '{table}' AS "table", day, source || ':' || source_id AS key, c.name AS "column", c.first AS value_first,
    c.now AS value_now, 'restated by source' AS reason, captured_at AS noticed_at
FROM (
    SELECT *, {befores} FROM {rows}
    WINDOW captures AS (PARTITION BY day, source, source_id ORDER BY captured_at, version)
)
CROSS JOIN unnest([{changes}]) AS changes (c)
WHERE place > 1 AND c.now IS DISTINCT FROM c.before
"""


def prepare_restatements(con: duckdb.DuckDBPyConnection) -> None:
    """An empty `restated`: changes found so far."""
    con.execute(f"CREATE OR REPLACE TEMP TABLE restated AS {empty_select(T.RESTATEMENT)}")


def find_restatements(con: duckdb.DuckDBPyConnection, table: Table, rows: str) -> None:
    """Add the changes among captures of the same record in `rows` (with `version`) to `restated`."""
    columns = RESTATED[table]
    befores = ["row_number() OVER captures AS place"]
    changes = []
    for column in columns:
        name = quoted(column)
        befores += [
            f"lag({name}) OVER captures AS {quoted('before_' + column)}",
            f"first_value({name}) OVER captures AS {quoted('first_' + column)}",
        ]
        changes.append(
            f"{{name: '{column}', first: CAST({quoted('first_' + column)} AS VARCHAR), "
            f"before: CAST({quoted('before_' + column)} AS VARCHAR), now: CAST({name} AS VARCHAR)}}"
        )
    con.execute(_CHANGES.format(table=table, rows=rows, befores=", ".join(befores), changes=", ".join(changes)))


def keep_restatements(con: duckdb.DuckDBPyConnection, lake: Lake, computed_at: int) -> bool:
    """Add `restated` to the log, what stands in it already left alone; returns whether there was news."""
    lake.attach(con, T.RESTATEMENT, part=PART, name="logged")
    key = ", ".join(quoted(column) for column in T.RESTATEMENT.key)
    log = f"""
        SELECT {select_list(T.RESTATEMENT)} FROM logged
        UNION ALL
        SELECT {select_list(T.RESTATEMENT)} FROM restated ANTI JOIN logged USING ({key})
    """
    return lake.write_table(con, T.RESTATEMENT, log, computed_at=computed_at, part=PART)
