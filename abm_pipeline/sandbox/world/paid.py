"""Paid campaigns beside LinkedIn's: what was planned, paused, renamed and removed, and what they delivered by day.

Belongs here: what platforms share that tell totals of campaigns. How each serves them, and delivery by company, are in
the vendors' packages.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import pandas as pd

from abm_pipeline.sandbox.world import World
from abm_pipeline.sandbox.world.campaigns import LEVELS
from abm_pipeline.sandbox.world.scales import DAY, LOOKAHEAD_DAYS, Calendar, to_date
from abm_pipeline.sandbox.world.tables import Array
from abm_pipeline.sandbox.world.truth import dates

WAVE_DAYS, RUN_DAYS = 30, 75
# Days until nothing is added any more: to impressions and cost, and to conversions (credited to the day of the click).
SETTLE_DAYS, CONVERSION_DAYS = 2, 28
COUNTS = ("impressions", "clicks", "engagements", "half_conversions")
_THEMES = ("Data Trust", "Cost Control", "Faster Close", "Safe Cloud", "One View")


@dataclass(frozen=True)
class PaidCampaign:
    """One campaign. `names` and `states` are (second from which it holds, value), in order of time.

    `account` is a position in the vendor's accounts, `start` and `end` are day numbers (`end` None: open), money is in
    the account's currency: a budget by day, or for the whole run. `edits` are the seconds at which a person changed
    it; schedules are not edits.
    """

    ident: int
    account: int
    kind: str
    level: int
    names: tuple[tuple[int, str], ...]
    states: tuple[tuple[int, str], ...]
    edits: tuple[int, ...]
    start: int
    end: int | None
    daily_budget: float
    total_budget: float | None

    def name(self, instant: int) -> str:
        """Its name at the instant."""
        return [name for since, name in self.names if since <= instant][-1]

    def state(self, instant: int) -> str:
        """`pending`, `active`, `paused`, `removed` or `ended`; `unknown` before it was made."""
        return ["unknown", *(state for since, state in self.states if since <= instant)][-1]

    @property
    def created(self) -> int:
        """Second at which it was made."""
        return self.edits[0]

    def changed(self, instant: int) -> int:
        """Second of the last edit."""
        return max(edit for edit in self.edits if edit <= instant)

    def delivering(self, days: Array) -> Array:
        """Which of the days it runs on: those at whose noon it is active."""
        since = np.array([second for second, _ in self.states])
        place = np.searchsorted(since, days * DAY + DAY // 2, side="right") - 1
        active = np.array([state == "active" for _, state in self.states])
        return np.asarray((place >= 0) & active[np.maximum(place, 0)])


@dataclass(frozen=True)
class PaidDelivery:
    """Settled totals by (campaign, day): `campaign` are positions, conversions are counted in halves."""

    campaign: Array
    day: Array
    counts: dict[str, Array]
    cost: Array

    def shown(self, rows: Array, clock_day: int) -> tuple[dict[str, Array], Array]:
        """Counts and cost (two decimals) of rows as reported on `clock_day`: young days still grow."""
        age = clock_day - self.day[rows]
        return {name: aged(name, value[rows], age) for name, value in self.counts.items()}, np.round(
            self.cost[rows] * _share(age), 2
        )

    def visible(self, clock_day: int) -> Array:
        """Rows of the days up to the clock."""
        return np.flatnonzero(self.day <= clock_day)


def aged(name: str, settled: Array, age: Array) -> Array:
    """A count as it stands `age` days after its day."""
    if name == "half_conversions":
        known = 0.5 + 0.5 * np.clip(age, 0, CONVERSION_DAYS) / CONVERSION_DAYS
        return np.asarray(np.floor(settled * known).astype(np.int64))
    if name == "clicks":
        # Invalid clicks are taken back when the day settles.
        return np.asarray(settled + ((age < SETTLE_DAYS + 1) & (settled > 4)))
    return np.asarray(np.floor(settled * _share(age)).astype(np.int64))


def _share(age: Array) -> Array:
    """How much of a day's delivery has been counted by then."""
    return np.asarray(np.where(age <= 0, 0.86, np.where(age < SETTLE_DAYS, 0.99, 1.0)))


def make_paid(
    cal: Calendar, vendor: str, prefix: str, kinds: tuple[str, ...], accounts: int, first_id: int
) -> list[PaidCampaign]:
    """Campaigns in waves, one of each kind a wave, ordered by their making."""
    rng = cal.rng(f"{vendor} campaigns")
    # The last day of the half-year: what runs then is changed in its last days, which are those most looked at.
    last = cal.horizon - LOOKAHEAD_DAYS
    made: list[PaidCampaign] = []
    for start in range(cal.start - 20, cal.horizon, WAVE_DAYS):
        for kind in kinds:
            place = len(made)
            level = int(rng.integers(len(LEVELS)))
            first = start + int(rng.integers(0, 9))
            end = None if rng.random() < 0.15 else first + RUN_DAYS
            name = f"{prefix} {kind} {LEVELS[level]} {_THEMES[int(rng.integers(len(_THEMES)))]} {to_date(first):%Y-%m}"
            made_at = (first - int(rng.integers(2, 9))) * DAY + int(rng.integers(8, 17)) * 3600
            states = [(made_at, "pending"), (first * DAY, "active")]
            names, edits, fate = [(made_at, name)], [made_at], rng.random()
            turn = first + int(rng.integers(12, 50))
            if first + 15 < last < first + RUN_DAYS:
                turn = last - place % 3
            at = turn * DAY + int(rng.integers(13, 18)) * 3600
            if fate < 0.25:
                states += [(at, "paused"), (at + 6 * DAY, "active")]
                edits += [at, at + 6 * DAY]
            elif fate < 0.45:
                states.append((at, "removed"))
                edits.append(at)
            else:
                names.append((at, f"{name} v2"))
                edits.append(at)
            if end is not None and states[-1][1] != "removed":
                states.append(((end + 1) * DAY, "ended"))
            daily = float(np.round(np.exp(rng.normal(4.2, 0.4)) * (1.0 + 0.5 * level), 2))
            total = float(np.round(daily * RUN_DAYS, 2)) if end is not None and rng.random() < 0.4 else None
            made.append(
                PaidCampaign(
                    first_id + 131 * place, place % accounts, kind, level, tuple(names), tuple(states), tuple(edits),
                    first, end, daily, total,
                )
            )  # fmt: skip
    return made


def deliver(cal: Calendar, vendor: str, campaigns: list[PaidCampaign], cpm: float, ctr: float) -> PaidDelivery:
    """What each campaign spent and got on each day that it ran; a day in fifty has nothing."""
    rng, days = cal.rng(f"{vendor} delivery"), np.arange(cal.start, cal.horizon + 1)
    weekday = np.array([1.1, 1.15, 1.15, 1.1, 1.0, 0.5, 0.45])[(days + 3) % 7]
    which, when, cost = [], [], []
    for place, campaign in enumerate(campaigns):
        spent = campaign.daily_budget * weekday * np.exp(rng.normal(-0.15, 0.2, len(days)))
        runs = campaign.delivering(days) & (rng.random(len(days)) > 0.02)
        which.append(np.full(int(runs.sum()), place))
        when.append(days[runs])
        cost.append(np.round(spent[runs], 2))
    spend = np.concatenate(cost)
    impressions = rng.poisson(spend / cpm * 1000)
    clicks = rng.binomial(impressions, ctr)
    engagements = rng.binomial(impressions, ctr / 3)
    halves = rng.binomial(clicks * 2, 0.04)
    counts = dict(zip(COUNTS, (impressions, clicks, engagements, halves), strict=True))
    return PaidDelivery(
        np.concatenate(which), np.concatenate(when), {k: v.astype(np.int64) for k, v in counts.items()}, spend
    )


class PaidAccount(Protocol):
    """What a platform's account has at least."""

    @property
    def currency(self) -> str:
        """ISO code."""
        ...

    @property
    def zone(self) -> str:
        """Name of the time zone that its days are of."""
        ...


def paid_truth(
    world: World,
    source: str,
    accounts: Sequence[PaidAccount],
    campaigns: list[PaidCampaign],
    delivery: PaidDelivery,
    conversions: Callable[[Array], Array],
    is_deleted: Callable[[int], bool],
) -> Mapping[str, pd.DataFrame]:
    """`ad_delivery` and `campaign` as at the clock of a platform that tells totals only, and what is hidden.

    `conversions` makes whole ones of halves; `is_deleted` is asked for a campaign's position.
    """
    instant = world.instant
    rows = delivery.visible(world.day)
    counts, cost = delivery.shown(rows, world.day)
    halves = counts.pop("half_conversions")
    place, days = delivery.campaign[rows], dates(delivery.day[rows])
    idents = np.array([campaign.ident for campaign in campaigns])[place].astype(str)
    account = np.array([campaign.account for campaign in campaigns])[place]
    there = [place for place, campaign in enumerate(campaigns) if campaign.created <= instant]
    return {
        "ad_delivery": pd.DataFrame({
            "source": source, "source_id": [f"{ident}:all:{day}" for ident, day in zip(idents, days, strict=True)],
            "company_id": None, "day": days, "campaign_source_id": idents,
            "account_time_zone": np.array([a.zone for a in accounts], object)[account], **counts,
            "conversions": conversions(halves), "spend": cost,
            "currency": np.array([a.currency for a in accounts], object)[account],
        }),
        "campaign": pd.DataFrame({
            "source": source, "source_id": [str(campaigns[place].ident) for place in there], "company_id": None,
            "name": [campaigns[place].name(instant) for place in there],
            "currency": [accounts[campaigns[place].account].currency for place in there],
            "is_deleted": [is_deleted(place) for place in there],
        }),
        "hidden": pd.DataFrame({
            "source": [source], "what": ["touch"], "rows": [len(rows)],
            "reason": ["there is no company dimension: only totals of campaigns are told"],
        }),
    }  # fmt: skip
