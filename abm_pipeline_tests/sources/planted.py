"""What a vendor's records become when pulled and staged, beside what the sandbox planted."""

from __future__ import annotations

from typing import Any

import duckdb
import pandas as pd

from abm_pipeline.contracts.tables import Table
from abm_pipeline.sandbox.world import World
from abm_pipeline.settings import Settings
from abm_pipeline.sources._spec import SourceSpec
from abm_pipeline.sources.extract import extract
from abm_pipeline.staging.refresh import refresh

Rows = set[tuple[Any, ...]]


def staged(spec: SourceSpec, settings: Settings, world: World) -> None:
    """Pull everything up to the clock's day in one run, and stage it."""
    extract(spec, settings, [world.until], "run")
    refresh(settings, [world.until], "run")


def newest(settings: Settings, table: Table, *columns: str) -> Rows:
    """Columns of the newest version of every record; stamps as timestamps in UTC."""
    with duckdb.connect() as con:
        con.execute("SET TimeZone = 'UTC'")
        settings.open_lake.attach(con, table, name="staged_rows")
        names = ", ".join(columns)
        rows = con.execute(
            f"SELECT {names} FROM staged_rows "
            "QUALIFY row_number() OVER (PARTITION BY source, source_id ORDER BY modified_at DESC, captured_at DESC) = 1"
        ).fetchall()
    return set(rows)


def planted(world: World, name: str, source: str, *columns: str) -> Rows:
    """The same columns of a truth table, rows of the source only."""
    frame = world.truth[name]
    frame = frame[frame["source"] == source][list(columns)]
    return {tuple(_plain(value) for value in row) for row in frame.itertuples(index=False)}


def _plain(value: Any) -> Any:
    return value.to_pydatetime() if isinstance(value, pd.Timestamp) else value
