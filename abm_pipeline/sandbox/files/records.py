"""What people keep in files beside every system: planted once for the whole timeline, one frame a kind of file.

Belongs here: what is true. Every frame has `day` (day number: when the row is first known) and `company` (position, -1
for none). How files are written is in `writing`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from abm_pipeline.sandbox.world.companies import TIERS
from abm_pipeline.sandbox.world.customers import customers
from abm_pipeline.sandbox.world.guests import Guests, make_guests
from abm_pipeline.sandbox.world.names import FIRST, LAST, TOPICS
from abm_pipeline.sandbox.world.scales import DAY, NEVER, to_date
from abm_pipeline.sandbox.world.tables import Array

if TYPE_CHECKING:
    from abm_pipeline.sandbox.world import World

# Files begin so long before the half-year of the clock.
EARLY_DAYS = 14
CATEGORIES = ("content", "event", "agency", "tool")
OWNERS = ("u-01", "u-02", "u-03", "u-04")
WORK = ("research", "outreach", "workshop", "content")
# Currencies that the CRM has no rates of, and their rates to the dollar in the first month.
RATES = {"CHF": 0.88, "SEK": 10.4, "DKK": 6.9}
SITES = ("TrustRadius", "Capterra")
PRODUCT, FEATURES = "Northwind Edge", ("dashboards", "exports")
ACTIVITIES = (
    ("event_attended", "event", "inbound", "trade_fair"),
    ("direct_mail", "mail", "outbound", "mailing"),
    ("direct_mail_response", "mail", "inbound", "mailing"),
    ("social_engagement", "social", "inbound", "post"),
)
# How much of each there is: few letters are answered.
SHARES = (0.30, 0.40, 0.06, 0.24)
REACTIONS = ("like", "like", "share", "comment", "follow")


def mondays(world: World) -> Array:
    """Mondays on which files are written, as day numbers."""
    cal = world.calendar
    first = max(cal.start, cal.horizon - 241 - EARLY_DAYS)
    return np.arange(first + (4 - first) % 7, cal.horizon + 1, 7)


def records(world: World) -> dict[str, pd.DataFrame]:
    """Every planted frame by kind."""
    return world.part("files records", _make)


def guests(world: World) -> Guests:
    """The people that files name."""
    return world.part("files guests", lambda w: make_guests(w, "files", 0.12, 0.1, 0.25))


def _make(world: World) -> dict[str, pd.DataFrame]:
    makers = {
        "target_list": _targets, "committee": _committee, "cost": _costs, "time_entry": _hours, "ranking": _rankings,
        "referral": _referrals, "review": _reviews, "fx_rate": _rates, "usage": _usage, "intent": _intent,
        "survey": _surveys, "activity": _activities,
    }  # fmt: skip
    return {name: make(world) for name, make in makers.items()}


def _usable(world: World) -> Array:
    """Companies that their domain alone tells."""
    return np.flatnonzero(world.companies.has_own_domain)


def _targets(world: World) -> pd.DataFrame:
    tiers = world.tiers
    return pd.DataFrame(
        {
            "day": tiers.valid_from, "company": tiers.company, "tier": np.array(TIERS, object)[tiers.tier],
            "until": tiers.valid_to,
        }
    )  # fmt: skip


def _committee(world: World) -> pd.DataFrame:
    people = guests(world)
    mapped = np.flatnonzero(world.companies.ever_target[people.company])
    return pd.DataFrame({"day": people.known[mapped] // DAY, "company": people.company[mapped], "guest": mapped})


def _costs(world: World) -> pd.DataFrame:
    """Receipts, some for one company. Every ninth is a mistake that is taken out of its file weeks later."""
    rng, weeks = world.calendar.rng("files costs"), mondays(world)
    many = 3 if world.calendar.scale.name == "tiny" else 16
    day = np.repeat(weeks, many) - rng.integers(1, 7, many * len(weeks))
    size = len(day)
    return pd.DataFrame(
        {
            "day": day,
            "company": np.where(rng.random(size) < 0.5, rng.choice(_usable(world), size), -1),
            "category": np.array(CATEGORIES, object)[rng.integers(0, len(CATEGORIES), size)],
            "receipt": [f"R-{10_000 + i} Überweisung" for i in range(size)],
            "cents": rng.integers(20_000, 2_500_000, size),
            "currency": np.array(("EUR", "USD"), object)[(rng.random(size) < 0.3).astype(int)],
            "until": np.where(np.arange(size) % 9 == 4, day + 17, 1 << 40),
        }
    )


def _hours(world: World) -> pd.DataFrame:
    rng, weeks = world.calendar.rng("files hours"), mondays(world)
    listed = np.flatnonzero(world.companies.ever_target)
    many = 8 if world.calendar.scale.name == "tiny" else 60
    day = np.repeat(weeks, many) - rng.integers(3, 8, many * len(weeks))
    size, owner = len(day), rng.integers(0, len(OWNERS), many * len(weeks))
    rows: pd.DataFrame = pd.DataFrame(
        {
            "day": day, "company": rng.choice(listed, size), "owner": np.array(OWNERS, object)[owner],
            "name": [f"{FIRST[3 * i]} {LAST[5 * i]}" for i in owner],
            "work": np.array(WORK, object)[rng.integers(0, len(WORK), size)],
            "hours": rng.integers(1, 17, size) / 2, "rate": 60.0 + 15.0 * owner,
        }
    )  # fmt: skip
    return rows.drop_duplicates(["day", "company", "owner", "work"]).reset_index(drop=True)


def _rankings(world: World) -> pd.DataFrame:
    """Every fourth Monday and the last of June, marketing and sales rank the same companies, each by its own view."""
    rng, parts = world.calendar.rng("files rankings"), []
    listed = np.flatnonzero(world.companies.ever_target)[:40]
    for place, day in enumerate(mondays(world)):
        mood = world.people.interest[listed, (int(day) - world.calendar.first_monday) // 7]
        for by, noise in (("marketing", 0.4), ("sales", 0.9)):
            order = listed[np.argsort(-(mood + rng.normal(0, noise, len(listed))), kind="stable")]
            if place % 2 == 0:
                parts.append(pd.DataFrame({"day": day, "company": order, "by": by, "rank": 1 + np.arange(len(order))}))
    return pd.concat(parts, ignore_index=True)


def _referrals(world: World) -> pd.DataFrame:
    rng, weeks = world.calendar.rng("files referrals"), mondays(world)
    payers = np.intersect1d(customers(world).companies, _usable(world))
    others = np.setdiff1d(_usable(world), payers)
    size = len(weeks)
    day, referred = weeks - rng.integers(1, 7, size), rng.choice(others, size)
    # What is referred sells: of four, about one has its first deal won in the months after.
    first_won = np.full(len(world.companies), NEVER)
    deals = world.people.deals
    np.minimum.at(first_won, deals.company[deals.is_won], deals.closed[deals.is_won] // DAY)
    for place, draw in enumerate(rng.random(size)):
        buyers = np.intersect1d(_usable(world), np.flatnonzero(np.abs(first_won - day[place] - 60) < 50))
        if draw < 0.25 and len(buyers):
            referred[place] = rng.choice(buyers)
    return pd.DataFrame({"day": day, "company": rng.choice(payers, size), "referred": referred}).drop_duplicates(
        ["company", "referred"]
    ).reset_index(drop=True)  # fmt: skip


def _reviews(world: World) -> pd.DataFrame:
    rng, weeks = world.calendar.rng("files reviews"), mondays(world)
    size = len(weeks)
    return pd.DataFrame(
        {
            "day": weeks - rng.integers(1, 7, size),
            "company": np.where(rng.random(size) < 0.6, rng.choice(_usable(world), size), -1),
            "site": np.array(SITES, object)[rng.integers(0, len(SITES), size)],
            "title": [f'Review {i}, "as it is"' for i in range(size)],
            "stars": rng.integers(2, 11, size) / 2,
        }
    )


def _rates(world: World) -> pd.DataFrame:
    cal, rng = world.calendar, world.calendar.rng("files rates")
    days = [d for d in range(int(mondays(world)[0]) - 31, cal.horizon + 1) if to_date(d).day == 1]
    parts = []
    for code, first in RATES.items():
        walk = first * np.exp(np.cumsum(rng.normal(0, 0.01, len(days))))
        parts.append(pd.DataFrame({"day": days, "company": -1, "currency": code, "rate": walk.round(5)}))
    return pd.concat(parts, ignore_index=True)


def _usage(world: World) -> pd.DataFrame:
    """Working days of the older product, which some customers run themselves."""
    rng, who = world.calendar.rng("files usage"), customers(world)
    sites = np.intersect1d(who.companies, _usable(world))[:: 4 if len(world.companies) < 100 else 12]
    days = np.arange(int(mondays(world)[0]) - 7, world.calendar.horizon + 1)
    days = days[(days + 3) % 7 < 5]
    company, day, feature = (a.ravel() for a in np.meshgrid(sites, days, np.arange(len(FEATURES)), indexing="ij"))
    users = rng.poisson(2.0 + world.companies.employees[company] ** 0.35)
    keep = (users > 0) & (rng.random(len(users)) < 0.35)
    rows: pd.DataFrame = pd.DataFrame(
        {
            "day": day, "company": company, "feature": np.array(FEATURES, object)[feature], "users": users,
            "events": users * rng.integers(2, 30, len(users)),
        }
    )[keep].reset_index(drop=True)  # fmt: skip
    return rows


def _intent(world: World) -> pd.DataFrame:
    """Another provider's scores of the week that ended the day before, of half the companies."""
    rng = world.calendar.rng("files intent")
    parts: list[pd.DataFrame] = []
    seen = _usable(world)[:: 2 if len(world.companies) < 100 else 5]
    for monday in mondays(world):
        mood = world.people.interest[seen, (int(monday) - 7 - world.calendar.first_monday) // 7]
        score = np.clip((50 if len(seen) < 40 else 38) + 14 * mood + rng.normal(0, 9, len(seen)), 0, 100).round(1)
        topic = rng.integers(0, len(TOPICS), len(seen))
        rows: pd.DataFrame = pd.DataFrame(
            {"day": monday - 1, "company": seen, "topic": np.array(TOPICS, object)[topic], "score": score}
        )
        parts.append(rows[score >= 55])
    scored: pd.DataFrame = pd.concat(parts, ignore_index=True)
    return scored


def _surveys(world: World) -> pd.DataFrame:
    rng, weeks, people = world.calendar.rng("files surveys"), mondays(world), guests(world)
    week = np.repeat(weeks, 2)
    who = rng.integers(0, len(people), len(week))
    day = week - rng.integers(1, 7, len(week))
    rows: pd.DataFrame = pd.DataFrame(
        {
            "day": day, "company": people.company[who], "guest": who, "survey": [f"event-{to_date(w)}" for w in week],
            "minute": rng.integers(8 * 60, 18 * 60, len(week)), "score": rng.integers(1, 6, len(week)),
        }
    )  # fmt: skip
    known = people.known[rows["guest"].to_numpy()] < rows["day"].to_numpy() * DAY
    rows = rows[known].drop_duplicates(["survey", "guest"]).reset_index(drop=True)
    return rows


def _activities(world: World) -> pd.DataFrame:
    rng, weeks, people = world.calendar.rng("files activities"), mondays(world), guests(world)
    many = 4 if world.calendar.scale.name == "tiny" else 20
    week = np.repeat(weeks, many)
    who, kind = rng.integers(0, len(people), len(week)), rng.choice(len(ACTIVITIES), len(week), p=SHARES)
    day = week - rng.integers(1, 7, len(week))
    rows: pd.DataFrame = pd.DataFrame(
        {
            "day": day, "company": people.company[who], "guest": who, "kind": kind,
            "at": day * DAY + rng.integers(8 * 3600, 18 * 3600, len(week)), "has_email": rng.random(len(week)) < 0.8,
        }
    )  # fmt: skip
    known = people.known[rows["guest"].to_numpy()] < rows["at"].to_numpy()
    rows = rows[known].drop_duplicates(["at", "kind", "guest"]).reset_index(drop=True)
    return rows
