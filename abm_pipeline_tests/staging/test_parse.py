"""Payloads by the raw contract: one record as REST and as Bulk send it, and all that can be wrong with a field."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import duckdb
import pandas as pd
import pytest

from abm_pipeline.contracts.fields import Type
from abm_pipeline.sources._spec import RawField, Stream
from abm_pipeline.staging.judge import judge_records
from abm_pipeline.staging.parse import Drift, drift, parse
from abm_pipeline.storage.engine import connect

STREAM = Stream(
    "thing",
    "Things.",
    "changes",
    (
        RawField("Id", Type.TEXT, required=True),
        RawField("Name", Type.TEXT),
        RawField("Amount", Type.MONEY),
        RawField("Heads", Type.INT),
        RawField("Share", Type.FLOAT),
        RawField("IsWon", Type.BOOL, required=True),
        RawField("CloseDate", Type.DATE),
        RawField("CreatedDate", Type.TIMESTAMP),
        RawField("Account.Name", Type.TEXT),
        RawField("urns", Type.TEXTS),
    ),
)
GOOD = {"Id": "1", "IsWon": True}


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection with nothing in it."""
    with connect() as opened:
        yield opened


def read(con: duckdb.DuckDBPyConnection, *payloads: dict[str, Any]) -> pd.DataFrame:
    """Parse the payloads; what is wrong, as (record_id, rule)."""
    rows = [(date(2026, 3, 2), str(i), "v", datetime.now(UTC), json.dumps(p)) for i, p in enumerate(payloads)]
    con.register("rows", pd.DataFrame(rows, columns=["day", "record_id", "version", "fetched_at", "payload"]))
    con.execute("CREATE OR REPLACE TEMP TABLE raw AS SELECT * REPLACE (CAST(day AS DATE) AS day) FROM rows")
    assert len(payloads) == parse(con, STREAM, "raw", {"won": "IsWon", "absent": None})
    return judge_records(con, STREAM)


def broken(con: duckdb.DuckDBPyConnection, *payloads: dict[str, Any]) -> list[str]:
    """Rules that the payloads break, in order."""
    return sorted(read(con, *payloads)["rule"])


def test_rest_and_bulk_give_the_same_values(con: duckdb.DuckDBPyConnection) -> None:
    """REST: numbers, booleans, +0000 and a nested parent. Bulk: everything text, Z, a dotted column, "" for null."""
    rest = {
        "Id": "1", "Name": None, "Amount": 1000.5, "Heads": 39000.0, "Share": 0.25, "IsWon": True,
        "CloseDate": "2026-04-30", "CreatedDate": "2020-10-22T21:03:23.000+0000", "Account": {"Name": "Acme"},
    }  # fmt: skip
    bulk = {
        "Id": "1", "Name": "", "Amount": "1000.5", "Heads": "39000", "Share": "0.25", "IsWon": "true",
        "CloseDate": "2026-04-30", "CreatedDate": "2020-10-22T21:03:23.000Z", "Account.Name": "Acme",
    }  # fmt: skip
    assert broken(con, rest, bulk) == []
    rows = con.execute("SELECT * EXCLUDE (_row, _from) FROM rec.thing").fetchall()
    stamp = datetime(2020, 10, 22, 21, 3, 23, tzinfo=UTC)
    expected = (
        "1", None, Decimal("1000.5000"), 39000, 0.25, True, date(2026, 4, 30), stamp, "Acme", None, True, None
    )  # fmt: skip
    assert [expected, expected] == rows


def test_linkedin_decimals_and_lists_are_read(con: duckdb.DuckDBPyConnection) -> None:
    """Twenty decimals are cut to four, a cost of -2e-18 is nought, a list of urns is a list."""
    payload = {**GOOD, "Amount": "24.457317520310493", "urns": ["urn:li:organization:1035", "x"]}
    assert broken(con, payload, {**GOOD, "Amount": "-2e-18"}) == []
    rows = con.execute('SELECT "Amount", urns FROM rec.thing ORDER BY _row').fetchall()
    assert [(Decimal("24.4573"), ["urn:li:organization:1035", "x"]), (Decimal("0.0000"), None)] == rows


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("Amount", "12 USD"), ("Amount", 1e30), ("Heads", 1.5), ("Heads", "many"), ("Share", "nan"), ("IsWon", "yes"),
        ("CloseDate", "30/04/2026"), ("CloseDate", STAMP := "2026-04-30T00:00:00Z"), ("CreatedDate", "yesterday"),
        ("Name", {"en_US": "Acme"}), ("urns", "urn:li:organization:1"),
    ],
)  # fmt: skip
def test_a_value_that_is_not_of_its_type_is_retyped(con: duckdb.DuckDBPyConnection, field: str, value: Any) -> None:
    """Text that is no number, half a head, a stamp for a date, an object for a text."""
    assert [f"retyped:{field}"] == broken(con, {**GOOD, field: value})


def test_null_is_not_missing(con: duckdb.DuckDBPyConnection) -> None:
    """A required field that is null, that is "" in a CSV, and that is gone; optional ones may be all of these."""
    assert ["null:IsWon"] == broken(con, {"Id": "1", "IsWon": None, "Name": None})
    assert ["null:IsWon"] == broken(con, {"Id": "1", "IsWon": ""})
    assert ["missing:IsWon"] == broken(con, {"Id": "1"})


def test_every_broken_rule_of_a_row_is_told(con: duckdb.DuckDBPyConnection) -> None:
    """Three rows: the second breaks three rules, the others none."""
    found = read(con, GOOD, {"Amount": "a lot", "Heads": "b"}, GOOD)
    assert {1} == set(found["row"])
    assert ["missing:Id", "missing:IsWon", "retyped:Amount", "retyped:Heads"] == sorted(found["rule"])


def test_an_empty_stream_has_its_columns(con: duckdb.DuckDBPyConnection) -> None:
    """No record, no failure, and still a typed table to select from."""
    assert broken(con) == []
    assert [] == con.execute('SELECT "Account.Name", won FROM rec.thing WHERE "Amount" > 0').fetchall()
    assert Drift((), ()) == drift(con, STREAM, "raw")


def test_new_fields_and_gone_fields_are_told(con: duckdb.DuckDBPyConnection) -> None:
    """A key that the contract does not name, and the declared ones that nobody sent."""
    read(con, {**GOOD, "attributes": {}, "Colour": "red"}, {**GOOD, "Name": None, "Account": None})
    expected = Drift(("Colour",), ("Amount", "Heads", "Share", "CloseDate", "CreatedDate", "urns"))
    assert expected == drift(con, STREAM, "raw")
