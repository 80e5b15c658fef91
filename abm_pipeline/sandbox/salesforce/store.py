"""The world's Salesforce tables as an org would answer them: filtering, ordering, and rows as ready text.

Every value is turned into JSON or CSV text once per column and kept; a page is then only joining. Columns do not
depend on the clock, except `IsArchived`, so moving the clock costs nothing.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import orjson

from abm_pipeline.sandbox.salesforce.objects import OBJECTS, Field
from abm_pipeline.sandbox.salesforce.soql import Compare, Condition, Path, Query
from abm_pipeline.sandbox.world import World
from abm_pipeline.sandbox.world.neighbours import served
from abm_pipeline.sandbox.world.scales import DAY, NULL
from abm_pipeline.sandbox.world.tables import Array, objects

ARCHIVE_DAYS = 365
_NUMBERS = ("double", "currency", "percent", "int")


class Store:
    """Answers queries over the world's tables at its clock."""

    def __init__(self, world: World) -> None:
        self.world, self.tables = world, served(world)
        self._text: dict[tuple[str, str, str], Array] = {}
        self._folded: dict[tuple[str, str], Array] = {}
        self._parents: dict[tuple[str, str], tuple[int, Array]] = {}
        self._archive_day: dict[str, int] = {}

    def column(self, name: str, field: str) -> Array:
        """Raw values of a column over all record versions."""
        table = self.tables[name]
        if field == "IsArchived" and self._archive_day.get(name) != self.world.day:
            closed = table.columns.get("IsClosed", np.ones(len(table), bool))
            old = table.columns["ActivityDate"] < self.world.day - ARCHIVE_DAYS
            table.columns["IsArchived"] = closed & old
            self._archive_day[name] = self.world.day
            for kind in ("json", "csv"):
                self._text.pop((name, field, kind), None)
        return table.columns[field]

    def select(self, query: Query, include_deleted: bool) -> Array:
        """Row numbers that the query returns, in its order."""
        table = self.tables[query.object]
        rows = table.visible(self.world.instant)
        if not include_deleted:
            if "IsDeleted" in OBJECTS[query.object]:
                rows = rows[~table.columns["IsDeleted"][rows].astype(bool)]
            if "IsArchived" in OBJECTS[query.object]:
                rows = rows[~self.column(query.object, "IsArchived")[rows]]
        if query.where is not None:
            rows = rows[self._holds(query.object, query.where, rows)]
        for path, descending, nulls_last in reversed(query.order):
            rows = rows[self._order(query.object, path, rows, descending, nulls_last)]
        end = None if query.limit is None else query.offset + query.limit
        return rows[query.offset : end]

    def changed(self, name: str, start: int, end: int, deleted: bool) -> tuple[list[str], Array]:
        """Ids and instants of records whose visible version began in [start, end), deleted ones or the others."""
        table = self.tables[name]
        rows = table.visible(self.world.instant)
        rows = rows[(table.valid_from[rows] >= start) & (table.valid_from[rows] < end)]
        rows = rows[table.columns["IsDeleted"][rows].astype(bool) == deleted]
        return table.columns["Id"][rows].tolist(), table.valid_from[rows]

    def _values(self, name: str, path: Path, rows: Array) -> tuple[Array, Array]:
        """Values of a path at rows and which of them are null."""
        if path.via:
            parents = self._parent_rows(name, path.via)[rows]
            values, empty = self._plain(path.via.target, path.field, np.maximum(parents, 0))
            return values, empty | (parents < 0)
        return self._plain(name, path.field, rows)

    def _plain(self, name: str, field: Field, rows: Array) -> tuple[Array, Array]:
        values = self.column(name, field.name)[rows]
        if field.type == "boolean":
            return values.astype(bool), np.zeros(len(rows), bool)
        if field.type in _NUMBERS:
            return values, np.isnan(values)
        if field.type in ("date", "datetime"):
            return values, values == NULL
        key = (name, field.name)
        if key not in self._folded:
            raw = self.column(name, field.name)
            ident = field.type in ("id", "reference")
            self._folded[key] = objects("" if v is None else v if ident else str(v).lower() for v in raw).astype(str)
        folded = self._folded[key][rows]
        return folded, folded == ""

    def _holds(self, name: str, condition: Condition, rows: Array) -> Array:
        if isinstance(condition, Compare):
            return self._compare(name, condition, rows)
        parts: list[Array] = [self._holds(name, part, rows) for part in condition.parts]
        if condition.op == "not":
            return ~parts[0]
        joined: Array = np.logical_and.reduce(parts) if condition.op == "and" else np.logical_or.reduce(parts)
        return joined

    def _compare(self, name: str, test: Compare, rows: Array) -> Array:
        values, empty = self._values(name, test.path, rows)
        kind = test.path.field.type
        if test.op in ("in", "not in"):
            wanted = [_fold(kind, value) for value in test.value if value is not None]
            inside = (np.isin(values, wanted) & ~empty) if wanted else np.zeros(len(rows), bool)
            inside = inside | (empty if None in test.value else False)
            return inside if test.op == "in" else ~inside
        if test.value is None:
            return empty if test.op == "=" else ~empty
        wanted = _fold(kind, test.value)
        if test.op == "like":
            return _like(values, str(wanted)) & ~empty
        if test.op == "!=":
            different: Array = (values != wanted) | empty
            return different
        compare = {"=": np.equal, "<": np.less, "<=": np.less_equal, ">": np.greater, ">=": np.greater_equal}[test.op]
        result: Array = compare(values, wanted) & ~empty
        return result

    def _order(self, name: str, path: Path, rows: Array, descending: bool, nulls_last: bool) -> Array:
        """Stable order of rows by one key."""
        values, empty = self._values(name, path, rows)
        _, rank = np.unique(values, return_inverse=True)
        rank = -rank if descending else rank
        return np.lexsort((rank, empty if nulls_last else ~empty))

    def _parent_rows(self, name: str, via: Field) -> Array:
        """Row of the visible parent of every version, -1 when there is none."""
        key = (name, via.name)
        kept = self._parents.get(key)
        if kept is None or kept[0] != self.world.day:
            target = self.tables[via.target]
            seen = target.visible(self.world.instant)
            where = dict(zip(target.columns["Id"][seen], seen, strict=True))
            kept = (self.world.day, np.array([where.get(v, -1) for v in self.column(name, via.name)], np.int64))
            self._parents[key] = kept
        return kept[1]

    def text(self, name: str, field: str, kind: str) -> Array:
        """Column values as JSON or CSV text."""
        values = self.column(name, field)
        key = (name, field, kind)
        if key not in self._text:
            made = _as_text(values, OBJECTS[name][field].type)
            self._text[key] = made if kind == "json" else _as_csv(made, OBJECTS[name][field].type)
        return self._text[key]

    def records(self, query: Query, rows: Array, version: str) -> list[str]:
        """JSON objects of the rows, with attributes, selected fields and nested parents."""
        head = f'{{"attributes":{{"type":"{query.object}","url":"/services/data/v{version}/sobjects/{query.object}/'
        ids = self.column(query.object, "Id")[rows].tolist()
        columns: list[Sequence[str]] = [[f'{head}{value}"}}' for value in ids]]
        nested: dict[str, list[Path]] = {}
        for path in query.select:
            if path.via:
                nested.setdefault(path.via.name, []).append(path)
                if len(nested[path.via.name]) > 1:
                    continue
                columns.append([path.via.name])
                continue
            label = f'"{path.field.name}":'
            columns.append([label + value for value in self.text(query.object, path.field.name, "json")[rows].tolist()])
        for place, column in enumerate(columns):
            if place and len(column) == 1 and column[0] in nested:
                columns[place] = self._nested(query.object, nested[column[0]], rows, version)
        return [",".join(parts) + "}" for parts in zip(*columns, strict=True)]

    def _nested(self, name: str, paths: list[Path], rows: Array, version: str) -> list[str]:
        via = paths[0].via
        assert via is not None
        parents = self._parent_rows(name, via)[rows]
        inner = Query(via.target, tuple(Path(path.field) for path in paths), None, None, (), None, 0)
        found = parents >= 0
        made = iter(self.records(inner, parents[found], version))
        return [f'"{via.relation}":{next(made) if there else "null"}' for there in found]

    def csv(self, query: Query, rows: Array) -> str:
        """CSV of the rows: header of labels, every field quoted, LF."""
        columns = []
        for path in query.select:
            if path.via:
                parents = self._parent_rows(query.object, path.via)[rows]
                values = self.text(path.via.target, path.field.name, "csv")[np.maximum(parents, 0)]
                columns.append(np.where(parents >= 0, values, '""').tolist())
            else:
                columns.append(self.text(query.object, path.field.name, "csv")[rows].tolist())
        lines = [",".join(f'"{path.label}"' for path in query.select)]
        lines += [",".join(parts) for parts in zip(*columns, strict=True)]
        return "\n".join(lines) + "\n"


def _fold(kind: str, value: Any) -> Any:
    """A literal as columns hold it: ids in 18 characters, other text in lower case."""
    if not isinstance(value, str):
        return value
    if kind in ("id", "reference"):
        return long_id(value)
    return value.lower()


def long_id(text: str) -> str:
    """15-character ids get their checksum; anything else stays."""
    if len(text) != 15:
        return text
    blocks = (text[:5], text[5:10], text[10:])
    marks = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
    return text + "".join(marks[sum(1 << i for i, c in enumerate(block) if "A" <= c <= "Z")] for block in blocks)


def _like(values: Array, pattern: str) -> Array:
    body = "".join(".*" if c == "%" else "." if c == "_" else re.escape(c) for c in pattern)
    matcher = re.compile(f"^{body}$", re.DOTALL)
    return np.array([matcher.match(value) is not None for value in values], bool)


def _as_text(values: Array, kind: str) -> Array:
    """JSON text of a column."""
    if kind == "boolean":
        return objects("true" if v else "false" for v in values.tolist())
    if kind == "int":
        return objects("null" if math.isnan(v) else str(int(v)) for v in values.tolist())
    if kind in _NUMBERS:
        return objects("null" if math.isnan(v) else repr(float(v)) for v in values.tolist())
    if kind == "date":
        shown = np.datetime_as_string(np.where(values == NULL, 0, values).astype("datetime64[D]"))
        return objects(
            "null" if n else f'"{t}"' for n, t in zip((values == NULL).tolist(), shown.tolist(), strict=True)
        )
    if kind == "datetime":
        shown = np.datetime_as_string(np.where(values == NULL, 0, values).astype("datetime64[s]"))
        empty = (values == NULL).tolist()
        return objects("null" if n else f'"{t}.000+0000"' for n, t in zip(empty, shown.tolist(), strict=True))
    if kind in ("id", "reference"):
        return objects("null" if v is None else f'"{v}"' for v in values.tolist())
    known: dict[Any, str] = {}
    out = []
    for value in values.tolist():
        if value not in known:
            known[value] = orjson.dumps(value).decode()
        out.append(known[value])
    return objects(out)


def _as_csv(texts: Array, kind: str) -> Array:
    """CSV text of a column from its JSON text: quoted, null as an empty string, instants with Z."""
    if kind in ("boolean", *_NUMBERS):
        return objects('""' if t == "null" else f'"{t}"' for t in texts.tolist())
    if kind == "datetime":
        return objects('""' if t == "null" else t.replace("+0000", "Z") for t in texts.tolist())
    if kind in ("date", "id", "reference"):
        return objects('""' if t == "null" else t for t in texts.tolist())
    return objects(_quote(orjson.loads(t)) for t in texts.tolist())


def _quote(value: str | None) -> str:
    return '"' + (value or "").replace('"', '""') + '"'


def seconds_to_text(seconds: int) -> str:
    """An instant the way REST prints it."""
    return f"{np.datetime_as_string(np.datetime64(int(seconds), 's'))}.000+0000"


def end_of_clock(world: World) -> int:
    """First second after the clock's day."""
    return (world.day + 1) * DAY
