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
    """Seconds of the work (imports apart), processor seconds with those of its children, peak memory of the largest of
    its processes in GiB, and what it returned.
    """

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
        raise RuntimeError(f"{_name(work)} died") from None
    process.join()
    if isinstance(answer, BaseException):
        raise RuntimeError(f"{_name(work)} failed") from answer
    return Timed(*answer)


def _timed(pipe: Any, work: Callable[..., Any], args: tuple[Any, ...]) -> None:
    at, cpu = time.perf_counter(), _spent()
    try:
        result = work(*args)
    except Exception as error:
        pipe.send(error)
        raise
    seconds, spent = time.perf_counter() - at, _spent() - cpu
    peak = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    pipe.send((seconds, spent, peak / 2**20, result))


def _name(work: Callable[..., Any]) -> str:
    return str(getattr(work, "__name__", work))


def _spent() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)
