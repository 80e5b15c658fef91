"""Time a piece of work as a whole process: wall seconds, processor seconds, peak memory."""

from __future__ import annotations

import multiprocessing
import resource
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Timed:
    """Seconds of the work (imports apart), peak memory of its process in GiB, and what it returned."""

    seconds: float
    cpu: float
    peak: float
    result: Any = None


@dataclass(frozen=True)
class Row:
    """One line of the table; `timed` is None where there was nothing to time."""

    what: str
    timed: Timed | None
    ratio: str


def in_process(work: Callable[..., Any], *args: Any) -> Timed:
    """Run `work(*args)` in a fresh process. Raises RuntimeError if it died or failed."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_timed, args=(theirs, work, args))
    process.start()
    theirs.close()
    try:
        answer = ours.recv()
    except EOFError:
        raise RuntimeError(f"{work.__name__} died") from None
    process.join()
    if isinstance(answer, BaseException):
        raise RuntimeError(f"{work.__name__} failed") from answer
    return Timed(*answer)


def _timed(pipe: Any, work: Callable[..., Any], args: tuple[Any, ...]) -> None:
    at, cpu = time.perf_counter(), time.process_time()
    try:
        result = work(*args)
    except Exception as error:
        pipe.send(error)
        raise
    seconds, spent = time.perf_counter() - at, time.process_time() - cpu
    pipe.send((seconds, spent, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20, result))
