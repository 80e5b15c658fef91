"""Who is who on public records that people labelled: restaurants of the Fodor's and Zagat's guides.

864 records, 112 of them in both guides: names, telephone numbers, cities, cuisines. The three files come with the
source distribution of py_entitymatching (BSD); this takes them out of it, into `{home}/public`:

    pip download --no-deps --no-build-isolation --no-binary :all: --dest .abm/bench/public py_entitymatching
    tar -xzf .abm/bench/public/py*.tar.gz -C .abm/bench/public --strip-components=5 --wildcards '*/restaurants/*.csv'

The labels are of houses, ours of brands: two houses of one name in two cities count as wrongly joined.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pandas as pd

from abm_pipeline.identity.resolve import resolve_file
from benchmarks import _identity_rivals as rivals
from benchmarks._agreement import agreement
from benchmarks._timing import Row, in_process
from benchmarks.identity import peers

GUIDES = ("fodors", "zagats")


def measure(home: Path) -> Iterator[Row]:
    """Ours beside its peers."""
    at = (home / "public").absolute()
    if not (at / "matches_fodors_zagats.csv").exists():
        yield Row(f"restaurants of two guides: {at} lacks the files, see benchmarks/identity_public.py", None, "")
        return
    _write(at)
    records, tidy, truth, members = (at / f"{name}.parquet" for name in ("records", "tidy", "truth", "members"))
    in_process(rivals.clean, records, tidy)
    for row in peers(records, tidy, truth):
        yield replace(row, what=f"restaurants of two guides: {row.what}")
    timed = in_process(resolve_file, records, members)
    yield Row(
        f"restaurants of two guides: ours, {timed.result.records:,} records",
        timed,
        str(agreement(pd.read_parquet(members), pd.read_parquet(truth))),
    )


def _write(at: Path) -> None:
    """Write the guides as `records`, and `truth`: a house in both is called after the first."""
    records = pd.concat([pd.read_csv(at / f"{guide}.csv", dtype=str).assign(source=guide) for guide in GUIDES])
    records = records.rename(columns={"id": "source_id", "type": "industry"}).reset_index(drop=True)
    records[["source", "source_id", "name", "phone", "city", "industry"]].to_parquet(at / "records.parquet")
    both = pd.read_csv(at / "matches_fodors_zagats.csv", dtype=str)
    first = "fodors:" + both.set_index("zagats:" + both["zagats_id"])["fodors_id"]
    key = records["source"] + ":" + records["source_id"]
    truth = records[["source", "source_id"]].assign(account_id=key.map(first).fillna(key))
    truth.to_parquet(at / "truth.parquet")
