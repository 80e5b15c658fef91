"""What touches add up to under any model, kept from one re-score to the next.

Belongs here: keeping the tables of `TOUCH_STEPS` that later steps read, and finding out whether they still stand. They
are kept under a digest of all that they are made of: the days, the programme's settings, the SQL, and every file of
touches, intent and identity with its size and the time of its last change. So what is found is what would be computed;
if anything differs, nothing is found. One set is kept, that of the last long range; deleting it costs time only.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import uuid
from collections.abc import Iterable, Sequence
from pathlib import Path

import duckdb
import orjson

from abm_pipeline.storage.engine import Step

TABLES = ("account_number", "kind", "contact_day", "intent_topic", "listed", "unattributed")


def digest(steps: Sequence[Step], settings: Iterable[object], files: Iterable[Path]) -> str:
    """Names a set: what it was computed from, by which SQL, in which release of DuckDB."""
    stats = [(str(path), (stat := os.stat(path)).st_mtime_ns, stat.st_size) for path in files]
    told = [duckdb.__version__, [step.sql for step in steps], [str(value) for value in settings], stats]
    return hashlib.sha256(orjson.dumps(told)).hexdigest()[:32]


def load(con: duckdb.DuckDBPyConnection, folder: Path) -> bool:
    """Make the tables of the set in `folder`; False, without any, if there is no whole one."""
    if not folder.is_dir():
        return False
    try:
        for table in TABLES:
            con.execute(
                f"CREATE OR REPLACE TEMP TABLE {table} AS FROM read_parquet($file)", {"file": _file(folder, table)}
            )
    except duckdb.IOException:
        return False  # another run took the set away while it was read
    return True


def save(con: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """Keep the tables as the set `folder`, in place of the one before."""
    beside = folder.with_name(f".{uuid.uuid4().hex}")
    beside.mkdir(parents=True)
    for table in TABLES:
        con.execute(f"COPY {table} TO '{_file(beside, table)}' (FORMAT parquet, COMPRESSION zstd)")
    for old in folder.parent.iterdir():
        if old != beside:
            shutil.rmtree(old, ignore_errors=True)
    os.rename(beside, folder)


def _file(folder: Path, table: str) -> str:
    return str(folder / f"{table}.parquet").replace("'", "''")
