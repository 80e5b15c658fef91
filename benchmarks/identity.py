"""Who is who on simulated company records whose truth is known: ours and what else one would do, side by side.

`--only identity`: 20,000 companies, about 90,000 records of six sources, three snapshots, of which the last is
compared; the seed is none that weights were fitted on. `--only identity_styles`: a fifth of that in each style.
`--only identity_large`: a million records, and ten thousand more.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pandas as pd

from abm_pipeline.identity.resolve import Summary, resolve_file
from benchmarks import _identity_rivals as rivals
from benchmarks._agreement import Agreement, agreement, kept, parents_agreement
from benchmarks._identity_worlds import STYLES, world
from benchmarks._timing import Row, in_process
from benchmarks.identity_planted import planted

COMPANIES, STYLED, LARGE, SEED, NEW = 20_000, 4_000, 225_000, 21, 10_000


def measure(home: Path) -> Iterator[Row]:
    """Agreement with the truth, ours and rivals, and ids that last."""
    at = (home / "identity").absolute()
    in_process(_write, at, COMPANIES, 3)
    records, tidy, truth, pairs = (
        at / "records_3.parquet",
        at / "tidy.parquet",
        at / "truth_3.parquet",
        at / "pairs.parquet",
    )
    in_process(rivals.clean, records, tidy)
    yield from peers(records, tidy, truth)
    yield _splink("Splink 5 with default comparisons", tidy, pairs, truth)
    timed = in_process(_resolve_all, at, 3)
    yield Row(f"ours, three snapshots, the last shown ({timed.result[-1].seconds:.1f} s)", timed, str(_ours(at, 3)))
    precision, recall = _parents(at)
    yield Row("its parents", None, f"P {precision:.3f} R {recall:.3f}")
    for later in (2, 3):
        pair = (later - 1, later)
        before, after = (pd.read_parquet(at / f"members_{k}.parquet") for k in pair)
        of_records, of_accounts = kept(before, after, [pd.read_parquet(at / f"truth_{k}.parquet") for k in pair])
        yield Row(
            f"its ids from snapshot {later - 1} to {later}",
            None,
            f"{of_records:.1%} of records keep theirs, {of_accounts:.1%} of accounts with the same records",
        )
    timed = in_process(planted, "demo", 7)
    yield Row(
        f"the demo's planted world, {timed.result.records:,} records pulled from all vendors", timed, str(timed.result)
    )


def peers(records: Path, tidy: Path, truth: Path) -> Iterator[Row]:
    """Keys alone, guarded keys, names alone, likeness of names; `tidy` is what `rivals.clean` made of the records."""
    for what, work, given in (
        ("keys alone: one domain, page or number, one account", rivals.keys_alone, records),
        ("guarded keys", rivals.guarded_keys, records),
        ("one name, one account", rivals.exact_names, tidy),
    ):
        timed = in_process(work, given, truth)
        yield Row(what, timed, str(timed.result))
    timed = in_process(rivals.like_names, tidy, truth)
    yield Row(f"rapidfuzz token_sort_ratio, best threshold {timed.result[0]}", timed, str(timed.result[1]))


def measure_styles(home: Path) -> Iterator[Row]:
    """The last snapshot in each style of companies: plain Splink, whose best F1 tells how hard it is, and ours."""
    for style in STYLES:
        at = (home / "identity_styles" / style).absolute()
        in_process(_write, at, STYLED, 3, style)
        in_process(rivals.clean, at / "records_3.parquet", at / "tidy.parquet")
        yield _splink(f"{style}: Splink 5", *(at / f"{name}.parquet" for name in ("tidy", "pairs", "truth_3")))
        timed = in_process(_resolve, at, 3, None)
        precision, recall = _parents(at)
        yield Row(
            f"{style}: ours, {timed.result.records:,} records",
            timed,
            f"{_ours(at, 3)}; parents P {precision:.3f} R {recall:.3f}",
        )


def measure_large(home: Path) -> Iterator[Row]:
    """A million records: ours, Splink's pairs alone, and ten thousand new records on what stands."""
    at = (home / "identity_large").absolute()
    in_process(_write, at, LARGE, 3)
    in_process(rivals.clean, at / "records_3.parquet", at / "tidy.parquet")
    timed = in_process(rivals.splink_pairs, at / "tidy.parquet", at / "pairs.parquet")
    yield Row(f"Splink 5 on a million records: {timed.result:,} pairs, no clusters, cleaning apart", timed, "")
    full = in_process(_resolve, at, 3, None)
    yield Row(f"ours on {full.result.records:,} records", full, str(_ours(at, 3)))
    in_process(_hold_back, at)
    shutil.rmtree(at / "state", ignore_errors=True)
    kept = in_process(_resolve, at, "old", None, at / "state")
    yield Row(f"the same without {NEW:,} of them, keeping its work", kept, f"{kept.cpu / full.cpu:.2f} × the processor")
    timed = in_process(_resolve, at, 3, "old", at / "state")
    assert timed.result.why_full is None
    before, after = (pd.read_parquet(at / f"members_{k}.parquet") for k in ("old", 3))
    ids = before.merge(after, on=["source", "source_id"])
    stays = (ids["account_id_x"] == ids["account_id_y"]).mean()
    yield Row(
        f"{NEW:,} new records on what stands",
        timed,
        f"{timed.seconds / full.seconds:.2f} × the full run ({timed.cpu / full.cpu:.2f} × the processor); "
        f"{stays:.2%} of records keep their id",
    )


def _write(at: Path, companies: int, snapshots: int, style: str = "default") -> None:
    world(style, companies, SEED, snapshots).write(at)


def _splink(what: str, tidy: Path, pairs: Path, truth: Path) -> Row:
    timed = in_process(rivals.splink_pairs, tidy, pairs)
    bits, best = in_process(rivals.splink_best, tidy, pairs, truth).result
    return Row(f"{what}, best threshold {bits} bits", timed, str(best))


def _resolve(at: Path, snapshot: int | str, previous: int | str | None, state: Path | None = None) -> Summary:
    return resolve_file(
        at / f"records_{snapshot}.parquet",
        at / f"members_{snapshot}.parquet",
        previous=None if previous is None else at / f"members_{previous}.parquet",
        parents=at / f"found_parents_{snapshot}.parquet",
        state=state,
    )


def _resolve_all(at: Path, snapshots: int) -> list[Summary]:
    return [_resolve(at, k, k - 1 if k > 1 else None) for k in range(1, snapshots + 1)]


def _ours(at: Path, snapshot: int) -> Agreement:
    return agreement(*(pd.read_parquet(at / f"{name}_{snapshot}.parquet") for name in ("members", "truth")))


def _parents(at: Path) -> tuple[float, float]:
    names = ("found_parents", "members", "parents", "truth")
    return parents_agreement(*(pd.read_parquet(at / f"{name}_3.parquet") for name in names))


def _hold_back(at: Path) -> None:
    """Write the records without those made last."""
    with duckdb.connect() as con:
        con.execute(
            f"""
            COPY (
                FROM read_parquet('{at / "records_3.parquet"}')
                QUALIFY row_number() OVER (ORDER BY created_at DESC, source, source_id) > {NEW}
            ) TO '{at / "records_old.parquet"}' (FORMAT parquet)
            """
        )
