"""SQL on in-memory DuckDB over the lake's Parquet: limits set, steps named.

A `.duckdb` file is never opened: two steps sharing one lock each other out. Steps take their parameters from tables
(`params` and whatever the caller registers), never from text pieced together, so that the same SQL runs elsewhere.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import duckdb

if TYPE_CHECKING:
    from abm_pipeline.storage.spark import Spark


@dataclass(frozen=True)
class Step:
    """A named SQL step: `sql` is one SELECT; `about` is the idea in a sentence.

    It becomes the temporary table `name`; with `is_view`, a view, for what is read once. With `is_local`, it calls a
    function that only the connection knows, of little data, and runs there whatever the engine.
    """

    name: str
    about: str
    sql: str
    is_view: bool = False
    is_local: bool = False


# Layers whose steps can run on Spark; each of their steps is tested to give the same rows there. The others never do.
ON_SPARK = frozenset({"facts", "scoring"})


class EngineError(RuntimeError):
    """The engine that the settings name can't run here."""


@dataclass(frozen=True)
class Cluster:
    """A Spark to run steps on: its master's URL, and a folder that driver and workers share, for steps' results."""

    master: str
    scratch: Path


# Connections whose steps run on Spark.
_ON_SPARK: WeakKeyDictionary[duckdb.DuckDBPyConnection, Spark] = WeakKeyDictionary()


@contextmanager
def connect(
    *,
    memory_limit: str = "4GB",
    threads: int | None = None,
    temp: Path | None = None,
    cluster: Cluster | None = None,
) -> Iterator[duckdb.DuckDBPyConnection]:
    """An in-memory DuckDB that spills to `temp` rather than dies; its clock and zone are UTC.

    With a `cluster`, `run_steps` runs there and the connection sees the results. Raises EngineError where it can't.
    """
    config: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": memory_limit,
        "threads": threads or os.cpu_count() or 2,
        "preserve_insertion_order": False,
    }
    if temp is not None:
        temp.mkdir(parents=True, exist_ok=True)
        config["temp_directory"] = str(temp)
    con = duckdb.connect(config=config)
    try:
        _set(con)
        if cluster is None:
            yield con
            return
        from abm_pipeline.storage.spark import Spark

        spark = _ON_SPARK[con] = Spark(con, cluster)
        try:
            yield con
        finally:
            del _ON_SPARK[con]
            spark.close()
    finally:
        con.close()


def beside(con: duckdb.DuckDBPyConnection, name: str) -> duckdb.DuckDBPyConnection:
    """A connection for another thread, within the same limits; what it creates is its own, under the database `name`.

    Functions are shared: a Python one is registered once, with `con`.
    """
    other = con.cursor()
    _set(other)
    other.execute(f"ATTACH ':memory:' AS {name}")
    other.execute(f"USE {name}")
    return other


def on_spark(con: duckdb.DuckDBPyConnection) -> Spark | None:
    """What runs the connection's steps, if not itself."""
    return _ON_SPARK.get(con)


def _set(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("SET TimeZone = 'UTC'")
    con.execute("SET enable_progress_bar = false")  # it would write over our own
    con.execute("SET parquet_metadata_cache = true")  # a daily table has a file a day, and each step opens them all


def forget_steps(con: duckdb.DuckDBPyConnection, steps: Sequence[Step]) -> None:
    """Drop what the steps made, before the connection is closed: none of what follows reads it."""
    names = [step.name for step in steps]
    if (spark := on_spark(con)) is not None:
        spark.forget(names)
        return
    for name in names:
        con.execute(f"DROP TABLE {name}")


def run_steps(con: duckdb.DuckDBPyConnection, steps: Sequence[Step]) -> None:
    """Run the steps in order; each sees the ones before it by name. An error names the step it came from."""
    if (spark := on_spark(con)) is not None:
        spark.run(steps)
        return
    for step in steps:
        kind = "VIEW" if step.is_view else "TABLE"
        try:
            con.execute(f"CREATE OR REPLACE TEMP {kind} {step.name} AS {step.sql}")
        except duckdb.Error as error:
            error.add_note(f"in SQL step {step.name!r}: {step.about}")
            raise
