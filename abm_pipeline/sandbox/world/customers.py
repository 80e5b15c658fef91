"""The paying customers of the world: who subscribes to what, from when to when, and how much it brings a month.

Belongs here: what is true of a subscription, whoever bills it. How billing systems record it (periods, invoices,
discounts) is in their folders. Ask for it with `customers(world)`; it does not depend on the clock, so take only what
began (`start`, `change_at`) up to `world.instant`, and treat an `end` after it as not yet known.

A company becomes a customer some days after its first won deal; a share of the companies without one has been a
customer since before the timeline. A later won deal of existing business raises what the customer pays, and one that
follows the customer's leaving brings it back.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from abm_pipeline.sandbox.world.names import COUNTRIES
from abm_pipeline.sandbox.world.scales import DAY, NEVER
from abm_pipeline.sandbox.world.tables import Array, objects

if TYPE_CHECKING:
    from abm_pipeline.sandbox.world import World

PLANS = ("Starter", "Business", "Enterprise")
ADD_ON = "Insights add-on"
KINDS = ("new", "expansion", "contraction", "churn", "resurrection")
NEW, EXPANSION, CONTRACTION, CHURN, RESURRECTION = range(5)
# What is planted: the chance a month to leave, and how often a month what is paid moves without a deal.
CHURN_LISTED, CHURN_OTHER = 0.009, 0.022
GROW, SHRINK = 0.025, 0.012
STEP = 1000
_WIDE = np.int64(1 << 36)


@dataclass(frozen=True)
class Customers:
    """Subscriptions and, in (subscription, instant) order, every change of what they bring.

    One entry a subscription: `company` (position), `plan`, `currency` (ISO), `months` (billed every 1 or 12 months),
    `start` and `end` in seconds UTC (`end` is `NEVER` while it lasts beyond the timeline). A company can have several:
    an add-on beside the first, or another one after it came back.

    One entry a change: `change_of` (subscription position), `change_at` (seconds), `change_kind` (position in KINDS:
    what the change is for the company, so an add-on is an expansion) and `mrr`, what the subscription brings a month
    from then on, in minor units (cents) of its currency, a multiple of 1000; 0 from `end` on (kind churn).
    """

    company: Array
    plan: Array
    currency: Array
    months: Array
    start: Array
    end: Array
    change_of: Array
    change_at: Array
    change_kind: Array
    mrr: Array

    def __len__(self) -> int:
        return len(self.company)

    @property
    def companies(self) -> Array:
        """Positions of all companies that ever are customers, ascending."""
        return np.unique(self.company)

    def paying_at(self, instant: int) -> Array:
        """Positions of the companies with a running subscription at the instant, ascending."""
        return np.unique(self.company[(self.start <= instant) & (instant < self.end)])

    def mrr_at(self, instant: int) -> Array:
        """What each subscription brings a month at the instant, in minor units; 0 outside its life."""
        return self.mrr_of(np.arange(len(self)), np.full(len(self), instant))

    def mrr_of(self, rows: Array, instants: Array) -> Array:
        """What each of the subscriptions brings a month at its instant, in minor units; 0 outside its life."""
        place = np.searchsorted(self.change_of * _WIDE + self.change_at, rows * _WIDE + instants, side="right") - 1
        known = (place >= 0) & (self.change_of[place] == rows)
        value: Array = np.where(known, self.mrr[place], 0)
        return value

    def share(self, which: int, of: int) -> Array:
        """Subscriptions of every `of`-th customer company, beginning with the `which`-th: disjoint parts, in order."""
        return np.flatnonzero(np.isin(self.company, self.companies[which::of]))

    def periods(self, rows: Array, every: Array, horizon: int) -> tuple[Array, Array, Array]:
        """Paid periods of `every` months each that begin before `horizon`: place in `rows`, first and end instant."""
        last = np.minimum(self.end[rows], horizon)
        most = np.maximum(1, (last - self.start[rows]) // (28 * DAY * every) + 2)
        place = np.repeat(np.arange(len(rows)), most)
        number = np.arange(len(place)) - np.repeat(np.cumsum(most) - most, most)
        begin = months_later(self.start[rows][place], number * every[place])
        end = months_later(self.start[rows][place], (number + 1) * every[place])
        keep = begin < last[place]
        return place[keep], begin[keep], end[keep]


def customers(world: World) -> Customers:
    """The customers of the world's whole timeline, made once."""
    return world.part("customers", _make)


def months_later(instant: Array, months: Array) -> Array:
    """The same time and day of the month so many months later; the month's last day if it has no such day."""
    day = instant // DAY
    dates = day.astype("datetime64[D]")
    month = dates.astype("datetime64[M]")
    place = (dates - month).astype(np.int64)
    there = month + months
    length = ((there + 1).astype("datetime64[D]") - there.astype("datetime64[D]")).astype(np.int64)
    moved = there.astype("datetime64[D]").astype(np.int64) + np.minimum(place, length - 1)
    later: Array = moved * DAY + instant % DAY
    return later


def _make(world: World) -> Customers:
    """All subscriptions, company by company."""
    cal, companies, deals = world.calendar, world.companies, world.people.deals
    rng = cal.rng("customers")
    won = np.flatnonzero(deals.is_won)
    won = won[np.lexsort((deals.closed[won], deals.company[won]))]
    buyers = np.unique(deals.company[won])
    born = np.full(len(companies), NEVER, np.int64)
    contacts = world.people.contacts
    np.minimum.at(born, contacts.company, contacts.created)
    usable = companies.has_crm & companies.has_own_domain & (born < (cal.start - 150) * DAY)
    usable[buyers] = False
    older = np.flatnonzero(usable)
    older = older[rng.random(len(older)) < (0.4 if cal.scale.name == "tiny" else 0.14)]
    sheet = _Sheet()
    everyone = np.sort(np.concatenate([buyers, older]))
    listed = world.tiers.at(everyone, np.full(len(everyone), cal.start)) >= 0
    # In a small world chance alone would let nobody leave, so every third customer that is not listed does.
    leaving = np.flatnonzero(~listed)[::3] if cal.scale.name == "tiny" else np.zeros(0, np.int64)
    for place, company in enumerate(everyone):
        wins = [int(deal) for deal in won[deals.company[won] == company]]
        home = COUNTRIES[companies.country[company]][2]
        if wins:
            start = int(deals.closed[wins[0]]) // DAY + int(rng.integers(1, 11))
            code, yearly = str(deals.currency[wins[0]]), float(deals.amount[wins[0]])
            code = "USD" if code == "XTS" else code
        else:
            start = int(rng.integers(born[company] // DAY + 30, cal.start - 60))
            code, yearly = home, 24_000.0 * (2.3 if listed[place] else 1.0) * float(np.exp(rng.normal(0, 0.5)))
        start = start * DAY + int(rng.integers(8 * 3600, 18 * 3600))
        later = [
            (int(deals.closed[deal]), float(deals.amount[deal]), str(deals.currency[deal]) == code)
            for deal in wins[1:]
            if deals.kind[deal] == "Existing Business"
        ]
        odds = CHURN_LISTED if listed[place] else CHURN_OTHER
        _subscribe(rng, world, sheet, int(company), code, yearly / 12, start, later, odds, place in leaving)
    order = np.lexsort((np.array(sheet.change_at), np.array(sheet.change_of)))
    return Customers(
        np.array(sheet.company, np.int64),
        objects(sheet.plan),
        objects(sheet.currency),
        np.array(sheet.months, np.int64),
        np.array(sheet.start, np.int64),
        np.array(sheet.end, np.int64),
        np.array(sheet.change_of, np.int64)[order],
        np.array(sheet.change_at, np.int64)[order],
        np.array(sheet.change_kind, np.int64)[order],
        np.array(sheet.mrr, np.int64)[order],
    )


class _Sheet:
    """The columns of Customers while they grow."""

    def __init__(self) -> None:
        self.company: list[int] = []
        self.plan: list[str] = []
        self.currency: list[str] = []
        self.months: list[int] = []
        self.start: list[int] = []
        self.end: list[int] = []
        self.change_of: list[int] = []
        self.change_at: list[int] = []
        self.change_kind: list[int] = []
        self.mrr: list[int] = []

    def add(
        self, company: int, plan: str, currency: str, months: int, moves: list[tuple[int, int, int]], end: int
    ) -> None:
        """A subscription with its (instant, kind, mrr) moves, the first of which starts it."""
        for at, kind, mrr in [*moves, *([(end, CHURN, 0)] if end < NEVER else [])]:
            self.change_of.append(len(self.company))
            self.change_at.append(at)
            self.change_kind.append(kind)
            self.mrr.append(mrr)
        self.company.append(company)
        self.plan.append(plan)
        self.currency.append(currency)
        self.months.append(months)
        self.start.append(moves[0][0])
        self.end.append(end)


def _subscribe(
    rng: np.random.Generator,
    world: World,
    sheet: _Sheet,
    company: int,
    currency: str,
    monthly: float,
    start: int,
    later: list[tuple[int, float, bool]],
    odds: float,
    leaves: bool,
) -> None:
    """The subscriptions of one company: the first, add-ons, and another after a time without."""
    cal = world.calendar
    kind, horizon, leaves = NEW, (cal.horizon + 1) * DAY, leaves and start < (cal.start + 90) * DAY
    while start < horizon:
        months = 12 if rng.random() < 0.35 and not leaves else 1
        end = _end(rng, start, max(start, cal.start * DAY), months, odds, horizon)
        if leaves:
            stay = max(2, ((cal.start + 150) * DAY - start) // (30 * DAY))
            end = int(months_later(np.array([start]), np.array([stay]))[0])
        first = max(STEP, round(monthly * 100 / STEP) * STEP)
        moves = [(start, kind, first)]
        moments = [(at, amount, same) for at, amount, same in later if start < at < min(end, horizon)]
        span = (min(end, horizon) - start) // (30 * DAY)
        drift = [
            (start + int(u * span * 30 * DAY) + 20 * DAY, v)
            for u, v in rng.random((rng.poisson((GROW + SHRINK) * span), 2))
        ]
        changes = [(at, amount / 12 if same else 0.2 * monthly) for at, amount, same in moments]
        changes += [
            (at, 0.3 * v if v * (GROW + SHRINK) > SHRINK else -0.25) for at, v in drift if at < min(end, horizon) - DAY
        ]
        for at, step in sorted(changes):
            before = moves[-1][2]
            if step >= 1 and rng.random() < 0.3:
                sheet.add(
                    company, ADD_ON, currency, 1, [(at, EXPANSION, max(STEP, round(step * 100 / STEP) * STEP))], end
                )
                continue
            after = before + round((step if step >= 1 else step * before / 100) * 100 / STEP) * STEP
            if after != before and after >= STEP and at > moves[-1][0]:
                moves.append((at, EXPANSION if after > before else CONTRACTION, after))
        sheet.add(company, PLANS[(first >= 150_000) + (first >= 400_000)], currency, months, moves, end)
        if end == NEVER:
            return
        back = [at for at, *_ in later if at > end]
        wait = int(rng.integers(40, 150)) * DAY
        if not back and not (rng.random() < 0.2 or leaves):
            return
        start, kind, leaves = (back[0] + 2 * DAY if back else end + wait), RESURRECTION, False
        later, monthly = [item for item in later if item[0] > start], monthly * float(rng.uniform(0.6, 1.1))


def _end(rng: np.random.Generator, start: int, exposed: int, months: int, odds: float, horizon: int) -> int:
    """When a customer leaves: at the end of a paid term, with the same odds each month since `exposed`."""
    terms = 0
    while True:
        terms += months
        end = int(months_later(np.array([start]), np.array([terms]))[0])
        if end >= horizon:
            return int(NEVER)
        if end > exposed and rng.random() < 1 - (1 - odds) ** months:
            return end
