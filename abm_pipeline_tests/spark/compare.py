"""Two connections' relations, row by row: doubles to 1e-9, all else exact.

Belongs here: what is the same. Rows have no order; a step's result is a set.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import duckdb

Row = tuple[Any, ...]


class Rows(NamedTuple):
    """A relation's columns, and its rows in an order that the last digits of doubles don't decide."""

    columns: list[str]
    rows: list[Row]


def rows_of(con: duckdb.DuckDBPyConnection, relation: str) -> Rows:
    """All of a relation."""
    found = con.sql(f"FROM {relation}")
    return Rows(found.columns, sorted(found.fetchall(), key=_place))


def differences(ours: Rows, theirs: Rows) -> list[str]:
    """What is not the same, in words; at most five of it."""
    if ours.columns != theirs.columns:
        return [f"columns {ours.columns} and {theirs.columns}"]
    if len(ours.rows) != len(theirs.rows):
        return [f"{len(ours.rows)} rows and {len(theirs.rows)}: {_only(ours.rows, theirs.rows)}"]
    pairs = zip(ours.rows, theirs.rows, strict=True)
    return [f"{mine} and {other}" for mine, other in pairs if not _same(mine, other)][:5]


def _only(ours: Sequence[Row], theirs: Sequence[Row]) -> str:
    left, right = {str(_place(row)) for row in ours}, {str(_place(row)) for row in theirs}
    return f"only the first has {sorted(left - right)[:3]}, only the second {sorted(right - left)[:3]}"


def _same(mine: Any, other: Any) -> bool:
    if isinstance(mine, float) and isinstance(other, float):
        return math.isclose(mine, other, rel_tol=1e-9, abs_tol=1e-9)
    if isinstance(mine, (tuple, list)) and isinstance(other, (tuple, list)):
        return len(mine) == len(other) and all(map(_same, mine, other))
    if isinstance(mine, dict) and isinstance(other, dict):
        return mine.keys() == other.keys() and all(_same(mine[key], other[key]) for key in mine)
    return bool(mine == other) and isinstance(mine, bool) == isinstance(other, bool)


def _place(row: Row) -> list[str]:
    return [f"{round(value, 6) + 0.0:.6f}" if isinstance(value, float) else str(value) for value in row]
