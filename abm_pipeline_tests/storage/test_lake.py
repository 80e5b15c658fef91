"""The lake: partitions are replaced whole, only when they differ, and know what made them stale."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import orjson
import pytest

from abm_pipeline.contracts import tables as T
from abm_pipeline.contracts.render import empty_select
from abm_pipeline.storage import journal
from abm_pipeline.storage.engine import Step, connect, run_steps
from abm_pipeline.storage.lake import Input, Lake, now_ns

DAYS = [date(2026, 1, 1), date(2026, 1, 2), date(2026, 1, 3)]


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    """A lake of its own for each test."""
    return Lake(tmp_path / "lake")


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    """An engine of its own for each test."""
    with connect() as connection:
        yield connection


def intent(*rows: tuple[int, str, float]) -> str:
    """A query of facts.intent rows (day of January 2026, topic, score)."""
    values = ", ".join(f"(DATE '2026-01-{day:02}', '{topic}', {score})" for day, topic, score in rows)
    source = f"(VALUES {values}) v(day, topic, score)" if rows else f"({empty_select(T.INTENT)})"
    columns = "day, 'bombora' AS source, 'domain:a.com' AS company_key, topic, score, true AS is_surging"
    return f"SELECT {columns} FROM {source}"


def test_a_second_write_of_the_same_rows_changes_nothing(lake: Lake, con: duckdb.DuckDBPyConnection) -> None:
    """Days 1 and 2 get rows, day 3 an empty partition; written again in another order, no file is touched."""
    first = lake.write_days(con, T.INTENT, intent((1, "x", 60), (1, "y", 70), (2, "x", 80)), DAYS, computed_at=now_ns())
    stamps = lake.content_changed_at(T.INTENT)
    second = lake.write_days(
        con, T.INTENT, intent((2, "x", 80), (1, "y", 70), (1, "x", 60)), DAYS, computed_at=now_ns()
    )

    assert {DAYS[0]: 2, DAYS[1]: 1, DAYS[2]: 0} == dict(first.rows) == dict(second.rows)
    assert tuple(DAYS) == first.changed
    assert () == second.changed
    assert stamps == lake.content_changed_at(T.INTENT)


def test_only_the_day_that_differs_is_replaced(lake: Lake, con: duckdb.DuckDBPyConnection) -> None:
    """Of three days one value moves: one partition changes, and a day that lost its only row becomes empty."""
    lake.write_days(con, T.INTENT, intent((1, "x", 60), (2, "x", 80), (3, "x", 90)), DAYS, computed_at=now_ns())
    moved = lake.write_days(con, T.INTENT, intent((1, "x", 60), (2, "x", 81)), DAYS, computed_at=now_ns())

    lake.attach(con, T.INTENT)
    rows = con.execute("SELECT day, score FROM facts.intent ORDER BY day").fetchall()
    assert (DAYS[1], DAYS[2]) == moved.changed
    assert [(DAYS[0], 60.0), (DAYS[1], 81.0)] == rows


def test_rows_of_a_day_that_was_not_asked_for_are_refused(lake: Lake, con: duckdb.DuckDBPyConnection) -> None:
    """Losing such a row silently would be worse than the error."""
    with pytest.raises(ValueError, match="not among the days"):
        lake.write_days(con, T.INTENT, intent((9, "x", 60)), DAYS, computed_at=now_ns())


def test_duplicate_rows_count(lake: Lake, con: duckdb.DuckDBPyConnection) -> None:
    """A row that appears twice is not the same content as a row that appears once."""
    lake.write_days(con, T.INTENT, intent((1, "x", 60)), DAYS[:1], computed_at=now_ns())
    twice = lake.write_days(con, T.INTENT, intent((1, "x", 60), (1, "x", 60)), DAYS[:1], computed_at=now_ns())

    assert (DAYS[0],) == twice.changed


def test_a_changed_input_makes_the_days_of_its_window_stale(lake: Lake, con: duckdb.DuckDBPyConnection) -> None:
    """Spend of a day reads two days of intent. Intent of day 1 changes: spend of days 1 and 2 is stale, of 3 not."""
    spend = "SELECT * FROM (" + empty_select(T.SPEND) + ")"
    lake.write_days(con, T.INTENT, intent((1, "x", 60)), DAYS, computed_at=now_ns())
    lake.write_days(con, T.SPEND, spend, DAYS, computed_at=now_ns())
    inputs = [Input(T.INTENT, window_days=2)]
    before = lake.stale_days(T.SPEND, inputs)
    lake.write_days(con, T.INTENT, intent((1, "x", 61)), DAYS[:1], computed_at=now_ns())

    assert [] == before
    assert DAYS[:2] == lake.stale_days(T.SPEND, inputs)

    lake.write_days(con, T.SPEND, spend, DAYS[:2], computed_at=now_ns())
    assert [] == lake.stale_days(T.SPEND, inputs)


def test_an_input_of_one_part_is_not_stale_by_another(lake: Lake, con: duckdb.DuckDBPyConnection) -> None:
    """Two models write a file each into a day's partition. A reader of the first is stale when that one changes, and
    not when the second comes; a reader of all is, either way.
    """
    one, every = [Input(T.INTENT, part="one")], [Input(T.INTENT)]
    lake.write_days(con, T.INTENT, intent((1, "x", 60)), DAYS[:1], computed_at=now_ns(), part="one")
    lake.write_days(con, T.SPEND, empty_select(T.SPEND), DAYS[:1], computed_at=now_ns())
    lake.write_days(con, T.INTENT, intent((1, "x", 70)), DAYS[:1], computed_at=now_ns(), part="two")
    assert ([], DAYS[:1]) == (lake.stale_days(T.SPEND, one), lake.stale_days(T.SPEND, every))
    lake.write_days(con, T.INTENT, intent((1, "x", 61)), DAYS[:1], computed_at=now_ns(), part="one")
    assert DAYS[:1] == lake.stale_days(T.SPEND, one)


def test_new_days_are_written_like_days_that_stand(lake: Lake, con: duckdb.DuckDBPyConnection) -> None:
    """Rows of two days, of which one day's topic is an ENUM: text in the file, the same rows counted and read, and none
    of a day that was not asked for is left behind.
    """
    con.execute("CREATE TYPE topics AS ENUM ('x', 'y')")
    typed = f"SELECT * REPLACE (CAST(topic AS topics) AS topic) FROM ({intent((1, 'x', 60), (2, 'y', 70))})"
    with pytest.raises(ValueError, match="not among the days"):
        lake.write_days(con, T.INTENT, typed, DAYS[:1], computed_at=now_ns())
    assert [] == list(lake.root.rglob("*.new")) + list(lake.root.rglob("*.parquet"))
    written = lake.write_days(con, T.INTENT, typed, DAYS, computed_at=now_ns())
    assert ({DAYS[0]: 1, DAYS[1]: 1, DAYS[2]: 0}, tuple(DAYS)) == (dict(written.rows), written.changed)
    kinds = con.sql(f"SELECT topic FROM '{lake.file(T.INTENT, DAYS[0])}'").types
    assert ["VARCHAR"] == [str(kind) for kind in kinds]
    again = lake.write_days(con, T.INTENT, intent((1, "x", 60), (2, "y", 70)), DAYS, computed_at=now_ns())
    assert () == again.changed


def test_a_changed_unpartitioned_input_makes_every_computed_day_stale(
    lake: Lake, con: duckdb.DuckDBPyConnection
) -> None:
    """Written again with the same rows it makes none stale."""
    redirect = "SELECT 'a' AS old_account_id, '{}' AS account_id, 'merged' AS reason, 's' AS snapshot_id"
    lake.write_table(con, T.REDIRECT, redirect.format("b"), computed_at=now_ns())
    lake.write_days(con, T.INTENT, intent(), DAYS, computed_at=now_ns())

    assert not lake.write_table(con, T.REDIRECT, redirect.format("b"), computed_at=now_ns())
    assert [] == lake.stale_days(T.INTENT, [Input(T.REDIRECT)])
    assert lake.write_table(con, T.REDIRECT, redirect.format("c"), computed_at=now_ns())
    assert DAYS == lake.stale_days(T.INTENT, [Input(T.REDIRECT)])


def test_parts_of_a_partition_live_side_by_side(lake: Lake, con: duckdb.DuckDBPyConnection) -> None:
    """Two versions write the same day; replacing one leaves the other alone, and both are read."""
    for part, score in (("v1", 1), ("v2", 2), ("v2", 3)):
        lake.write_days(con, T.INTENT, intent((1, part, score)), DAYS[:1], computed_at=now_ns(), part=part)

    lake.attach(con, T.INTENT)
    rows = con.execute("SELECT topic, score FROM facts.intent ORDER BY topic").fetchall()
    assert [("v1", 1.0), ("v2", 3.0)] == rows


def test_writers_of_one_table_wait_for_each_other(lake: Lake) -> None:
    """While one holds the lock another does not get it."""
    got = threading.Event()

    def other() -> None:
        with lake.lock(T.INTENT):
            got.set()

    with lake.lock(T.INTENT):
        thread = threading.Thread(target=other)
        thread.start()
        assert not got.wait(0.2)
    thread.join(5)
    assert got.is_set()


def test_a_column_added_to_the_contract_reads_as_null_from_older_files(
    lake: Lake, con: duckdb.DuckDBPyConnection
) -> None:
    """A file without `topic` still reads with all columns of the contract."""
    path = lake.file(T.INTENT, DAYS[0])
    path.parent.mkdir(parents=True)
    con.execute(f"COPY (SELECT * EXCLUDE (topic) FROM ({intent((1, 'x', 60))})) TO '{path}' (FORMAT parquet)")

    lake.attach(con, T.INTENT)
    assert [(None, 60.0)] == con.execute("SELECT topic, score FROM facts.intent").fetchall()


def test_the_engine_knows_how_many_rows_a_table_has(lake: Lake, con: duckdb.DuckDBPyConnection) -> None:
    """Three days of 4,000 rows, joined to a list of 10: the list is hashed and the table streams past it, whichever
    side the join is written on. Taken for one row, the table would be hashed."""
    lake.write_days(
        con,
        T.INTENT,
        "SELECT DATE '2026-01-01' + CAST(d AS INTEGER) AS day, 'bombora' AS source, 'domain:' || i AS company_key, "
        "'x' AS topic, 60.0 AS score, true AS is_surging FROM range(4000) a(i), range(3) b(d)",
        DAYS,
        computed_at=now_ns(),
    )
    lake.attach(con, T.INTENT)
    con.execute("CREATE TEMP TABLE listed AS SELECT 'domain:' || i AS company_key, i FROM range(10) t(i)")

    for join in ("facts.intent LEFT JOIN listed", "listed RIGHT JOIN facts.intent"):
        (plan,) = con.execute(f"EXPLAIN (FORMAT json) SELECT * FROM {join} USING (company_key)").fetchall()
        assert ("LEFT", 12_000) == joined(orjson.loads(plan[1]))


def joined(plan: list[dict[str, Any]]) -> tuple[str, int]:
    """How the plan's hash join joins, and how many rows it thinks that it streams."""
    for node in plan:
        if "Join Type" in node.get("extra_info", {}):
            streamed = node["children"][0]
            while streamed["children"]:
                streamed = streamed["children"][0]
            return node["extra_info"]["Join Type"], int(streamed["extra_info"]["Estimated Cardinality"])
        if node["children"]:
            return joined(node["children"])
    raise AssertionError("no join in the plan")


def test_an_error_names_the_step_it_came_from(con: duckdb.DuckDBPyConnection) -> None:
    """Of two steps the second is wrong; the error carries its name and idea."""
    steps = [Step("one", "A number.", "SELECT 1 AS n"), Step("two", "Its sum.", "SELECT sum(m) FROM one")]

    with pytest.raises(duckdb.Error) as failed:
        run_steps(con, steps)

    assert ["in SQL step 'two': Its sum."] == failed.value.__notes__


def test_of_a_kept_change_only_the_days_from_it_on_are_stale(lake: Lake, con: duckdb.DuckDBPyConnection) -> None:
    """A change that matters from day 2 on, and only on day 3 to who reads it joined to facts: days 2 and 3 are stale,
    or 3. One that matters to no day leaves all as they are. A killed writer has changed the file and told of nothing:
    then, and when the journal is lost, all days are stale."""
    redirect = "SELECT 'a' AS old_account_id, '{}' AS account_id, 'merged' AS reason, 's' AS snapshot_id"

    def write(account: str, since: journal.Since) -> None:
        lake.write_table(
            con, T.REDIRECT, redirect.format(account), computed_at=now_ns(), rule=lambda _: since, why=f"now {account}"
        )

    def stale(way: str = journal.ROWS) -> list[date]:
        return lake.stale_days(T.INTENT, [Input(T.REDIRECT, way=way)])

    write("b", {})
    lake.write_days(con, T.INTENT, intent(), DAYS, computed_at=now_ns())
    write("c", {journal.ROWS: None})
    assert [] == stale()
    write("d", {journal.ROWS: DAYS[1], journal.FACTS: DAYS[2]})
    write("e", {journal.ROWS: None})
    assert (DAYS[1:], DAYS[2:], DAYS[1:]) == (stale(), stale(journal.FACTS), stale(journal.KNOWN))
    assert dict.fromkeys(DAYS[1:], ("now d",)) == lake.why_stale(T.INTENT, [Input(T.REDIRECT)])
    lake.write_days(con, T.INTENT, intent(), DAYS, computed_at=now_ns())
    assert [] == stale()

    lake.write_days(con, T.INTENT, intent(), DAYS[:1], computed_at=now_ns())
    told = lake.folder(T.REDIRECT) / "_changes_data.json"
    text = told.read_bytes()
    write("f", {journal.ROWS: DAYS[1]})
    told.write_bytes(text)
    assert DAYS == stale()
    write("g", {journal.ROWS: DAYS[2]})
    assert DAYS == stale()
    lake.write_days(con, T.INTENT, intent(), DAYS, computed_at=now_ns())
    assert [] == stale()
    write("h", {journal.ROWS: DAYS[2]})
    assert DAYS[2:] == stale()
    told.unlink()
    assert DAYS == stale()


def test_old_changes_are_forgotten_where_later_ones_cover_them(
    lake: Lake, con: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first content (every day), a change from day 2 on, nine from day 3 on, and only the latest two are kept in
    full: of the others remain the first and the one of day 2. What was computed before all of them is stale from day 2
    on, what was computed after from day 3 on."""
    monkeypatch.setattr(journal, "KEPT", 2)
    redirect = "SELECT 'a' AS old_account_id, '{}' AS account_id, 'merged' AS reason, 's' AS snapshot_id"
    lake.write_table(con, T.REDIRECT, redirect.format("b"), computed_at=now_ns())
    lake.write_days(con, T.INTENT, intent(), DAYS, computed_at=now_ns())
    for number, first in enumerate([DAYS[1], *[DAYS[2]] * 9]):
        rows = redirect.format(f"c{number}")
        lake.write_table(con, T.REDIRECT, rows, computed_at=now_ns(), rule=lambda _, d=first: {journal.ROWS: d})
        if number == 0:
            lake.write_days(con, T.SPEND, empty_select(T.SPEND), DAYS, computed_at=now_ns())

    assert 4 == len(lake.changes(T.REDIRECT))
    assert DAYS[1:] == lake.stale_days(T.INTENT, [Input(T.REDIRECT)])
    assert DAYS[2:] == lake.stale_days(T.SPEND, [Input(T.REDIRECT)])


def test_a_version_matters_from_its_beginning_and_its_end_from_then_on(
    lake: Lake, con: duckdb.DuckDBPyConnection
) -> None:
    """A stay in a stage from 1 January on, in UTC+1. It ends on the 3rd, where another begins: both matter from the
    3rd on. It ends on the 2nd after all: from the 2nd. The second one is called otherwise: from its beginning, the 3rd.
    The first is gone: from the 1st."""

    def stay(start: int, stage: str, end: int | None = None) -> str:
        left = f"TIMESTAMPTZ '2026-01-{end:02} 12:00Z'" if end else "NULL"
        return f"SELECT 'd' AS deal_id, '{stage}' AS stage, 1 AS stage_order, " + (
            f"TIMESTAMPTZ '2026-01-{start:02} 12:00Z' AS entered_at, {left} AS left_at"
        )

    found = []
    for rows in (
        [stay(1, "a")],
        [stay(1, "a", 3), stay(3, "b")],
        [stay(1, "a", 2), stay(3, "b")],
        [stay(1, "a", 2), stay(3, "c")],
        [stay(3, "c")],
    ):
        lake.write_table(
            con,
            T.DEAL_STAGE,
            " UNION ALL ".join(rows),
            computed_at=now_ns(),
            rule=journal.stretches(T.DEAL_STAGE, "Europe/Vienna"),
        )
        found.append(lake.changes(T.DEAL_STAGE)[-1].since)
    assert [journal.ALWAYS, *({journal.ROWS: date(2026, 1, day)} for day in (3, 2, 3, 1))] == found
