"""What ZoomInfo knows: companies, the people who work there now, and who is above whom.

A person is looked at again every month or so. By then some have another title, have left, or have asked to be taken
out: those who left or asked are not found any more.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from abm_pipeline.sandbox.world import World
from abm_pipeline.sandbox.world.guests import Guests, make_guests
from abm_pipeline.sandbox.world.scales import DAY, NEVER
from abm_pipeline.sandbox.world.tables import Array

# Part of a department's title, the department, and its job function; the first that fits.
DEPARTMENTS = (
    ("chief", "C-Suite", "Executive"),
    ("cfo", "C-Suite", "Finance Executive"),
    ("cio", "C-Suite", "Information Technology Executive"),
    ("finance", "Finance", "Finance"),
    ("procurement", "Operations", "Procurement"),
    ("engineer", "Engineering & Technical", "Engineering"),
    ("it", "Information Technology", "Information Technology"),
    ("architect", "Information Technology", "Architecture"),
    ("data", "Information Technology", "Business Intelligence"),
    ("analytics", "Information Technology", "Business Intelligence"),
    ("security", "Information Technology", "Security"),
)
OTHER = ("Operations", "Operations")
# Department ids of the lookup.
DEPARTMENT_IDS = {"C-Suite": "0", "Finance": "2", "Engineering & Technical": "4", "Information Technology": "5",
                  "Operations": "9", "Sales": "10"}  # fmt: skip
# Management level and tier in the chart by the beginning of the title's role.
LEVELS = (("chief", "C-Level", 1), ("c", "C-Level", 1), ("vp", "VP-Level", 2), ("director", "Director", 3),
          ("head", "Director", 3), ("product director", "Director", 3), ("senior manager", "Manager", 4))  # fmt: skip


@dataclass(frozen=True)
class Book:
    """People and what becomes of them: instants in seconds, `NEVER` where it doesn't happen.

    A person is told anew every `period` seconds from `people.known` on. `promoted`, `left` and `opted_out` show at the
    next time. `companies` are positions of those that ZoomInfo has.
    """

    people: Guests
    ids: Array
    period: Array
    promoted: Array
    left: Array
    opted_out: Array
    has_email: Array
    companies: Array

    def told(self, instant: int) -> Array:
        """When each person was last told by the instant; -1 before the first time."""
        past = (instant - self.people.known) // self.period
        return np.where(past >= 0, self.people.known + past * self.period, -1)

    def found(self, instant: int) -> Array:
        """Positions of the people who are found at the instant."""
        told = self.told(instant)
        here = np.isin(self.people.company, self.companies)
        return np.flatnonzero(here & (told >= 0) & (told < self.left) & (self.opted_out > instant))


def book(world: World) -> Book:
    """The whole timeline, made once."""
    return world.part("zoominfo", _book)


def _book(world: World) -> Book:
    people = make_guests(world, "zoominfo", 0.5, 0.0, 0.3, is_ours=False)
    rng, size = world.calendar.rng("zoominfo"), len(people)
    start, end = world.calendar.start * DAY, world.calendar.horizon * DAY

    def some(share: float) -> Array:
        return np.where(rng.random(size) < share, rng.integers(start, end, size), NEVER)

    known = np.unique(people.company)
    wanted = world.companies.ever_target if len(world.companies) > 100 else np.ones(len(world.companies), bool)
    number = np.arange(size)
    ids = 1_200_000_000 + 7919 * number
    return Book(
        people,
        np.where(number % 23 == 5, -ids // 2, ids),
        rng.integers(20 * DAY, 40 * DAY, size),
        some(0.12),
        some(0.05),
        some(0.02),
        # Without an address nobody can be recognised elsewhere: only of people that nobody else knows.
        (people.contact >= 0) | (rng.random(size) < 0.85),
        known[wanted[known]],
    )


def company_id(place: int) -> int:
    """ZoomInfo's id of a company."""
    return 300_000_000 + 101 * int(place)


def company(world: World, place: int) -> dict[str, Any]:
    """A company of the search: figures as text, revenue in thousands."""
    c = world.companies
    name = c.legal_name[place] if place % 3 == 0 else c.name[place]
    told = {
        "name": name,
        "city": c.city[place],
        "country": c.country[place],
        "revenue": str(int(c.revenue[place] // 1000)),
        "employeeCount": str(int(c.employees[place])),
        "website": f"www.{c.domain[place]}",
    }
    return {"id": str(company_id(place)), "type": "Company", "attributes": told}


def title(made: Book, who: int, told: int) -> str | None:
    """The title as told then."""
    known = made.people.title[who]
    if known is None:
        return None
    return f"Senior {known}" if made.promoted[who] <= told else str(known)


def level(words: str) -> tuple[str, int]:
    """Management level and tier of a title."""
    plain = words.lower().removeprefix("senior ")
    if "manager" in plain:
        return "Manager", 4
    for beginning, name, tier in LEVELS:
        if plain.startswith(beginning) and (len(beginning) > 1 or len(plain.split()[0]) == 3):
            return name, tier
    return "Non-Manager", 5


def department(words: str) -> tuple[str, str]:
    """Department and job function of a title."""
    plain = words.lower()
    parts = plain.replace(",", " ").split()
    for part, name, function in DEPARTMENTS:
        if part in parts or (len(part) > 3 and part in plain):
            return name, function
    return OTHER


def stamp(seconds: int) -> str:
    """An instant as told."""
    return str(np.datetime64(int(seconds), "s")) + "Z"


def contact(world: World, made: Book, who: int, told: int) -> dict[str, Any]:
    """A person of the search: hints of what there is, no address and no number."""
    people, place = made.people, int(made.people.company[who])
    words = title(made, who, told)
    attributes: dict[str, Any] = {
        "company": {"id": company_id(place), "name": world.companies.name[place]},
        "contactAccuracyScore": 75 + who % 24,
        "directPhoneDoNotCall": False,
        "firstName": people.first[who],
        **{f"hasCompany{what}": True for what in (
            "Country", "EmployeeCount", "Industry", "Phone", "Revenue", "State", "Street", "ZipCode"
        )},
        "hasDirectPhone": who % 3 == 0,
        "hasEmail": bool(made.has_email[who]),
        "hasMobilePhone": who % 4 == 0,
        "hasSupplementalEmail": False,
        "lastName": people.last[who],
        "mobilePhoneDoNotCall": False,
        "validDate": stamp(told),
    }  # fmt: skip
    if words is not None:
        attributes["jobTitle"] = words
    if who % 12:
        attributes["lastUpdatedDate"] = stamp(told)
    if who % 5 == 0:
        attributes["middleName"] = "M."
    return {"id": str(made.ids[who]), "type": "Contact", "attributes": attributes}


def enriched(made: Book, who: int, told: int) -> dict[str, Any]:
    """What a credit buys."""
    words = title(made, who, told)
    attributes: dict[str, Any] = {"hasCanadianEmail": False, "personHasMoved": "No"}
    if made.has_email[who]:
        attributes["email"] = made.people.email[who]
    if words is not None:
        name, function = department(words)
        attributes["managementLevel"] = [level(words)[0]]
        attributes["jobFunction"] = [{"name": function, "department": name}]
    return attributes


def chart(world: World, made: Book, place: int, wanted: set[str]) -> list[dict[str, Any]]:
    """The people of a company in some departments, with their tier; those without a title have none."""
    instant = world.instant
    told = made.told(instant)
    rows = []
    for who in made.found(instant):
        words = title(made, int(who), int(told[who])) if made.people.company[who] == place else None
        if words is None:
            continue
        name, function = department(words)
        if name not in wanted:
            continue
        attributes = {
            "firstName": made.people.first[who],
            "lastName": made.people.last[who],
            "jobTitle": words,
            "department": name,
            "jobFunction": function,
            "orgChartTier": level(words)[1],
            "orgChartSubTier": int(who) % 9 + 1,
            "contactAccuracyScore": 75 + int(who) % 24,
            "hasEmail": bool(made.has_email[who]),
            "hasDirectPhone": int(who) % 3 == 0,
            "lastUpdatedDate": stamp(told[who]),
            "company": {"id": company_id(place), "name": world.companies.name[place]},
        }
        rows.append({"id": str(made.ids[who]), "type": "OrgChart", "attributes": attributes})
    return rows


def domains(world: World) -> dict[str, int]:
    """Positions of the companies that ZoomInfo has, by domain."""
    return {str(world.companies.domain[place]): int(place) for place in book(world).companies}
