"""Publishing: lake tables to schema `abm` of the served Postgres, exactly what changed, one transaction a table.

Belongs here: how rows get from Parquet to Postgres, and the shape of the tables there (made from the contracts). What
was published stands in `abm._published`, written in the transaction that sent the rows: a publish killed anywhere is
finished by the next one, and a second publish sends nothing.

Rows are replaced by DELETE and COPY inside the transaction rather than by swapping tables: readers see old or new and
never wait, and views, grants and comments that users put on a published table survive.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import sqlalchemy as sa

from abm_pipeline.contracts.fields import Type
from abm_pipeline.contracts.render import quoted, select_list, sqlalchemy_table
from abm_pipeline.contracts.tables import PUBLISHED, Table
from abm_pipeline.contracts.views import VIEWS
from abm_pipeline.storage import engine, postgres
from abm_pipeline.storage.lake import Lake
from abm_pipeline.storage.report import TableReport

if TYPE_CHECKING:
    from abm_pipeline.settings import Settings

SCHEMA = "abm"
# Days sent by one COPY: bounds the size of the file between DuckDB and Postgres, not of the transaction.
_DAYS_PER_COPY = 60
# Stands for "the whole table" where a day is asked for: part of a primary key, so never null.
_WHOLE = date.min

_STATE = sa.Table(
    "_published",
    sa.MetaData(),
    sa.Column("table_name", sa.Text, primary_key=True),
    sa.Column("day", sa.Date, primary_key=True, comment="Partition day; 0001-01-01 for an unpartitioned table."),
    sa.Column("part", sa.Text, primary_key=True),
    sa.Column("content_changed_at", sa.BigInteger, nullable=False, comment="Of the lake file, in ns since 1970."),
    sa.Column("published_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
    schema=SCHEMA,
    comment="What of the lake was published when; kept by the publisher.",
)
_State = dict[date, dict[str, int]]


class WarehouseError(RuntimeError):
    """A published table can't take the rows; the message says which and what to do."""


def publish(settings: Settings, tables: Iterable[Table] | None = None) -> list[TableReport]:
    """Bring the published tables (default: all) to the lake's state.

    Sends the partitions whose content changed since they were last published, removes days that are gone from the lake.
    The reports' `changed` are those days, `rows` the rows sent for each. Safe beside other publishes.
    Raises PostgresError if the database can't be reached, WarehouseError if a table there doesn't fit its contract.
    """
    database = postgres.connect(postgres.start(settings).served)
    try:
        with database.begin() as con:
            _prepare(con)
        return [_publish_table(settings, database, table) for table in (PUBLISHED if tables is None else tuple(tables))]
    finally:
        database.dispose()


def _publish_table(settings: Settings, database: sa.Engine, table: Table) -> TableReport:
    lake = settings.open_lake
    with database.begin() as con:
        _lock(con, str(table.published))
        target, unmade = _fit(con, table)
        _make_views(con, table)
        old, new = _published(con, table), _in_lake(lake, table)
        changed = sorted(day for day in old.keys() | new.keys() if old.get(day) != new.get(day))
        if not changed and not unmade:
            return TableReport(table, {}, ())
        # A day that gained files (scores of another version) and kept the others is sent those alone.
        grown = {day for day in changed if old.get(day, {}).items() <= new.get(day, {}).items()}
        if replaced := [day for day in changed if day not in grown]:
            _delete(con, table, target, replaced)
        present = [day for day in changed if day in new]
        parts: dict[str, list[date]] = defaultdict(list)
        for day in present:
            fresh = new[day].keys() - (old.get(day, {}).keys() if day in grown else ())
            for part in ("*",) if len(fresh) == len(new[day]) else sorted(fresh):
                parts[part].append(day)
        chunks = [
            (part, days[first : first + _DAYS_PER_COPY])
            for part, days in parts.items()
            for first in range(0, len(days), _DAYS_PER_COPY)
        ]
        sent = dict.fromkeys(present, 0)
        try:
            for rows_by_day, path in _files(settings, table, chunks):
                _copy(con, table, path)
                for day, rows in rows_by_day.items():
                    sent[day] += rows
            for made in unmade:
                con.execute(made)
        except sa.exc.IntegrityError as error:
            raise WarehouseError(f"{target}: {_cause(error)}") from None
        _remember(con, table, changed, new)
    names = {_WHOLE: None}
    return TableReport(
        table,
        {names.get(day, day): rows for day, rows in sent.items()},
        [names.get(day, day) for day in changed],
        {"rows_sent": sum(sent.values()), "days_removed": len(changed) - len(present)},
    )


# -- rows


def _files(
    settings: Settings, table: Table, chunks: Sequence[tuple[str, Sequence[date]]]
) -> Iterator[tuple[Mapping[date, int], Path]]:
    """For each chunk, a part (`*`: all) of some days in order: its rows by day, and a CSV of them.

    The file of a chunk is written while Postgres takes the one before, which is gone when the next is asked for.
    """
    if not chunks:
        return
    with (
        engine.connect(memory_limit=settings.memory_limit, threads=settings.threads) as duck,
        tempfile.TemporaryDirectory(prefix="abm_publish_") as folder,
        ThreadPoolExecutor(1) as ahead,
    ):

        def write(number: int) -> tuple[Mapping[date, int], Path]:
            path = Path(folder) / f"{number}.csv"
            return _write(duck, settings.open_lake, table, *chunks[number], path), path

        coming = ahead.submit(write, 0)
        for following in range(1, len(chunks) + 1):
            rows, path = coming.result()
            if following < len(chunks):
                coming = ahead.submit(write, following)
            yield rows, path
            path.unlink()


def _write(
    duck: duckdb.DuckDBPyConnection, lake: Lake, table: Table, part: str, days: Sequence[date], path: Path
) -> Mapping[date, int]:
    """Write a part of the partitions `days` as CSV, in the order of the key; returns rows by day."""
    lake.attach(duck, table, days[0], days[-1], part=part, name="_rows")
    duck.execute("CREATE OR REPLACE TEMP TABLE _days (day DATE)")
    duck.executemany("INSERT INTO _days VALUES (?)", [[day] for day in days])
    rows = f"(SELECT {select_list(table)} FROM _rows{' SEMI JOIN _days USING (day)' if table.is_daily else ''})"
    texts = [field.name for field in table.fields() if field.type is Type.TEXT]
    # Postgres has no U+0000 in text; JSON does
    columns = ", ".join(
        f"replace({quoted(c)}, chr(0), '') AS {quoted(c)}" if c in texts else quoted(c) for c in table.columns
    )
    order = ", ".join(quoted(column) for column in table.key)
    # text is quoted always, null never: that is how COPY tells an empty text from a null
    force = f", FORCE_QUOTE ({', '.join(map(quoted, texts))})" if texts else ""
    options = f"FORMAT csv, HEADER false, NULLSTR ''{force}"
    duck.execute(f"COPY (SELECT {columns} FROM {rows} ORDER BY {order}) TO '{path}' ({options})")
    day = "day" if table.is_daily else f"DATE '{_WHOLE}'"
    return dict(duck.execute(f"SELECT {day}, count(*) FROM {rows} GROUP BY 1").fetchall())


def _copy(con: sa.Connection, table: Table, path: Path) -> None:
    names = ", ".join(map(quoted, table.columns))
    with path.open("rb") as file:
        cursor = con.connection.cursor()
        try:
            cursor.copy_expert(f"COPY {_name(table)} ({names}) FROM STDIN (FORMAT csv, NULL '')", file)
        except Exception as error:
            raise WarehouseError(f"{_name(table)} refuses the rows: {_cause(error)}") from None


def _delete(con: sa.Connection, table: Table, target: sa.Table, days: Sequence[date]) -> None:
    if not table.is_daily:
        con.execute(sa.delete(target))
        return
    con.execute(sa.delete(target).where(target.c.day == sa.func.any(sa.cast(list(days), sa.ARRAY(sa.Date)))))


# -- state


def _in_lake(lake: Lake, table: Table) -> _State:
    """When each file's content last changed, by day and part. Taken before the rows are read: never newer than they."""
    out: _State = defaultdict(dict)
    for path in lake.files(table):
        day = date.fromisoformat(path.parent.name.removeprefix("day=")) if table.is_daily else _WHOLE
        out[day][path.stem] = path.stat().st_mtime_ns
    return out


def _published(con: sa.Connection, table: Table) -> _State:
    out: _State = defaultdict(dict)
    query = sa.select(_STATE.c.day, _STATE.c.part, _STATE.c.content_changed_at)
    for day, part, stamp in con.execute(query.where(_STATE.c.table_name == table.published)):
        out[day][part] = stamp
    return out


def _remember(con: sa.Connection, table: Table, days: Sequence[date], state: _State) -> None:
    chosen = _STATE.c.day == sa.func.any(sa.cast(list(days), sa.ARRAY(sa.Date)))
    con.execute(sa.delete(_STATE).where(_STATE.c.table_name == table.published, chosen))
    rows = [
        {"table_name": table.published, "day": day, "part": part, "content_changed_at": stamp}
        for day in days
        for part, stamp in state.get(day, {}).items()
    ]
    if rows:
        con.execute(sa.insert(_STATE), rows)


# -- shape


def _prepare(con: sa.Connection) -> None:
    """The schema, the publisher's state and the readers' role; what is there already stays."""
    _lock(con, "_schema")
    if SCHEMA not in sa.inspect(con).get_schema_names():
        con.execute(sa.schema.CreateSchema(SCHEMA))
    _STATE.create(con, checkfirst=True)
    exists = con.scalar(sa.text("SELECT count(*) FROM pg_roles WHERE rolname = :name"), {"name": postgres.READER})
    if not exists:
        try:
            with con.begin_nested():
                con.execute(sa.text(f"CREATE ROLE {postgres.READER} NOLOGIN"))
        except sa.exc.ProgrammingError:
            return  # not allowed here: whoever runs the database grants as they see fit
    con.execute(sa.text(f"GRANT USAGE ON SCHEMA {SCHEMA} TO {postgres.READER}"))
    con.execute(sa.text(f"ALTER DEFAULT PRIVILEGES IN SCHEMA {SCHEMA} GRANT SELECT ON TABLES TO {postgres.READER}"))


def _fit(con: sa.Connection, table: Table) -> tuple[sa.Table, list[sa.schema.ExecutableDDLElement]]:
    """Make the published table, or add the columns that its contract gained; raises where types or key differ.

    A table made now gets key and indexes by what is returned, to be run when it has its rows: that takes half the time.
    """
    target = sqlalchemy_table(table, sa.MetaData(), SCHEMA)
    inspector = sa.inspect(con)
    if not inspector.has_table(target.name, SCHEMA):
        target.create(con)
        # dropped by hand, or the first time: everything has to be sent
        con.execute(sa.delete(_STATE).where(_STATE.c.table_name == target.name))
        unique = sa.PrimaryKeyConstraint(*(target.c[name] for name in table.key))
        indexes = [
            sa.Index(f"{table.published}_{name}", target.c[name])
            for name in ("day", "account_id")
            if name in table.columns and table.key[0] != name
        ]
        return target, [sa.schema.AddConstraint(unique), *map(sa.schema.CreateIndex, indexes)]
    have = {column["name"]: column for column in inspector.get_columns(target.name, SCHEMA)}
    key = inspector.get_pk_constraint(target.name, SCHEMA)["constrained_columns"]
    retyped = [c.name for c in target.c if c.name in have and _type(con, have[c.name]["type"]) != _type(con, c.type)]
    if retyped or key != list(table.key):
        what = f"type of {', '.join(retyped)}" if retyped else "key"
        raise WarehouseError(
            f"{target}: its {what} differs from the contract; drop the table, and the next publish fills it again"
        )
    alter = f"ALTER TABLE {_name(table)}"
    for column in target.c:
        if column.name not in have:
            # nullable: rows of earlier days don't have it until they are computed again
            kind = column.type.compile(con.dialect)
            con.execute(sa.text(f"{alter} ADD COLUMN {quoted(column.name)} {kind}"))
        if column.name not in have or have[column.name]["comment"] != column.comment:
            con.execute(sa.schema.SetColumnComment(column))
    for name in have.keys() - set(table.columns):
        if not have[name]["nullable"]:
            con.execute(sa.text(f"{alter} ALTER COLUMN {quoted(name)} DROP NOT NULL"))
    return target, []


def _make_views(con: sa.Connection, table: Table) -> None:
    """Make the views of a published table, or replace those whose SELECT has changed; others are not locked."""
    for view in VIEWS:
        name, select = f"{SCHEMA}.{quoted(view.name)}", view.over(_name(table))
        comment = f"{view.about} [{hashlib.sha256(select.encode()).hexdigest()[:12]}]"
        made = con.scalar(sa.text("SELECT obj_description(to_regclass(:name), 'pg_class')"), {"name": name})
        if view.table is table and made != comment:
            con.execute(sa.text(f"CREATE OR REPLACE VIEW {name} AS {select}"))
            con.execute(sa.text(f"COMMENT ON VIEW {name} IS '{comment}'"))


def _type(con: sa.Connection, kind: sa.types.TypeEngine[object]) -> str:
    return str(kind.compile(con.dialect))


def _name(table: Table) -> str:
    return f"{SCHEMA}.{quoted(str(table.published))}"


def _lock(con: sa.Connection, name: str) -> None:
    """Exclude other publishers of the table until the transaction ends."""
    con.execute(sa.text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))"), {"name": f"{SCHEMA}.{name}"})


def _cause(error: BaseException) -> str:
    """The first line of the driver's message: what broke, without the values of the row."""
    return str(getattr(error, "orig", error)).split("\n", 1)[0]
