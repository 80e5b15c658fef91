"""What RollWorks knows: advertisables, campaigns, delivery by campaign, company domain and day (UTC).

Belongs here: settled numbers, and what of them shows at a clock. Visitors whose company isn't known are in the totals
of campaigns only, so that companies add up to less.
"""

from __future__ import annotations

from base64 import b32encode
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

import numpy as np

from abm_pipeline.sandbox.world import World
from abm_pipeline.sandbox.world.paid import COUNTS, PaidCampaign, PaidDelivery, aged, make_paid
from abm_pipeline.sandbox.world.scales import DAY, to_date
from abm_pipeline.sandbox.world.tables import Array

# Companies reached by a campaign on a day, about.
REACHED = 5.0
STATES = {"pending": "draft", "active": "running", "paused": "paused", "removed": "deleted", "ended": "ended"}
ABM_TYPES = {"Accounts": "lead_locator", "Retargeting": ""}


@dataclass(frozen=True)
class Advertisable:
    """An advertiser's profile."""

    name: str
    currency: str
    url: str

    @property
    def eid(self) -> str:
        """Its id."""
        return eid(f"advertisable {self.name}")


ADVERTISABLES = (
    Advertisable("Northwind ABM", "USD", "https://www.northwind-abm.example"),
    Advertisable("Northwind Europe", "EUR", "https://eu.northwind-abm.example"),
)


@dataclass(frozen=True)
class CompanyDelivery:
    """Settled delivery by (campaign, day, company); positions, as in PaidDelivery."""

    campaign: Array
    day: Array
    company: Array
    counts: dict[str, Array]
    cost: Array

    def shown(self, rows: Array, clock_day: int) -> tuple[dict[str, Array], Array]:
        """Counts, and cost with four decimals, as reported on `clock_day`."""
        age = clock_day - self.day[rows]
        share = np.where(age <= 0, 0.86, 1.0)
        return {name: aged(name, value[rows], age) for name, value in self.counts.items()}, np.round(
            self.cost[rows] * share, 4
        )


@dataclass(frozen=True)
class RollWorks:
    """Campaigns and what they delivered: totals, and by company."""

    campaigns: list[PaidCampaign]
    eids: list[str]
    totals: PaidDelivery
    companies: CompanyDelivery


def eid(text: str) -> str:
    """An id as AdRoll has them: 22 capitals and digits."""
    return b32encode(blake2b(text.encode(), digest_size=16).digest()).decode()[:22]


def known(world: World) -> RollWorks:
    """The platform's records of the whole timeline."""
    return world.part("rollworks", _make)


def _make(world: World) -> RollWorks:
    cal = world.calendar
    campaigns = make_paid(cal, "rollworks", "RW", tuple(ABM_TYPES), len(ADVERTISABLES), 1)
    rng, days = cal.rng("rollworks delivery"), np.arange(cal.start, cal.horizon + 1)
    audience = np.flatnonzero(world.companies.ever_target)
    week = (days - cal.first_monday) // 7
    mood = np.exp(0.4 * np.clip(world.people.interest[np.ix_(audience, week)], -2.0, 2.5)).T
    effort = world.companies.effort()[audience]
    weekday = np.array([1.1, 1.15, 1.15, 1.1, 1.0, 0.5, 0.45])[(days + 3) % 7]
    odds = np.clip(REACHED * effort / effort.sum() * mood * weekday[:, None], 0, 0.95)
    pieces: list[tuple[Array, ...]] = []
    for number, campaign in enumerate(campaigns):
        runs = np.flatnonzero(campaign.delivering(days))
        when, whom = np.nonzero(rng.random((len(runs), len(audience))) < odds[runs])
        pieces.append((np.full(len(when), number), days[runs[when]], audience[whom]))
    place, day, company = (np.concatenate(column) for column in zip(*pieces, strict=True))
    impressions = 1 + rng.poisson(14, len(place))
    clicks = rng.binomial(impressions, 0.012)
    halves = rng.binomial(clicks * 2, 0.1)
    cost: Array = np.round(impressions * 0.021 * np.exp(rng.normal(0, 0.15, len(place))), 4)
    counts = dict(zip(COUNTS, (impressions, clicks, np.zeros_like(clicks), halves), strict=True))
    counts = {name: value.astype(np.int64) for name, value in counts.items()}
    by_company = CompanyDelivery(place, day, company, counts, cost)
    eids = [eid(f"campaign {cal.seed} {campaign.ident}") for campaign in campaigns]
    return RollWorks(campaigns, eids, _totals(rng, by_company), by_company)


def _totals(rng: np.random.Generator, by_company: CompanyDelivery) -> PaidDelivery:
    """Each campaign's day: its companies, and visitors of no known company."""
    key = by_company.campaign * (1 << 20) + by_company.day
    keys, group = np.unique(key, return_inverse=True)
    counts = {name: np.bincount(group, value, len(keys)).astype(np.int64) for name, value in by_company.counts.items()}
    other = 5 + rng.poisson(0.4 * counts["impressions"])
    counts["impressions"] = counts["impressions"] + other
    cost = np.round(np.bincount(group, by_company.cost, len(keys)) + other * 0.02, 2)
    return PaidDelivery(keys >> 20, keys & ((1 << 20) - 1), counts, cost)


def advertisable(one: Advertisable, world: World) -> dict[str, Any]:
    """An advertisable's own fields."""
    return {
        "eid": one.eid,
        "name": one.name,
        "status": "approved",
        "isActive": True,
        "isAbmCustomer": True,
        "organization": eid("organization"),
        "url": one.url,
        "currency": one.currency,
        "clickThroughConversionWindow": 30,
        "viewThroughConversionWindow": 30,
        "createdDate": f"{to_date(world.calendar.start - 600)}T09:00:00+00:00",
    }


def campaigns(world: World, owner: int, is_active: bool) -> list[int]:
    """Positions of an advertisable's campaigns at the clock, those that are active or those that aren't."""
    made, instant = known(world), world.instant
    return [
        place
        for place, one in enumerate(made.campaigns)
        if one.account == owner
        and one.created <= instant
        and (one.state(instant) not in ("removed", "ended")) == is_active
    ]


def campaign(world: World, place: int) -> dict[str, Any]:
    """A campaign's own fields; a date that isn't set is null."""
    made, instant = known(world), world.instant
    one = made.campaigns[place]
    end = None if one.end is None else to_date(one.end + 1).isoformat()
    lifetime = one.total_budget is not None
    return {
        "eid": made.eids[place],
        "advertisable": ADVERTISABLES[one.account].eid,
        "name": one.name(instant),
        "status": STATES[one.state(instant)],
        "channel": "web",
        "type": "prospecting" if one.kind == "Accounts" else "retargeting",
        "abmType": ABM_TYPES[one.kind],
        "currency": ADVERTISABLES[one.account].currency,
        "budgetType": "lifetime" if lifetime else "daily",
        "budget": one.daily_budget,
        "budgetGoal": one.total_budget if lifetime else one.daily_budget,
        "budgetStartDate": to_date(one.start).isoformat() if lifetime else None,
        "budgetEndDate": end if lifetime else None,
        "startDate": to_date(one.start).isoformat(),
        "endDate": end,
        "createdDate": _time(one.created),
        "updatedDate": _time(one.changed(instant)),
    }


def by_date(world: World, place: int, first: int, end: int, rate: float) -> list[dict[str, Any]]:
    """A campaign's metrics by day; money times `rate`."""
    totals = known(world).totals
    rows = totals.visible(world.day)
    rows = rows[(totals.campaign[rows] == place) & (totals.day[rows] >= first) & (totals.day[rows] < end)]
    counts, cost = totals.shown(rows, world.day)
    return [
        {
            "date": to_date(totals.day[row]).isoformat(),
            "impressions": int(counts["impressions"][at]),
            "clicks": int(counts["clicks"][at]),
            "cost": float(cost[at]) * rate,
            "conversions": int(counts["half_conversions"][at]) / 2,
        }
        for at, row in enumerate(rows)
    ]


def by_account(world: World, places: list[int], first: int, end: int, rate: float) -> list[dict[str, Any]]:
    """Metrics by company domain over the days of the campaigns, the top 1,000 by spend."""
    made = known(world).companies
    rows = np.flatnonzero((made.day >= first) & (made.day < min(end, world.day + 1)) & np.isin(made.campaign, places))
    counts, cost = made.shown(rows, world.day)
    companies, group = np.unique(made.company[rows], return_inverse=True)
    sums = {name: np.bincount(group, value, len(companies)) for name, value in counts.items()}
    spent = np.bincount(group, cost, len(companies))
    order = np.argsort(-spent, kind="stable")[:1000]
    return [
        {
            "domain": world.companies.domain[companies[at]],
            "impressions": int(sums["impressions"][at]),
            "clicks": int(sums["clicks"][at]),
            "cost": float(round(spent[at], 4)) * rate,
            "adjustedViewThroughs": float(sums["half_conversions"][at]) / 2,
            "adjustedClickThroughs": 0.0,
            "pageViews": int(sums["clicks"][at]) * 3,
        }
        for at in order
    ]


def _time(seconds: int) -> str:
    return f"{to_date(seconds // DAY)}T{seconds % DAY // 3600:02d}:00:00+00:00"
