"""The column dictionary and its renderings: every table says the same thing in every engine."""

from __future__ import annotations

import duckdb
import pandas as pd
import pandera.errors
import pytest
import sqlalchemy as sa

from abm_pipeline.contracts import tables
from abm_pipeline.contracts.fields import FIELDS
from abm_pipeline.contracts.render import data_dictionary, empty_select, pandera_schema, sqlalchemy_table
from abm_pipeline.contracts.tables import TABLES, Table

all_tables = pytest.mark.parametrize("table", TABLES.values(), ids=str)


@all_tables
def test_columns_are_in_the_dictionary_once(table: Table) -> None:
    """A table names each column once, only from the dictionary, and its key and required columns are among them."""
    assert len(set(table.columns)) == len(table.columns)
    assert set(table.columns) <= FIELDS.keys()
    assert table.not_null <= set(table.columns)
    assert table.is_daily <= ("day" in table.columns)


@all_tables
def test_an_empty_table_passes_its_contract(table: Table) -> None:
    """The empty day: no row, every column typed, valid."""
    frame = duckdb.connect().execute(empty_select(table)).df()

    assert list(table.columns) == list(pandera_schema(table).validate(frame, lazy=True).columns)


def test_pandera_names_the_broken_rule_and_row() -> None:
    """Of three companies the second has an unknown tier and the third a negative head count: two failures."""
    con = duckdb.connect()
    frame = con.execute(
        f"""SELECT * REPLACE (DATE '2026-01-01' AS day, 'salesforce' AS source, id AS source_id, false AS is_deleted,
              now() AS captured_at, now() AS modified_at, tier_value AS tier, employees AS employee_count)
            FROM (VALUES ('a', 'one_to_few', 5), ('b', '1:7', 5), ('c', NULL, -1)) AS v(id, tier_value, employees)
            LEFT JOIN ({empty_select(tables.COMPANY)}) ON true"""
    ).df()

    with pytest.raises(pandera.errors.SchemaErrors) as failed:
        pandera_schema(tables.COMPANY).validate(frame, lazy=True)

    cases = failed.value.failure_cases.sort_values("index")
    assert [(1, "tier", "unknown_value"), (2, "employee_count", "too_low")] == list(
        cases[["index", "column", "check"]].itertuples(index=False, name=None)
    )


def test_nullable_columns_take_nulls_and_keys_do_not() -> None:
    """A key column that is null is a failure; any column that is not required may be null."""
    frame = duckdb.connect().execute(f"{empty_select(tables.METRIC_VALUES)} UNION ALL BY NAME SELECT 1 AS n").df()

    with pytest.raises(pandera.errors.SchemaErrors) as failed:
        pandera_schema(tables.METRIC_VALUES).validate(frame, lazy=True)

    assert tables.METRIC_VALUES.not_null - {"n"} == set(failed.value.failure_cases["column"])


def test_published_tables_make_postgres_ddl() -> None:
    """Every published table compiles for Postgres with its comments; one that is not published is refused."""
    metadata = sa.MetaData()

    made = [sqlalchemy_table(table, metadata) for table in tables.PUBLISHED]

    assert {table.published for table in tables.PUBLISHED} == {table.name for table in made}
    with pytest.raises(ValueError, match="not published"):
        sqlalchemy_table(tables.TOUCH, metadata)


def test_data_dictionary_lists_every_table_and_column() -> None:
    """The page has a section for each table and a row for each of its columns."""
    page = data_dictionary()

    assert len(TABLES) == page.count("\n## ")
    assert sum(len(table.columns) for table in TABLES.values()) == page.count("\n| ") - len(TABLES)


def test_dtypes_survive_a_round_trip() -> None:
    """Text stays text, a missing whole number stays a whole number, time stays in UTC."""
    frame = pd.DataFrame(duckdb.connect().execute(empty_select(tables.TOUCH)).df())

    valid = pandera_schema(tables.TOUCH).validate(frame)

    assert ("str", "datetime64[us, UTC]", "boolean") == tuple(
        str(valid.dtypes[column]) for column in ("touch_id", "occurred_at", "is_exposure")
    )
