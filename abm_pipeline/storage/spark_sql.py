"""One SQL, two engines: a step's DuckDB SELECT in Spark's spelling.

Belongs here: what sqlglot's own translation leaves over, as rewrites of the syntax tree, each tested against both
engines. What neither knows fails when Spark parses or runs it; nothing is passed on in the hope that it means the same.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import sqlglot
from sqlglot import exp

# Parquet and Spark have no infinite dates; no day of ours is before or after these.
FIRST_DAY, LAST_DAY = "0001-01-01", "9999-12-31"


@dataclass(frozen=True)
class Translated:
    """Spark's SQL, and the relations that it reads: `facts.touch` of the lake (there `facts__touch`) or a step's."""

    sql: str
    reads: tuple[str, ...]


def view_name(relation: str) -> str:
    """What a relation is called in Spark, whose temporary views have no schema."""
    return relation.replace(".", "__")


def spark_type(duckdb_type: str) -> str:
    """A column's type in Spark's spelling."""
    return exp.DataType.build(duckdb_type, dialect="duckdb").sql(dialect="spark")


@lru_cache(maxsize=1024)
def to_spark(sql: str) -> Translated:
    """Translate one SELECT. Raises sqlglot's ParseError for what is no DuckDB SQL."""
    tree = sqlglot.parse_one(sql, read="duckdb")
    for rewrite in _REWRITES:
        tree = tree.transform(rewrite, copy=False)
    reads: dict[str, None] = {}
    for table in tree.find_all(exp.Table):
        relation = f"{table.db}.{table.name}" if table.db else table.name
        reads[relation] = None
        if table.db:
            if not table.alias:
                table.set("alias", exp.TableAlias(this=exp.to_identifier(table.name)))
            table.set("this", exp.to_identifier(view_name(relation)))
            table.set("db", None)
    return Translated(tree.sql(dialect="spark", identify=True), tuple(reads))


def _infinite_day(node: exp.Expr) -> exp.Expr:
    """DATE 'infinity' → the last day there is."""
    if isinstance(node, exp.Cast) and node.is_type("date") and isinstance(node.this, exp.Literal):
        day = {"-infinity": FIRST_DAY, "infinity": LAST_DAY}.get(node.this.name)
        if day:
            node.set("this", exp.Literal.string(day))
    return node


def _cast_rows(node: exp.Expr) -> exp.Expr:
    """CAST(unnest(list) AS type) → unnest(CAST(list AS type[])): Spark makes rows of a column only at the top."""
    if isinstance(node, exp.Cast) and isinstance(node.this, (exp.Unnest, exp.Explode)):
        inner = node.this
        values = inner.this if isinstance(inner, exp.Explode) else inner.expressions[0]
        of = exp.DataType(this=exp.DataType.Type.ARRAY, expressions=[node.to], nested=True)
        return exp.Explode(this=exp.cast(values, of))
    return node


def _zoned(node: exp.Expr) -> exp.Expr:
    """timezone(zone, instant) → local time; timezone(zone, local time) → instant. The session's zone is UTC.

    Which of the two is told by the argument: an explicit TIMESTAMP, or a day plus an interval, is a local time. Another
    that is none of the type taken for granted is an error.
    """
    if isinstance(node, exp.Anonymous) and node.name.lower() == "timezone":
        zone, moment = node.expressions
        if _is_local(moment):
            return exp.cast(exp.func("CONVERT_TIMEZONE", zone, exp.Literal.string("UTC"), moment), "TIMESTAMPTZ")
        naive = exp.cast(moment, "TIMESTAMP")
        return exp.func("CONVERT_TIMEZONE", exp.Literal.string("UTC"), zone, naive)
    return node


def _is_local(moment: exp.Expr) -> bool:
    moment = moment.unnest()
    if isinstance(moment, exp.Cast):
        return moment.is_type("timestamp", "timestampntz")
    return isinstance(moment, (exp.Add, exp.Sub)) and any(isinstance(arg, exp.Interval) for arg in moment.args.values())


def _own_window(node: exp.Expr) -> exp.Expr:
    """`OVER name` → the window itself: Spark wants no frame in some, and reads `OVER name - x` as one name."""
    if not isinstance(node, exp.Select):
        return node
    named = {window.name: window for window in node.args.get("windows") or ()}
    for window in list(node.find_all(exp.Window)):
        if window.args.get("alias") is not None and window.parent_select is node and window.alias in named:
            spec = named[window.alias].copy()
            spec.set("this", window.this)
            spec.set("over", "OVER")
            window.replace(spec)
    node.set("windows", None)
    return node


_FRAMELESS = (exp.Lead, exp.Lag, exp.RowNumber, exp.Rank, exp.DenseRank)


def _frameless(node: exp.Expr) -> exp.Expr:
    """Ranks and neighbours have no frame."""
    if isinstance(node, exp.Window) and isinstance(
        node.this, (exp.Lead, exp.Lag, exp.RowNumber, exp.Rank, exp.DenseRank)
    ):
        node.set("spec", None)
    return node


_REWRITES: tuple[Callable[[exp.Expr], exp.Expr], ...] = (_infinite_day, _cast_rows, _zoned, _own_window, _frameless)
