"""Two connections' relations, row by row: doubles to 1e-9, all else exact.

Belongs here: a lake for each engine, and what is the same. Rows have no order; a step's result is a set.
"""

from __future__ import annotations

import math
import shutil
from collections.abc import Iterator, Sequence, Set
from contextlib import contextmanager
from types import ModuleType
from typing import Any, NamedTuple

import duckdb
import pytest

from abm_pipeline.settings import Settings
from abm_pipeline.storage.engine import Step, run_steps

Row = tuple[Any, ...]


def copied(settings: Settings, master: str) -> Settings:
    """Settings of a copy of the lake, beside it, whose steps run on Spark."""
    made = settings.model_copy(update={"lake": settings.home / "spark", "engine": "spark", "spark_master": master})
    shutil.copytree(settings.lake_path, made.lake_path)
    return made


class Rows(NamedTuple):
    """A relation's columns, and its rows in an order that the last digits of doubles don't decide."""

    columns: list[str]
    rows: list[Row]


def rows_of(con: duckdb.DuckDBPyConnection, relation: str, without: Set[str] = frozenset()) -> Rows:
    """All of a relation, but for numbers in the columns `without`."""
    found = con.sql(f"FROM {relation}")
    # By name: what the columns' order is, no step asks, and `*` after USING has another in each engine.
    kinds = zip(found.columns, found.types, strict=True)
    columns = sorted(name for name, kind in kinds if name not in without or kind.id == "varchar")
    rows = found.select(*(f'"{column}"' for column in columns)).fetchall()
    return Rows(columns, sorted((tuple(map(_plain, row)) for row in rows), key=_place))


def _plain(value: Any) -> Any:
    """A row within a row, without its fields' names: an engine's own."""
    return tuple(map(_plain, value.values())) if isinstance(value, dict) else value


@contextmanager
def recorded(*modules: ModuleType, without: Set[str] = frozenset()) -> Iterator[dict[str, list[Rows]]]:
    """By step: its rows each time that the modules run it, but for the columns `without`."""
    taken: dict[str, list[Rows]] = {}

    def run(con: duckdb.DuckDBPyConnection, steps: Sequence[Step]) -> None:
        run_steps(con, steps)
        for step in steps:
            taken.setdefault(step.name, []).append(rows_of(con, step.name, without))

    with pytest.MonkeyPatch.context() as patch:
        for module in modules:
            patch.setattr(module, "run_steps", run)
        yield taken


def assert_same(ours: Sequence[Rows], theirs: Sequence[Rows]) -> None:
    """A step has rows at least once, and each time the same on both engines."""
    assert any(each.rows for each in ours)
    assert [] == [found for mine, other in zip(ours, theirs, strict=True) for found in differences(mine, other)]


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
    return bool(mine == other) and isinstance(mine, bool) == isinstance(other, bool)


def _place(row: Row) -> list[str]:
    return [f"{round(value, 6) + 0.0:.6f}" if isinstance(value, float) else str(value) for value in row]
