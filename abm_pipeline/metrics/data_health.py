"""Can the numbers be trusted? Freshness, quarantine and match rate of each source: the rows of `data_health`.

Belongs here: what is said of a source as of a day. A source is silent when nothing has come for longer than usual:
longer than the gap that 19 of 20 gaps between its days with data in the last 120 did not exceed, and than two days.
A source that is set up but never sent anything is silent too, with no last day.

What names only a domain (visits, intent) belongs to the account that owns it. A domain that is shared or between
several accounts is nobody's: what happened there stays without an account and is counted as ambiguous, which is less
than what is unmatched by the domains and companies that no account knows at all.
"""

from __future__ import annotations

from abm_pipeline.contracts.tables import STAGED
from abm_pipeline.storage.engine import Step

HISTORY_DAYS = 120
_STAGED_DAYS = " UNION ALL ".join(
    f"SELECT day, source, count(*) AS row_count FROM {table} GROUP BY day, source" for table in STAGED
)

STEPS = (
    Step(
        "nobodys",
        "Domains that are shared or between accounts, as companies of facts.",
        """
        SELECT 'domain:' || key_value AS company_key FROM identity.weak_key w
        WHERE key_kind = 'domain' AND 'domain:' || key_value NOT IN (SELECT company_key FROM company_unit)
        """,
    ),
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
                   count(*) FILTER (coalesce(c.account_id, r.account_id) IS NULL) AS unmatched,
                   count(*) FILTER (coalesce(c.account_id, r.account_id) IS NULL AND n.company_key IS NOT NULL)
                       AS ambiguous
            FROM facts.touch t
            LEFT JOIN company_unit c ON c.company_key = t.company_key
            LEFT JOIN person_at r ON r.contact_key = t.contact_key AND t.day BETWEEN r.from_day AND r.until_day
            LEFT JOIN nobodys n ON n.company_key = t.company_key
            GROUP BY t.day, t.source
        ),
        meant AS (
            SELECT i.day, i.source, count(*) FILTER (c.account_id IS NULL) AS unmatched,
                   count(*) FILTER (c.account_id IS NULL AND n.company_key IS NOT NULL) AS ambiguous
            FROM facts.intent i
            LEFT JOIN company_unit c ON c.company_key = i.company_key
            LEFT JOIN nobodys n ON n.company_key = i.company_key
            GROUP BY i.day, i.source
        ),
        paid AS (
            SELECT s.day, s.source, coalesce(sum(s.amount_reporting) FILTER (c.account_id IS NULL), 0) AS unmatched
            FROM facts.spend s LEFT JOIN company_unit c ON c.company_key = s.company_key
            WHERE s.company_key IS NOT NULL GROUP BY s.day, s.source
        ),
        refused AS (SELECT day, vendor AS source, count(*) AS row_count FROM quarantine.record GROUP BY day, vendor)
        SELECT d.day, e.source, q.last_day, d.day - q.last_day AS days_behind,
               coalesce(s.row_count, 0) AS rows_staged, coalesce(f.row_count, 0) AS rows_quarantined,
               CAST(m.touches - m.unmatched AS DOUBLE) / m.touches AS match_rate,
               coalesce(m.unmatched, 0) AS touches_unmatched, coalesce(m.ambiguous, 0) AS touches_ambiguous,
               coalesce(i.unmatched, 0) AS intent_unmatched, coalesce(i.ambiguous, 0) AS intent_ambiguous,
               coalesce(a.unmatched, 0) AS spend_unmatched,
               coalesce(d.day - q.last_day > greatest(2, coalesce(q.usual_gap, 1)), true) AS is_silent
        FROM days d CROSS JOIN expected_source e
        LEFT JOIN quiet q ON q.day = d.day AND q.source = e.source
        LEFT JOIN source_day s ON s.day = d.day AND s.source = e.source
        LEFT JOIN refused f ON f.day = d.day AND f.source = e.source
        LEFT JOIN matched m ON m.day = d.day AND m.source = e.source
        LEFT JOIN meant i ON i.day = d.day AND i.source = e.source
        LEFT JOIN paid a ON a.day = d.day AND a.source = e.source
        """,
    ),
)

QUARANTINE_SUMMARY = """
    SELECT day, vendor, stream, coalesce(table_name, '') AS table_name, rule, coalesce("column", '') AS "column",
           count(*) AS rows
    FROM quarantine.record GROUP BY ALL"""
"""The rows of `quarantine_summary`."""
