"""LinkedIn advertising: accounts, campaigns, organisations, and delivery by campaign, company and day.

Belongs here: settled numbers, and what of them shows at a given clock (restated days, privacy threshold, noise).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from abm_pipeline.sandbox.world.accounts import variant
from abm_pipeline.sandbox.world.campaigns import Campaigns
from abm_pipeline.sandbox.world.companies import Companies, plain
from abm_pipeline.sandbox.world.crm_deals import Money
from abm_pipeline.sandbox.world.scales import Calendar
from abm_pipeline.sandbox.world.tables import Array, objects

ACCOUNTS = ((508720451, "Northwind ABM – US", "USD"), (508720977, "Northwind ABM – Europe", "EUR"))
SETTLE_DAYS = 7
THRESHOLD = 3
COUNTS = ("impressions", "clicks", "total_engagements", "conversions", "leads")
# Daily impressions on a company by personalisation level and tier (1:1, 1:Few, 1:Many, not listed).
_RATE = ((0.0, 1.5, 3.0, 0.45), (2.0, 9.0, 4.5, 0.0), (34.0, 11.0, 0.0, 0.0))


@dataclass(frozen=True)
class Organisations:
    """LinkedIn organisations: `company` position of each; ids by company, -1 when the company is not there."""

    ids: Array
    company: Array
    name: Array
    vanity: Array
    website: Array
    id_of: Array


@dataclass(frozen=True)
class Delivery:
    """Settled delivery, ordered by (campaign, day, company); company -1 is members whose employer is unknown."""

    campaign: Array
    day: Array
    company: Array
    counts: dict[str, Array]
    cost: Array


@dataclass(frozen=True)
class Ads:
    """Everything LinkedIn knows. `campaign` are positions in Campaigns, `account` positions in ACCOUNTS."""

    campaign: Array
    campaign_ids: Array
    group_ids: Array
    account: Array
    organisations: Organisations
    delivery: Delivery
    money: Money

    def shown(self, rows: Array, clock_day: int) -> tuple[dict[str, Array], Array]:
        """Counts and cost of delivery rows as reported on `clock_day`: the last days are still growing."""
        age = clock_day - self.delivery.day[rows]
        missing = np.clip(SETTLE_DAYS - age, 0, SETTLE_DAYS)
        share = 1.0 - 0.02 * missing
        counts = {}
        for name, settled in self.delivery.counts.items():
            value = settled[rows]
            # Suspicious clicks are taken back when the day settles, everything else arrives late.
            counts[name] = (
                value + (missing > 3) * (value > 4) if name == "clicks" else np.floor(value * share).astype(np.int64)
            )
        cost = self.delivery.cost[rows] * share
        return counts, cost

    def private(self, value: Array, cells: Array, metric: int) -> Array:
        """A member metric as shown: 0 below the threshold, else off by up to 3 but never below the threshold."""
        mixed = (cells.astype(np.uint64) + np.uint64(metric + 1)) * np.uint64(0x9E3779B97F4A7C15)
        noise = ((mixed >> np.uint64(33)) % np.uint64(7)).astype(np.int64) - 3
        return np.where(value < THRESHOLD, 0, np.maximum(THRESHOLD, value + noise))


def make_ads(
    cal: Calendar, companies: Companies, grid: Array, interest: Array, campaigns: Campaigns, money: Money
) -> Ads:
    """Organisations, campaigns and their delivery over the whole timeline."""
    rng = cal.rng("ads")
    chosen = campaigns.of_type("Advertising")
    account = (np.arange(len(chosen)) % 3 == 1).astype(np.int64)
    waves = np.cumsum(np.concatenate([[0], np.diff(campaigns.start[chosen]) > 0]))
    organisations = _organisations(cal, companies)
    delivery = _deliver(cal, rng, companies, grid, interest, campaigns, chosen, account, organisations)
    return Ads(
        chosen,
        312_000_100 + 17 * np.arange(len(chosen)),
        611_000_500 + 10 * waves + account,
        account,
        organisations,
        delivery,
        money,
    )


def _organisations(cal: Calendar, companies: Companies) -> Organisations:
    rng, size = cal.rng("organisations"), len(companies)
    company = np.flatnonzero(rng.random(size) < 0.965)
    ids = 1_035_000 + 37 * company
    id_of = np.full(size, -1, np.int64)
    id_of[company] = ids
    names, sites = [], []
    for owner in company:
        u = rng.random()
        agency = companies.agency[owner]
        domain = companies.domain[agency if agency >= 0 else owner]
        names.append(variant(rng, companies.name[owner], companies.legal_name[owner], 0.2))
        missing = u < 0.09 and not companies.ever_target[owner]
        sites.append(
            None
            if missing
            else f"https://www.{domain}"
            if u < 0.5
            else f"http://{domain}/"
            if u < 0.8
            else f"https://{domain}/linkedin"
        )
    vanity = [f"{plain(companies.name[c])}-{c}" for c in company]
    return Organisations(ids, company, objects(names), objects(vanity), objects(sites), id_of)


def _deliver(
    cal: Calendar,
    rng: np.random.Generator,
    companies: Companies,
    grid: Array,
    interest: Array,
    campaigns: Campaigns,
    chosen: Array,
    account: Array,
    organisations: Organisations,
) -> Delivery:
    """Poisson impressions for the companies each campaign aims at, and what followed from them."""
    reachable = organisations.id_of >= 0
    bulk = np.clip(np.log(companies.employees) / 6.5, 0.4, 1.6)
    outside = rng.random(len(companies)) < 0.3
    pieces: list[tuple[Array, ...]] = []
    for place, campaign in enumerate(chosen):
        days = np.arange(max(campaigns.start[campaign], cal.start), min(campaigns.end[campaign], cal.horizon) + 1)
        if not len(days):
            continue
        week = (days - cal.first_monday) // 7
        ever = (np.array(_RATE[campaigns.level[campaign]])[grid[:, np.unique(week)]] > 0).any(axis=1)
        audience = np.flatnonzero(reachable & ever & (companies.ever_target | outside))
        rate = (companies.reach * bulk)[audience, None]
        rate = rate * np.array(_RATE[campaigns.level[campaign]])[grid[np.ix_(audience, week)]]
        mood = np.clip(interest[np.ix_(audience, week)], -2.5, 3.0)
        weekday = np.array([1.1, 1.2, 1.2, 1.15, 1.0, 0.55, 0.5])[(days + 3) % 7]
        seen = rng.poisson(rate * np.exp(0.25 * mood) * weekday).T
        which, whom = np.nonzero(seen)
        impressions = seen[which, whom]
        clicks = rng.binomial(impressions, np.clip(0.025 * np.exp(0.55 * mood[whom, which]), 0, 0.3))
        other = np.maximum(2, rng.poisson(seen.sum(axis=1) * 0.25 + 3))
        stray = np.full(len(days), -1)
        pieces.append(
            (
                np.full(len(which) + len(days), place),
                np.concatenate([days[which], days]),
                np.concatenate([audience[whom], stray]),
                np.concatenate([impressions, other]),
                np.concatenate([clicks, rng.binomial(other, 0.02)]),
            )
        )
    campaign, day, company, impressions, clicks = (np.concatenate(column) for column in zip(*pieces, strict=True))
    engaged = clicks + rng.binomial(impressions, 0.012)
    conversions, leads = rng.binomial(clicks, 0.06), rng.binomial(clicks, 0.03)
    cost = impressions * 0.034 + clicks * 4.1 * np.exp(rng.normal(0, 0.1, len(clicks)))
    order = np.lexsort((company, day, campaign))
    counts = dict(zip(COUNTS, (impressions, clicks, engaged, conversions, leads), strict=True))
    return Delivery(
        campaign[order],
        day[order],
        company[order],
        {k: v[order].astype(np.int64) for k, v in counts.items()},
        cost[order],
    )


def cells(*keys: Array) -> Array:
    """One number per combination of keys, for noise that is the same at every call."""
    mixed = np.zeros(len(keys[0]), np.uint64)
    for key in keys:
        mixed = (mixed ^ key.astype(np.int64).astype(np.uint64)) * np.uint64(0xBF58476D1CE4E5B9)
        mixed ^= mixed >> np.uint64(29)
    return mixed
