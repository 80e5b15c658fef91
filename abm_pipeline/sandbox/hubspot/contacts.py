"""People in HubSpot: copies of Salesforce's contacts and leads, and those of companies that only HubSpot knows.

Belongs here: who they are, how they went through the life cycle, and which company they belong to. HubSpot has no two
contacts with one e-mail address, except for a moment: the second is merged into a new record with the first.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from abm_pipeline.sandbox.hubspot.companies import Known, edits, owner_ids
from abm_pipeline.sandbox.hubspot.store import HubObject, Link, grouped, hub_ids
from abm_pipeline.sandbox.world.companies import plain
from abm_pipeline.sandbox.world.names import FIRST, FREE_MAIL, LAST, ROLES
from abm_pipeline.sandbox.world.scales import DAY, NEVER
from abm_pipeline.sandbox.world.tables import PURGED, Array, Change, objects, versioned

if TYPE_CHECKING:
    from abm_pipeline.sandbox.world import World

KEPT_CONTACTS, KEPT_LEADS = 0.6, 0.2
BUYING_ROLES = {
    "economic_buyer": "BUDGET_HOLDER", "decision_maker": "DECISION_MAKER", "champion": "CHAMPION",
    "influencer": "INFLUENCER", "user": "END_USER",
}  # fmt: skip
TRUE_ROLES = {"economic_buyer": "decision_maker"}
FIRST_PERSON = 10_000_000
# How much of the unit's effort gets to companies that only it knows.
OWN_REACH = 0.25


@dataclass(frozen=True)
class People:
    """Contacts of HubSpot, one entry a record. `held_by`: their company's record there, or -1.

    `company_id`, `person` and `role` are of the truth. Nothing is linked to `is_leaf` ones. `effort`: the odds that
    something gets to them.
    """

    kind: HubObject
    email: Array
    company_id: Array
    held_by: Array
    created: Array
    is_leaf: Array
    effort: Array


def make_contacts(world: World, known: Known) -> People:
    """All contact records with their versions and the company of each."""
    rng = world.calendar.rng("hubspot contacts")
    rows = [*_copied_contacts(world, rng, known), *_copied_leads(world, rng, known), *_natives(world, rng, known)]
    seen: set[str] = set()
    unique = []
    for row in rows:
        if row["email"].lower() not in seen:
            seen.add(row["email"].lower())
            unique.append(row)
    rows = unique
    merges = _twins(world, rng, rows)
    size = len(rows)
    created = np.array([row["created"] for row in rows], np.int64)
    ids = hub_ids(52_301, 50, size, size // 3)
    changes = edits(world, rng, created, world.calendar.scale.name)
    merged: dict[int, tuple[int, int]] = {}
    for left, right, into, at in merges:
        for loser in (left, right):
            changes.append(Change(loser, at, {PURGED: True}))
            merged[loser] = (into, at)
        rows[into]["hs_merged_object_ids"] = f"{ids[left]};{ids[right]}"
        rows[into]["hs_calculated_merged_vids"] = f"{ids[left]}:{at * 1000};{ids[right]}:{at * 1000}"
    for place, row in enumerate(rows):
        changes += [Change(place, at, {"lifecyclestage": stage}) for at, stage in row["stages"] if at > created[place]]
        if row["is_leaf"]:
            at = max(int(created[place]) + DAY, (world.calendar.horizon - 62 - 6 * (place % 9)) * DAY + 50_000)
            changes.append(Change(place, at, {"_archived": True}))
    held = np.array([row["held_by"] for row in rows], np.int64)
    # A company that goes into another takes its people along.
    for who in np.flatnonzero(held >= 0).tolist():
        moved = known.kind.merged_into.get(int(held[who]))
        if moved is not None and created[who] < moved[1]:
            changes.append(Change(who, moved[1] + 2, {"associatedcompanyid": known.kind.ids[moved[0]]}))
    now = [known.kind.survivor(int(h), int(at)) if h >= 0 else -1 for h, at in zip(held, created, strict=True)]
    owners = owner_ids(world)
    names = (
        "email", "firstname", "lastname", "jobtitle", "phone", "mobilephone", "hs_buying_role", "salesforcecontactid",
        "salesforceleadid", "hs_merged_object_ids", "hs_calculated_merged_vids",
    )  # fmt: skip
    columns: dict[str, Array] = {name: objects(row.get(name) for row in rows) for name in names}
    columns |= {
        "lifecyclestage": objects(row["stage"] for row in rows),
        "associatedcompanyid": objects(None if h < 0 else known.kind.ids[h] for h in now),
        "hubspot_owner_id": objects(owners[place % len(owners)] if place % 4 else None for place in range(size)),
        "_company": objects(row["company_id"] for row in rows),
        "_person": np.array([row["person"] for row in rows], np.int64),
        "_role": objects(row["role"] for row in rows),
        "_createdate": np.array([row.get("createdate", row["created"]) for row in rows], np.int64),
        "_archived": np.zeros(size, bool),
    }
    links = {"companies": grouped((p, Link(int(h), is_primary=True)) for p, h in enumerate(held) if h >= 0)}
    kind = HubObject(
        "contacts", "0-1", versioned(columns, created, changes), ids, "createdate", "lastmodifieddate",
        ("createdate", "email", "firstname", "hs_object_id", "lastmodifieddate", "lastname"), links, merged,
    )  # fmt: skip
    leaf = np.array([row["is_leaf"] for row in rows], bool)
    reach = dict(zip(world.companies.company_id, world.companies.reach, strict=True))
    effort = np.array([reach.get(row["company_id"], OWN_REACH) for row in rows])
    return People(kind, columns["email"], columns["_company"], held, created, leaf, effort)


def _copied_contacts(world: World, rng: np.random.Generator, known: Known) -> list[dict[str, Any]]:
    """Contacts of the accounts that were copied."""
    table = world.tables["Contact"]
    first = np.searchsorted(table.record, np.arange(int(table.record[-1]) + 1))
    deleted = set(table.record[table.columns["IsDeleted"].astype(bool)].tolist())
    holder = {str(account): place for place, account in enumerate(known.account) if account is not None}
    out = []
    for place, at in enumerate(first):
        c = {name: values[at] for name, values in table.columns.items()}
        u = rng.random(3)
        if place in deleted or c["AccountId"] not in holder or c["Email"] is None or u[0] > KEPT_CONTACTS:
            continue
        made = int(c["CreatedDate"]) + 3600
        account = holder[c["AccountId"]]
        out.append(
            {
                "email": c["Email"], "firstname": c["FirstName"], "lastname": c["LastName"], "jobtitle": c["Title"],
                "phone": c["Phone"], "salesforcecontactid": c["Id"], "stage": "opportunity", "stages": [],
                "held_by": account, "company_id": known.company_id[account], "person": int(c["_person"]),
                "role": c["_role"], "created": max(made, int(known.created[account]) + 60), "is_leaf": False,
            }
        )  # fmt: skip
    return out


def _copied_leads(world: World, rng: np.random.Generator, known: Known) -> list[dict[str, Any]]:
    """Leads that never became contacts; HubSpot ties them to a company by the domain of their address."""
    table = world.tables["Lead"]
    first = np.searchsorted(table.record, np.arange(int(table.record[-1]) + 1))
    became = set(table.record[table.columns["IsConverted"].astype(bool)].tolist())
    agency = world.companies.agency
    by_domain = _by_domain(known)
    out = []
    for place, at in enumerate(first):
        c = {name: values[at] for name, values in table.columns.items()}
        u = rng.random()
        company = int(c["_company"])
        if place in became or c["_hard"] or u > KEPT_LEADS or c["Email"] is None or agency[company] >= 0:
            continue
        made = int(c["CreatedDate"]) + 1800
        held = by_domain.get(c["Email"].split("@")[1].lower(), -1)
        out.append(
            {
                "email": c["Email"], "firstname": c["FirstName"], "lastname": c["LastName"], "jobtitle": c["Title"],
                "salesforceleadid": c["Id"], "stage": "subscriber", "stages": [],
                "held_by": held if held >= 0 and known.created[held] < made else -1,
                "company_id": world.companies.company_id[company], "person": int(c["_person"]), "role": None,
                "created": made, "is_leaf": False,
            }
        )  # fmt: skip
    return out


def _by_domain(known: Known) -> dict[str, int]:
    """The first record that people are put under, by domain."""
    out: dict[str, int] = {}
    winners = {into for into, _ in known.kind.merged_into.values()}
    for place, domain in enumerate(known.domain):
        if domain is not None and not known.is_leaf[place] and place not in winners:
            out.setdefault(str(domain), place)
    return out


def _natives(world: World, rng: np.random.Generator, known: Known) -> list[dict[str, Any]]:
    """People of companies without a Salesforce account, who go through HubSpot's life cycle."""
    cal = world.calendar
    winners = {into for into, _ in known.kind.merged_into.values()}
    places = [
        place
        for place in range(len(known.company_id))
        if known.account[place] is None and not known.is_leaf[place] and place not in winners
    ]
    roles = list(ROLES)
    out: list[dict[str, Any]] = []
    for place in places:
        for number in range(2 + int(rng.poisson(2.5))):
            u = rng.random(8)
            role = roles[int(rng.choice(5, p=(0.10, 0.18, 0.16, 0.24, 0.32)))]
            first, last = FIRST[int(u[0] * len(FIRST))], LAST[int(u[1] * len(LAST))]
            domain = known.domain[place]
            free = domain is None or u[2] < 0.06
            host = FREE_MAIL[int(u[3] * len(FREE_MAIL))] if free else domain
            email = f"{plain(first)}.{plain(last)}{int(u[4] * 900) if free or number % 3 == 0 else ''}@{host}"
            made = int(known.created[place]) + 1200 + int(u[5] ** 3 * 200 * DAY) + number * 700
            titles = ROLES[role][1]
            out.append(
                {
                    "email": email.title() if u[6] > 0.9 else email, "firstname": first if u[7] > 0.03 else None,
                    "lastname": last, "jobtitle": titles[int(u[4] * len(titles))] if u[6] > 0.07 else None,
                    "phone": f"+1 555 {int(u[5] * 1e7):07d}" if u[3] < 0.6 else None, "mobilephone": None,
                    "hs_buying_role": BUYING_ROLES[role] if u[2] < 0.6 else None, "held_by": place,
                    "company_id": known.company_id[place], "person": FIRST_PERSON + len(out),
                    "role": TRUE_ROLES.get(role, role), "created": made, "is_leaf": bool(u[7] > 0.97),
                    "stage": "lead", "stages": _stages(cal, rng, made),
                }
            )  # fmt: skip
    return out


def _stages(cal: Any, rng: np.random.Generator, made: int) -> list[tuple[int, str]]:
    """Life-cycle stages after the first, and when; whoever came before the timeline may move on within it."""
    u = rng.random(4)
    start = max(made, cal.start * DAY + int(u[3] * (cal.horizon - cal.start) * DAY * 0.9))
    mql = start + DAY + int(u[0] * 24 * DAY)
    sql = mql + 2 * DAY + int(u[1] * 20 * DAY)
    out = [(mql, "marketingqualifiedlead"), (sql, "salesqualifiedlead"), (sql + 12 * DAY, "opportunity")]
    return out[: 0 if u[2] > 0.65 else 1 if u[2] > 0.35 else 2 if u[2] > 0.2 else 3]


def _twins(world: World, rng: np.random.Generator, rows: list[dict[str, Any]]) -> list[tuple[int, int, int, int]]:
    """Some people came twice, under another address; the two records became a new one. As in `companies._twins`."""
    cal = world.calendar
    early = (cal.horizon - 90) * DAY
    natives = [
        place
        for place, row in enumerate(rows)
        if row["person"] >= FIRST_PERSON and not row["is_leaf"] and not row["stages"] and row["created"] < early
    ]
    merges = []
    for number, place in enumerate(int(p) for p in rng.permutation(natives)[: max(2, len(natives) // 40)]):
        first = rows[place]
        local, host = first["email"].split("@")
        twin = first | {"email": f"{local}.alt@{host}", "created": first["created"] + 9 * DAY, "is_leaf": False}
        day = cal.horizon - 61 if number == 0 else int(rng.integers(cal.start + 10, cal.horizon))
        at = max(day * DAY + 30_000, twin["created"] + DAY)
        merges.append((place, len(rows), len(rows) + 1, at))
        rows += [twin, first | {"created": at, "createdate": first["created"]}]
    return merges


def usable(people: People) -> Array:
    """Positions that things may be linked to: no second records, none that are archived."""
    winners = {into for into, _ in people.kind.merged_into.values()}
    seconds = {p for p in people.kind.merged_into if str(people.email[p]).split("@")[0].endswith(".alt")}
    fine = [p for p in range(len(people.email)) if not people.is_leaf[p] and p not in winners and p not in seconds]
    return np.array(fine, np.int64)


def resolved(people: People, place: int, instant: int) -> str:
    """The id that a contact goes by at the instant."""
    return str(people.kind.ids[people.kind.survivor(place, instant)])


def gone(people: People, place: int) -> int:
    """When the contact went into another, `NEVER` if it does not."""
    return people.kind.merged_into.get(place, (0, int(NEVER)))[1]
