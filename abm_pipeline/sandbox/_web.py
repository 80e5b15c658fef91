"""Visits to our sites as trackers see them, for the vendors that write event streams.

Belongs here: who came when, from where, and when the tracker's server heard of it. What an event looks like is in each
vendor's package. Visits are of one tracker's sites only: other trackers have other visits.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from abm_pipeline.sandbox.world.guests import Guests, make_guests
from abm_pipeline.sandbox.world.scales import DAY
from abm_pipeline.sandbox.world.tables import Array

if TYPE_CHECKING:
    from abm_pipeline.sandbox.world import World

# Where a visit comes from: an office whose address tells the company, a home or phone, a program.
OFFICE, HOME, BOT = 0, 1, 2
EARLY_DAYS = 14


@dataclass(frozen=True)
class Visits:
    """One entry a visit. `guest`: a position in the guests, -1 for somebody who never says who he is.

    `device` numbers browsers; `start` is in seconds UTC, `pages` how many pages were seen, `origin` one of OFFICE, HOME
    and BOT, `lag` the seconds until the server heard of it. `says`: whether the visitor gives the address at the end.
    """

    company: Array
    guest: Array
    device: Array
    start: Array
    pages: Array
    origin: Array
    lag: Array
    says: Array

    def __len__(self) -> int:
        return len(self.company)


def make_visits(world: World, name: str, guests: Guests, a_day: float) -> Visits:
    """About `a_day` visits on each day from shortly before the half-year on; more by whoever is interested."""
    cal = world.calendar
    rng = cal.rng(f"{name} visits")
    first = max(cal.start, cal.horizon - 241 - EARLY_DAYS)
    weight = np.exp(0.6 * np.clip(world.people.interest, -2.5, 3.0)) * world.companies.effort()[:, None]
    day = np.repeat(np.arange(first, cal.horizon + 1), rng.poisson(a_day, cal.horizon + 1 - first))
    week = (day - cal.first_monday) // 7
    odds = np.cumsum(weight, axis=0) / weight.sum(axis=0)
    company = (rng.random(len(day))[None, :] > odds[:, week]).sum(axis=0)
    start = day * DAY + rng.integers(7 * 3600, 20 * 3600, len(day))
    draw = rng.random((4, len(day)))
    origin = np.where(draw[0] < 0.06, BOT, np.where(draw[0] < 0.6, OFFICE, HOME))
    order = np.argsort(guests.company, kind="stable")
    low, high = np.searchsorted(guests.company[order], [company, company + 1])
    picked = order[np.minimum(low + (draw[1] * np.maximum(high - low, 1)).astype(int), len(order) - 1)]
    known = (high > low) & (draw[2] < 0.6) & (origin != BOT) & (guests.known[picked] < start)
    guest = np.where(known, picked, -1)
    # Everybody has one browser, strangers one of three of their company, programs always the same.
    device = np.where(known, picked, 100_000 + company * 3 + (draw[1] * 3).astype(int))
    device = np.where(origin == BOT, 900_000, device)
    late = draw[3] < 0.03
    lag = np.where(late, rng.integers(DAY // 2, 4 * DAY, len(day)), rng.integers(1, 90, len(day)))
    says = known & (rng.random(len(day)) < 0.35)
    pages = 1 + rng.poisson(1.4, len(day))
    return Visits(np.where(origin == BOT, -1, company), guest, device, start, pages, origin, lag, says)


def web_guests(world: World, name: str) -> Guests:
    """The people that a tracker may get to know."""
    return world.part(f"{name} guests", lambda w: make_guests(w, name, 0.25, 0.3, 0.3))


@dataclass(frozen=True)
class Events:
    """One entry an event, in (arrival) order: `visit` it is of, `place` in it, what `kind`, `at` and `arrived`.

    `page` is a position in the tracker's pages. Kinds: VIEW, DOWNLOAD, and SAYS, the form in which the visitor gives
    the address. `copy` is 1 for an event that was delivered again.
    """

    visit: Array
    place: Array
    kind: Array
    at: Array
    arrived: Array
    page: Array
    copy: Array

    def __len__(self) -> int:
        return len(self.visit)


VIEW, DOWNLOAD, SAYS = range(3)


def make_events(world: World, name: str, visits: Visits, pages: int) -> Events:
    """What was done on each visit: pages seen, in one of five a download at the end, and who gives an address does."""
    rng = world.calendar.rng(f"{name} events")
    takes = (rng.random(len(visits)) < 0.2) & (visits.origin != BOT)
    counts = visits.pages + takes + visits.says
    visit = np.repeat(np.arange(len(visits)), counts)
    place = np.arange(len(visit)) - np.repeat(np.cumsum(counts) - counts, counts)
    seen = visits.pages[visit]
    kind = np.where(place < seen, VIEW, np.where((place == seen) & takes[visit], DOWNLOAD, SAYS))
    at = visits.start[visit] + 45 * place
    page = rng.integers(0, pages, len(visit))
    arrived = at + visits.lag[visit]
    again = np.flatnonzero(rng.random(len(visit)) < 0.02)
    joined = [np.concatenate([part, part[again]]) for part in (visit, place, kind, at, arrived, page)]
    copy = np.concatenate([np.zeros(len(visit), np.int64), np.ones(len(again), np.int64)])
    joined[4] = joined[4] + copy * rng.integers(60, DAY, len(copy))
    order = np.lexsort((copy, joined[1], joined[0], joined[4]))
    return Events(*(part[order] for part in (*joined, copy)))
