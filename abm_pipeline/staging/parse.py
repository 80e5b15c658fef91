"""Raw records as typed columns: JSON payloads read by the raw contract, and what is wrong with each field.

Belongs here: how each vendor's spelling of a type is read, in SQL. Not here: what happens to records that break their
contract (`judge`), or what the fields mean (the vendors' mappings).

Two views are made of a stream. `rec.<stream>` has a column per field, its alias if it has one, and `_from`.
`state.<stream>` has a column per field that says how reading it went, one small number each, so that judging a million
records stays cheap: 0 as promised, 1 null though required, 2 missing though required, 3 there but not of its type; and
`_worst`, the highest of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import duckdb

from abm_pipeline.contracts.fields import Type
from abm_pipeline.contracts.render import DUCKDB, quoted
from abm_pipeline.sources._spec import REJECTED, RawField, Stream

NULL, MISSING, RETYPED = 1, 2, 3
# Sent beside the fields by every Salesforce record.
_ENVELOPE = frozenset({"attributes"})

# `{v}` is the value as text, null where it is null or empty (CSV knows no null). A number may come as `39000.0`.
_READ: dict[Type, str] = {
    Type.TEXT: "{v}",
    Type.INT: "CASE WHEN TRY_CAST({v} AS DOUBLE) % 1 = 0 THEN TRY_CAST({v} AS BIGINT) END",
    Type.FLOAT: "CASE WHEN isfinite(TRY_CAST({v} AS DOUBLE)) THEN TRY_CAST({v} AS DOUBLE) END",
    Type.MONEY: "TRY_CAST({v} AS DECIMAL(18,4))",
    Type.BOOL: "CASE lower({v}) WHEN 'true' THEN true WHEN 'false' THEN false END",
    Type.DATE: "CAST(try_strptime({v}, '%Y-%m-%d') AS DATE)",
    Type.TIMESTAMP: "TRY_CAST({v} AS TIMESTAMPTZ)",
    Type.TEXTS: "TRY(from_json({v}, '[\"VARCHAR\"]'))",
}


@dataclass(frozen=True)
class Drift:
    """Top-level keys that the contract does not name, and declared fields that no record has."""

    undeclared: tuple[str, ...]
    absent: tuple[str, ...]


def parse(con: duckdb.DuckDBPyConnection, stream: Stream, relation: str, aliases: Mapping[str, str | None]) -> int:
    """Make `rec.<stream>` and `state.<stream>` of the raw rows in `relation`; returns how many there are.

    Rows of the two belong together by `_row`. `aliases` are further names of fields; of no field: a null column.
    """
    for schema in ("parsed", "rec", "state"):
        con.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")
    rows = int(con.execute(f"SELECT count(*) FROM {relation}").fetchall()[0][0])
    name = quoted(stream.name)
    made = _select(stream, relation, aliases) if rows else _empty(stream, aliases)
    con.execute(f"CREATE OR REPLACE TABLE parsed.{name} {made}")
    columns = ", ".join(["_from", *(quoted(f.name) for f in stream.fields), *(quoted(alias) for alias in aliases)])
    checks = ", ".join(f"{quoted('?' + f.name)} AS {quoted(f.name)}" for f in stream.fields)
    worst = ", ".join(quoted("?" + field.name) for field in stream.fields)
    con.execute(f"CREATE OR REPLACE VIEW rec.{name} AS SELECT rowid AS _row, {columns} FROM parsed.{name}")
    con.execute(
        f"CREATE OR REPLACE VIEW state.{name} AS SELECT rowid AS _row, greatest({worst}) AS _worst, {checks} "
        f"FROM parsed.{name}"
    )
    return rows


def _select(stream: Stream, relation: str, aliases: Mapping[str, str | None]) -> str:
    """What a table is made of that reads every field once: columns, aliases, and states under `?field`."""
    places = {field.name: place for place, field in enumerate(stream.fields, start=1)}
    typed = [f"{_READ[f.type].format(v=_value(places[f.name]))} AS {quoted(f.name)}" for f in stream.fields]
    named = [f"{quoted(name) if name in places else 'NULL'} AS {quoted(alias)}" for alias, name in aliases.items()]
    states = [f"{_state(field, places[field.name])} AS {quoted('?' + field.name)}" for field in stream.fields]
    paths = ", ".join(_path(field.name) for field in stream.fields)
    # A nested field of a CSV job is a column with a dot in its name.
    flat = ", ".join(_flat_path(field.name) for field in stream.fields if "." in field.name)
    merged = _merged([field.name for field in stream.fields]) if flat else "_v"
    return f"""
        AS WITH extracted AS (
            SELECT
                day, record_id, version, fetched_at, payload, json_extract_string(payload, [{paths}]) AS _v
                {f", json_extract_string(payload, [{flat}]) AS _w" if flat else ""}
            FROM {relation}
        ),
        text AS (
            SELECT * EXCLUDE (_v), list_transform({merged}, lambda t: nullif(t, '')) AS _v FROM extracted
        ),
        typed AS (SELECT *, {", ".join(typed)} FROM text)
        SELECT
            {{day: day, record_id: record_id, version: version, captured_at: fetched_at}} AS _from,
            {", ".join([*(quoted(f.name) for f in stream.fields), *named, *states])}
        FROM typed
        """


def _empty(stream: Stream, aliases: Mapping[str, str | None]) -> str:
    """The same table of no rows, which most streams have on most days."""
    kinds = {field.name: DUCKDB[field.type] for field in stream.fields}
    columns = ["_from STRUCT(day DATE, record_id VARCHAR, version VARCHAR, captured_at TIMESTAMPTZ)"]
    columns += [f"{quoted(name)} {kind}" for name, kind in kinds.items()]
    columns += [f"{quoted(alias)} {kinds.get(name or '', 'VARCHAR')}" for alias, name in aliases.items()]
    columns += [f"{quoted('?' + name)} UTINYINT" for name in kinds]
    return f"({', '.join(columns)})"


def drift(con: duckdb.DuckDBPyConnection, stream: Stream, relation: str) -> Drift:
    """How the payloads in `relation` differ from the contract; no rows, no difference."""
    keys = {row[0] for row in con.execute(f"SELECT DISTINCT unnest(json_keys(payload)) FROM {relation}").fetchall()}
    if not keys:
        return Drift((), ())
    declared = {field.name.split(".")[0] for field in stream.fields} | {field.name for field in stream.fields}
    promised = [field for field in stream.fields if field not in REJECTED]
    absent = [f.name for f in promised if not {f.name, f.name.split(".")[0]} & keys]
    return Drift(tuple(sorted(keys - declared - _ENVELOPE)), tuple(absent))


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _path(name: str) -> str:
    return _text("$" + "".join(f'."{key}"' for key in name.split(".")))


def _flat_path(name: str) -> str:
    return _text(f'$."{name}"')


def _merged(names: list[str]) -> str:
    """The list of values, nested ones completed from where a CSV job puts them."""
    items, flat = [], 0
    for place, name in enumerate(names, start=1):
        flat += "." in name
        items.append(f"coalesce(_v[{place}], _w[{flat}])" if "." in name else f"_v[{place}]")
    return f"[{', '.join(items)}]"


def _value(place: int) -> str:
    return f"_v[{place}]"


def _state(field: RawField, place: int) -> str:
    value, path = _value(place), _path(field.name)
    if field.type is Type.TEXT:
        # Only text that looks like JSON is looked at again: an object where text was promised.
        wrong = f"{value}[1] IN ('{{', '[') AND json_type(payload, {path}) IN ('OBJECT', 'ARRAY')"
    else:
        wrong = f"{quoted(field.name)} IS NULL"
    absent = f"CASE WHEN json_type(payload, {path}) IS NULL THEN {MISSING} ELSE {NULL} END" if field.required else "0"
    return f"CAST(CASE WHEN {value} IS NULL THEN {absent} WHEN {wrong} THEN {RETYPED} ELSE 0 END AS UTINYINT)"
