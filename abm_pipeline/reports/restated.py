"""Numbers that are others than when they were first published, and what a change of who is who did to them.

Belongs here: reading the restatement log. A row's `before` is what the cell said until then: the value of the log's row
before it, else the first one.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import duckdb

from abm_pipeline.contracts import tables as T
from abm_pipeline.settings import Settings
from abm_pipeline.storage.engine import connect

# Of a resolution, so many metrics and accounts that moved most.
MOST = 10

_LOG = """
    SELECT "table", day, key, "column", value_first, value_now, coalesce(reason, '') AS reason, noticed_at,
        CASE WHEN row_number() OVER changes = 1 THEN value_first ELSE lag(value_now) OVER changes END AS before
    FROM staged.restatement
    WINDOW changes AS (PARTITION BY "table", day, key, "column" ORDER BY noticed_at)
"""
_COLUMNS = '"table", day, key, "column", value_first, before, value_now, reason, noticed_at'


@dataclass(frozen=True)
class Move:
    """A number that changed: first published as `first`, `before` until now, `now` since; None where there was none."""

    table: str
    day: date
    key: str
    column: str
    first: str | None
    before: str | None
    now: str | None
    reason: str
    noticed_at: datetime

    @property
    def delta(self) -> float | None:
        """What the number grew by; None if it is no number, or was none."""
        try:
            return float(self.now or "") - float(self.before or "")
        except ValueError:
            return None


@dataclass(frozen=True)
class Resolution:
    """A run that changed who is who: when, what happened, the first day it matters to (None: none), and what moved.

    `metrics`: totals on the newest day that moved, those first that moved most by their size. `accounts` likewise.
    `days`: how many have other numbers.
    """

    at: datetime
    what: str
    since: date | None
    days: int
    metrics: tuple[Move, ...]
    accounts: tuple[Move, ...]


def moves(
    settings: Settings,
    *,
    table: str | None = None,
    since: date | None = None,
    keys: tuple[str, ...] | None = None,
    limit: int,
) -> tuple[Move, ...]:
    """The newest rows of the log: of a table (`metric_values`, or with its layer), noticed since a day, of keys."""
    with _opened(settings) as con:
        return _moves(
            con,
            f"""SELECT {_COLUMNS} FROM log
            WHERE ($table IS NULL OR "table" = $table OR split_part("table", '.', 2) = $table)
                AND ($since IS NULL OR noticed_at >= $since) AND ($keys IS NULL OR list_contains($keys, key))
            ORDER BY noticed_at DESC, day DESC, "table" DESC, key, "column" LIMIT $limit""",
            {
                "table": table,
                "since": since and datetime(since.year, since.month, since.day, tzinfo=UTC),
                "keys": None if keys is None else list(keys),
                "limit": limit,
            },
        )


def resolutions(settings: Settings, limit: int) -> tuple[Resolution, ...]:
    """The last runs that changed who is who, the newest first, with what they moved so far."""
    # The first one made everything there is; of one that was not written down nothing is known.
    changes = [change for change in settings.open_lake.changes(T.MEMBER)[1:] if change.why]
    out = []
    with _opened(settings) as con:
        for i, change in list(enumerate(changes))[::-1][:limit]:
            until = changes[i + 1].at if i + 1 < len(changes) else None
            out.append(_resolution(con, change.why, change.at, until, change.first_day("rows")))
    return tuple(out)


def _resolution(con: duckdb.DuckDBPyConnection, why: str, at: int, until: int | None, since: date | None) -> Resolution:
    con.execute(
        "CREATE OR REPLACE TEMP TABLE of_run AS SELECT * FROM log WHERE contains(reason, $why) "
        "AND noticed_at >= make_timestamptz($at) AND ($until IS NULL OR noticed_at < make_timestamptz($until))",
        {"why": why, "at": at // 1000, "until": until and until // 1000},
    )
    (days,) = con.execute("SELECT count(DISTINCT day) FROM of_run").fetchall()[0]

    def newest(where: str) -> tuple[Move, ...]:
        return _moves(
            con,
            f"""
            WITH newest AS (
                SELECT *, TRY_CAST(before AS DOUBLE) AS was, TRY_CAST(value_now AS DOUBLE) AS became FROM of_run
                WHERE {where} QUALIFY row_number() OVER (PARTITION BY key, "column" ORDER BY day DESC) = 1
            )
            SELECT {_COLUMNS} FROM newest
            ORDER BY abs(became - was) / nullif(greatest(abs(became), abs(was)), 0) DESC NULLS LAST, key, "column"
            LIMIT {MOST}
            """,
            {},
        )

    totals = newest(f"\"table\" = '{T.METRIC_VALUES}' AND \"column\" = 'value' AND NOT contains(key, '=')")
    accounts = newest(f"\"table\" = '{T.ACCOUNT_METRICS_DAILY}' AND NOT contains(key, '*')")
    return Resolution(_instant(at), why, since, int(days), totals, accounts)


@contextmanager
def _opened(settings: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    with connect(memory_limit=settings.memory_limit, threads=settings.threads) as con:
        settings.open_lake.attach(con, T.RESTATEMENT)
        con.execute(f"CREATE TEMP VIEW log AS {_LOG}")
        yield con


def _moves(con: duckdb.DuckDBPyConnection, sql: str, parameters: dict[str, object]) -> tuple[Move, ...]:
    rows = con.execute(sql, parameters or None).fetchall()
    return tuple(Move(*row) for row in rows)


def _instant(ns: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=ns // 1000)
