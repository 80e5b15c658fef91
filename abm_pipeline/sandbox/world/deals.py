"""Opportunities as they truly went: when they opened, how they moved, whether they were won, for how much.

The planted effects live here (`PLANTED`): listed accounts win more often, for more money, in less time, and
engagement raises both the chance of a deal and the chance to win it. So a score that follows engagement tells who
opens a deal: among the listed of the demo some four times as many of the highest fifth as of the lowest, in ninety
days.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from abm_pipeline.sandbox.world.companies import Companies, Tiers
from abm_pipeline.sandbox.world.names import COUNTRIES
from abm_pipeline.sandbox.world.scales import DAY, Calendar
from abm_pipeline.sandbox.world.tables import Array, objects

STAGES = ("Qualification", "Discovery", "Proposal", "Negotiation", "Closed Won", "Closed Lost")
PROBABILITY = (10.0, 25.0, 50.0, 75.0, 100.0, 0.0)
PLANTED: dict[str, Any] = {
    "win_rate_listed": 0.38,
    "win_rate_other": 0.22,
    "deal_size_ratio": 2.3,
    "deal_size_median_other_usd": 24_000.0,
    "cycle_days_mean_listed": 62.0,
    "cycle_days_mean_other": 88.0,
    "hazard_log_interest": 0.3,
    "hazard_log_engagement": 1.5,
    # Two meetings in a few weeks say as much as ten: without a most, a handful of companies would open deals all year.
    "hazard_engagement_most": 6.0,
    "hazard_log_listed": 0.1,
    "win_logit_per_sd_engagement": 0.6,
}


@dataclass(frozen=True)
class Deals:
    """One entry per deal: instants in seconds, `amount` in `currency`; `steps` are (instant, stage, amount)."""

    company: Array
    created: Array
    closed: Array
    is_won: Array
    listed: Array
    amount: Array
    currency: Array
    kind: Array
    steps: list[list[tuple[int, int, float]]]
    closed_before_created: int


def make_deals(
    cal: Calendar, companies: Companies, tiers: Tiers, grid: Array, interest: Array, recent: Array, born: Array
) -> Deals:
    """Sample the deals of the whole timeline and of the backlog before it."""
    rng = cal.rng("deals")
    company, day, mood = _openings(cal, rng, companies, grid, interest, recent, born)
    size = len(company)
    order = np.lexsort((day, company))
    company, day, mood = company[order], day[order], mood[order]
    listed = tiers.at(company, day) >= 0
    created = day * DAY + rng.integers(8 * 3600, 17 * 3600, size)
    won = _wins(rng, listed, mood)
    mean = np.where(listed, PLANTED["cycle_days_mean_listed"], PLANTED["cycle_days_mean_other"])
    cycle = np.maximum(6.0, rng.gamma(4.0, mean / 4.0))
    closed = created + (cycle * DAY).astype(np.int64)
    ratio = np.where(listed, PLANTED["deal_size_ratio"], 1.0)
    dollars = PLANTED["deal_size_median_other_usd"] * ratio * np.exp(rng.normal(0, 0.45, size))
    home = np.array([COUNTRIES[c][2] for c in companies.country], object)[company]
    currency = np.where(rng.random(size) < 0.06, "USD", home).astype(object)
    amount = np.maximum(500.0, (dollars / 250).round() * 250)
    amount = np.where(currency == "EUR", (amount * 0.92 / 100).round() * 100, amount)
    amount = np.where(currency == "GBP", (amount * 0.79 / 100).round() * 100, amount)
    steps = [_path(rng, *row) for row in zip(created, closed, won, amount, strict=True)]
    settled = (closed < (cal.horizon - 70) * DAY) & (created > (cal.start - 60) * DAY)
    first = np.lexsort((np.arange(size), companies.ever_target[company] | ~settled))
    odd, early = int(first[0]), int(first[1])
    currency[odd] = "XTS"
    return Deals(
        company,
        created,
        closed,
        won,
        listed,
        amount,
        currency,
        _kinds(rng, company, created, closed, won),
        steps,
        early,
    )


def _openings(
    cal: Calendar,
    rng: np.random.Generator,
    companies: Companies,
    grid: Array,
    interest: Array,
    recent: Array,
    born: Array,
) -> tuple[Array, Array, Array]:
    """Company, day and engagement mood of every deal that opens."""
    weeks = cal.weeks
    log_hazard = (
        PLANTED["hazard_log_interest"] * np.clip(interest, -3, 3)
        + PLANTED["hazard_log_engagement"] * np.log1p(np.minimum(recent, PLANTED["hazard_engagement_most"]))
        + PLANTED["hazard_log_listed"] * (grid >= 0)
    )
    hazard = np.exp(log_hazard)
    mondays = cal.first_monday + 7 * np.arange(weeks)
    hazard[(born // DAY)[:, None] + 14 > mondays[None, :]] = 0.0
    hazard[~companies.has_crm | (companies.agency >= 0)] = 0.0
    agencies = np.unique(companies.agency[companies.agency >= 0])
    hazard[agencies] = 0.0
    share = cal.days / (cal.days + cal.scale.backlog_days)
    rate = hazard / hazard.sum() * cal.scale.deals * share * (cal.days / (cal.days - 60))
    company, week = np.nonzero(rng.random(hazard.shape) < rate)
    day = np.clip(cal.first_monday + 7 * week + rng.integers(0, 5, len(week)), cal.start, cal.horizon)
    early = np.where(born < (cal.start - cal.scale.backlog_days - 10) * DAY, hazard[:, :6].mean(axis=1), 0.0)
    backlog = int(cal.scale.deals * (1 - share))
    old = rng.choice(len(companies), backlog, p=early / early.sum())
    old_day = cal.start - rng.integers(1, cal.scale.backlog_days, backlog)
    typical = np.log1p(recent).mean(axis=1)
    mood = np.concatenate([np.log1p(recent)[company, week], typical[old] + rng.normal(0, 0.4, backlog)])
    return np.concatenate([company, old]), np.concatenate([day, old_day]), mood


def _wins(rng: np.random.Generator, listed: Array, mood: Array) -> Array:
    """Who wins: a logistic in engagement around each group's planted rate, drawn systematically to keep noise low."""
    won = np.zeros(len(listed), bool)
    for group, base in ((listed, PLANTED["win_rate_listed"]), (~listed, PLANTED["win_rate_other"])):
        members = np.flatnonzero(group)
        if not len(members):
            continue
        score = (
            PLANTED["win_logit_per_sd_engagement"]
            * (mood[members] - mood[members].mean())
            / (mood[members].std() + 1e-9)
        )
        low, high = -6.0, 6.0
        for _ in range(40):
            middle = (low + high) / 2
            low, high = (middle, high) if (1 / (1 + np.exp(-middle - score))).mean() < base else (low, middle)
        chance = 1 / (1 + np.exp(-low - score))
        shuffled = rng.permutation(len(members))
        ladder = np.floor(rng.random() + np.cumsum(chance[shuffled]))
        won[members[shuffled]] = np.diff(ladder, prepend=0.0) > 0
    return won


def _path(
    rng: np.random.Generator, created: int, closed: int, won: bool, amount: float
) -> list[tuple[int, int, float]]:
    """Stage changes of a deal: the amount is a guess at first and settles at the proposal."""
    reached = 3 if won else int(rng.choice(4, p=(0.2, 0.3, 0.3, 0.2)))
    shares = np.cumsum(rng.dirichlet(np.full(reached + 1, 3.0)))[:-1]
    moments = [int(created), *(int(created + share * (closed - created)) for share in shares), int(closed)]
    guess = round(amount * float(rng.uniform(0.75, 1.25)) / 500) * 500.0 or 500.0
    stages = [*range(reached + 1), 4 if won else 5]
    return [
        (moment, stage, amount if stage >= 2 or stage > 3 else guess)
        for moment, stage in zip(moments, stages, strict=True)
    ]


def _kinds(rng: np.random.Generator, company: Array, created: Array, closed: Array, won: Array) -> Array:
    """New business until the company has bought; then expansion or renewal."""
    bought: dict[int, int] = {}
    kinds: list[str] = ["New Business"] * len(company)
    for row in np.argsort(created, kind="stable"):
        owner = int(company[row])
        if owner in bought and bought[owner] < created[row]:
            kinds[row] = "Existing Business" if rng.random() < 0.65 else "Renewal"
        if won[row]:
            bought[owner] = min(bought.get(owner, int(closed[row])), int(closed[row]))
    return objects(kinds)
