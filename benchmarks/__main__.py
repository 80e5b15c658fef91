"""Print the benchmark table: `python -m benchmarks [--only NAME] [--touches N --accounts N --deals N --days N]`."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from pathlib import Path

from benchmarks import identity, identity_public, ingest, metrics, rescore, rescore_rivals
from benchmarks._metric_facts import Size
from benchmarks._timing import Row

# Not part of `make bench`: they take longest, and the first needs programs of its own.
EXTRA = ("rescore_rivals", "rescore_curve", "identity_styles")
CURVE = (100_000, 300_000, 1_000_000, 3_000_000, 10_000_000, 30_000_000, 100_000_000)


def main() -> None:
    """Measure and print line by line, as Markdown."""
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument("--home", type=Path, default=Path(".abm/bench"), help="folder for facts and results")
    parser.add_argument("--only", choices=("ingest", "rescore", *EXTRA, "metrics", "identity", "identity_large"))
    parser.add_argument("--accounts", type=int, default=20_000)
    parser.add_argument("--touches", type=int, default=10_000_000)
    parser.add_argument("--deals", type=int, default=50_000, help="of metrics")
    parser.add_argument("--days", type=int, default=730)
    args = parser.parse_args()
    print(f"{os.cpu_count()} cores; the re-score at its default size takes about half an hour.\n", flush=True)
    print("| what | wall s | processor s | peak GiB | ratio |\n|---|---|---|---|---|", flush=True)
    for row in _rows(args):
        t = row.timed
        figures = f"{t.seconds:.1f} | {t.cpu:.1f} | {t.peak:.2f}" if t else "| |"
        print(f"| {row.what} | {figures} | {row.ratio} |", flush=True)


def _rows(args: argparse.Namespace) -> Iterator[Row]:
    args.home.mkdir(parents=True, exist_ok=True)
    if args.only in (None, "ingest"):
        yield from ingest.measure(args.home)
    if args.only in (None, "rescore"):
        yield from rescore.measure(args.home, args.accounts, args.touches, args.days)
    if args.only == "rescore_rivals":
        yield from rescore_rivals.measure(args.home, args.accounts, args.touches, args.days, 730)
    if args.only == "rescore_curve":
        sizes = [size for size in CURVE if size <= args.touches]
        yield from rescore.curve(args.home, sizes, args.days)
    if args.only in (None, "metrics"):
        yield from metrics.measure(args.home, Size(args.accounts, args.touches, args.deals, args.days))
    if args.only in (None, "identity"):
        yield from identity.measure(args.home)
        yield from identity_public.measure(args.home)
    if args.only == "identity_styles":
        yield from identity.measure_styles(args.home)
    if args.only in (None, "identity_large"):
        yield from identity.measure_large(args.home)


if __name__ == "__main__":
    main()
