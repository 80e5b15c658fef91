"""Rows of one canonical table: the vendor's SELECTs run, the rows judged, captured twice told once, and written.

Belongs here: the law that nothing is dropped in silence. Rows in = rows staged + rows in quarantine + duplicates.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import duckdb

from abm_pipeline.contracts import tables as T
from abm_pipeline.contracts.render import DUCKDB, empty_select, quoted
from abm_pipeline.contracts.tables import Table
from abm_pipeline.sources._mapping import Select
from abm_pipeline.staging.judge import judge_rows
from abm_pipeline.staging.records import Vendor, keep, note
from abm_pipeline.staging.restate import RESTATED, find_restatements
from abm_pipeline.storage.lake import Lake, Written

_GIVEN = ("day", "source", "captured_at", "run_id")
# Of rows with one key the one captured last; a snapshot or a day's report has one key however often it was pulled.
_NEWEST = """
SELECT * EXCLUDE (_row, _stream, record_id, version) FROM {rows}
QUALIFY row_number() OVER (
    PARTITION BY day, source, source_id, modified_at ORDER BY captured_at DESC, version DESC, record_id DESC
) = 1
"""


@dataclass(frozen=True)
class Counts:
    """What was written of a table, and the counts to tell."""

    written: Written
    notes: Mapping[str, int]


def write_table_rows(
    con: duckdb.DuckDBPyConnection, lake: Lake, vendor: Vendor, table: Table, days: Sequence[date], stamp: int, *,
    is_written: bool, read_rows: Mapping[str, tuple[int, int]],
) -> Counts:  # fmt: skip
    """Make the vendor's rows of `table` from `src` and write them to `days`; bad ones are noted in `quarantined`.

    `read_rows`: records by stream, and how many of them did not get as far as `src`. Without `is_written` rows are
    judged only.
    """
    selects = [select for select in vendor.mapping.selects if select.table == table]
    if not any(read_rows[select.stream][0] for select in selects):
        nothing = empty_select(table)
        written = lake.write_days(con, table, nothing, days if is_written else [], computed_at=stamp, part=vendor.name)
        return Counts(written, {"rows_in": 0, "quarantined": 0, "duplicates": 0})
    parts = " UNION ALL ".join(_typed(con, vendor, select) for select in selects)
    con.execute(f"CREATE OR REPLACE TEMP TABLE _mapped AS {parts}")
    con.execute(
        f"""
        CREATE OR REPLACE TEMP VIEW _rows AS
        SELECT
            rowid AS _row, _stream, _from.record_id, _from.version, _from.day, '{vendor.name}' AS source,
            _from.captured_at, (SELECT run_id FROM params) AS run_id, * EXCLUDE (_from, _stream)
        FROM _mapped
        """
    )
    mapped = int(con.execute("SELECT count(*) FROM _mapped").fetchall()[0][0])
    good, bad = "_rows", 0
    if mapped and len(failures := judge_rows(con, table, "_rows")):
        keep(con, "_broken", failures)
        note(con, None, str(table), "(SELECT rowid AS _row, * FROM _mapped)", "_broken")
        bad = int(failures["row"].nunique())
        good = "(SELECT * FROM _rows WHERE _row NOT IN (SELECT row FROM _broken))"
    if not is_written:
        return Counts(Written({}, ()), {})
    if table in RESTATED:
        find_restatements(con, table, good)
    written = lake.write_days(con, table, _NEWEST.format(rows=good), days, computed_at=stamp, part=vendor.name)
    unread = sum(read_rows[select.stream][1] for select in selects)
    notes = {
        "rows_in": mapped + unread,
        "quarantined": bad + unread,
        "duplicates": mapped - bad - sum(written.rows.values()),
    }
    if table == T.COMPANY:
        useless = con.execute("SELECT count(*) FROM _mapped WHERE website IS NOT NULL AND domain IS NULL").fetchall()
        notes["websites_without_domain"] = int(useless[0][0])
    return Counts(written, notes)


def _typed(con: duckdb.DuckDBPyConnection, vendor: Vendor, select: Select) -> str:
    """The SELECT with the table's columns in order and type. Raises ValueError if it gives others."""
    # Names are told as the record spells them where the two differ by case only.
    given = {row[0].lower() for row in con.execute(f"DESCRIBE {select.sql}").fetchall()}
    if unknown := given - set(select.table.columns) - {"_from"}:
        raise ValueError(f"mapping of {vendor.name} {select.stream}: {select.table} has no {sorted(unknown)}")
    columns = [
        f"CAST({quoted(f.name) if f.name in given else 'NULL'} AS {DUCKDB[f.type]}) AS {quoted(f.name)}"
        for f in select.table.fields()
        if f.name not in _GIVEN
    ]
    return f"SELECT _from, '{select.stream}' AS _stream, {', '.join(columns)} FROM ({select.sql})"
