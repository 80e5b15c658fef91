"""Segments: one list says what a table is made of; it is replaced at once, and what it names is never written again."""

from __future__ import annotations

import os
import time
from datetime import date
from pathlib import Path

import pytest

from abm_pipeline.contracts.render import empty_select
from abm_pipeline.contracts.tables import raw_table
from abm_pipeline.storage import segments as module
from abm_pipeline.storage.engine import connect
from abm_pipeline.storage.lake import Lake, now_ns
from abm_pipeline.storage.segments import Segments

D1, D2, D3 = date(2026, 1, 1), date(2026, 1, 2), date(2026, 1, 3)
TABLE = raw_table("acme", "thing")


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    """A lake of its own for each test."""
    return Lake(tmp_path / "lake")


def rows(*records: tuple[date, str]) -> str:
    """A query of raw rows (day, record)."""
    values = ", ".join(f"(DATE '{day}', '{name}')" for day, name in records)
    return f"{empty_select(TABLE)} UNION ALL BY NAME SELECT * FROM (VALUES {values}) v(day, record_id)"


def add(lake: Lake, *records: tuple[date, str]) -> str:
    """Put the records into the table as one segment; returns its name."""
    path = lake.staging_folder(TABLE) / "new.parquet"
    with connect() as con:
        con.execute(f"COPY ({rows(*records)}) TO '{path}' (FORMAT parquet)")
    segments = Segments.begin(lake.folder(TABLE))
    days = [day for day, _ in records]
    name = segments.add(path, {day: days.count(day) for day in days})
    segments.commit(days)
    return name


def names(lake: Lake, start: date | None = None, end: date | None = None) -> list[tuple[object, ...]]:
    """Days and records as a reader of the lake sees them."""
    with connect() as con:
        lake.attach(con, TABLE, start, end, name="t")
        return con.execute("SELECT day, record_id FROM t ORDER BY ALL").fetchall()


def test_a_day_is_read_from_every_segment_and_alone(lake: Lake) -> None:
    """Two pulls bring rows of three days, one day in both: a reader of that day gets both rows and no other's."""
    add(lake, (D1, "a"), (D2, "b"))
    add(lake, (D2, "c"), (D3, "d"))
    assert [(D2, "b"), (D2, "c")] == names(lake, D2, D2)
    assert [(D1, "a"), (D2, "b"), (D2, "c"), (D3, "d")] == names(lake)
    assert {D1: 1, D2: 2} == lake.rows_by_day(TABLE, D1, D2)
    assert [D1, D2, D3] == lake.days(TABLE)
    assert 1 == len(lake.files(TABLE, D1, D1))


def test_each_day_knows_when_its_own_content_changed(lake: Lake) -> None:
    """The second list brings day 2: day 1 keeps the stamp of the first, and both are not before the lists appeared."""
    before = now_ns()
    add(lake, (D1, "a"), (D2, "b"))
    first = lake.content_changed_at(TABLE)
    between = now_ns()
    add(lake, (D2, "c"))
    second = lake.content_changed_at(TABLE)
    assert before <= first[D1] == first[D2] == second[D1] <= between <= second[D2]


def test_what_is_not_listed_is_not_seen_and_goes_in_time(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    """A pull killed before its list leaves a file that nobody reads; a later one removes it, but no fresh one."""
    name = add(lake, (D1, "a"))
    orphan = lake.folder(TABLE) / "orphan.parquet"
    orphan.write_bytes((lake.folder(TABLE) / name).read_bytes())
    assert [(D1, "a")] == names(lake)
    add(lake, (D1, "b"))
    assert orphan.exists()
    os.utime(orphan, (0, time.time() - module.KEEP_SECONDS - 60))
    add(lake, (D1, "c"))
    assert not orphan.exists()
    assert 3 == len(names(lake))


def test_a_retired_file_stays_for_who_reads_it(lake: Lake) -> None:
    """A reader that began with the old list still finds its file after another took its place."""
    name = add(lake, (D1, "a"))
    os.utime(lake.folder(TABLE) / name, (0, 0))
    with connect() as con:
        lake.attach(con, TABLE, name="t")
        segments = Segments.begin(lake.folder(TABLE))
        segments.retire(name)
        segments.commit([D1])
        assert [("a",)] == con.execute("SELECT record_id FROM t").fetchall()
    assert [] == names(lake)


def test_partitions_by_day_are_taken_over(lake: Lake) -> None:
    """A lake from before segments: its rows stay when the first segment comes, and so do their stamps."""
    with connect() as con:
        lake.write_days(con, TABLE, rows((D1, "a"), (D2, "b")), [D1, D2], computed_at=now_ns())
    stamps = lake.content_changed_at(TABLE)
    add(lake, (D3, "c"))
    assert [(D1, "a"), (D2, "b"), (D3, "c")] == names(lake)
    assert stamps == {day: at for day, at in lake.content_changed_at(TABLE).items() if day != D3}
    with connect() as con, pytest.raises(ValueError, match="never replaced"):
        lake.write_days(con, TABLE, rows((D1, "x")), [D1], computed_at=now_ns())


def test_an_empty_day_is_a_mark_and_no_file(lake: Lake) -> None:
    """A day computed without rows is among the days; one that loses its rows keeps a file, whose stamp tells."""
    with connect() as con:
        written = lake.write_days(con, TABLE, rows((D1, "a")), [D1, D2], computed_at=now_ns())
        assert ([D1, D2], (D1, D2)) == (lake.days(TABLE), written.changed)
        assert 1 == len(lake.files(TABLE))
        assert () == lake.write_days(con, TABLE, rows((D1, "a")), [D1, D2], computed_at=now_ns()).changed
        before = lake.content_changed_at(TABLE)[D1]
        emptied = lake.write_days(con, TABLE, empty_select(TABLE), [D1, D2], computed_at=now_ns())
    assert (D1,) == emptied.changed
    assert before < lake.content_changed_at(TABLE)[D1]
