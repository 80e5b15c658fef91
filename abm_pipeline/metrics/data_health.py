"""Can the numbers be trusted? Freshness, quarantine and match rate of each source: the rows of `data_health`.

Belongs here: what is said of a source as of a day. A source is silent when nothing has come for longer than usual:
longer than the gap that 19 of 20 gaps between its days with data in the last 120 did not exceed, and than two days.
A source that is set up but never sent anything is silent too, with no last day.
"""

from __future__ import annotations

from abm_pipeline.contracts.tables import STAGED
from abm_pipeline.metrics._base import COMPANY_UNIT, PERSON_UNIT, UNIT
from abm_pipeline.storage.engine import Step

HISTORY_DAYS = 120
_STAGED_DAYS = " UNION ALL ".join(
    f"SELECT day, source, count(*) AS row_count FROM {table} GROUP BY day, source" for table in STAGED
)

STEPS = (
    UNIT,
    COMPANY_UNIT,
    PERSON_UNIT,
    Step(
        "source_day",
        "Rows staged of each source by day, with its day with data before.",
        f"""
        SELECT day, source, CAST(sum(row_count) AS BIGINT) AS row_count,
               lag(day) OVER (PARTITION BY source ORDER BY day) AS day_before
        FROM ({_STAGED_DAYS}) GROUP BY day, source
        """,
    ),
    Step(
        "health",
        "Each source on each day: its latest data, how long that is usual, what was refused, what found its account.",
        f"""
        WITH quiet AS (
            SELECT d.day, s.source, max(s.day) AS last_day,
                   quantile_disc(s.day - s.day_before, 0.95) FILTER (s.day_before > d.day - {HISTORY_DAYS}) AS usual_gap
            FROM days d JOIN source_day s ON s.day BETWEEN d.day - {HISTORY_DAYS - 1} AND d.day
            GROUP BY d.day, s.source
        ),
        matched AS (
            SELECT t.day, t.source, count(*) AS touches,
                   count(*) FILTER (coalesce(c.account_id, r.account_id) IS NOT NULL) AS matched
            FROM facts.touch t
            LEFT JOIN company_unit c ON c.company_key = t.company_key
            LEFT JOIN person_unit r ON r.contact_key = t.contact_key
            GROUP BY t.day, t.source
        ),
        refused AS (SELECT day, vendor AS source, count(*) AS row_count FROM quarantine.record GROUP BY day, vendor)
        SELECT d.day, e.source, q.last_day, d.day - q.last_day AS days_behind,
               coalesce(s.row_count, 0) AS rows_staged, coalesce(f.row_count, 0) AS rows_quarantined,
               CAST(m.matched AS DOUBLE) / m.touches AS match_rate,
               coalesce(d.day - q.last_day > greatest(2, coalesce(q.usual_gap, 1)), true) AS is_silent
        FROM days d CROSS JOIN expected_source e
        LEFT JOIN quiet q ON q.day = d.day AND q.source = e.source
        LEFT JOIN source_day s ON s.day = d.day AND s.source = e.source
        LEFT JOIN refused f ON f.day = d.day AND f.source = e.source
        LEFT JOIN matched m ON m.day = d.day AND m.source = e.source
        """,
    ),
)

QUARANTINE_SUMMARY = """
    SELECT day, vendor, stream, coalesce(table_name, '') AS table_name, rule, coalesce("column", '') AS "column",
           count(*) AS rows
    FROM quarantine.record GROUP BY ALL"""
"""The rows of `quarantine_summary`."""
