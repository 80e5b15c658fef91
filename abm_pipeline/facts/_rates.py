"""Money in the reporting currency: what one unit of it costs in each currency, by stretches of days.

Staged rates are units of a currency for one unit of the organisation's own (corporate) currency, valid from a day until
the next rate of that currency. If the reporting currency has rates itself, it is not the corporate one, and both are
taken across: amount_reporting = amount ÷ rate(currency) × rate(reporting). A currency without a rate on the day has no
row, and its amounts stay unconverted. Where several sources have a rate of a currency on a day, that of the source
which the programme's precedence names first counts.
"""

from __future__ import annotations

from collections.abc import Callable

import duckdb

from abm_pipeline.contracts import tables as t
from abm_pipeline.facts._base import Notes
from abm_pipeline.identity.versions import latest
from abm_pipeline.storage.engine import Step

RATES = (
    latest(t.FX_RATE),
    Step(
        "rate",
        "each source's rate for each currency and start",
        """
        SELECT source, currency, start_day, arg_min(rate, source_id) AS rate
        FROM latest_fx_rate WHERE rate > 0
        GROUP BY ALL
        """,
    ),
    Step(
        "currency_stretch",
        "every currency's rate for each stretch of days in which no rate changes",
        """
        WITH stretch AS (
            SELECT start_day, coalesce(lead(start_day) OVER (ORDER BY start_day), DATE '9999-12-31') AS end_day
            FROM (SELECT DISTINCT start_day FROM rate)
        )
        SELECT
            c.currency, s.start_day, s.end_day,
            arg_min(r.rate, (coalesce(list_position(c.sources, c.source), 999), c.source)) AS rate
        FROM (SELECT DISTINCT r.source, r.currency, p.sources FROM rate AS r CROSS JOIN params AS p) AS c
        CROSS JOIN stretch AS s
        ASOF JOIN rate AS r ON r.source = c.source AND r.currency = c.currency AND s.start_day >= r.start_day
        GROUP BY c.currency, s.start_day, s.end_day
        """,
    ),
    Step(
        "conversion",
        "units of each currency for one unit of the reporting currency, from start_day until before end_day",
        """
        SELECT c.currency, c.start_day, c.end_day, c.rate / coalesce(home.rate, 1.0) AS units
        FROM currency_stretch AS c CROSS JOIN params AS p
        LEFT JOIN currency_stretch AS home ON home.currency = p.currency AND home.start_day = c.start_day
        WHERE c.currency <> p.currency
            AND (home.rate IS NOT NULL OR p.currency NOT IN (SELECT currency FROM rate))
        UNION ALL
        SELECT currency, DATE '0001-01-01', DATE '9999-12-31', 1.0 FROM params
        """,
    ),
)


def unconverted(rows: str) -> Callable[[duckdb.DuckDBPyConnection], Notes]:
    """A note on the relation `rows`: amounts without a rate on their day, and their currencies."""

    def note(con: duckdb.DuckDBPyConnection) -> Notes:
        count, currencies = con.execute(
            f"""
            SELECT count(*), string_agg(DISTINCT name, ', ' ORDER BY name)
            FROM (SELECT coalesce(currency, 'none') AS name FROM {rows}
                  WHERE amount IS NOT NULL AND amount_reporting IS NULL)
            """
        ).fetchall()[0]
        return {"amounts_unconverted": int(count), "currencies_without_rate": str(currencies or "")}

    return note
