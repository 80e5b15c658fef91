"""One declaration, every engine's spelling: Arrow, DuckDB, Pandera, SQLAlchemy, and the data dictionary page.

Dagster's spelling is in `defs.metadata`, since nothing outside `defs` may import Dagster.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from abm_pipeline.contracts.fields import Field, Type
from abm_pipeline.contracts.tables import TABLES, Table

if TYPE_CHECKING:
    # Imported where used: the lake and every load of the Dagster definitions import this module, few need Pandera.
    import pandera.pandas as pa

DUCKDB: dict[Type, str] = {
    Type.TEXT: "VARCHAR",
    Type.INT: "BIGINT",
    Type.FLOAT: "DOUBLE",
    Type.BOOL: "BOOLEAN",
    Type.DATE: "DATE",
    Type.TIMESTAMP: "TIMESTAMPTZ",
    Type.MONEY: "DECIMAL(18,4)",
    Type.TEXTS: "VARCHAR[]",
}
SPARK: dict[Type, str] = {
    Type.TEXT: "STRING",
    Type.INT: "BIGINT",
    Type.FLOAT: "DOUBLE",
    Type.BOOL: "BOOLEAN",
    Type.DATE: "DATE",
    Type.TIMESTAMP: "TIMESTAMP",
    Type.MONEY: "DECIMAL(18,4)",
    Type.TEXTS: "ARRAY<STRING>",
}
_POSTGRES: dict[Type, sa.types.TypeEngine[Any]] = {
    Type.TEXT: sa.Text(),
    Type.INT: sa.BigInteger(),
    Type.FLOAT: sa.Double(),
    Type.BOOL: sa.Boolean(),
    Type.DATE: sa.Date(),
    Type.TIMESTAMP: sa.DateTime(timezone=True),
    Type.MONEY: sa.Numeric(18, 4),
    Type.TEXTS: postgresql.ARRAY(sa.Text()),
}


def quoted(name: str) -> str:
    """A column name as an SQL identifier."""
    return f'"{name}"'


def select_list(table: Table, uncast: Collection[str] = (), absent: Collection[str] = ()) -> str:
    """The table's columns in contract order, cast to contract types: what stands between SELECT and FROM.

    Those `absent` from what is read are null.
    """
    return ", ".join(
        quoted(f.name)
        if f.name in uncast
        else f"CAST({'NULL' if f.name in absent else quoted(f.name)} AS {DUCKDB[f.type]}) AS {quoted(f.name)}"
        for f in table.fields()
    )


def empty_select(table: Table) -> str:
    """A SELECT with the table's columns and no row."""
    columns = ", ".join(f"CAST(NULL AS {DUCKDB[f.type]}) AS {quoted(f.name)}" for f in table.fields())
    return f"SELECT {columns} WHERE false"


def pandera_schema(table: Table, *, without: frozenset[str] = frozenset()) -> pa.DataFrameSchema:
    """The table's contract for a pandas frame, key uniqueness apart. Validate with `lazy=True`."""
    import pandera.pandas as pa

    return pa.DataFrameSchema(
        {f.name: _pandera_column(f, table) for f in table.fields() if f.name not in without},
        name=str(table),
        strict=False,
    )


def _pandera_column(field: Field, table: Table) -> pa.Column:
    import pandas as pd
    import pandera.pandas as pa

    # Frames are made by DuckDB, which has typed them already; Pandera holds nulls, values and bounds.
    types: dict[Type, Any] = {
        Type.TEXT: pd.StringDtype(na_value=float("nan")),
        Type.INT: pd.Int64Dtype(),
        Type.FLOAT: "float64",
        Type.BOOL: pd.BooleanDtype(),
        Type.TIMESTAMP: pd.DatetimeTZDtype("us", "UTC"),
    }
    checks = []
    if field.values:
        checks.append(pa.Check.isin(list(field.values), error="unknown_value"))
    if field.low is not None:
        checks.append(pa.Check.ge(field.low, error="too_low"))
    if field.high is not None:
        checks.append(pa.Check.le(field.high, error="too_high"))
    return pa.Column(
        types.get(field.type),
        checks=checks,
        nullable=field.name not in table.not_null,
        coerce=field.type in types,
        required=True,
    )


def sqlalchemy_table(table: Table, metadata: sa.MetaData, schema: str = "abm") -> sa.Table:
    """The published form of the table. Raises ValueError for one that is not published."""
    if table.published is None:
        raise ValueError(f"{table} is not published")
    return sa.Table(
        table.published,
        metadata,
        *(
            sa.Column(f.name, _POSTGRES[f.type], nullable=f.name not in table.not_null, comment=f.about)
            for f in table.fields()
        ),
        schema=schema,
        comment=table.about,
    )


def data_dictionary() -> str:
    """The data dictionary as a Markdown page, one section a table."""
    lines = [
        "# Data dictionary",
        "",
        "Made from `abm_pipeline/contracts` by `make docs`; edit there.",
    ]
    for table in TABLES.values():
        served = f" Published as `abm.{table.published}`." if table.published else ""
        lines += ["", f"## {table}", "", f"{table.about}{served}", "", f"Key: {', '.join(table.key)}.", ""]
        lines += ["| column | type | null | meaning |", "|---|---|---|---|"]
        lines += [
            f"| {f.name} | {DUCKDB[f.type].lower()} | {'no' if f.name in table.not_null else 'yes'} | {f.about} |"
            for f in table.fields()
        ]
    return "\n".join(lines) + "\n"
