"""What else one would do with the same records: names alone, likeness of names, plain Splink, keys alone, guarded keys.

Where one has a threshold, the best by the truth is taken: what it could reach at most. Those that take `tidy` read what
`clean` wrote, our spelling of names, domains, pages and numbers; their seconds are without it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from abm_pipeline.identity.keys import KEYS
from abm_pipeline.identity.resolve import opened, read_records
from abm_pipeline.storage.engine import run_steps
from benchmarks._agreement import Agreement, agreement

Ints = npt.NDArray[np.int64]
# Likenesses of names, and bits of match weight, of which the best is taken.
RATIOS = (80, 84, 86, 88, 90, 92, 94, 96, 98, 100)
WEIGHTS = (-3, -2, -1, 0, 1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 20)
# Names are compared with those of the same first letters.
LETTERS = 3
# By what Splink looks pairs up.
BLOCKS = (("name",), ("domain",), ("linkedin",), ("duns",), ("phone",), ("substr(name, 1, 6)", "country"))


@contextmanager
def cleaned(records: Path, memory_limit: str = "4GB") -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection with `record` and `record_domain`."""
    with TemporaryDirectory(dir=records.parent) as temp, opened(memory_limit, Path(temp)) as con:
        read_records(con, f"read_parquet('{records}')")
        yield con


def clean(records: Path, to: Path) -> None:
    """Write the records comparable, a row a record."""
    with cleaned(records) as con:
        con.execute(
            f"""
            COPY (
                SELECT record_key AS unique_id, source, source_id, plain AS name,
                    arg_min(domain, (how, domain)) AS domain, linkedin, duns, phone, country, city
                FROM record LEFT JOIN record_domain USING (record_key)
                GROUP BY ALL ORDER BY unique_id
            ) TO '{to}' (FORMAT parquet)
            """
        )


def exact_names(tidy: Path, truth: Path) -> Agreement:
    """One account a name, without case, accents, punctuation and legal form."""
    records = pd.read_parquet(tidy)
    records["account_id"] = records["name"].fillna(records["unique_id"])
    return agreement(records[["source", "source_id", "account_id"]], pd.read_parquet(truth))


def like_names(tidy: Path, truth: Path) -> tuple[float, Agreement]:
    """Connected components of names alike by rapidfuzz's token_sort_ratio; the best threshold."""
    from rapidfuzz import fuzz, process

    records = pd.read_parquet(tidy)
    names = pd.Series(records["name"].dropna().unique())
    found: list[tuple[Ints, Ints, Any]] = []
    for at in names.groupby(names.str[:LETTERS]).indices.values():
        texts = names.iloc[at].tolist()
        likeness = process.cdist(texts, texts, scorer=fuzz.token_sort_ratio, score_cutoff=RATIOS[0], dtype=np.uint8)
        rows, columns = np.nonzero(np.triu(likeness, 1))
        found.append((at[rows], at[columns], likeness[rows, columns]))
    left, right, likeness = (np.concatenate(part) for part in zip(*found, strict=True))
    position = pd.Series(names.index, index=names)
    place = records["name"].map(position).fillna(pd.Series(np.arange(len(records)) + len(names))).to_numpy(int)

    def labels(ratio: float) -> Ints:
        close = likeness >= ratio
        return components(len(names) + len(records), left[close], right[close])[place]

    return _best(records, labels, RATIOS, truth)


def splink_pairs(tidy: Path, pairs: Path, memory_limit: str = "4GB") -> int:
    """Splink trained without labels as its tutorial does it; writes the pairs it finds with their match weight.

    A separate connection in memory, two threads. Returns the number of pairs.
    """
    import splink.comparison_library as cl
    from splink import DuckDBAPI, Linker, SettingsCreator, block_on

    logging.getLogger("splink").setLevel(logging.ERROR)
    settings = SettingsCreator(
        link_type="dedupe_only",
        comparisons=[
            cl.JaroWinklerAtThresholds("name", [0.95, 0.88]).configure(term_frequency_adjustments=True),
            cl.ExactMatch("domain").configure(term_frequency_adjustments=True),
            *(cl.ExactMatch(column) for column in ("linkedin", "duns", "phone", "country")),
            cl.ExactMatch("city").configure(term_frequency_adjustments=True),
        ],
        blocking_rules_to_generate_predictions=[block_on(*columns) for columns in BLOCKS],
    )
    with TemporaryDirectory(dir=pairs.parent) as temp, duckdb.connect(
        config={"memory_limit": memory_limit, "threads": 2, "temp_directory": temp, "preserve_insertion_order": False}
    ) as con:  # fmt: skip
        con.execute("SET enable_progress_bar = false")
        con.execute(f"CREATE TABLE tidy AS FROM read_parquet('{tidy}')")
        linker = Linker(DuckDBAPI(con).register("tidy"), settings, log_level=logging.ERROR)
        sure = [block_on("name", "domain"), block_on("linkedin"), block_on("duns")]
        linker.training.estimate_probability_two_random_records_match(sure, recall=0.6)
        linker.training.estimate_u_using_random_sampling(max_pairs=1e6, seed=1)
        for columns in BLOCKS[:2]:
            linker.training.estimate_parameters_using_expectation_maximisation(block_on(*columns), max_pairs=1e6)
        found = linker.inference.predict(threshold_match_weight=WEIGHTS[0]).physical_name
        con.execute(f"COPY (SELECT unique_id_l, unique_id_r, match_weight FROM {found}) TO '{pairs}' (FORMAT parquet)")
        (count,) = con.execute(f"SELECT count(*) FROM read_parquet('{pairs}')").fetchall()[0]
    return int(count)


def splink_best(tidy: Path, pairs: Path, truth: Path) -> tuple[float, Agreement]:
    """Connected components of Splink's pairs; the best threshold, in bits of match weight."""
    records = pd.read_parquet(tidy)
    found = pd.read_parquet(pairs, columns=["unique_id_l", "unique_id_r", "match_weight"])
    position = pd.Series(np.arange(len(records)), index=records["unique_id"])
    left, right = (found[end].map(position).to_numpy() for end in ("unique_id_l", "unique_id_r"))
    weight = found["match_weight"].to_numpy()

    def labels(bits: float) -> Ints:
        close = weight >= bits
        return components(len(records), left[close], right[close])

    return _best(records, labels, WEIGHTS, truth)


def keys_alone(records: Path, truth: Path) -> Agreement:
    """Connected components over domains, pages, numbers and xref; free mail and shared hosts apart."""
    return _keyed(
        records,
        truth,
        """
        SELECT min(id) OVER (PARTITION BY kind, key) AS l, id AS r FROM key_use WHERE kind <> 'phone_stem'
        UNION ALL SELECT left_id, right_id FROM xref
        """,
    )


def guarded_keys(records: Path, truth: Path) -> Agreement:
    """What our rounds begin with: one key and one name, and no name on a domain that doesn't connect too much."""
    return _keyed(records, truth, "SELECT left_id, right_id FROM atom_edge")


def _keyed(records: Path, truth: Path, edges: str) -> Agreement:
    with cleaned(records) as con:
        run_steps(con, KEYS)
        members = con.execute("SELECT source, source_id FROM rec ORDER BY id").fetchdf()
        left, right = con.execute(edges).fetchnumpy().values()
        numbers = con.execute("SELECT id FROM rec ORDER BY id").fetchnumpy()["id"]
    members["account_id"] = components(len(members), np.searchsorted(numbers, left), np.searchsorted(numbers, right))
    return agreement(members, pd.read_parquet(truth))


def components(size: int, left: Ints, right: Ints) -> Ints:
    """The connected component of each of `size` nodes."""
    graph = coo_matrix((np.ones(len(left), np.int8), (left, right)), shape=(size, size))
    labels: Ints = connected_components(graph, directed=False)[1]
    return labels


def _best(
    records: pd.DataFrame, labels: Callable[[float], Ints], thresholds: Sequence[float], truth: Path
) -> tuple[float, Agreement]:
    true = pd.read_parquet(truth)
    tried = (
        (threshold, agreement(records[["source", "source_id"]].assign(account_id=labels(threshold)), true))
        for threshold in thresholds
    )
    return max(tried, key=lambda pair: pair[1].f1)
