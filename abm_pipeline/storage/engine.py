"""SQL on in-memory DuckDB over the lake's Parquet: limits set, steps named.

A `.duckdb` file is never opened: two steps sharing one lock each other out. Steps take their parameters from tables
(`params` and whatever the caller registers), never from text pieced together, so that the same SQL runs elsewhere.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
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

    It becomes the temporary table `name`; with `is_view`, a view, for what is read once. With `is_local`, it needs what
    only the connection has (a function, tables that are altered there), and runs there whatever the engine.
    """

    name: str
    about: str
    sql: str
    is_view: bool = False
    is_local: bool = False


# Layers whose steps can run on Spark; each of their steps is tested to give the same rows there. The others never do.
ON_SPARK = frozenset({"identity", "facts", "scoring", "metrics"})


class EngineError(RuntimeError):
    """The engine that the settings name can't run here."""


@dataclass(frozen=True)
class Cluster:
    """A Spark to run steps on: its master's URL, and a folder that driver and workers share, for steps' results."""

    master: str
    scratch: Path


_WORD = re.compile(r"\w+")
# Connections whose steps run on Spark.
_ON_SPARK: WeakKeyDictionary[duckdb.DuckDBPyConnection, Spark] = WeakKeyDictionary()


# Connections that run steps beside each other, each with those that help it.
_HELPED: WeakKeyDictionary[duckdb.DuckDBPyConnection, list[duckdb.DuckDBPyConnection]] = WeakKeyDictionary()
# Two are enough to keep cores busy while a step is planned or runs on one of them; more would only ask for memory.
_ABREAST = 2


@contextmanager
def connect(
    *,
    memory_limit: str = "4GB",
    threads: int | None = None,
    temp: Path | None = None,
    cluster: Cluster | None = None,
    abreast: bool = False,
) -> Iterator[duckdb.DuckDBPyConnection]:
    """An in-memory DuckDB that spills to `temp` rather than dies; its clock and zone are UTC.

    With a `cluster`, `run_steps` runs there and the connection sees the results. Raises EngineError where it can't.
    With `abreast`, it runs steps beside each other that do not read each other, if there are threads for it: then what
    they read must not be temporary, which only one connection sees.
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
            if abreast and config["threads"] != 1:
                _HELPED[con] = [_set(con.cursor()) for _ in range(_ABREAST)]
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
    other = _set(con.cursor())
    other.execute(f"ATTACH ':memory:' AS {name}")
    other.execute(f"USE {name}")
    return other


def on_spark(con: duckdb.DuckDBPyConnection) -> Spark | None:
    """What runs the connection's steps, if not itself."""
    return _ON_SPARK.get(con)


def _set(con: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    con.execute("SET TimeZone = 'UTC'")
    con.execute("SET enable_progress_bar = false")  # it would write over our own
    con.execute("SET parquet_metadata_cache = true")  # a daily table has a file a day, and each step opens them all
    # Where it expects few rows, it would compare each with each of the other side; there are often more.
    con.execute("SET asof_loop_join_threshold = 0")
    return con


def forget_steps(con: duckdb.DuckDBPyConnection, steps: Sequence[Step]) -> None:
    """Drop what the steps made, before the connection is closed: none of what follows reads it."""
    names = [step.name for step in steps]
    if (spark := on_spark(con)) is not None:
        spark.forget(names)
        return
    for name in names:
        con.execute(f"DROP TABLE {name}")


def forget_all_but(con: duckdb.DuckDBPyConnection, steps: Sequence[Step]) -> None:
    """Drop everything that was made on the connection, but for what these steps made."""
    kept = {step.name for step in steps}
    if (spark := on_spark(con)) is not None:
        spark.forget([name for name in spark.made if name not in kept])
    there = con.execute(
        """
        SELECT 'VIEW' AS kind, database_name, schema_name, view_name FROM duckdb_views() WHERE NOT internal
        UNION ALL SELECT 'TABLE', database_name, schema_name, table_name FROM duckdb_tables()
        """
    ).fetchall()
    # Views first: they are of tables.
    for kind, database, schema, name in sorted(there, reverse=True):
        if name not in kept:
            con.execute(f'DROP {kind} "{database}"."{schema}"."{name}"')


def run_steps(con: duckdb.DuckDBPyConnection, steps: Sequence[Step]) -> None:
    """Run the steps, of which each sees the ones before it by name. An error names the step it came from."""
    if (spark := on_spark(con)) is not None:
        spark.run(steps)
    elif (helpers := _HELPED.get(con)) is not None:
        _run_abreast(helpers, steps)
    else:
        for step in steps:
            _run(con, step, "TEMP ")


def _run(con: duckdb.DuckDBPyConnection, step: Step, temp: str = "") -> None:
    try:
        con.execute(f"CREATE OR REPLACE {temp}{'VIEW' if step.is_view else 'TABLE'} {step.name} AS {step.sql}")
    except duckdb.Error as error:
        error.add_note(f"in SQL step {step.name!r}: {step.about}")
        raise


class Turns:
    """Whose turn it is among steps, told by their places: a step's comes when those before it are done whose names
    stand in its SQL, or who are or read what it replaces."""

    def __init__(self, steps: Sequence[Step]) -> None:
        words = [{step.name, *_WORD.findall(step.sql)} for step in steps]
        self._waits = {
            i: {j for j in range(i) if steps[j].name in words[i] or step.name in words[j]}
            for i, step in enumerate(steps)
        }

    def __bool__(self) -> bool:
        """Whether any has not had its turn."""
        return bool(self._waits)

    def take(self, most: int | None = None) -> list[int]:
        """The first of those whose turn it is; they have it now."""
        taken = [place for place, others in self._waits.items() if not others][:most]
        for place in taken:
            del self._waits[place]
        return taken

    def done(self, place: int) -> None:
        for others in self._waits.values():
            others.discard(place)


def _run_abreast(helpers: Sequence[duckdb.DuckDBPyConnection], steps: Sequence[Step]) -> None:
    turns, free, running = Turns(steps), list(helpers), dict[Future[None], tuple[int, duckdb.DuckDBPyConnection]]()
    with ThreadPoolExecutor(len(helpers)) as pool:
        while turns or running:
            for place in turns.take(len(free)):
                helper = free.pop()
                running[pool.submit(_run, helper, steps[place])] = place, helper
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                place, helper = running.pop(future)
                future.result()
                free.append(helper)
                turns.done(place)
