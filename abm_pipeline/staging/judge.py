"""Pandera judges every record where it enters, by the raw contract, and again as a row of its canonical table.

Frames come in batches, so memory stays bounded whatever the day brings. Only columns that can break a rule are looked
at, DuckDB has typed the others; and of records only those with a field that was not read as promised (see `parse`).
What comes back is which rows broke which rule; the rows themselves never leave SQL.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache, partial

import duckdb
import pandas as pd
import pandera.pandas as pa
import pyarrow

from abm_pipeline.contracts import tables as T
from abm_pipeline.contracts.currencies import CURRENCIES
from abm_pipeline.contracts.fields import Type
from abm_pipeline.contracts.render import pandera_schema, quoted
from abm_pipeline.contracts.tables import Table
from abm_pipeline.sources._spec import REJECTED, Stream
from abm_pipeline.staging.parse import MISSING, NULL, RETYPED

BATCH_ROWS = 250_000
# Given by staging itself to every row.
_GIVEN = frozenset({"day", "source", "captured_at", "run_id"})
_FRAME_TYPES = {pyarrow.bool_(): pd.BooleanDtype(), pyarrow.int64(): pd.Int64Dtype()}
# Rules that compare columns, as SQL that is true where they are broken: (rule, column) by table.
_CROSS_RULES: dict[Table, dict[tuple[str, str], str]] = {
    T.DEAL: {
        ("closed_before_created", "close_day"): (
            "is_closed AND close_day < CAST(created_at AT TIME ZONE (SELECT reporting_timezone FROM params) AS DATE)"
        )
    },
}


def raw_schema(stream: Stream) -> pa.DataFrameSchema:
    """The raw contract over `state.<stream>`: rules `retyped`, and `null` and `missing` for required fields."""
    broken = {"retyped": RETYPED, "null": NULL, "missing": MISSING}
    checks = [pa.Check.ne(state, name=rule, error=rule) for rule, state in broken.items()]
    columns = {f.name: pa.Column("uint8", checks if f.required else checks[:1]) for f in stream.fields}
    return pa.DataFrameSchema(columns, name="raw contract")


@cache
def canonical_schema(table: Table) -> pa.DataFrameSchema:
    """The table's contract as far as a row can break it; a rule that compares columns is a column of its own."""
    unchecked = {f.name for f in table.fields() if f.name not in _breakable(table)}
    schema = pandera_schema(table, without=frozenset(unchecked))
    if "currency" in table.columns:
        known = pa.Check.isin(CURRENCIES, name="unknown_currency", error="unknown_currency")
        schema = schema.update_column("currency", checks=[known])
    crossed = {
        rule: pa.Column(pd.BooleanDtype(), [pa.Check.eq(False, name=rule, error=rule)])
        for rule, _ in _CROSS_RULES.get(table, {})
    }
    return schema.add_columns(crossed)


def judge_records(con: duckdb.DuckDBPyConnection, stream: Stream) -> pd.DataFrame:
    """What the records in `state.<stream>` broke: columns row, rule (`retyped:Amount`), column.

    Those that their client rejected broke the rule that it says, and no other.
    """
    columns = ", ".join(quoted(field.name) for field in stream.fields)
    suspects = f"SELECT _row, {columns} FROM state.{quoted(stream.name)} WHERE _worst > 0"
    broken = _failures(con, suspects, partial(raw_schema, stream))
    if not set(REJECTED) <= set(stream.fields):
        return broken
    rule, column = (quoted(field.name) for field in REJECTED)
    told = con.execute(
        f"SELECT _row AS row, {rule} AS rule, coalesce({column}, '') AS \"column\" "
        f"FROM rec.{quoted(stream.name)} WHERE {rule} IS NOT NULL"
    ).df()
    return pd.concat([told.astype(broken.dtypes), broken[~broken["row"].isin(told["row"])]], ignore_index=True)


def judge_rows(con: duckdb.DuckDBPyConnection, table: Table, relation: str) -> pd.DataFrame:
    """What the rows of `relation` (with `_row`) broke of the table's contract: columns row, rule, column."""
    columns = [
        f"CAST({quoted(f.name)} AS DOUBLE) AS {quoted(f.name)}" if f.type is Type.MONEY else quoted(f.name)
        for f in table.fields()
        if f.name in _breakable(table)
    ]
    cross = _CROSS_RULES.get(table, {})
    columns += [f"coalesce({sql}, false) AS {quoted(rule)}" for (rule, _), sql in cross.items()]
    found = _failures(con, f"SELECT _row, {', '.join(columns)} FROM {relation}", partial(canonical_schema, table))
    # Rules with a name of their own stand alone; the others say which column.
    own = {rule: (rule, column) for rule, column in cross} | {"unknown_currency": ("unknown_currency", "currency")}
    for name, (rule, column) in own.items():
        is_own = found["rule"].str.startswith(f"{name}:")
        found.loc[is_own, ["rule", "column"]] = [rule, column]
    return found


def _breakable(table: Table) -> frozenset[str]:
    """Columns with a rule: never null, or of bounded values."""
    bounded = {f.name for f in table.fields() if f.values or f.low is not None or f.high is not None}
    return frozenset(bounded | table.not_null | ({"currency"} & set(table.columns))) - _GIVEN


def _failures(con: duckdb.DuckDBPyConnection, query: str, contract: Callable[[], pa.DataFrameSchema]) -> pd.DataFrame:
    found = [pd.DataFrame(columns=["row", "rule", "column"]).astype({"row": "int64", "rule": "str", "column": "str"})]
    for frame in _frames(con, query):
        schema = contract()
        try:
            schema.validate(frame, lazy=True)
        except pa.errors.SchemaErrors as errors:
            cases = errors.failure_cases
            if cases["index"].isna().any():
                broken = cases[cases["index"].isna()][["column", "check"]].drop_duplicates().to_dict("records")
                raise TypeError(f"{schema.name}: the mapping gives other types than the contract: {broken}") from None
            column = cases["column"].astype("str")
            rule = cases["check"].astype("str").replace("not_nullable", "null") + ":" + column
            found.append(pd.DataFrame({"row": cases["index"].astype("int64"), "rule": rule, "column": column}))
    return pd.concat(found, ignore_index=True)


def _frames(con: duckdb.DuckDBPyConnection, query: str) -> Iterator[pd.DataFrame]:
    for batch in con.sql(query).to_arrow_reader(BATCH_ROWS):
        frame = pyarrow.Table.from_batches([batch]).to_pandas(types_mapper=_FRAME_TYPES.get, date_as_object=False)
        yield frame.set_index("_row")
