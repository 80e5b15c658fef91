"""Files of company records for tests: written from dicts, resolved, and read back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from abm_pipeline.identity.resolve import resolve_file

LISTS = ("additional_domains", "email_domains", "xref")


def row(key: str, name: str | None = None, **known: Any) -> dict[str, Any]:
    """A record by its key `source:source_id`."""
    source, _, source_id = key.partition(":")
    return {"source": source, "source_id": source_id, "name": name, **known}


def write(path: Path, rows: Iterable[Mapping[str, Any]]) -> Path:
    """Write rows as Parquet, a column for whatever any of them has."""
    rows = list(rows)
    columns = list(dict.fromkeys(name for each in rows for name in each))
    pq.write_table(pa.table({name: _array(name, [each.get(name) for each in rows]) for name in columns}), path)
    return path


def _array(name: str, values: list[Any]) -> pa.Array:
    texts = all(value is None or isinstance(value, str) for value in values)
    return pa.array(values, pa.string()) if texts and name not in LISTS else pa.array(values)


def resolved(folder: Path, rows: Iterable[Mapping[str, Any]], **options: Any) -> tuple[dict[str, str], dict[str, str]]:
    """Account by record key, and parent by child account."""
    source = write(folder / "records.parquet", rows)
    output, parents = folder / "members.parquet", folder / "parents.parquet"
    resolve_file(source, output, parents=parents, **options)
    members, family = pd.read_parquet(output), pd.read_parquet(parents)
    keys = members["source"] + ":" + members["source_id"]
    return (
        dict(zip(keys, members["account_id"], strict=True)),
        dict(zip(family["child_account_id"], family["parent_account_id"], strict=True)),
    )


def together(account_of: Mapping[str, str]) -> list[set[str]]:
    """The accounts as sets of record keys, in the order of their first."""
    found: dict[str, set[str]] = {}
    for key, account in account_of.items():
        found.setdefault(account, set()).add(key)
    return sorted(found.values(), key=min)
