"""Cutting a report that has no paging and is silently cut at 15,000 rows into pieces that stay below.

Days first, since they are the natural cut; a single day that is still too large is cut by campaigns.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from typing import TypeVar

T = TypeVar("T")

# An answer with this many rows may have lost some.
CAP = 15_000
# Aimed at, so that a busier stretch still fits.
AIM = 9_000
FIRST_DAYS, MOST_DAYS = 8, 180


def by_days(
    first: date, last: date, ask: Callable[[date, date], tuple[T, int]], cut: Callable[[date], Iterator[T]]
) -> Iterator[T]:
    """Answers that cover `first` to `last`. `ask(first, last)` gives an answer and its row count, `cut(day)`
    the pieces of a day.

    The length of a piece follows from how dense the one before was.
    """
    day, length = first, FIRST_DAYS
    while day <= last:
        until = min(day + timedelta(days=length - 1), last)
        answer, rows = ask(day, until)
        if rows >= CAP and until > day:
            length = max(1, ((until - day).days + 1) // 2)
            continue
        if rows >= CAP:
            yield from cut(day)
        else:
            yield answer
        length = max(1, min(MOST_DAYS, AIM * ((until - day).days + 1) // max(rows, 1)))
        day = until + timedelta(days=1)


def by_halves(
    items: Sequence[str], ask: Callable[[Sequence[str]], tuple[T, int]], too_large: Callable[[], None]
) -> Iterator[T]:
    """Answers for all `items`, halved until each fits. `too_large` is told of a single item that does not."""
    if not items:
        return
    answer, rows = ask(items)
    if rows < CAP or len(items) == 1:
        if rows >= CAP:
            too_large()
        yield answer
        return
    middle = len(items) // 2
    yield from by_halves(items[:middle], ask, too_large)
    yield from by_halves(items[middle:], ask, too_large)
