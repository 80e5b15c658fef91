"""How big and how long a world is, and its calendar.

Days are whole numbers counted from 1970-01-01, instants are whole seconds UTC. The timeline is generated from
`start` to `horizon` once; the clock only decides how much of it has happened.
"""

from __future__ import annotations

import datetime as dt
import zlib
from dataclasses import dataclass, replace

import numpy as np

DAY = 86_400
NEVER = np.int64(1 << 60)
NULL = np.int64(-(1 << 60))
LOOKAHEAD_DAYS = 60
EPOCH = dt.date(1970, 1, 1)


@dataclass(frozen=True)
class Scale:
    """Sizes of a world whose clock stands at the end of a half-year.

    `history_days`: how far before the half-year the timeline starts. `deals` and `leads` are those of a year.
    `backlog_days`: how far before the start deals and some touches reach back.
    """

    name: str
    targets: int
    companies: int
    history_days: int
    deals: int
    leads: int
    contacts_per_target: float
    contacts_per_other: float
    backlog_days: int = 200


SCALES = {
    "tiny": Scale("tiny", 12, 30, 60, 120, 80, 7.0, 4.0),
    "demo": Scale("demo", 400, 1600, 220, 1000, 1600, 9.5, 4.7),
    "large": Scale("large", 2000, 8000, 550, 6000, 7000, 10.0, 5.0),
}


def to_day(date: dt.date) -> int:
    """Days since 1970-01-01."""
    return (date - EPOCH).days


def to_date(day: int) -> dt.date:
    """The date of a day number."""
    return EPOCH + dt.timedelta(days=int(day))


@dataclass(frozen=True)
class Calendar:
    """First and last generated day of a world, and its random streams."""

    scale: Scale
    seed: int
    start: int
    horizon: int

    @property
    def days(self) -> int:
        """Number of generated days, both ends counted."""
        return self.horizon - self.start + 1

    @property
    def weeks(self) -> int:
        """Number of seven-day steps that cover the generated days, from the first Monday at or before `start`."""
        return (self.horizon - self.first_monday) // 7 + 1

    @property
    def first_monday(self) -> int:
        """Monday at or before `start` (1970-01-01 was a Thursday)."""
        return self.start - (self.start + 3) % 7

    def rng(self, stream: str) -> np.random.Generator:
        """An independent random stream, so that a change in one part leaves the others as they were."""
        return np.random.default_rng([self.seed, zlib.crc32(stream.encode())])


def calendar(scale: str, seed: int, until: dt.date) -> Calendar:
    """Calendar of a world whose clock stands at `until`. Raises KeyError for an unknown scale.

    It is laid around the half-year of `until`, so that every clock within one shows the same world.
    """
    size = SCALES[scale]
    first = dt.date(until.year, 1 if until.month <= 6 else 7, 1)
    last = dt.date(until.year, 6, 30) if first.month == 1 else dt.date(until.year, 12, 31)
    start, horizon = to_day(first) - size.history_days, to_day(last) + LOOKAHEAD_DAYS
    years = (horizon - start + 1) / 365
    size = replace(size, deals=round(size.deals * years), leads=round(size.leads * years))
    return Calendar(size, seed, start, horizon)
