"""People as a tool beside the CRM knows them: by an e-mail address, some of them before any sales person does.

Belongs here: who they are. What they do in the tool is in the vendor's package. Addresses are at the company's own
domain, and only those that tell which company it is: free mail and domains that several companies share are left out.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from abm_pipeline.sandbox.world.companies import plain
from abm_pipeline.sandbox.world.names import FIRST, LAST, ROLES
from abm_pipeline.sandbox.world.people import ROLE_NAMES, ROLE_SHARES
from abm_pipeline.sandbox.world.scales import DAY
from abm_pipeline.sandbox.world.tables import Array, objects

if TYPE_CHECKING:
    from abm_pipeline.sandbox.world import World

# Humans that no CRM record stands for are numbered from here, apart for every tool.
STRANGERS = 1_000_000
TRUE_ROLE = {"economic_buyer": "decision_maker"}


@dataclass(frozen=True)
class Guests:
    """One entry a person. `contact` and `lead` are positions in the world's people or -1; a stranger has neither.

    `known` is the instant (seconds) from which the tool may know them, `crm_id` their Salesforce record, if any.
    """

    company: Array
    contact: Array
    lead: Array
    person: Array
    role: Array
    first: Array
    last: Array
    title: Array
    email: Array
    known: Array
    crm_id: Array

    def __len__(self) -> int:
        return len(self.company)


def make_guests(
    world: World, name: str, contacts: float, leads: float, strangers: float, *, is_ours: bool = True
) -> Guests:
    """Shares of the world's contacts and leads, and strangers as a share of both together.

    How many a company has follows its reach, except in a tool that isn't ours to fill. `name` makes the random stream
    and the strangers' numbers.
    """
    cal, people, companies = world.calendar, world.people, world.companies
    rng = cal.rng(f"{name} guests")
    c, n = people.contacts, people.leads
    effort = companies.effort(listed=2.5)
    odds = np.minimum(0.8 * effort, 1.4) if is_ours else 0.6 * companies.has_own_domain
    crm = world.tables["Contact"]
    served = crm.columns["Email"][np.searchsorted(crm.record, np.arange(len(c.company)))]
    own = np.array([e is not None for e in served]) & _at_home(c.email, companies.domain[c.company])
    who = np.flatnonzero(own & (rng.random(len(own)) < contacts * odds[c.company]))
    own = _at_home(n.email, companies.domain[n.company]) & (n.converted < 0)
    these = np.flatnonzero(own & (rng.random(len(own)) < leads * odds[n.company]))
    size = round(strangers * (len(who) + len(these)))
    there = rng.choice(len(companies), size, p=odds / odds.sum())
    first = np.array(FIRST, object)[rng.integers(0, len(FIRST), size)]
    last = np.array(LAST, object)[rng.integers(0, len(LAST), size)]
    role = rng.choice(len(ROLES), size, p=ROLE_SHARES)
    draws = rng.random((2, size))
    titles = [ROLES[ROLE_NAMES[r]][1] for r in role]
    loud = draws[0] > 0.96
    number = STRANGERS * (1 + sum(name.encode()) % 997) + np.arange(size)
    email = [
        f"{plain(a)}.{plain(b)}.{i % 900}@{companies.domain[place]}"
        for i, a, b, place in zip(number, first, last, there, strict=True)
    ]
    none = np.full(size, -1, np.int64)
    parts = (
        (c.company[who], n.company[these], there),
        (who, np.full(len(these), -1), none),
        (np.full(len(who), -1), these, none),
        (who, len(c.company) + these, number),
        (
            objects(TRUE_ROLE.get(ROLE_NAMES[r], ROLE_NAMES[r]) for r in c.role[who]),
            np.full(len(these), None, object),
            objects(TRUE_ROLE.get(ROLE_NAMES[r], ROLE_NAMES[r]) for r in role),
        ),
        (c.first[who], n.first[these], first),
        (c.last[who], n.last[these], last),
        (
            c.title[who],
            n.title[these],
            objects(None if u < 0.1 else t[int(v * len(t))] for t, u, v in zip(titles, *draws, strict=True)),
        ),
        (c.email[who], n.email[these], objects(e.upper() if u else e for e, u in zip(email, loud, strict=True))),
        (
            c.created[who],
            n.created[these],
            rng.integers((cal.start - 100) * DAY, cal.horizon * DAY, size),
        ),
        (people.contact_ids[who], people.lead_ids[these], np.full(size, None, object)),
    )  # fmt: skip
    joined = [np.concatenate(part) for part in parts]
    # Tools take one record an address.
    _, once = np.unique(np.array([e.lower() for e in joined[8]]), return_index=True)
    once.sort()
    return Guests(*(part[once] for part in joined))


def hashed(email: object) -> str:
    """A person's id in staged rows of tools that know people by their address."""
    return sha256(str(email).strip().lower().encode()).hexdigest()


def seen_contacts(world: World, source: str, guests: Guests, places: Iterable[int]) -> pd.DataFrame:
    """The truth of people whom a tool tells by what they did, by their address alone: one row a place, ascending."""
    who = np.array(sorted(places), np.int64)
    return pd.DataFrame(
        {
            "source": source,
            "contact_id": [hashed(email) for email in guests.email[who]],
            "object": "person",
            "company_id": world.companies.company_id[guests.company[who]],
            "role": guests.role[who],
            "is_role_known": False,
            "person": guests.person[who].astype(int),
            "is_deleted": False,
            "created_at": pd.Series(pd.NaT, index=range(len(who)), dtype="datetime64[us, UTC]"),
        }
    )


def _at_home(emails: Array, domains: Array) -> Array:
    return np.array(
        [
            email is not None and email.lower().endswith("@" + domain)
            for email, domain in zip(emails, domains, strict=True)
        ]
    )
