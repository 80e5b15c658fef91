"""DuckDB's functions and types in Spark's: what sqlglot leaves over of single expressions.

Belongs here: rewrites of one expression that need to know nothing of the SELECT around it.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from sqlglot import exp

_RENAMED = {"epoch_us": "UNIX_MICROS", "list_intersect": "ARRAY_INTERSECT", "to_years": "MAKE_YM_INTERVAL"}
# As wide as Spark's whole numbers get: HUGEINT has one digit more.
_WIDE = {exp.DataType.Type.INT128: "DECIMAL(38, 0)", exp.DataType.Type.UBIGINT: "DECIMAL(20, 0)"}


def wide(node: exp.Expr) -> exp.Expr:
    """HUGEINT → DECIMAL(38, 0)."""
    if isinstance(node, exp.DataType) and node.this in _WIDE:
        return exp.DataType.build(_WIDE[node.this])
    return node


def unnamed(values: list[exp.Expr]) -> exp.Expr:
    """A struct whose fields are named by place: Spark compares names too, and would take the columns'."""
    named = [part for n, value in enumerate(values) for part in (exp.Literal.string(f"_{n}"), value)]
    return exp.func("NAMED_STRUCT", *named)


def _renamed(node: exp.Expr) -> exp.Expr:
    """A function by its name there."""
    if isinstance(node, exp.Anonymous) and (name := _RENAMED.get(node.name.lower())):
        node.set("this", name)
    return node


def _epoch(node: exp.Expr) -> exp.Expr:
    """extract(epoch FROM instant) → seconds, a double."""
    if isinstance(node, exp.Extract) and node.name.upper() == "EPOCH":
        micros = exp.Anonymous(this="UNIX_MICROS", expressions=[node.expression])
        return exp.paren(exp.Div(this=micros, expression=exp.Literal.number(1_000_000)))
    return node


def _hashed(node: exp.Expr) -> exp.Expr:
    """hash(a, b) → XXHASH64: other numbers, but equal for what is equal. What is NULL is told beside: it skips that."""
    if isinstance(node, exp.Anonymous) and node.name.lower() == "hash":
        told = [part for each in node.expressions for part in (each, exp.Is(this=each.copy(), expression=exp.null()))]
        return exp.func("XXHASH64", *told)
    return node


def _between_days(node: exp.Expr) -> exp.Expr:
    """date_diff('day', b, a) → DATEDIFF(a, b), a BIGINT: with a unit, Spark would go by way of timestamps."""
    if isinstance(node, exp.DateDiff) and node.text("unit").upper() == "DAY":
        return exp.cast(exp.Anonymous(this="DATEDIFF", expressions=[node.this, node.expression]), "BIGINT")
    return node


def _quantile(node: exp.Expr) -> exp.Expr:
    """quantile_disc(x, p) → PERCENTILE_DISC(p) WITHIN GROUP (ORDER BY x)."""
    if isinstance(node, (exp.PercentileDisc, exp.PercentileCont)) and node.expression is not None:
        order = exp.Order(expressions=[exp.Ordered(this=node.this)])
        # Anonymous, or sqlglot would make it an approximate one.
        name = "PERCENTILE_DISC" if isinstance(node, exp.PercentileDisc) else "PERCENTILE_CONT"
        return exp.WithinGroup(this=exp.Anonymous(this=name, expressions=[node.expression]), expression=order)
    return node


def _comprehended(node: exp.Expr) -> exp.Expr:
    """[f(x) for x in list if g(x)] → TRANSFORM(FILTER(list, x -> g(x)), x -> f(x))."""
    if isinstance(node, exp.Array) and len(node.expressions) == 1:
        made = node.expressions[0]
        if isinstance(made, exp.Comprehension):
            values, of, condition = made.args["iterator"], made.args["expression"], made.args.get("condition")
            if condition is not None:
                values = exp.func("FILTER", values, exp.Lambda(this=condition, expressions=[of.copy()]))
            return exp.func("TRANSFORM", values, exp.Lambda(this=made.this, expressions=[of.copy()]))
    return node


def _element(node: exp.Expr) -> exp.Expr:
    """list[n], counted from 1, or map['a'] → TRY_ELEMENT_AT: what is not there is NULL."""
    if isinstance(node, exp.Bracket) and len(node.expressions) == 1 and not isinstance(node.expressions[0], exp.Slice):
        at = node.expressions[0]
        at = at if at.is_string else exp.cast(at, "INT")
        return exp.Anonymous(this="TRY_ELEMENT_AT", expressions=[node.this, at])
    return node


def _sliced(node: exp.Expr) -> exp.Expr:
    """list[:n] → SLICE(list, 1, n), with n below 0 all but the last of it; list[n:] → all from the n-th on."""
    if isinstance(node, exp.Bracket) and isinstance(node.expressions[0], exp.Slice):
        start, end = node.expressions[0].this, node.expressions[0].expression
        if (start is None) == (end is None):
            raise ValueError(f"a slice from one place to another: {node.sql(dialect='duckdb')}")
        left_out = start or (end.this if isinstance(end, exp.Neg) else None)
        if left_out is not None:
            size = exp.Anonymous(this="SIZE", expressions=[node.this.copy()])
            kept = exp.Sub(this=size, expression=exp.paren(exp.paren(left_out.copy()) - 1))
            end = exp.Greatest(this=kept, expressions=[exp.Literal.number(0)])
        start = start or exp.Literal.number(1)
        return exp.Anonymous(this="SLICE", expressions=[node.this, exp.cast(start, "INT"), exp.cast(end, "INT")])
    return node


def _overlaps(node: exp.Expr) -> exp.Expr:
    """list_has_any(a, b) → ARRAYS_OVERLAP."""
    if isinstance(node, exp.ArrayOverlaps):
        return exp.Anonymous(this="ARRAYS_OVERLAP", expressions=[node.this, node.expression])
    return node


def _together(node: exp.Expr) -> exp.Expr:
    """list_concat(a, b) leaves out lists that are NULL."""
    if isinstance(node, exp.ArrayConcat):
        empty = exp.Anonymous(this="ARRAY")
        lists = [exp.func("COALESCE", each, empty.copy()) for each in (node.this, *node.expressions)]
        return exp.Anonymous(this="CONCAT", expressions=lists)
    return node


def _listed(node: exp.Expr) -> exp.Expr:
    """list(x ORDER BY a, b) FILTER (c) → COLLECT_LIST of rows, which keeps NULL, sorted; of no rows it is NULL."""
    made = node.this if isinstance(node, exp.Filter) else node
    if not isinstance(made, exp.ArrayAgg) or isinstance(node.parent, exp.Filter):
        return node
    values, keys = made.this, []
    if isinstance(values, exp.Order):
        if any(each.args.get("desc") for each in values.expressions):
            raise ValueError(f"a list in descending order: {made.sql(dialect='duckdb')}")
        values, keys = values.this, [each.this for each in values.expressions]
    if isinstance(values, exp.Distinct):
        made.set("this", exp.Distinct(expressions=[unnamed(values.expressions)]))
    else:
        made.set("this", unnamed([*keys, values]))
    rows = exp.Anonymous(this="ARRAY_SORT", expressions=[node.copy()]) if keys else node.copy()
    row = exp.to_identifier("_row")
    value = exp.Dot(this=row, expression=exp.to_identifier(f"_{len(keys)}"))
    values = exp.func("TRANSFORM", rows, exp.Lambda(this=value, expressions=[row.copy()]))
    return exp.func("NULLIF", values, exp.Anonymous(this="ARRAY"))


def _replaced_once(node: exp.Expr) -> exp.Expr:
    r"""regexp_replace(x, 'a$', '\\1') → REGEXP_REPLACE(x, 'a$', '$1'), which would replace every one."""
    if isinstance(node, exp.RegexpReplace):
        pattern, to = node.expression, node.args.get("replacement")
        if "g" not in node.text("modifiers") and not pattern.name.startswith("^") and not pattern.name.endswith("$"):
            raise ValueError(f"the first of several is to be replaced: {node.sql(dialect='duckdb')}")
        if isinstance(to, exp.Literal):
            node.set("replacement", exp.Literal.string(re.sub(r"\\(\d)", r"$\1", to.name)))
    return node


def _summed(node: exp.Expr) -> exp.Expr:
    """list_sum(list) → AGGREGATE of whole numbers; the sum of nothing is NULL."""
    if isinstance(node, exp.Anonymous) and node.name.lower() == "list_sum":
        nothing = exp.cast(exp.null(), "BIGINT")
        sum_so_far = exp.func("COALESCE", exp.column("_sum"), exp.cast(exp.Literal.number(0), "BIGINT"))
        names = [exp.to_identifier("_sum"), exp.to_identifier("_each")]
        add = exp.Lambda(this=sum_so_far + exp.column("_each"), expressions=names)
        return exp.Anonymous(this="AGGREGATE", expressions=[*node.expressions, nothing, add])
    return node


def _ascending(node: exp.Expr) -> exp.Expr:
    """generate_series(a, b) of a b before a is empty; Spark's SEQUENCE would count down, or fail with a step."""
    if not isinstance(node, exp.GenerateSeries):
        return node
    start, end, step = node.args["start"], node.args["end"], node.args.get("step")
    if node.args.get("is_end_exclusive"):
        end = exp.Sub(this=exp.paren(end), expression=exp.Literal.number(1))
    least = exp.Least(this=start.copy(), expressions=[end.copy()])
    values = exp.Anonymous(this="SEQUENCE", expressions=[least, end, *([step] if step is not None else [])])
    # No FILTER of the values: a lambda can't hold a subquery, and `start` may be one.
    begins = exp.LTE(this=start.copy(), expression=exp.paren(end.copy()))
    all_or_none = exp.If(this=begins, true=exp.Literal.number(2**31 - 1), false=exp.Literal.number(0))
    return exp.Anonymous(this="SLICE", expressions=[values, exp.Literal.number(1), all_or_none])


def _rows_in(node: exp.Expr) -> exp.Expr:
    """(a, b) IN (SELECT (c, d) …) → … (SELECT c, d …)."""
    if isinstance(node, exp.In) and isinstance(node.this, exp.Tuple) and (query := node.args.get("query")) is not None:
        select = query.find(exp.Select)
        if len(select.expressions) == 1 and isinstance(select.expressions[0], exp.Tuple):
            select.set("expressions", select.expressions[0].expressions)
    return node


def _lateral_rows(node: exp.Expr) -> exp.Expr:
    """LATERAL (VALUES (a.x), (a.y)) → LATERAL INLINE of an array of rows."""
    if isinstance(node, exp.Lateral) and isinstance(node.this.unnest(), exp.Values):
        rows = [unnamed(row.expressions) for row in node.this.unnest().expressions]
        node.set("this", exp.Anonymous(this="INLINE", expressions=[exp.Array(expressions=rows)]))
    return node


def _several_rows(node: exp.Expr) -> exp.Expr:
    """SELECT unnest(a) AS x, unnest(b) AS y → one INLINE of both: Spark takes one generator a SELECT."""
    if not isinstance(node, exp.Select):
        return node
    lists = [each for each in node.expressions if isinstance(each.unalias(), (exp.Explode, exp.Unnest))]
    if len(lists) > 1:
        values = [each.unalias() for each in lists]
        arrays = [each.this if isinstance(each, exp.Explode) else each.expressions[0] for each in values]
        zipped = exp.Anonymous(this="INLINE", expressions=[exp.Anonymous(this="ARRAYS_ZIP", expressions=arrays)])
        names = [exp.to_identifier(each.alias) for each in lists]
        others = [each for each in node.expressions if each not in lists]
        node.set("expressions", [*others, exp.Aliases(this=zipped, expressions=names)])
    return node


FUNCTIONS: tuple[Callable[[exp.Expr], exp.Expr], ...] = (
    wide,
    _renamed,
    _epoch,
    _hashed,
    _between_days,
    _quantile,
    _comprehended,
    _element,
    _summed,
    _sliced,
    _overlaps,
    _together,
    _listed,
    _replaced_once,
    _lateral_rows,
    _several_rows,
    _ascending,
    _rows_in,
)
