"""Staged partitions written by hand, and tables read back: what tests of identity and facts start and end with."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd

from abm_pipeline.contracts import tables as t
from abm_pipeline.contracts.render import DUCKDB, quoted
from abm_pipeline.contracts.tables import Table
from abm_pipeline.settings import Settings
from abm_pipeline.storage.engine import connect
from abm_pipeline.storage.lake import Lake, now_ns

FLAGS = {"is_deleted": False, "is_exposure": False, "is_surging": True, "is_approximate": True, "is_snapshot": True}
FLAGS |= {"is_closed": False, "is_won": False, "person_type": "contact"}
Row = Mapping[str, Any]


def at(text: str) -> datetime:
    """A UTC instant: `2025-03-04` or `2025-03-04 10:30`."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def settings_of(folder: Path, programme: str = "") -> Settings:
    """Settings with a lake of their own under `folder`; `programme` is YAML that overrides the defaults."""
    config = folder / "config"
    config.mkdir(parents=True, exist_ok=True)
    (config / "programme.yaml").write_text(programme)
    return Settings(_env_file=None, home=folder, config=config)  # type: ignore[call-arg]


def stage(lake: Lake, table: Table, rows: Iterable[Row], days: Iterable[date] = ()) -> None:
    """Write staged partitions: those of the rows' days (default: the day of `modified_at`), and empty ones of `days`.

    A row gives what the test is about: source is salesforce, flags are false, captured at noon of its day.
    """
    full = []
    for row in rows:
        modified = row.get("modified_at") or row.get("entered_at") or at("2025-01-01")
        day = row.get("day") or modified.date()
        noon = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
        full.append(
            {"source": "salesforce", "run_id": "r", "captured_at": noon, "modified_at": modified, "day": day}
            | {flag: value for flag, value in FLAGS.items() if flag in table.columns}
            | dict(row)
        )
    partitions = {row["day"] for row in full} | set(days)
    unknown = {column for row in full for column in row} - set(table.columns)
    assert not unknown, f"{table} has no {unknown}"
    with connect() as con:
        columns = ", ".join(f"{quoted(f.name)} {DUCKDB[f.type]}" for f in table.fields())
        con.execute(f"CREATE TABLE written ({columns})")
        for row in full:
            names = ", ".join(quoted(column) for column in row)
            con.execute(f"INSERT INTO written ({names}) VALUES ({', '.join('?' * len(row))})", list(row.values()))
        lake.write_days(con, table, "SELECT * FROM written", partitions, computed_at=now_ns())


def read(lake: Lake, table: Table, columns: str = "") -> list[tuple[Any, ...]]:
    """The table's rows, of the given columns (default: all but provenance), sorted as text."""
    wanted = columns.split() or [c for c in table.columns if c not in ("run_id", "captured_at")]
    with connect() as con:
        lake.attach(con, table)
        rows = con.execute(f"SELECT {', '.join(map(quoted, wanted))} FROM {table}").fetchall()
    return sorted(rows, key=str)


def frame(lake: Lake, table: Table) -> pd.DataFrame:
    """The whole table as a frame."""
    with connect() as con:
        lake.attach(con, table)
        return con.sql(f"SELECT * FROM {table}").to_arrow_table().to_pandas()


def company(source_id: str, **values: Any) -> dict[str, Any]:
    """A company record, created on 2025-01-01 unless told, of version `modified_at` = its creation."""
    created = values.pop("created_at", at("2025-01-01"))
    return {"source_id": source_id, "created_at": created, "modified_at": created or at("2025-01-01")} | values


def span(first: str, days: int) -> list[date]:
    """`days` days from the first on."""
    start = date.fromisoformat(first)
    return [start + timedelta(days=offset) for offset in range(days)]


def accounts_of(lake: Lake) -> dict[str, str]:
    """Account by record key, domains included."""
    return {f"{source}:{key}": account for account, source, key in read(lake, t.MEMBER, "account_id source source_id")}


def groups_of(lake: Lake) -> set[frozenset[str]]:
    """The record keys (no domains) that form each account."""
    pairs = sorted((account, key) for key, account in accounts_of(lake).items() if not key.startswith("domain:"))
    return {frozenset(key for _, key in group) for _, group in itertools.groupby(pairs, key=lambda pair: pair[0])}
