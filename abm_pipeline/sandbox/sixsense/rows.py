"""What 6sense predicts: a score and a buying stage by company, product and day, and the segments made of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from abm_pipeline.sandbox.world import World
from abm_pipeline.sandbox.world.intent import NOISE_DOMAINS
from abm_pipeline.sandbox.world.names import COUNTRIES
from abm_pipeline.sandbox.world.tables import Array, objects

PRODUCTS = (("abm", "Northwind ABM"), ("signals", "Northwind Signals"))
STAGES = ("Target", "Awareness", "Consideration", "Decision", "Purchase")
# Lowest score of each stage after the first.
STEPS = (25, 45, 65, 80)
SEGMENTS = {101: "Tier 1 accounts", 102: "In market", 103: "Customers to win back"}
# Companies that 6sense knows; the others are no match.
KNOWN = 0.9
IN_MARKET = 50
SIZES = ((50, "1 - 49"), (200, "50 - 199"), (1000, "200 - 999"), (5000, "1,000 - 4,999"), (10**9, "5,000+"))


@dataclass(frozen=True)
class Book:
    """`scores`: products × companies × days, 0 to 100. `is_known` and `name` by company."""

    scores: Array
    is_known: Array
    name: Array


def book(world: World) -> Book:
    """The whole timeline, made once."""
    return world.part("sixsense", _book)


def _book(world: World) -> Book:
    cal, c = world.calendar, world.companies
    rng, size = cal.rng("sixsense"), len(c)
    slots = (np.arange(cal.start, cal.horizon + 1) - cal.first_monday) // 7
    weekly = 34 + 18 * np.clip(world.people.interest, -2, 3)
    leaning = rng.normal(0, 6, (len(PRODUCTS), size, 1))
    noise = rng.normal(0, 2.5, (len(PRODUCTS), size, cal.days))
    scores = np.clip((weekly[None, :, slots] + leaning + noise).round(), 0, 100).astype(np.int16)
    draw = rng.random(size)
    names = objects(
        legal if u < 0.5 else name.upper() if u > 0.96 else name
        for legal, name, u in zip(c.legal_name, c.name, draw, strict=True)
    )
    return Book(scores, rng.random(size) < KNOWN, names)


def today(world: World) -> Array:
    """Scores as of the clock: products × companies."""
    scores: Array = book(world).scores[:, :, world.day - world.calendar.start]
    return scores


def stage(score: int) -> str:
    """Buying stage of a score."""
    return STAGES[int(np.searchsorted(STEPS, score, side="right"))]


def members(world: World, segment: int) -> list[int]:
    """Positions of the companies in a segment as of the clock."""
    known = book(world).is_known
    if segment == 101:
        places = np.arange(len(known))
        tier = world.tiers.at(places, np.full(len(places), world.day))
        return [int(i) for i in np.flatnonzero(known & (tier == 0))]
    if segment == 102:
        best = np.where(known, today(world).max(axis=0), -1)
        top = np.argsort(-best, kind="stable")[:IN_MARKET]
        # A small world would have none on many days.
        floor = STEPS[2] if len(known) > 100 else STEPS[0]
        return sorted(int(i) for i in top if best[i] >= floor)
    return []


def accounts(world: World, segment: int) -> list[dict[str, Any]]:
    """A segment's accounts as told: some domains in capitals, and a network that nobody should call a company."""
    c = world.companies
    rows = [
        {
            "name": book(world).name[i],
            "domain": c.domain[i].upper() if i % 19 == 3 else c.domain[i],
            "country": c.country[i],
        }
        for i in members(world, segment)
    ]
    if segment == 102:
        rows.append({"name": "Metro Broadband", "domain": NOISE_DOMAINS[0], "country": "United States"})
    return rows


def company(world: World, i: int) -> dict[str, Any]:
    """Firmographics in the style of the scoring answers: camel case, numbers as text, nothing known as empty text."""
    c = world.companies
    count = int(c.employees[i])
    place = COUNTRIES[c.country[i]]
    return {
        "companyId": f"6s-{c.company_id[i].lower()}",
        "domain": c.domain[i],
        "name": book(world).name[i],
        "region": {"NA": "Northern America", "APAC": "Oceania"}.get(place[1], "Europe"),
        "country": c.country[i],
        "countryISOCode": place[0],
        "state": "",
        "city": c.city[i],
        "streetAddress": "",
        "postalCode": "",
        "companyPhone": "",
        "industry": c.industry[i],
        "employeeRange": next(text for most, text in SIZES if count < most),
        "revenueRange": "",
        "employeeCount": str(count) if i % 11 else "",
        "annualRevenue": str(int(c.revenue[i])),
        "siccode": "7372",
        "sicdescription": "Prepackaged Software",
        "naicscode": "511210",
        "naicsdescription": "Software Publishers",
    }


def scores(world: World, i: int) -> list[dict[str, Any]]:
    """Scores of a company by product; the second product is not modelled for small companies."""
    count = int(world.companies.employees[i])
    fit = "Strong" if count >= 1000 else "Moderate" if count >= 200 else "Weak"
    profile = min(100, 20 + 8 * len(str(count)) + i % 9)
    return [
        {
            "product": product,
            "company_intent_score": int(score),
            "company_buying_stage": stage(int(score)),
            "company_profile_score": profile,
            "company_profile_fit": fit,
            "contact_intent_score": 0,
            "contact_grade": "D",
            "contact_profile_score": 0,
            "contact_profile_fit": "Weak",
        }
        for place, ((product, _), score) in enumerate(zip(PRODUCTS, today(world)[:, i], strict=True))
        if place == 0 or count >= 100
    ]


def segments_of(world: World, i: int) -> dict[str, Any]:
    """The published segments that the company is in."""
    inside = [ident for ident in SEGMENTS if i in members(world, ident)]
    return listed(inside)


def listed(idents: list[int]) -> dict[str, Any]:
    """Segments as ids, as names and as both."""
    return {
        "ids": idents,
        "names": [SEGMENTS[ident] for ident in idents],
        "list": [{"id": ident, "name": SEGMENTS[ident]} for ident in idents],
    }
