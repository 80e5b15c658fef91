"""What DuckDB takes from the columns that it sees, written out: unions by name, aliases, whole rows, days less days.

Belongs here: rewrites that need to know columns or their types. They are asked of the DuckDB connection, which sees the
same relations, and so never guessed. What comes out is still DuckDB's SQL; `spark_sql` spells it in Spark's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from sqlglot import exp

Columns = Callable[[exp.Query], Mapping[str, str]]
"""A SELECT's columns in order, each with its DuckDB type."""

_ONE_OF = (exp.Min, exp.Max, exp.AnyValue, exp.ArgMin, exp.ArgMax, exp.Lag, exp.Lead, exp.Window, exp.Filter, exp.Paren)
"""What gives one of the values of its first argument."""


def resolve(tree: exp.Expr, columns: Columns) -> None:
    """Rewrite the tree in place. Raises what `columns` raises where a union can't be bound."""
    for select in tree.find_all(exp.Select):
        _write_out(select, _Scope(select, columns))
    # Inner ones first: an outer union asks for the columns of what it is of.
    for union in reversed(list(tree.find_all(exp.SetOperation))):
        _by_place(union, columns)


def _by_place(union: exp.SetOperation, columns: Columns) -> None:
    """Both sides name their columns in one order; `BY NAME`, those that one lacks are NULL in it.

    Also where a side says `*`: what its order is, after USING or REPLACE, is an engine's own.
    """
    sides = [union.this, union.expression]
    by_name = union.args.get("by_name")
    if not by_name and not any(_has_star(side) for side in sides):
        return
    for side in sides:
        if _has_star(side):
            side.set("expressions", list(_named(side, is_free=side is not sides[0] and not by_name)))
    names = [list(columns(_with(side.copy(), union))) for side in sides]
    all_names = list(dict.fromkeys(name for side in names for name in side))
    for key, side, has in zip(("this", "expression"), sides, names, strict=True):
        if not by_name and not _has_star(side):
            continue
        wanted = all_names if by_name else has
        listed = [
            exp.column(name, quoted=True) if name in has else exp.alias_(exp.null(), name, quoted=True)
            for name in wanted
        ]
        union.set(key, exp.select(*listed).from_(side.copy().subquery("_side")))
    union.set("by_name", None)


def _named(side: exp.Select, *, is_free: bool) -> Iterator[exp.Expr]:
    """The side's columns, each with a name; one of its own if nobody asks for the name, lest `*` has that one too."""
    for place, column in enumerate(side.expressions):
        if column.is_star or (not is_free and isinstance(column, (exp.Alias, exp.Column))):
            yield column
        else:
            yield exp.alias_(column.unalias(), f"_{place}")


def _has_star(side: exp.Expr) -> bool:
    return isinstance(side, exp.Select) and side.is_star


def _write_out(select: exp.Select, scope: _Scope) -> None:
    """An alias in WHERE is what it stands for; a source's name is its row; a day less a day is a number of days."""
    where = select.args.get("where")
    for column in list(where.find_all(exp.Column)) if where else ():
        if column.parent_select is select and scope.is_alias(column):
            column.replace(exp.paren(scope.aliases[column.name].copy()))
    for column in [node for node in select.find_all(exp.Column) if node.parent_select is select]:
        if row := scope.row(column):
            column.replace(row)
    for minus in [node for node in select.find_all(exp.Sub) if node.parent_select is select]:
        if scope.is_day(minus.left) and scope.is_day(minus.right):
            days = exp.DateDiff(this=minus.left.copy(), expression=minus.right.copy(), unit=exp.var("DAY"))
            minus.replace(days)


class _Scope:
    """The columns that a SELECT can name. Sources are asked for only when something hangs on it."""

    def __init__(self, select: exp.Select, columns: Columns) -> None:
        self._select = select
        self._columns = columns
        self._known: dict[str, Mapping[str, str]] | None = None
        self.aliases = {column.alias: column.this for column in select.expressions if isinstance(column, exp.Alias)}

    def is_alias(self, column: exp.Column) -> bool:
        """Whether the name is an alias of this SELECT; a column of that name goes before it."""
        return not column.table and column.name in self.aliases and self._type(column) is None

    def row(self, column: exp.Column) -> exp.Struct | None:
        """The source's whole row, where a source is what the name means."""
        names = [each.alias_or_name for each in sources(self._select)]
        if column.table or column.name not in names or self._type(column) is not None:
            return None
        fields = self._sources()[column.name]
        pairs = [exp.PropertyEQ(this=exp.to_identifier(f), expression=exp.column(f, column.name)) for f in fields]
        return exp.Struct(expressions=pairs)

    def is_day(self, node: exp.Expr | None) -> bool:
        """Whether the expression is a DATE."""
        match node:
            case exp.Column():
                if (kind := self._type(node)) is not None:
                    return kind == "DATE"
                return self.is_alias(node) and self.is_day(self.aliases[node.name])
            case exp.Cast():
                return bool(node.is_type("date"))
            case exp.Greatest() | exp.Least() | exp.Coalesce():
                return any(self.is_day(each) for each in (node.this, *node.expressions))
            case exp.Case():
                return any(self.is_day(each) for each in (*(when.args["true"] for when in node.args["ifs"]),
                                                          node.args.get("default")))  # fmt: skip
            case exp.Add() | exp.Sub():
                # A day and a number of days; a day and an interval is a timestamp.
                return self.is_day(node.left) and not self.is_day(node.right) and not node.right.find(exp.Interval)
            case _:
                return isinstance(node, _ONE_OF) and self.is_day(node.this)

    def _type(self, column: exp.Column) -> str | None:
        for source, known in self._sources().items():
            if column.table in ("", source) and column.name in known:
                return known[column.name]
        return None

    def _sources(self) -> dict[str, Mapping[str, str]]:
        if self._known is None:
            self._known = {source.alias_or_name: self._of(source) for source in sources(self._select)}
        return self._known

    def _of(self, source: exp.Expr) -> Mapping[str, str]:
        if isinstance(source, exp.Lateral):
            # It names columns of its neighbours, and so can't be asked alone.
            return {}
        return self._columns(_with(exp.select("*").from_(source.copy()), self._select))


def sources(select: exp.Select) -> Iterator[exp.Expr]:
    """What a SELECT reads: its FROM and joins."""
    if (first := select.args.get("from_")) is not None:
        yield first.this
    for join in select.args.get("joins") or ():
        yield join.this


def _with(query: exp.Query, place: exp.Expr) -> exp.Query:
    """The query with the CTEs that can be read at the place in the tree."""
    found: list[exp.Expr] = list(query.ctes)
    child: exp.Expr | None = None
    node: exp.Expr | None = place
    while node is not None:
        above: list[exp.Expr] = []
        if isinstance(node, exp.With) and isinstance(child, exp.CTE):
            above = node.expressions[: child.index]
        elif (own := node.args.get("with_")) is not None and own is not child:
            above = own.expressions
        found = [*(each.copy() for each in above), *found]
        child, node = node, node.parent
    if found:
        query.set("with_", exp.With(expressions=found))
    return query
