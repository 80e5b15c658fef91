"""The vendors' pulls of a run, side by side: begun together by the run's first raw step, each handed to its own step.

Vendors are waited for, not worked at, and steps of a run in one process follow each other: pulled one by one, vendors
would take as long as all of them together. No Dagster in here: threads, and what a step is told.

Each vendor's result or error is taken once, so that a step tried again pulls again, and only its own vendor.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

from abm_pipeline.sources.extract import Progress, StreamReport

# Vendors pulled at once. Each has as many streams under way as its SPEC says.
VENDORS_AT_ONCE = 8
# How often a step that waits says so.
TELL_SECONDS = 10.0
Pull = Callable[[Progress], list[StreamReport]]


class Stopped(Exception):  # noqa: N818 - a signal, not a fault
    """The run was interrupted: a pull ends at its next page."""


@dataclass
class _Run:
    """What is under way for one run."""

    pool: ThreadPoolExecutor
    stop: threading.Event = field(default_factory=threading.Event)
    pulls: dict[str, Future[list[StreamReport]]] = field(default_factory=dict)
    records: dict[str, Counter[str]] = field(default_factory=dict)


_RUNS: dict[str, _Run] = {}
# Runs whose pulls have all been taken: what they ask for now is tried again.
_TAKEN: set[str] = set()
_SECONDS: dict[tuple[str, str], float] = {}


def reports(run_id: str, vendor: str, pulls: Mapping[str, Pull], tell: Callable[[str], None]) -> list[StreamReport]:
    """What the vendor's pull came to; `pulls` are those of all steps of the run that this process executes.

    Begins all of them if none is under way. `tell` gets a line every ten seconds. Raises what the pull raised.
    """
    run = _RUNS.get(run_id)
    if run is None:
        run = _RUNS[run_id] = _Run(ThreadPoolExecutor(VENDORS_AT_ONCE, thread_name_prefix="pull"))
        together = [vendor] if run_id in _TAKEN else [vendor, *(name for name in pulls if name != vendor)]
        for name in together:
            run.pulls[name] = _begin(run_id, run, name, pulls[name])
    mine = run.pulls.pop(vendor, None) or _begin(run_id, run, vendor, pulls[vendor])
    try:
        _wait(run, vendor, mine, tell)
    except BaseException:
        # The step was interrupted, and with it the run.
        run.stop.set()
        run.pulls.clear()
        raise
    finally:
        if not run.pulls:
            del _RUNS[run_id]
            _TAKEN.add(run_id)
            run.pool.shutdown(cancel_futures=True)
    return mine.result()


def seconds(run_id: str, vendor: str) -> float | None:
    """How long the vendor's last pull for the run took by itself; None if this process did not pull it."""
    return _SECONDS.get((run_id, vendor))


def _begin(run_id: str, run: _Run, vendor: str, pull: Pull) -> Future[list[StreamReport]]:
    records = run.records[vendor] = Counter()

    def note(stream: str, count: int) -> None:
        if run.stop.is_set():
            raise Stopped
        records[stream] = count

    def timed() -> list[StreamReport]:
        began = time.monotonic()
        try:
            return pull(note)
        finally:
            _SECONDS[run_id, vendor] = time.monotonic() - began

    return run.pool.submit(timed)


def _wait(run: _Run, vendor: str, pull: Future[list[StreamReport]], tell: Callable[[str], None]) -> None:
    began = time.monotonic()
    while True:
        try:
            pull.exception(TELL_SECONDS)
            return
        except TimeoutError:
            tell(f"{vendor}: {_so_far(run.records[vendor])} after {time.monotonic() - began:.0f} s")


def _so_far(records: Counter[str]) -> str:
    if not records:
        return "waiting for the first answer"
    streams: Sequence[str] = [f"{stream} {count:,}" for stream, count in records.copy().most_common(3)]
    return f"{records.total():,} records so far (most: {', '.join(streams)})"
