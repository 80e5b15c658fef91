"""Facts that are records with one day each: an answer, a ticket, a review, hours, a cost.

Belongs here: the two things every one of them needs. A record counts as last known, if it is not deleted, on the day
it names; a version that moved it from another day reaches both days.
"""

from __future__ import annotations

from abm_pipeline.contracts.tables import Table
from abm_pipeline.storage.engine import Step

COMPANY_KEY = "coalesce(source || ':' || company_source_id, 'domain:' || domain)"
"""SQL for the company that a record names."""


def local_day(column: str) -> str:
    """SQL for the day of an instant in the reporting zone."""
    return f"timezone((SELECT zone FROM params), {column})::DATE"


def standing(table: Table, day: str) -> Step:
    """A step `standing_<name>`: the last versions of records on wanted days, deleted ones left out."""
    kept = "WHERE NOT is_deleted" if "is_deleted" in table.columns else ""
    return Step(
        f"standing_{table.name}",
        f"{table.name} records of the wanted days, as last known",
        f"""
        WITH last AS (
            SELECT source, source_id, max((modified_at, captured_at, day)) AS version
            FROM {table}
            SEMI JOIN (
                SELECT DISTINCT source, source_id FROM {table} WHERE {day} IN (SELECT day FROM wanted)
            ) USING (source, source_id)
            GROUP BY ALL
        )
        SELECT v.* EXCLUDE (day), {day} AS day
        FROM (SELECT * FROM {table} {kept}) AS v
        JOIN last AS l
            ON l.source = v.source AND l.source_id = v.source_id AND l.version = (v.modified_at, v.captured_at, v.day)
        WHERE {day} IN (SELECT day FROM wanted)
        """,
    )


def reached(table: Table, day: str) -> str:
    """One SELECT of (day, changed_at): the days that arrivals in the table reach, those they left included."""
    return f"""
        SELECT {day} AS day, max(a.changed_at) AS changed_at
        FROM {table} AS v JOIN (
            SELECT s.source, s.source_id, max(c.changed_at) AS changed_at
            FROM {table} AS s JOIN changed AS c ON c.table_name = '{table}' AND c.day = s.day
            GROUP BY ALL
        ) AS a USING (source, source_id)
        GROUP BY ALL
    """
