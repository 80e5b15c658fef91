"""Records that rows of other days look something up in: a product's family, a campaign's type, an account's currency.

The newest good version of each stands in `staged.reference`, so that what a row looks up does not hang on which days
are staged together. When one changes, the rows that name it are staged again, whatever day they are on.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import duckdb

from abm_pipeline.contracts import tables as T
from abm_pipeline.contracts.render import empty_select, quoted
from abm_pipeline.sources._mapping import Reference
from abm_pipeline.staging.records import Vendor, attach_raw, read, want
from abm_pipeline.storage.lake import Lake

_NEWEST = """
CREATE OR REPLACE TEMP TABLE newest AS
SELECT * EXCLUDE (window_start, window_end) FROM (
    SELECT * FROM kept UNION ALL BY NAME
    SELECT * FROM {raw} WHERE (day, record_id, version) IN (
        SELECT (_from.day, _from.record_id, _from.version) FROM src.{stream}
    )
)
QUALIFY row_number() OVER (PARTITION BY record_id ORDER BY fetched_at DESC, version DESC, day DESC) = 1
"""


def refresh_references(con: duckdb.DuckDBPyConnection, lake: Lake, vendor: Vendor, days: Sequence[date]) -> list[date]:
    """Make `ref.<stream>` of what is kept and the raw rows of `days`; returns the staged days that a change concerns.

    What was made is kept by `keep_references`, which is for after those days are staged: killed in between, the next
    run finds the same changes again.
    """
    con.execute("CREATE SCHEMA IF NOT EXISTS ref")
    want(con, days)
    con.execute(f"CREATE OR REPLACE TEMP TABLE all_newest AS {empty_select(T.REFERENCE)}")
    lake.attach(con, T.REFERENCE, part=vendor.name, name="all_kept")
    concerned: set[date] = set()
    for reference in vendor.mapping.references:
        stream = quoted(reference.stream)
        con.execute(f"CREATE OR REPLACE TEMP TABLE kept AS SELECT * FROM all_kept WHERE stream = '{reference.stream}'")
        read(con, vendor, reference.stream, "kept")
        columns = ", ".join(["_from.record_id", *map(quoted, reference.columns)])
        con.execute(f"CREATE OR REPLACE TEMP TABLE before AS SELECT {columns} FROM src.{stream}")
        raw = attach_raw(con, lake, vendor, reference.stream, days)
        if not con.execute(f"SELECT count(*) FROM {raw}").fetchall()[0][0]:
            con.execute("INSERT INTO all_newest BY NAME SELECT * FROM kept")
            con.execute(f"CREATE OR REPLACE TABLE ref.{stream} AS SELECT * FROM src.{stream}")
            continue
        read(con, vendor, reference.stream, raw)
        con.execute(_NEWEST.format(raw=raw, stream=stream))
        con.execute("INSERT INTO all_newest BY NAME SELECT * FROM newest")
        read(con, vendor, reference.stream, "newest")
        con.execute(f"CREATE OR REPLACE TABLE ref.{stream} AS SELECT * FROM src.{stream}")
        con.execute(
            f"""
            CREATE OR REPLACE TEMP TABLE moved AS
            SELECT DISTINCT record_id FROM (SELECT {columns} FROM ref.{stream} EXCEPT SELECT * FROM before)
            """
        )
        concerned |= _readers(con, lake, vendor, reference)
    return sorted(concerned)


def keep_references(con: duckdb.DuckDBPyConnection, lake: Lake, vendor: Vendor, computed_at: int) -> None:
    """Store what `refresh_references` made."""
    lake.write_table(con, T.REFERENCE, "SELECT * FROM all_newest", computed_at=computed_at, part=vendor.name)


def _readers(con: duckdb.DuckDBPyConnection, lake: Lake, vendor: Vendor, reference: Reference) -> set[date]:
    """Staged days with a row that names one of the `moved` records."""
    if not con.execute("SELECT count(*) FROM moved").fetchall()[0][0]:
        return set()
    days: set[date] = set()
    for table, column in reference.used_by:
        if column is None:
            days |= set(lake.days(table, part=vendor.name))
            continue
        lake.attach(con, table, part=vendor.name, name="reader")
        named = f"SELECT DISTINCT day FROM reader WHERE {quoted(column)} IN (SELECT record_id FROM moved)"
        days |= {row[0] for row in con.execute(named).fetchall()}
    return days
