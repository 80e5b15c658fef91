"""What G2 knows: visits of companies to product, pricing, comparison and category pages, and reviews of our products.

A visit is tied to its company on the day itself or up to six days later. Not every company is ever recognised; some
are under a second id, a name of their own making, or without a domain; some "companies" are only access providers.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass

import numpy as np
import pandas as pd

from abm_pipeline.sandbox.world import World
from abm_pipeline.sandbox.world.intent import NOISE_DOMAINS
from abm_pipeline.sandbox.world.names import COUNTRIES
from abm_pipeline.sandbox.world.scales import DAY, NEVER
from abm_pipeline.sandbox.world.tables import Array, choose, objects

SPACE = uuid.uuid5(uuid.NAMESPACE_DNS, "g2.example")
CATEGORIES = ("Account-Based Orchestration", "Buyer Intent Data Providers")
# Ours first, one per category; then those of others.
OWN = (("northwind-platform", "Northwind Platform"), ("northwind-signals", "Northwind Signals"))
RIVALS = ("Contoso ABM", "Fabrikam Reach", "Tailspin Radar")
SIGNALS = ("profile", "pricing", "category", "compare", "alternatives", "sponsored")
SIGNAL_SHARES = (0.34, 0.13, 0.2, 0.16, 0.12, 0.05)
LATE_DAYS = 6
# The share of companies whose visits G2 ever recognises.
RECOGNISED = 0.85


def ident(*parts: object) -> str:
    """A UUID that is the same for the same parts."""
    return str(uuid.uuid5(SPACE, "/".join(map(str, parts))))


PRODUCT_IDS = tuple(ident("product", slug) for slug, _ in OWN)


@dataclass(frozen=True)
class Book:
    """`visits`: one row per visit; `reviews`: one per review, instants in seconds, `NEVER` where it doesn't happen."""

    visits: pd.DataFrame
    reviews: pd.DataFrame
    is_hard: Array


def book(world: World) -> Book:
    """The whole timeline, made once."""
    return world.part("g2", _book)


def _book(world: World) -> Book:
    cal, c = world.calendar, world.companies
    rng, size = cal.rng("g2 companies"), len(c)
    known = rng.random(size) < RECOGNISED
    spelling, second = rng.random(size), rng.random(size) < 0.06
    names = objects(
        legal if u < 0.3 else name.upper() if u > 0.95 else name
        for legal, name, u in zip(c.legal_name, c.name, spelling, strict=True)
    )
    form = rng.random(size)
    domains = objects(
        None if u < 0.04 else f"www.{d}" if u < 0.1 else d.upper() if u < 0.15 else d
        for d, u in zip(c.domain, form, strict=True)
    )
    visits = _visits(world, known, second, names, domains)
    hard = (c.agency >= 0) | (form < 0.04)
    return Book(visits, _reviews(world), hard)


def _visits(world: World, known: Array, second: Array, names: Array, domains: Array) -> pd.DataFrame:
    cal, c = world.calendar, world.companies
    rng, size = cal.rng("g2 visits"), len(c)
    # About fifty rows a day in a world of 1,600 companies.
    rate = 2.2 if size < 100 else 0.18
    pull = np.exp(0.8 * np.clip(world.people.interest, -2, 2.5))
    counts = rng.poisson(rate * pull * known[:, None])
    company, week = (np.repeat(place, counts.ravel()) for place in np.divmod(np.arange(counts.size), counts.shape[1]))
    noise = rng.poisson(0.04, (len(NOISE_DOMAINS), cal.days))
    network, at = (np.repeat(place, noise.ravel()) for place in np.divmod(np.arange(noise.size), cal.days))
    day = np.concatenate([cal.first_monday + 7 * week + rng.integers(0, 7, len(week)), cal.start + at])
    who = np.concatenate([company, np.full(len(network), -1)])
    total = len(day)
    signal = np.array(SIGNALS, object)[rng.choice(len(SIGNALS), total, p=SIGNAL_SHARES)]
    subject = rng.integers(0, len(OWN), total)
    rival = rng.integers(0, len(RIVALS), total)
    own = (rng.random(total) < 0.6) | np.isin(signal, ("compare", "sponsored"))
    own_ids, own_names = np.array(PRODUCT_IDS, object)[subject], objects(name for _, name in OWN)[subject]
    rival_ids = objects(ident("product", name) for name in RIVALS)[rival]
    rival_names = np.array(RIVALS, object)[rival]
    is_category, is_compare = signal == "category", signal == "compare"
    late = np.where(rng.random(total) < 0.25, rng.integers(1, LATE_DAYS + 1, total), 0)
    other = (rng.random(total) < 0.4) & np.where(who >= 0, second[who], False)
    weekly = np.clip(36 + 15 * world.people.interest + rng.normal(0, 5, world.people.interest.shape), 0, 100).round(1)
    weekly[rng.random(weekly.shape) < 0.02] = np.nan
    slot = (day - cal.first_monday) // 7
    here = who >= 0
    codes = objects(COUNTRIES[x][0] for x in c.country)
    nets = np.concatenate([np.zeros(len(company), np.int64), network])
    frame = pd.DataFrame(
        {
            "day": day,
            "known": day + late,
            "seconds": day * DAY + rng.integers(0, DAY, total),
            "company": who,
            "subject": subject,
            "signal_type": signal,
            "company_id": np.where(
                here,
                np.where(
                    other,
                    objects(ident("company", i, 2) for i in c.company_id)[who],
                    objects(ident("company", i) for i in c.company_id)[who],
                ),
                objects(ident("company", d) for d in NOISE_DOMAINS)[nets],
            ),
            "company_name": np.where(
                here,
                np.where(other, objects(f"{n} ({x})" for n, x in zip(c.name, codes, strict=True))[who], names[who]),
                objects(d.split(".")[0].replace("-", " ").title() for d in NOISE_DOMAINS)[nets],
            ),
            "company_domain": np.where(here, domains[who], np.array(NOISE_DOMAINS, object)[nets]),
            "company_country": np.where(here, c.country[who], "United States"),
            "company_industry": choose(here, c.industry[who], None),
            "company_intent_score": np.where(here, weekly[who, slot], 0.0),
            "category_id": choose(is_category, objects(ident("category", x) for x in CATEGORIES)[subject], None),
            "category_name": choose(is_category, np.array(CATEGORIES, object)[subject], None),
            "left_product_id": choose(is_category, None, choose(own, own_ids, rival_ids)),
            "left_product_name": choose(is_category, None, choose(own, own_names, rival_names)),
            "right_product_id": choose(is_compare, rival_ids, None),
            "right_product_name": choose(is_compare, rival_names, None),
            "visitor_id": objects(f"visitor-{w}-{n}" for w, n in zip(who, rng.integers(0, 6, total), strict=True)),
        }
    )
    inside = (frame["day"] >= cal.start) & (frame["day"] <= cal.horizon)
    return frame[inside].sort_values(["day", "seconds"], kind="stable").reset_index(drop=True)


TITLES = ("Does what it says", "Good, with rough edges", "Saved us weeks", "Powerful but slow to learn", "Fine for us")
LOVED = ("The account view.", "Set up in a day.", "Reports that sales reads.", "Support answers fast.")
HATED = ("Search is slow.", "Too many menus.", "Nothing so far.", "The mobile app.")


def _reviews(world: World) -> pd.DataFrame:
    """About one review a day; published some days after it was sent, some changed later, some taken down."""
    cal = world.calendar
    rng = cal.rng("g2 reviews")
    count = cal.days
    sent = np.sort(cal.start + rng.integers(0, cal.days, count)) * DAY + rng.integers(0, DAY, count)
    published = sent + rng.integers(DAY // 2, 5 * DAY, count)
    published = np.where(rng.random(count) < 0.05, NEVER, published)
    edited = np.where(rng.random(count) < 0.2, published + rng.integers(DAY, 50 * DAY, count), NEVER)
    removed = np.where(rng.random(count) < 0.2, published + rng.integers(DAY, 60 * DAY, count), NEVER)
    edited, removed = (np.where(published == NEVER, NEVER, when) for when in (edited, removed))
    stars = rng.choice([1.0, 2.5, 3.5, 4.0, 4.5, 5.0], count, p=(0.03, 0.05, 0.12, 0.3, 0.3, 0.2))
    return pd.DataFrame(
        {
            "id": objects(ident("review", i) for i in range(count)),
            "number": np.arange(count),
            "product": rng.integers(0, len(OWN), count),
            "sent": sent,
            "published": published,
            "edited": edited,
            "removed": removed,
            "stars": stars,
            "stars_edited": np.clip(stars + rng.choice([-1.0, 0.5, 1.0], count), 0.5, 5.0),
            "title": np.array(TITLES, object)[rng.integers(0, len(TITLES), count)],
            "love": np.array(LOVED, object)[rng.integers(0, len(LOVED), count)],
            "hate": choose(rng.random(count) < 0.15, None, np.array(HATED, object)[rng.integers(0, 4, count)]),
            "country": rng.choice(list(COUNTRIES), count),
            "is_paid": rng.random(count) < 0.3,
        }
    )  # fmt: skip
