"""One SQL, two engines: a step's DuckDB SELECT in Spark's spelling.

Belongs here: what sqlglot's own translation leaves over, as rewrites of the syntax tree, each tested against both
engines. What neither knows fails when Spark parses or runs it; nothing is passed on in the hope that it means the same.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import sqlglot
from sqlglot import exp
from sqlglot.dialects.duckdb import DuckDB
from sqlglot.parsers.duckdb import DuckDBParser

from abm_pipeline.storage.spark_functions import FUNCTIONS, unnamed, wide
from abm_pipeline.storage.spark_names import Columns, resolve

# Parquet and Spark have no infinite dates; no day of ours is before or after these.
FIRST_DAY, LAST_DAY = "0001-01-01", "9999-12-31"
# Windows of these have no frame in Spark, whose default is theirs.
_FRAMELESS = (exp.Lead, exp.Lag, exp.RowNumber, exp.Rank, exp.DenseRank)

# a.t >= b.t is b.t <= a.t. And which of b's rows bounds one of them, and how far a.t may come to it.
_FLIPPED: dict[type[exp.Expr], type[exp.Expr]] = {exp.GTE: exp.LTE, exp.GT: exp.LT, exp.LTE: exp.GTE, exp.LT: exp.GT}
_NEIGHBOURS: dict[type[exp.Expr], tuple[type[exp.Expr], type[exp.Expr]]] = {
    exp.GTE: (exp.Lead, exp.LT),
    exp.GT: (exp.Lead, exp.LTE),
    exp.LTE: (exp.Lag, exp.GT),
    exp.LT: (exp.Lag, exp.GTE),
}


class Steps(DuckDB):
    """DuckDB as the steps are written in it."""

    # Places in a list stay as they are written, from 1.
    INDEX_OFFSET = 0

    class Parser(DuckDBParser):  # noqa: D106
        # `len` is of a list, `length` of a text. To sqlglot they are one.
        FUNCTIONS: ClassVar = {**DuckDBParser.FUNCTIONS, "LEN": exp.ArraySize.from_arg_list}


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
    return exp.DataType.build(duckdb_type, dialect="duckdb").transform(wide).sql(dialect="spark")


def to_spark(sql: str, columns: Columns) -> Translated:
    """Translate one SELECT; `columns` tells those of any SELECT of the relations that it reads.

    Raises sqlglot's ParseError for what is no DuckDB SQL, ValueError for what has no like.
    """
    tree = sqlglot.parse_one(sql, read=Steps)
    resolve(tree, columns)
    for rewrite in _REWRITES:
        tree = tree.transform(rewrite, copy=False)
    reads: dict[str, None] = {}
    for table in tree.find_all(exp.Table):
        if not table.name:
            continue  # a function: range(…)
        relation = f"{table.db}.{table.name}" if table.db else table.name
        reads[relation] = None
        if table.db:
            if not table.alias:
                table.set("alias", exp.TableAlias(this=exp.to_identifier(table.name)))
            table.set("this", exp.to_identifier(view_name(relation)))
            table.set("db", None)
    return Translated(tree.sql(dialect="spark", identify=True, comments=False), tuple(reads))


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


def _counted(node: exp.Expr) -> exp.Expr:
    """FROM range(a, b) AS t (c) → a SELECT of its rows."""
    if isinstance(node, exp.Table) and isinstance(node.this, exp.GenerateSeries):
        ((name,), series) = node.args["alias"].columns, node.this
        return exp.select(exp.alias_(exp.Explode(this=series), name)).subquery(node.alias)
    return node


def _zoned(node: exp.Expr) -> exp.Expr:
    """timezone(zone, instant) → local time; timezone(zone, local time) → instant. The session's zone is UTC.

    Which of the two is told by the argument: an explicit TIMESTAMP, or a day plus an interval, is a local time.
    """
    if isinstance(node, exp.Anonymous) and node.name.lower() == "timezone":
        zone, moment = node.expressions
        local, utc = exp.DataType.Type.TIMESTAMPNTZ, exp.Literal.string("UTC")
        if _is_local(moment):
            changed = exp.func("CONVERT_TIMEZONE", zone, utc, exp.cast(moment, local))
            return exp.cast(changed, exp.DataType.Type.TIMESTAMPTZ)
        return exp.func("CONVERT_TIMEZONE", utc, zone, exp.cast(moment, local))
    return node


def _is_local(moment: exp.Expr) -> bool:
    moment = moment.unnest()
    if isinstance(moment, exp.Cast):
        return moment.is_type("timestamp", "timestampntz")
    return isinstance(moment, (exp.Add, exp.Sub)) and any(isinstance(arg, exp.Interval) for arg in moment.args.values())


def _in_doubles(node: exp.Expr) -> exp.Expr:
    """x / y and avg(x) are doubles, of decimals too; Spark's would be decimals, rounded elsewhere."""
    if isinstance(node, exp.Div):
        node.set("this", exp.cast(node.left, "DOUBLE"))
    if isinstance(node, exp.Avg):
        node.set("this", exp.cast(node.this, "DOUBLE"))
    return node


def _positions(node: exp.Expr) -> exp.Expr:
    """list_position of what is not in the list is NULL; Spark's is 0."""
    if isinstance(node, exp.Anonymous) and node.name.lower() == "list_position":
        return exp.func("NULLIF", exp.func("ARRAY_POSITION", *node.expressions), exp.Literal.number(0))
    return node


def _unnamed_rows(node: exp.Expr) -> exp.Expr:
    """(a, b) → a struct."""
    if isinstance(node, exp.Tuple) and isinstance(node.parent, (exp.Binary, exp.Func, exp.Alias)):
        return unnamed(node.expressions)
    return node


def _replaced(node: exp.Expr) -> exp.Expr:
    """* REPLACE (x AS c) → * EXCEPT (c), x AS c: the column goes to the end, where no step looks by place."""
    if isinstance(node, exp.Select):
        for star in [star for column in node.expressions for star in column.find_all(exp.Star)]:
            if instead := star.args.get("replace"):
                star.set("replace", None)
                names = [exp.to_identifier(column.alias) for column in instead]
                star.set("except_", [*(star.args.get("except_") or ()), *names])
                node.set("expressions", [*node.expressions, *instead])
    return node


def _qualified(node: exp.Expr) -> exp.Expr:
    """QUALIFY x → a column of the SELECT inside, by which the one around it chooses."""
    if not isinstance(node, exp.Select) or not (qualify := node.args.get("qualify")):
        return node
    outer = exp.select(exp.Star(except_=[exp.to_identifier("_qualified")]))
    if node.args.get("distinct"):
        outer.set("distinct", exp.Distinct())
        node.set("distinct", None)
    for part in ("with_", "order", "limit"):
        outer.set(part, node.args.get(part))
        node.set(part, None)
    node.set("qualify", None)
    # Spark knows no alias of the same SELECT inside a window.
    meant = {column.alias: column.this for column in node.expressions if isinstance(column, exp.Alias)}
    for column in list(qualify.find_all(exp.Column)):
        if not column.table and column.name in meant:
            column.replace(exp.paren(meant[column.name].copy()))
    node.set("expressions", [*node.expressions, exp.alias_(exp.paren(qualify.this), "_qualified")])
    return outer.from_(node.subquery("_inner")).where("_qualified")


def _as_of(node: exp.Expr) -> exp.Expr:
    """ASOF JOIN b ON a.k = b.k AND a.t >= b.t → a join with b's rows, each until the next of its key.

    The other way, a.t <= b.t, each since the one before.
    """
    if not isinstance(node, exp.Select):
        return node
    for join in node.args.get("joins") or ():
        if join.method.upper() != "ASOF":
            continue
        name, bound = join.this.alias_or_name, f"_bound_{join.this.alias_or_name}"
        parts = list(join.args["on"].flatten()) if isinstance(join.args["on"], exp.And) else [join.args["on"]]
        keys = [side for part in parts if isinstance(part, exp.EQ) for side in (part.left, part.right)]
        keys = [exp.column(side.name) for side in keys if side.text("table") == name]
        order = [part for part in parts if isinstance(part, exp.Binary) and type(part) in _FLIPPED]
        if len(order) != 1 or len(keys) + 1 != len(parts):
            raise ValueError(f"an ASOF JOIN of another kind: {join.sql(dialect='duckdb')}")
        kind: type[exp.Expr] = type(order[0])
        asked, moment = order[0].left, order[0].right
        if asked.text("table") == name:
            kind, asked, moment = _FLIPPED[kind], moment, asked
        neighbour, beyond = _NEIGHBOURS[kind]
        other = exp.Window(
            this=neighbour(this=exp.column(moment.name)),
            partition_by=keys,
            order=exp.Order(expressions=[exp.Ordered(this=exp.column(moment.name))]),
        )
        source = join.this.copy()
        source.set("alias", None)
        join.set("this", exp.select("*", exp.alias_(other, bound)).from_(source).subquery(name))
        join.set("method", None)
        end = exp.column(bound, name)
        within = exp.or_(exp.Is(this=end, expression=exp.null()), beyond(this=asked.copy(), expression=end.copy()))
        join.set("on", exp.and_(join.args["on"], exp.paren(within)))
        for column in node.expressions:
            star = column.this if isinstance(column, exp.Column) else column
            if isinstance(star, exp.Star) and (star is column or column.text("table") == name):
                star.set("except_", [*(star.args.get("except_") or ()), exp.to_identifier(bound)])
    return node


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


def _frameless(node: exp.Expr) -> exp.Expr:
    """Ranks and neighbours have no frame."""
    if isinstance(node, exp.Window) and isinstance(node.this, _FRAMELESS):
        node.set("spec", None)
    return node


_REWRITES: tuple[Callable[[exp.Expr], exp.Expr], ...] = (
    _infinite_day,
    _cast_rows,
    _counted,
    *FUNCTIONS,
    _zoned,
    _in_doubles,
    _positions,
    _unnamed_rows,
    _replaced,
    _as_of,
    _own_window,
    _frameless,
    _qualified,
)
