"""Companies in HubSpot: copies that the Salesforce sync made, and those of an acquired unit that nobody else has.

Belongs here: which companies HubSpot knows and what it says of them, also where it contradicts Salesforce. Companies
that share a domain with an agency are left out, so that what joins records here are domains and the sync's ids alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from abm_pipeline.sandbox.hubspot.store import HubObject, hub_ids
from abm_pipeline.sandbox.world.accounts import variant
from abm_pipeline.sandbox.world.companies import plain
from abm_pipeline.sandbox.world.names import COUNTRIES, KINDS, STEMS
from abm_pipeline.sandbox.world.neighbours import neighbours
from abm_pipeline.sandbox.world.scales import DAY
from abm_pipeline.sandbox.world.tables import PURGED, Array, Change, objects, versioned

if TYPE_CHECKING:
    from abm_pipeline.sandbox.world import World

COPIED = 0.44
OWN = {"tiny": 7, "demo": 40, "large": 160}
# Changes a day and record that show in nothing but the stamp, or in a telephone number.
EDITS = {"tiny": 0.06, "demo": 0.003, "large": 0.002}
INDUSTRIES = ("Technology", "Financial Services", "Healthcare", "Manufacturing", "Energy", "Retail", "Transportation")


@dataclass(frozen=True)
class Known:
    """Companies as HubSpot has them, one entry a record. `company_id`: whose record it is in truth.

    `account` is the Salesforce account that it is a copy of, or None; `home` its position in the world's companies, -1
    for those that only HubSpot knows. Nothing is linked to `is_leaf` ones. `own` are companies for the truth.
    """

    kind: HubObject
    company_id: Array
    account: Array
    home: Array
    domain: Array
    created: Array
    is_leaf: Array
    own: list[dict[str, Any]]


def owner_ids(world: World) -> list[str]:
    """HubSpot's owner ids of the Salesforce users, in their order."""
    return [str(6_166_800 + 37 * place) for place in range(len(world.people.users.name))]


def make_companies(world: World) -> Known:
    """All company records with their versions."""
    cal = world.calendar
    rng = cal.rng("hubspot companies")
    rows = [*_copies(world, rng), *_natives(world, rng)]
    own = _own(world, rng)
    rows += own
    merges = _twins(world, rng, rows)
    worked = len(rows)
    created = np.array([row["created"] for row in rows], np.int64)
    changes = edits(world, rng, created, cal.scale.name)
    rows += _idle(world, rng)
    size = len(rows)
    created = np.array([row["created"] for row in rows], np.int64)
    ids = np.concatenate(
        [hub_ids(7_086_461_639, 1_117, worked, worked // 3), hub_ids(9_120_000_411, 1_117, size - worked, 0)]
    )
    owners = owner_ids(world)
    merged: dict[int, tuple[int, int]] = {}
    for left, right, into, at in merges:
        for loser in (left, right):
            changes.append(Change(loser, at, {PURGED: True}))
            merged[loser] = (into, at)
        rows[into]["hs_merged_object_ids"] = f"{ids[left]};{ids[right]}"
    leaves = [place for place, row in enumerate(rows[:worked]) if row["is_leaf"]]
    for place in leaves:
        at = max(int(created[place]) + DAY, (cal.horizon - 61 - 7 * (place % 5)) * DAY + 45_000)
        changes.append(Change(place, at, {"_archived": True}))
    names = (
        "name", "domain", "website", "phone", "country", "city", "industry", "numberofemployees", "annualrevenue",
        "lifecyclestage", "hs_merged_object_ids", "salesforceaccountid",
    )  # fmt: skip
    columns: dict[str, Array] = {name: objects(row.get(name) for row in rows) for name in names}
    columns |= {
        "hubspot_owner_id": objects(None if row["owner"] is None else owners[row["owner"]] for row in rows),
        "hs_parent_company_id": objects(None for _ in rows),
        "hs_is_target_account": objects(None for _ in rows),
        "hs_ideal_customer_profile": objects(None for _ in rows),
        "_company": objects(row["company_id"] for row in rows),
        "_hard": np.array([row["domain"] is None for row in rows], bool),
        "_createdate": np.array([row.get("createdate", row["created"]) for row in rows], np.int64),
        "_archived": np.zeros(size, bool),
    }
    kind = HubObject(
        "companies", "0-2", versioned(columns, created, changes), ids, "createdate", "hs_lastmodifieddate",
        ("createdate", "domain", "hs_lastmodifieddate", "hs_object_id", "name"), merged_into=merged,
    )  # fmt: skip
    return Known(
        kind, columns["_company"], columns["salesforceaccountid"], np.array([row["home"] for row in rows]),
        columns["domain"], created, np.array([row["is_leaf"] for row in rows], bool),
        [row["truth"] for row in own],
    )  # fmt: skip


def edits(world: World, rng: np.random.Generator, created: Array, scale: str) -> list[Change]:
    """Changes that move the stamp: of calculated fields that nobody asks for, sometimes of a telephone number."""
    cal = world.calendar
    counts = rng.poisson(cal.days * EDITS[scale], len(created))
    place = np.repeat(np.arange(len(created)), counts)
    at = rng.integers(cal.start, cal.horizon, len(place)) * DAY + rng.integers(0, DAY, len(place))
    draw = rng.random(len(place))
    return [
        Change(int(row), int(when), {"phone": f"+1 555 {int(u * 1e7):07d}"} if u < 0.15 else {})
        for row, when, u in zip(place, at, draw, strict=True)
        if when > created[row] + 60
    ]


def _row(world: World, rng: np.random.Generator, home: int) -> dict[str, Any]:
    """What a careful clerk would type of a company of the world."""
    c = world.companies
    return {
        "name": c.name[home], "domain": c.domain[home], "website": f"https://www.{c.domain[home]}", "phone": None,
        "country": c.country[home], "city": c.city[home] if rng.random() < 0.85 else None,
        "industry": c.industry[home] if rng.random() < 0.9 else None,
        "numberofemployees": str(c.employees[home]) if rng.random() < 0.85 else None,
        "annualrevenue": str(int(c.revenue[home])) if rng.random() < 0.7 else "",
        "lifecyclestage": "opportunity", "owner": int(world.people.owner[home]), "company_id": c.company_id[home],
        "home": home, "is_leaf": False,
    }  # fmt: skip


def _copies(world: World, rng: np.random.Generator) -> list[dict[str, Any]]:
    """Records that the sync made of Salesforce accounts; some fields were changed on one side only."""
    table, c = world.tables["Account"], world.companies
    first = np.searchsorted(table.record, np.arange(int(table.record[-1]) + 1))
    deleted = np.zeros(len(first), bool)
    deleted[table.record[table.columns["IsDeleted"].astype(bool)]] = True
    company = table.columns["_company"][first].astype(int)
    hubs = np.isin(company, c.agency[c.agency >= 0])
    fit = ~deleted & ~table.columns["_hard"][first].astype(bool) & (c.agency[company] < 0) & ~hubs
    out = []
    for place in np.flatnonzero(fit & (rng.random(len(first)) < COPIED / max(fit.mean(), 0.01))):
        at, home = int(first[place]), int(company[place])
        account = {name: values[at] for name, values in table.columns.items()}
        u = rng.random(5)
        row = _row(world, rng, home)
        people = account["NumberOfEmployees"]
        row |= {
            "name": variant(rng, c.name[home], c.legal_name[home], 0.9) if u[0] < 0.3 else account["Name"],
            "industry": INDUSTRIES[int(u[1] * 35)] if u[1] < 0.2 else account["Industry"],
            "numberofemployees": None if np.isnan(people) else str(int(people * (1.4 if u[2] < 0.25 else 1))),
            "owner": int(u[3] * 5 * len(world.people.users.name)) if u[3] < 0.2 else int(world.people.owner[home]),
            "salesforceaccountid": account["Id"],
            "created": int(account["CreatedDate"]) + 3600,
        }
        out.append(row)
    return out


def _natives(world: World, rng: np.random.Generator) -> list[dict[str, Any]]:
    """Companies that have no account in Salesforce, and a few that the sync did not tie to the account they have."""
    cal, c = world.calendar, world.companies
    hubs = np.isin(np.arange(len(c)), c.agency[c.agency >= 0])
    strange = np.flatnonzero(~c.has_crm & (c.agency < 0) & ~hubs)
    known = np.flatnonzero(c.has_crm & (c.agency < 0) & ~hubs)
    untied = rng.choice(known, max(1, len(known) // 50), replace=False)
    out = []
    for home in [*strange, *untied]:
        row = _row(world, rng, int(home)) | {"created": _born(cal, rng), "lifecyclestage": "lead"}
        out.append(row)
    return out


def _own(world: World, rng: np.random.Generator) -> list[dict[str, Any]]:
    """Companies that nobody but HubSpot has ever heard of."""
    cal, c = world.calendar, world.companies
    taken, countries = set(c.name), list(COUNTRIES)
    out: list[dict[str, Any]] = []
    while len(out) < OWN[cal.scale.name]:
        name = f"{STEMS[int(rng.integers(len(STEMS)))]}{KINDS[int(rng.integers(len(KINDS)))].lower()}"
        if name in taken:
            continue
        taken.add(name)
        country, place = countries[int(rng.integers(len(countries)))], len(out)
        domain = f"{plain(name)}-group.com"
        people = int(np.clip(np.exp(rng.normal(4.6, 1.0)), 8, 20_000))
        industry = INDUSTRIES[int(rng.integers(len(INDUSTRIES)))]
        # Without a domain nothing ties a record to what other systems know; those have no deals.
        is_hard = place % 12 == 11
        out.append(
            {
                "name": name, "domain": None if is_hard else domain,
                "website": None if is_hard else f"http://{domain}/", "phone": None, "country": country, "city": None,
                "industry": industry, "numberofemployees": str(people), "annualrevenue": None, "lifecyclestage": "lead",
                "owner": None if place % 7 == 6 else int(rng.integers(len(world.people.users.name))),
                "company_id": f"H{place:05d}", "home": -1, "is_leaf": False, "created": _born(cal, rng),
                "truth": {
                    "company_id": f"H{place:05d}", "name": name, "domain": domain, "parent": None,
                    "industry": industry, "region": COUNTRIES[country][1], "country": country, "employees": people,
                    "is_ever_target": False,
                },
            }
        )  # fmt: skip
    return out


def _idle(world: World, rng: np.random.Generator) -> list[dict[str, Any]]:
    """Companies that nobody works, as messy as the CRM's; nothing is linked to them."""
    common = {"annualrevenue": None, "lifecyclestage": "lead", "owner": None, "home": -1, "is_leaf": True}
    return [row | common | {"created": _born(world.calendar, rng)} for row in neighbours(world).hub]


def _born(cal: Any, rng: np.random.Generator) -> int:
    """When a record of the business unit was made; four of five before the timeline starts."""
    day = cal.start - int(rng.integers(30, 300)) if rng.random() < 0.8 else int(rng.integers(cal.start, cal.horizon))
    return day * DAY + int(rng.integers(7 * 3600, 19 * 3600))


def _twins(world: World, rng: np.random.Generator, rows: list[dict[str, Any]]) -> list[tuple[int, int, int, int]]:
    """Second records of some companies: merged with the first into a new record, or archived (`is_leaf`).

    Returns (first, second, winner, instant) of the merges.
    """
    cal = world.calendar
    late = (cal.horizon - 90) * DAY
    natives = [
        place
        for place, row in enumerate(rows)
        if not row.get("salesforceaccountid") and row["domain"] is not None and row["created"] < late
    ]
    doubled = rng.permutation(natives)[: max(4, len(natives) // 12)]
    merges = []
    for number, place in enumerate(int(p) for p in doubled):
        first = rows[place]
        twin = first | {
            "name": f"{first['name']} Inc.",
            "created": first["created"] + 20 * DAY,
            "is_leaf": bool(number % 2),
        }
        if not number % 2:
            # The first merge falls two days before the end of the half-year.
            day = cal.horizon - 61 if number == 0 else int(rng.integers(cal.start + 10, cal.horizon))
            at = max(day * DAY + 40_000, twin["created"] + DAY)
            merges.append((place, len(rows), len(rows) + 1, at))
            rows += [twin, first | {"created": at, "createdate": first["created"]}]
        else:
            rows.append(twin)
    return merges
