"""Publishing to a real Postgres: only what changed, all of it, whatever happens in between."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa

from abm_pipeline.contracts import tables as T
from abm_pipeline.contracts.render import empty_select
from abm_pipeline.settings import Settings
from abm_pipeline.storage import engine, postgres, warehouse
from abm_pipeline.storage.lake import now_ns

D1, D2, D3 = date(2026, 3, 1), date(2026, 3, 2), date(2026, 3, 3)
HEALTH = T.DATA_HEALTH


@pytest.fixture
def database(settings: Settings) -> Iterator[sa.Connection]:
    """A reader's connection to the served database, each statement its own transaction."""
    engine_ = postgres.connect(postgres.urls(settings).served)
    with engine_.connect().execution_options(isolation_level="AUTOCOMMIT") as con:
        yield con


def write(
    settings: Settings, table: T.Table, values: str, columns: str, days: list[date] | None = None, part: str = "data"
) -> None:
    """Write rows, given as an SQL VALUES list, to the lake; columns not named are null."""
    with engine.connect() as con:
        query = f"{empty_select(table)} UNION ALL BY NAME SELECT * FROM (VALUES {values}) v({columns})"
        if days is None:
            settings.open_lake.write_table(con, table, query, computed_at=now_ns())
        else:
            settings.open_lake.write_days(con, table, query, days, computed_at=now_ns(), part=part)


def scores(settings: Settings, version: str, *rows: tuple[date, str, int]) -> None:
    """Write rows (day, account, score) of a model's version, each version a file of the day."""
    given = f"'m', '{version}', 90, 'hot', true, 1, 1"
    values = ", ".join(f"(DATE '{day}', '{account}', {score}, {given})" for day, account, score in rows)
    columns = "day, account_id, score, model, model_version, window_days, band, is_engaged, contacts_engaged, touches"
    write(settings, T.ENGAGEMENT_SCORE, values, columns, [day for day, *_ in rows], f"m@{version}")


def health(settings: Settings, *rows: tuple[date, str, int], days: list[date]) -> None:
    """Write rows (day, source, rows_staged) of data_health."""
    values = ", ".join(f"(DATE '{day}', '{source}', {staged})" for day, source, staged in rows)
    write(settings, HEALTH, values, "day, source, rows_staged", days)


def read(con: sa.Connection, query: str) -> list[tuple[Any, ...]]:
    """Rows of a query as plain tuples."""
    return [tuple(row) for row in con.execute(sa.text(query))]


def test_only_changed_days_are_sent(settings: Settings, database: sa.Connection) -> None:
    """The first publish sends both days, the second nothing, the third the one day that changed."""
    health(settings, (D1, "salesforce", 10), (D2, "salesforce", 20), days=[D1, D2])
    (first,) = warehouse.publish(settings, [HEALTH])
    assert {D1: 1, D2: 1} == first.rows

    (second,) = warehouse.publish(settings, [HEALTH])
    assert ({}, []) == (second.rows, list(second.changed))

    health(settings, (D1, "salesforce", 10), (D2, "salesforce", 21), (D2, "bombora", 5), days=[D1, D2])
    (third,) = warehouse.publish(settings, [HEALTH])
    assert {D2: 2} == third.rows
    assert [(D1, "salesforce", 10), (D2, "bombora", 5), (D2, "salesforce", 21)] == read(
        database, "SELECT day, source, rows_staged FROM abm.data_health ORDER BY 1, 2"
    )


def test_publish_of_everything_makes_every_promised_table(settings: Settings, database: sa.Connection) -> None:
    """On an empty lake all tables of design.md are there, empty, commented, and readable by the readers' role."""
    warehouse.publish(settings)
    promised = {
        "metric_values", "metric_definitions", "account_metrics_daily", "campaign_metrics", "attribution_credit",
        "accounts", "account_members", "engagement_scores", "quarantine_summary", "restatements", "data_health",
    }  # fmt: skip
    found = {name for (name,) in read(database, "SELECT tablename FROM pg_tables WHERE schemaname = 'abm'")}
    assert promised <= found
    assert all(count == 0 for name in promised for (count,) in read(database, f"SELECT count(*) FROM abm.{name}"))
    about, column, may_read = read(
        database,
        "SELECT obj_description('abm.accounts'::regclass), col_description('abm.accounts'::regclass, 3), "
        "has_table_privilege('abm_reader', 'abm.accounts', 'SELECT')",
    )[0]
    assert (T.ACCOUNT.about, "Registrable domain, lower case.", True) == (about, column, may_read)


def test_killed_between_lake_and_postgres_heals(settings: Settings, database: sa.Connection) -> None:
    """A publish that dies after sending rows leaves the old state; the next one sends what is missing."""
    health(settings, (D1, "salesforce", 10), days=[D1])
    warehouse.publish(settings, [HEALTH])
    health(settings, (D1, "salesforce", 11), (D2, "salesforce", 20), days=[D1, D2])

    # a row that the key refuses, planted in the way of the second day: the transaction fails as at a kill
    read_all = "SELECT day, rows_staged FROM abm.data_health ORDER BY 1"
    database.execute(sa.text("ALTER TABLE abm.data_health ADD CONSTRAINT planted CHECK (rows_staged < 20)"))
    with pytest.raises(warehouse.WarehouseError, match="planted"):
        warehouse.publish(settings, [HEALTH])
    assert [(D1, 10)] == read(database, read_all)

    database.execute(sa.text("ALTER TABLE abm.data_health DROP CONSTRAINT planted"))
    warehouse.publish(settings, [HEALTH])
    assert [(D1, 11), (D2, 20)] == read(database, read_all)


def test_days_gone_from_the_lake_are_removed(settings: Settings, database: sa.Connection) -> None:
    """A partition removed from the lake is removed from Postgres; a computed, empty one leaves no rows either."""
    health(settings, (D1, "a", 1), (D2, "a", 2), (D3, "a", 3), days=[D1, D2, D3])
    warehouse.publish(settings, [HEALTH])
    settings.open_lake.file(HEALTH, D1).unlink()
    health(settings, (D2, "a", 2), days=[D2, D3])
    (report,) = warehouse.publish(settings, [HEALTH])
    assert [D1, D3] == list(report.changed)
    assert [(D2, 2)] == read(database, "SELECT day, rows_staged FROM abm.data_health")


def test_scores_of_versions_stand_side_by_side(settings: Settings, database: sa.Connection) -> None:
    """Another version's rows are sent, 2, and not those of the first again. A day of which a version changed or went is
    sent whole: D1 has 1 row of each version, D2 loses that of the first."""
    scores(settings, "1", (D1, "a", 10), (D2, "a", 20))
    warehouse.publish(settings, [T.ENGAGEMENT_SCORE])
    scores(settings, "2", (D1, "a", 11), (D2, "a", 21))
    (added,) = warehouse.publish(settings, [T.ENGAGEMENT_SCORE])
    assert {D1: 1, D2: 1} == added.rows

    query = "SELECT day, model_version, score FROM abm.engagement_scores ORDER BY 1, 2"
    assert [(D1, "1", 10), (D1, "2", 11), (D2, "1", 20), (D2, "2", 21)] == read(database, query)
    scores(settings, "1", (D1, "a", 12))
    settings.open_lake.file(T.ENGAGEMENT_SCORE, D2, "m@1").unlink()
    (changed,) = warehouse.publish(settings, [T.ENGAGEMENT_SCORE])
    assert {D1: 2, D2: 1} == changed.rows
    assert [(D1, "1", 12), (D1, "2", 11), (D2, "2", 21)] == read(database, query)


def test_text_arrives_as_it_is(settings: Settings, database: sa.Connection) -> None:
    """Null and empty text stay apart; quotes, line breaks, backslash-N and other scripts survive; U+0000 can't."""
    write(
        settings,
        T.METRIC_DEFINITIONS,
        """('a', '', NULL), ('b', NULL, '\\N'), ('c', 'x, "y"' || chr(10) || 'z', 'Größe 東京'),
        ('d', chr(0) || 'q', ' ')""",
        "metric, unit, grain",
    )
    with engine.connect() as con:
        query = (
            "SELECT * REPLACE ('f' AS formula, 'v' AS definition_version) FROM "
            f"read_parquet('{settings.open_lake.file(T.METRIC_DEFINITIONS)}')"
        )
        settings.open_lake.write_table(con, T.METRIC_DEFINITIONS, query, computed_at=now_ns())
    warehouse.publish(settings, [T.METRIC_DEFINITIONS])
    assert [
        ("a", "", None),
        ("b", None, "\\N"),
        ("c", 'x, "y"\nz', "Größe 東京"),
        ("d", "q", " "),
    ] == read(database, "SELECT metric, unit, grain FROM abm.metric_definitions ORDER BY metric")


def test_unpartitioned_table_is_replaced_whole_and_views_survive(settings: Settings, database: sa.Connection) -> None:
    """A user's view on a published table still works after the table was replaced; published again, its rows stay."""
    write(settings, T.MEMBER, "('x', 's', '1', 'crm', 1, false, 'h')", ", ".join(T.MEMBER.columns))
    warehouse.publish(settings, [T.MEMBER])
    database.execute(sa.text("CREATE VIEW public.mine AS SELECT source_id FROM abm.account_members"))
    write(settings, T.MEMBER, "('x', 's', '2', 'crm', 1, false, 'h')", ", ".join(T.MEMBER.columns))
    (report,) = warehouse.publish(settings, [T.MEMBER])
    assert {None: 1} == report.rows
    (again,) = warehouse.publish(settings, [T.MEMBER])
    assert {} == again.rows
    assert [("2",)] == read(database, "SELECT source_id FROM public.mine")


def test_contract_gained_a_column(settings: Settings, database: sa.Connection) -> None:
    """The column is added, null in days sent before, filled in days sent after; grants and rows stay."""
    health(settings, (D1, "a", 1), days=[D1])
    warehouse.publish(settings, [HEALTH])
    wider = dataclasses.replace(HEALTH, columns=(*HEALTH.columns, "reason"))
    write(settings, wider, f"(DATE '{D2}', 'a', 2, 'late')", "day, source, rows_staged, reason", [D2])
    (report,) = warehouse.publish(settings, [wider])
    assert {D2: 1} == report.rows
    assert [(D1, None), (D2, "late")] == read(database, "SELECT day, reason FROM abm.data_health ORDER BY 1")


def test_contract_changed_its_key(settings: Settings, database: sa.Connection) -> None:
    """What can't be mended by adding is said, with the remedy; the remedy works."""
    health(settings, (D1, "a", 1), days=[D1])
    warehouse.publish(settings, [HEALTH])
    other = dataclasses.replace(HEALTH, key=("source", "day"))
    with pytest.raises(warehouse.WarehouseError, match="drop the table"):
        warehouse.publish(settings, [other])
    database.execute(sa.text("DROP TABLE abm.data_health"))
    warehouse.publish(settings, [other])
    assert [(D1, "a")] == read(database, "SELECT day, source FROM abm.data_health")


def test_two_publishers_at_once(settings: Settings, database: sa.Connection) -> None:
    """Four at once on a new database: all succeed, the rows stand there once, sent once."""
    health(settings, *((D1, f"s{i}", i) for i in range(2000)), days=[D1])
    reports: list[Any] = []
    threads = [threading.Thread(target=lambda: reports.extend(warehouse.publish(settings, [HEALTH]))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [{}, {}, {}, {D1: 2000}] == sorted((dict(r.rows) for r in reports), key=len)
    assert [(2000,)] == read(database, "SELECT count(*) FROM abm.data_health")


def test_readers_see_old_or_new(settings: Settings, database: sa.Connection) -> None:
    """A reader polling while a table is replaced again and again never sees it half filled or empty."""
    columns = ", ".join(T.MEMBER.columns)
    rows = [", ".join(f"('x{n}', 's', '{i}', 'crm', 1, false, 'h')" for i in range(500)) for n in range(3)]
    write(settings, T.MEMBER, rows[0], columns)
    warehouse.publish(settings, [T.MEMBER])
    seen: set[int] = set()
    stop = threading.Event()

    def poll() -> None:
        while not stop.is_set():
            seen.update(count for (count,) in read(database, "SELECT count(*) FROM abm.account_members"))

    reader = threading.Thread(target=poll)
    reader.start()
    for n in (1, 2, 1, 2):
        write(settings, T.MEMBER, rows[n], columns)
        warehouse.publish(settings, [T.MEMBER])
    stop.set()
    reader.join()
    assert {500} == seen
