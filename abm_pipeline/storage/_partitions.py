"""Partitions of a table: what their files and stamps say, and whether the rows of two are the same.

Belongs here: what `lake` asks of files and of relations, without any lock and without writing.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from datetime import date
from pathlib import Path

import duckdb
import orjson

from abm_pipeline.contracts.render import quoted
from abm_pipeline.contracts.tables import Table

# Say who wrote a row, not what it says: two writes that differ only here are the same.
PROVENANCE = frozenset({"run_id", "captured_at", "fetched_at"})


def stamps(path: Path) -> dict[date | None, int]:
    """When each day was computed, by the file that says so; none if there is none."""
    try:
        told: dict[str, int] = orjson.loads(path.read_bytes())
    except FileNotFoundError:
        return {}
    return {date.fromisoformat(day) if day else None: stamp for day, stamp in told.items()}


def names(folder: Path | str) -> list[str]:
    """What is in the folder; nothing if there is none."""
    try:
        return os.listdir(folder)
    except (FileNotFoundError, NotADirectoryError):
        return []


def day_of(path: Path | str) -> date:
    """The day of a partition's file."""
    return date.fromisoformat(str(path).rsplit("/day=", 1)[1][:10])


def digests(
    con: duckdb.DuckDBPyConnection, relation: str, table: Table, *, hashed: bool = True
) -> dict[date, tuple[int, int]]:
    """Row count and order-independent content hash (0 if not `hashed`), by day; one entry if not daily."""
    columns = ", ".join(quoted(column) for column in table.columns if column not in PROVENANCE)
    day = "day" if table.is_daily else "DATE '0001-01-01'"
    content = f"coalesce(sum(hash(row({columns}))), 0)" if hashed else "0"
    rows = con.execute(f"SELECT {day}, count(*), {content} FROM {relation} GROUP BY ALL").fetchall()
    return {row[0]: (int(row[1]), int(row[2])) for row in rows}


def no_stray(table: Table, found: Iterable[date], wanted: list[date]) -> None:
    """Raises ValueError for rows of days that were not to be written."""
    if stray := set(found) - set(wanted):
        raise ValueError(f"{table}: rows of {min(stray)}…{max(stray)}, which are not among the days to write")
