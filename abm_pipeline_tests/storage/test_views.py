"""metric_changes in Postgres and in `abm metrics`: the change on the same day a quarter before."""

from __future__ import annotations

from datetime import date

import pytest
import sqlalchemy as sa

from abm_pipeline.contracts import tables as T
from abm_pipeline.contracts.render import empty_select
from abm_pipeline.reports.values import for_people, metric_values
from abm_pipeline.settings import Settings
from abm_pipeline.storage import engine, postgres, warehouse
from abm_pipeline.storage.lake import now_ns

NOW, BEFORE = date(2026, 5, 31), date(2026, 2, 28)


def write(settings: Settings, *rows: tuple[date, str, str, float | None, str]) -> None:
    """Rows of metric_values: day, metric, tier (or all), value, definition."""
    values = ", ".join(
        f"(DATE '{day}', DATE '{day}', '{metric}', 90, '{'all' if tier == 'all' else 'tier'}', '{tier}', "
        f"{'NULL' if value is None else value}::DOUBLE, 20, false, 'none', '{version}')"
        for day, metric, tier, value, version in rows
    )
    columns = "day, as_of, metric, window_days, dimension, dimension_value, value, n, low_sample, status, "
    with engine.connect() as con:
        query = f"{empty_select(T.METRIC_VALUES)} UNION ALL BY NAME SELECT * FROM (VALUES {values}) "
        settings.open_lake.write_days(
            con, T.METRIC_VALUES, f"{query} v({columns} definition_version)", {r[0] for r in rows}, computed_at=now_ns()
        )


@pytest.fixture
def published(settings: Settings) -> Settings:
    """Two days a quarter apart (the end of February for that of May), and one in between.

    | metric | 28 February | 31 May | change |
    |---|---|---|---|
    | win_rate, all | 0.20 | 0.25 | +0.05 |
    | win_rate, one_to_one | none | 0.50 | none |
    | coverage, all | 0.40, another definition | 0.60 | none |
    """
    write(
        settings,
        (BEFORE, "win_rate", "all", 0.2, "d1"),
        (BEFORE, "coverage", "all", 0.4, "d0"),
        (date(2026, 3, 31), "win_rate", "all", 0.9, "d1"),
        (NOW, "win_rate", "all", 0.25, "d1"),
        (NOW, "win_rate", "one_to_one", 0.5, "d1"),
        (NOW, "coverage", "all", 0.6, "d1"),
    )
    warehouse.publish(settings, [T.METRIC_VALUES])
    return settings


def test_the_change_is_on_the_same_day_a_quarter_before(published: Settings) -> None:
    """0.25 − 0.2 = 0.05, a quarter more; no change where there was no value or another definition."""
    query = "SELECT metric, dimension_value, change, change_relative, as_of_before FROM abm.metric_changes WHERE "
    with postgres.connect(postgres.urls(published).served).connect() as con:
        rows = [tuple(row) for row in con.execute(sa.text(f"{query} as_of = '{NOW}' ORDER BY 1, 2"))]
        comment = con.scalar(sa.text("SELECT obj_description('abm.metric_changes'::regclass, 'pg_class')"))

    assert [("coverage", "all", None, None, None), ("win_rate", "one_to_one", None, None, None)] == [rows[0], rows[2]]
    assert ("win_rate", "all", 0.05, 0.25, BEFORE) == (*rows[1][:2], *(round(x, 9) for x in rows[1][2:4]), rows[1][4])
    assert str(comment).startswith("Every metric value beside")


def test_a_second_publish_leaves_the_view_alone(published: Settings) -> None:
    """It is the same object after another day was sent, so that nobody who reads it waits."""
    oid = sa.text("SELECT xmin::text FROM pg_class WHERE oid = 'abm.metric_changes'::regclass")
    with postgres.connect(postgres.urls(published).served).connect() as con:
        first = con.scalar(oid)
        con.rollback()
        write(published, (date(2026, 6, 1), "win_rate", "all", 0.3, "d1"))
        warehouse.publish(published, [T.METRIC_VALUES])
        assert first == con.scalar(oid)


def test_the_command_line_shows_the_change(published: Settings) -> None:
    """`abm metrics` has what the view has: five points more."""
    _, rows = metric_values(published, "win_rate", NOW)
    assert ["+5.0 pts", ""] == [row["change"] for row in for_people(rows, "USD")]
