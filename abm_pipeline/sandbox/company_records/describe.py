"""A table of what was made, with the check that naive keys chain: the components that any shared key makes."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from abm_pipeline.sandbox.company_records.recordset import RecordSet


def _shared(row: pd.Series, value: pd.Series) -> pd.DataFrame:
    return pd.DataFrame({"row": row.to_numpy(), "value": value.to_numpy()}).dropna().query("value != ''")


def naive_keys(records: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Row and value of each key a naive matcher would join on: domains, phone digits, names in lower case."""
    at = pd.Series(np.arange(len(records)))
    host = records["website"].str.lower().str.replace(r"^(https?:?//)?(www\.)?", "", regex=True).str.split("/").str[0]
    told = records["email_domains"].explode()
    mail = pd.Series(told.index), told.astype("str").str.split(":").str[0]
    return {
        "domain": pd.concat([_shared(at, host), _shared(at, records["domain"].str.lower()), _shared(*mail)]),
        "phone": _shared(at, records["phone"].str.replace(r"\D", "", regex=True)),
        "name": _shared(at, records["name"].str.lower().str.strip()),
    }


def components(pairs: pd.DataFrame, rows: int) -> np.ndarray:
    """Sizes of the components that sharing a value makes, in records, largest first."""
    code, values = pd.factorize(pairs["value"])
    n = rows + len(values)
    graph = coo_matrix((np.ones(len(pairs)), (pairs["row"], rows + code)), shape=(n, n))
    _, label = connected_components(graph, directed=False)
    return np.sort(np.bincount(label[:rows]))[::-1]


def describe(made: RecordSet) -> str:
    """Lines by snapshot: records by source, accounts, cluster sizes, the largest components of naive keys."""
    lines = []
    for k, (records, truth) in enumerate(zip(made.records, made.truth, strict=True), start=1):
        sizes = truth.groupby("account_id").size()
        pairs = int((sizes * (sizes - 1) // 2).sum())
        keys = naive_keys(records)
        largest = {name: int(components(pairs_of, len(records))[0]) for name, pairs_of in keys.items()}
        largest["any"] = int(
            components(pd.concat([p.assign(value=n + ":" + p["value"]) for n, p in keys.items()]), len(records))[0]
        )
        lines += [
            f"snapshot {k}: {len(records):,} records, {len(sizes):,} accounts, {truth['group_id'].nunique():,} groups",
            "  by source: " + ", ".join(f"{s} {c:,}" for s, c in records["source"].value_counts().items()),
            "  by kind: " + ", ".join(f"{s} {c:,}" for s, c in truth["kind"].value_counts().items()),
            f"  records per account: mean {sizes.mean():.2f}, largest {sizes.max()}; true pairs {pairs:,}",
            "  largest component of naive keys: " + ", ".join(f"{n} {c:,}" for n, c in largest.items()),
        ]
    return "\n".join(lines)
