"""SQL steps on Spark, beside a DuckDB connection that sees what they made.

The connection keeps what is small: parameters, lists of days, and the swap of finished partitions. A step reads lake
tables from their Parquet files, parameters as the connection has them when the steps begin, and earlier steps'
results. Its own result is written as Parquet into a scratch folder and becomes a view of the connection, so that
whatever reads the connection, the lake's writing included, needs not know where a step ran. Views of the DuckDB run
are tables here, for the same reason.

The scratch folder and the lake must be on storage that the driver and all workers see under the same path.
"""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
from sqlglot import exp

from abm_pipeline.contracts.render import SPARK
from abm_pipeline.contracts.tables import Table
from abm_pipeline.storage.engine import Cluster, EngineError, Step, Turns
from abm_pipeline.storage.spark_sql import Steps, spark_type, to_spark, view_name

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

_CONF = {
    "spark.app.name": "abm_pipeline",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    # As the connection: its clock and zone are UTC. Parquet as DuckDB reads and writes it.
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
    "spark.sql.parquet.datetimeRebaseModeInWrite": "CORRECTED",
    "spark.sql.parquet.datetimeRebaseModeInRead": "CORRECTED",
    # Products of decimals keep their digits, or are an error.
    "spark.sql.decimalOperations.allowPrecisionLoss": "false",
    # The driver looks for small files sooner than a job with a task for each.
    "spark.sql.sources.parallelPartitionDiscovery.threshold": "100000",
    # A sum that overflows or a text that is no number is an error, as with DuckDB.
    "spark.sql.ansi.enabled": "true",
}
# Steps at a time. Most are small: their jobs take turns in planning on the driver and computing on the workers.
_SIDE_BY_SIDE = 4


def check() -> None:
    """Raise EngineError, which says what to do, where Spark can't run."""
    if find_spec("pyspark") is None:
        raise EngineError("ABM_ENGINE=spark needs pyspark: run `abm` from the environment of `make setup-spark`")
    if not (os.environ.get("JAVA_HOME") or shutil.which("java")):
        raise EngineError("ABM_ENGINE=spark needs Java 17 or later: install it, or set JAVA_HOME")


def session(master: str) -> SparkSession:
    """The process's Spark, started when first asked for. Raises EngineError where that can't be.

    `spark-defaults.conf` in SPARK_CONF_DIR sets memory, cores and all else that is the cluster's.
    """
    check()
    from pyspark.errors import PySparkRuntimeError
    from pyspark.sql import SparkSession

    builder = SparkSession.builder.master(master)
    for key, value in _CONF.items():
        builder = builder.config(key, value)
    try:
        made = builder.getOrCreate()
    except PySparkRuntimeError as error:
        raise EngineError(f"Spark did not start at {master}: {error}") from None
    made.sparkContext.setLogLevel("ERROR")
    return made


class Spark:
    """Runs the steps of one connection. Use it as a context: what it wrote to scratch is removed at the end."""

    def __init__(self, con: duckdb.DuckDBPyConnection, cluster: Cluster) -> None:
        # A session of its own: temporary views of one connection are not another's.
        self._spark = session(cluster.master).newSession()
        context = self._spark.sparkContext
        if not context.getConf().contains("spark.sql.shuffle.partitions"):
            # Spark's own default of 200 is for big clusters: here it is most of the time.
            self._spark.conf.set("spark.sql.shuffle.partitions", str(2 * context.defaultParallelism))
        self._con = con
        self._folder = cluster.scratch / f"spark_{uuid.uuid4().hex}"
        self._folder.mkdir(parents=True)
        self._lake: dict[str, tuple[Table, Sequence[Path], str]] = {}
        self._made: dict[str, Path] = {}
        self._known: dict[str, str] = {}
        self._copies: dict[str, Path] = {}

    def close(self) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)

    def attach(self, name: str, table: Table, files: Sequence[Path], where: str) -> None:
        """Take the lake relation `name` from its files, or from the connection where there are none."""
        self._lake.pop(name, None)
        self._known.pop(name, None)
        if files:
            self._lake[name] = (table, files, where)

    def run(self, steps: Sequence[Step]) -> None:
        """Run the steps, side by side where none needs another. An error names the step it came from."""
        now = self._versions()
        self._known = {name: version for name, version in self._known.items() if now.get(name) == version}
        turns = Turns(steps)
        written: dict[Future[None], tuple[int, Path, DataFrame]] = {}
        with ThreadPoolExecutor(_SIDE_BY_SIDE) as pool:
            while turns or written:
                for place in turns.take():
                    with _noted(steps[place]):
                        if steps[place].is_local:
                            self._make_local(steps[place])
                            turns.done(place)
                        else:
                            path, frame = self._begin(steps[place], now)
                            written[pool.submit(frame.write.parquet, str(path))] = place, path, frame
                for future in wait(written, return_when=FIRST_COMPLETED).done if written else ():
                    place, path, frame = written.pop(future)
                    with _noted(steps[place]):
                        future.result()
                    self._show(steps[place].name, path, frame)
                    turns.done(place)

    @property
    def made(self) -> list[str]:
        """Names of what steps made, and is there."""
        return list(self._made)

    def forget(self, names: Sequence[str]) -> None:
        """Remove what steps made; none reads it any more."""
        for name in names:
            path = self._made.pop(name, None)
            self._known.pop(name, None)
            self._con.execute(f"DROP {'TABLE' if path is None else 'VIEW'} {name}")
            if path is not None:
                shutil.rmtree(path, ignore_errors=True)

    def _make_local(self, step: Step) -> None:
        """Run a step on the connection, over what Spark made."""
        if step.name in self._made:
            self.forget([step.name])
        self._known.pop(step.name, None)
        self._con.execute(f"CREATE OR REPLACE TEMP TABLE {step.name} AS {step.sql}")

    def _columns(self, query: exp.Query) -> dict[str, str]:
        """A SELECT's columns as the connection sees them, with their types."""
        found = self._con.sql(query.sql(dialect=Steps))
        return {name: str(kind) for name, kind in zip(found.columns, found.types, strict=True)}

    def _versions(self) -> dict[str, str]:
        """What tells each view of the connection from one that is put in its place. Tables may be altered in place."""
        return dict(
            self._con.execute(
                """
                SELECT CASE schema_name WHEN 'main' THEN view_name ELSE schema_name || '.' || view_name END, sql
                FROM duckdb_views() WHERE NOT internal
                """
            ).fetchall()
        )

    def _register(self, relation: str) -> None:
        """Make what the connection knows as `relation` readable; names that it does not know are a CTE's."""
        if relation in self._lake:
            table, files, where = self._lake[relation]
            columns = ", ".join(f"`{field.name}` {SPARK[field.type]}" for field in table.fields())
            frame = self._spark.read.schema(columns).parquet(*map(str, files))
            frame = frame.where(where) if where else frame
        else:
            try:
                found = self._con.sql(f"FROM {relation}")
            except duckdb.CatalogException:
                return
            kinds = {name: str(kind) for name, kind in zip(found.columns, found.types, strict=True)}
            columns = ", ".join(f"`{name}` {spark_type(kind)}" for name, kind in kinds.items())
            path = self._folder / f"{uuid.uuid4().hex}.parquet"
            if (before := self._copies.get(relation)) is not None:
                before.unlink()
            self._copies[relation] = path
            # A HUGEINT would be written as a double.
            exact = {name: kind.replace("HUGEINT", "DECIMAL(38, 0)") for name, kind in kinds.items()}
            casts = [f'CAST("{name}" AS {kind}) AS "{name}"' for name, kind in exact.items() if kind != kinds[name]]
            found.project(f"* REPLACE ({', '.join(casts)})" if casts else "*").write_parquet(str(path))
            frame = self._spark.read.schema(columns).parquet(str(path))
        frame.createOrReplaceTempView(view_name(relation))

    def _begin(self, step: Step, now: Mapping[str, str]) -> tuple[Path, DataFrame]:
        """A step's rows, yet to be computed, and where they are to be written."""
        translated = to_spark(step.sql, self._columns)
        for relation in translated.reads:
            if relation not in self._known:
                self._register(relation)
                self._known[relation] = now.get(relation, "")
        frame = self._spark.sql(translated.sql)
        # A column of nothing but NULL has no type in Spark. A text is what becomes any other where it meets one.
        if nothing := [field.name for field in frame.schema if field.dataType.typeName() == "void"]:
            frame = frame.withColumns({name: frame[name].cast("string") for name in nothing})
        return self._folder / f"{step.name}_{uuid.uuid4().hex}", frame

    def _show(self, name: str, path: Path, frame: DataFrame) -> None:
        """Show a step's rows, which are written, under its name on both sides."""
        # Told its columns: finding them out is a job of its own.
        self._spark.read.schema(frame.schema).parquet(str(path)).createOrReplaceTempView(name)
        if name not in self._made:
            self._con.execute(f"DROP TABLE IF EXISTS temp.{name}")
        # As wide as on DuckDB, where a quotient of these is a whole number.
        huge = [field.name for field in frame.schema if field.dataType.simpleString() == "decimal(38,0)"]
        whole = ", ".join(f'CAST("{column}" AS HUGEINT) AS "{column}"' for column in huge)
        rows = f"SELECT * {f'REPLACE ({whole})' if huge else ''} FROM read_parquet('{path}/*.parquet')"
        self._con.execute(f"CREATE OR REPLACE TEMP VIEW {name} AS {rows}")
        self._known[name] = self._con.execute(
            "SELECT sql FROM duckdb_views() WHERE view_name = ? AND schema_name = 'main'", [name]
        ).fetchall()[0][0]
        before = self._made.get(name)
        self._made[name] = path
        if before is not None:
            shutil.rmtree(before, ignore_errors=True)


@contextmanager
def _noted(step: Step) -> Iterator[None]:
    try:
        yield
    except Exception as error:
        error.add_note(f"in SQL step {step.name!r} on Spark: {step.about}")
        raise
