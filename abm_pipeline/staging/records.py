"""One vendor's records on their way: raw rows read and judged, the good ones readable as `src.<stream>`.

Belongs here: where rows stand in the connection (`src`, `quarantined`) and how a stream's raw partitions get there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import duckdb
import pandas as pd

from abm_pipeline.contracts.render import quoted
from abm_pipeline.contracts.tables import raw_table
from abm_pipeline.sources._mapping import VendorMapping
from abm_pipeline.sources._spec import Stream
from abm_pipeline.staging.judge import judge_records
from abm_pipeline.staging.parse import parse
from abm_pipeline.storage.lake import Lake


@dataclass(frozen=True)
class Vendor:
    """A vendor as staging sees it: its streams and what they mean."""

    name: str
    streams: Mapping[str, Stream]
    mapping: VendorMapping
    aliases: Mapping[str, Mapping[str, str | None]]


def prepare_quarantine(con: duckdb.DuckDBPyConnection) -> None:
    """An empty `quarantined`: what was found wrong so far, one row per record and rule."""
    con.execute(
        """
        CREATE OR REPLACE TEMP TABLE quarantined (
            day DATE, stream VARCHAR, record_id VARCHAR, version VARCHAR, table_name VARCHAR, rule VARCHAR,
            "column" VARCHAR
        )
        """
    )


def want(con: duckdb.DuckDBPyConnection, days: Sequence[date]) -> None:
    """The days that raw rows are read of from now on."""
    con.register("_days", pd.DataFrame({"day": pd.Series(list(days), dtype="datetime64[us]")}))
    con.execute("CREATE OR REPLACE TABLE wanted AS SELECT CAST(day AS DATE) AS day FROM _days")
    con.unregister("_days")


def attach_raw(con: duckdb.DuckDBPyConnection, lake: Lake, vendor: Vendor, stream: str, days: Sequence[date]) -> str:
    """The view `raw_<stream>` of the raw rows on the wanted days, the first to last of `days`; returns its name."""
    lake.attach(con, raw_table(vendor.name, stream), days[0], days[-1], name=quoted(f"all_{stream}"))
    name = quoted(f"raw_{stream}")
    con.execute(
        f"CREATE OR REPLACE VIEW {name} AS SELECT * FROM {quoted('all_' + stream)} SEMI JOIN wanted USING (day)"
    )
    return name


def read(
    con: duckdb.DuckDBPyConnection, vendor: Vendor, stream: str, relation: str, targets: str | None = None
) -> tuple[int, int]:
    """Make `src.<stream>` of the good rows of `relation`; returns how many rows there were, and how many not good.

    With `targets` (the tables they were meant for) the others are noted in `quarantined`.
    """
    contract, name = vendor.streams[stream], quoted(stream)
    rows = parse(con, contract, relation, vendor.aliases.get(stream, {}))
    source, bad = f"SELECT * EXCLUDE (_row) FROM rec.{name}", 0
    if rows and len(failures := judge_records(con, contract)):
        broken = quoted(f"bad_{stream}")
        keep(con, broken, failures)
        bad = int(failures["row"].nunique())
        source += f" WHERE _row NOT IN (SELECT row FROM {broken})"
        if targets is not None:
            note(con, stream, targets, f"rec.{name}", broken)
    con.execute("CREATE SCHEMA IF NOT EXISTS src")
    con.execute(f"CREATE OR REPLACE VIEW src.{name} AS {source}")
    return rows, bad


def keep(con: duckdb.DuckDBPyConnection, name: str, failures: pd.DataFrame) -> None:
    """The failures as a temporary table (row, rule, column)."""
    con.register("_failures", failures)
    con.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS SELECT * FROM _failures")
    con.unregister("_failures")


def note(con: duckdb.DuckDBPyConnection, stream: str | None, target: str, rows: str, broken: str) -> None:
    """Add what `broken` says of `rows` (with `_row`, `_from` and, without `stream`, `_stream`) to `quarantined`."""
    which = "_stream" if stream is None else f"'{stream}'"
    con.execute(
        f"""
        INSERT INTO quarantined
        SELECT r._from.day, {which}, r._from.record_id, r._from.version, '{target}', b.rule, b."column"
        FROM {rows} AS r JOIN {broken} AS b ON b.row = r._row
        """
    )
