"""Everybody in the world: the company's own sales people, the buying committees and the leads.

Belongs here: who a person is and when a system first hears of them. Records of them are made in `crm`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from abm_pipeline.sandbox.world.companies import Companies, plain
from abm_pipeline.sandbox.world.names import COUNTRIES, FIRST, FREE_MAIL, LAST, ROLES
from abm_pipeline.sandbox.world.scales import DAY, Calendar
from abm_pipeline.sandbox.world.tables import Array, objects

ROLE_NAMES = tuple(ROLES)
ROLE_SHARES = (0.10, 0.18, 0.16, 0.24, 0.32)
# zone → hours from UTC; the world has no daylight saving
ZONES = {
    "America/New_York": -5,
    "America/Los_Angeles": -8,
    "Europe/London": 0,
    "Europe/Berlin": 1,
    "Australia/Sydney": 10,
}
REGION_ZONES = {"NA": (0, 1), "EMEA": (2, 3), "APAC": (4,)}


@dataclass(frozen=True)
class Users:
    """Sales and marketing users; `zone` is a position in ZONES, `offset` hours from UTC."""

    name: Array
    zone: Array
    offset: Array
    created: Array


@dataclass(frozen=True)
class Contacts:
    """Committee members by (company, created). `created` in seconds; `lead` is the lead they came from or -1."""

    company: Array
    created: Array
    role: Array
    title: Array
    first: Array
    last: Array
    email: Array
    phone: Array
    lead: Array
    first_of: Array

    def known_at(self, companies: Array, days: Array) -> tuple[Array, Array]:
        """First position of each company's contacts and how many of them existed before each day."""
        low = self.first_of[companies]
        key = self.company * (1 << 20) + self.created // DAY
        high = np.searchsorted(key, companies * (1 << 20) + days)
        return low, high - low


@dataclass(frozen=True)
class Leads:
    """People not yet tied to an account; instants are seconds, -1 when it never happens."""

    company: Array
    created: Array
    first: Array
    last: Array
    email: Array
    title: Array
    website: Array
    mql: Array
    sql: Array
    converted: Array
    unqualified: Array
    hidden: Array


def make_users(cal: Calendar) -> Users:
    """Users with names, zones and the instant they were created."""
    rng = cal.rng("users")
    count = 8 if cal.scale.name == "tiny" else 18
    zone = np.arange(count) % len(ZONES)
    names = [
        f"{FIRST[a]} {LAST[b]}"
        for a, b in zip(rng.permutation(len(FIRST))[:count], rng.permutation(len(LAST))[:count], strict=True)
    ]
    created = (cal.start - rng.integers(950, 1400, count)) * DAY + 36_000
    return Users(objects(names), zone, np.array(list(ZONES.values()))[zone], created)


def make_owners(cal: Calendar, companies: Companies, users: Users) -> Array:
    """User position that owns each company, from the company's region."""
    rng = cal.rng("owners")
    draw = rng.random(len(companies))
    owners = np.zeros(len(companies), np.int64)
    for region, zones in REGION_ZONES.items():
        team = np.flatnonzero(np.isin(users.zone, zones))
        here = np.array([COUNTRIES[c][1] == region for c in companies.country])
        owners[here] = team[(draw[here] * len(team)).astype(int)]
    return owners


def account_created(cal: Calendar, companies: Companies) -> Array:
    """Instant each company first got an account record; listed companies have theirs before the start."""
    rng, size = cal.rng("account created"), len(companies)
    day = cal.start - rng.integers(310, 900, size)
    fresh = ~companies.ever_target & (rng.random(size) < 0.10)
    day = np.where(fresh, cal.start + rng.integers(0, cal.days, size), day)
    return day * DAY + rng.integers(7 * 3600, 19 * 3600, size)


def make_leads(cal: Calendar, companies: Companies, born: Array) -> Leads:
    """Leads with their way through the funnel: open → MQL → SQL → converted, or unqualified."""
    rng, size = cal.rng("leads"), cal.scale.leads
    weight = np.where(companies.ever_target, 2.0, 1.0) * companies.reach
    company = np.sort(rng.choice(len(companies), size, p=weight / weight.sum()))
    created = rng.integers(cal.start - 60, cal.horizon + 1, size) * DAY + rng.integers(0, DAY, size)
    first, last = _names(rng, size)
    odds = rng.random((4, size))

    def step(low: int, high: int) -> Array:
        return rng.integers(low * DAY, high * DAY, size)

    mql = np.where(odds[0] < 0.62, created + step(1, 25), -1)
    sql = np.where((mql > 0) & (odds[1] < 0.55), mql + step(2, 30), -1)
    convertible = companies.has_crm[company]
    converted = np.where((sql > 0) & (odds[2] < 0.65) & convertible, sql + step(1, 14), -1)
    converted = np.where(converted > born[company] + DAY, converted, -1)
    unqualified = np.where((mql < 0) & (odds[3] < 0.5), created + step(10, 60), -1)
    email, free = _emails(rng, first, last, companies, company, 0.12)
    draw = rng.random(size)
    # A lead with a free-mail address and no website can be tied to a company by nothing but its name.
    hidden = free & (draw < 0.4) & ~companies.ever_target[company] & (converted < 0)
    shown = (free & ~hidden) | (draw > 0.45)
    website = objects(
        f"https://www.{companies.domain[c]}" if s and not h else None
        for c, s, h in zip(company, shown, hidden, strict=True)
    )
    role = rng.choice(len(ROLES), size, p=ROLE_SHARES)
    return Leads(
        company, created, first, last, email, _titles(rng, role), website, mql, sql, converted, unqualified, hidden
    )


def make_contacts(cal: Calendar, companies: Companies, leads: Leads, born: Array) -> Contacts:
    """Contacts of every company that has an account, converted leads included."""
    rng = cal.rng("contacts")
    mean = np.where(companies.ever_target, cal.scale.contacts_per_target, cal.scale.contacts_per_other)
    size_effect = np.clip(np.log(companies.employees) / 6.0, 0.5, 1.7)
    counts = np.where(companies.has_crm, 1 + rng.poisson(np.maximum(mean * size_effect - 1, 0.2)), 0)
    empty = ~companies.ever_target & (rng.random(len(companies)) < 0.06)
    counts[empty] = 0
    company = np.repeat(np.arange(len(companies)), counts)
    size = len(company)
    is_first = np.concatenate([[True], company[1:] != company[:-1]])
    before = rng.random(size) < 0.8
    old = rng.integers(20 * DAY, 400 * DAY, size)
    recent = rng.integers(cal.start * DAY, cal.horizon * DAY, size)
    made = np.where(before, np.minimum(born[company] + old, recent), recent)
    made = np.where(is_first, born[company] + 600, np.maximum(made, born[company] + 1200))
    role = rng.choice(len(ROLES), size, p=ROLE_SHARES)
    first, last = _names(rng, size)
    email, _ = _emails(rng, first, last, companies, company, 0.05)
    won = np.flatnonzero(leads.converted > 0)
    company = np.concatenate([company, leads.company[won]])
    made = np.concatenate([made, leads.converted[won]])
    order = np.lexsort((made, company))

    def join(left: Array, right: Array) -> Array:
        return np.concatenate([left, right])[order]

    phones = objects(
        None if u < 0.35 else f"{COUNTRIES[companies.country[c]][6]} {int(u * 900):03d} {int(u * 9e6) % 10**7:07d}"
        for c, u in zip(company, rng.random(len(company)), strict=True)
    )
    lead_role = rng.choice(len(ROLES), len(won), p=ROLE_SHARES)
    owners = company[order]
    return Contacts(
        owners,
        made[order],
        join(role, lead_role),
        join(_titles(rng, role), leads.title[won]),
        join(first, leads.first[won]),
        join(last, leads.last[won]),
        join(email, leads.email[won]),
        phones[order],
        join(np.full(size, -1, np.int64), won),
        np.searchsorted(owners, np.arange(len(companies))),
    )


def met_late(
    cal: Calendar, companies: Companies, contacts: Contacts, touched: Array, instants: Array, with_deals: Array
) -> Contacts:
    """The contacts, with those of a few listed companies known only later: on such a list stand companies of which
    nobody knows anybody yet. `touched` and `instants` are the contact (or -1) and the second of every touch.

    Drawn from the companies without a deal or a converted lead whose people nothing happened to before, so that no
    record is older than its person.
    """
    rng, size = cal.rng("met late"), len(companies)
    since = (cal.horizon - np.maximum(rng.integers(0, 160, size), 52)) * DAY + 36_000
    first = np.full(size, np.iinfo(np.int64).max)
    known = touched >= 0
    np.minimum.at(first, contacts.company[touched[known]], instants[known])
    converted = np.zeros(size, bool)
    converted[contacts.company[contacts.lead >= 0]] = True
    late = companies.ever_target & ~with_deals & ~converted & (first > since + DAY) & (rng.random(size) < 0.4)
    created = np.where(late[contacts.company], np.maximum(contacts.created, since[contacts.company]), contacts.created)
    return replace(contacts, created=created)


def _names(rng: np.random.Generator, size: int) -> tuple[Array, Array]:
    first = np.array(FIRST, object)[rng.integers(0, len(FIRST), size)]
    last = np.array(LAST, object)[rng.integers(0, len(LAST), size)]
    return first, last


def _titles(rng: np.random.Generator, role: Array) -> Array:
    """A title that fits the role; some are missing, some shouted."""
    draws = rng.random((2, len(role)))
    titles = [ROLES[ROLE_NAMES[r]][1] for r in role]
    return objects(
        None if u < 0.06 else t[int(v * len(t))].upper() if u > 0.97 else t[int(v * len(t))]
        for t, u, v in zip(titles, *draws, strict=True)
    )


def _emails(
    rng: np.random.Generator, first: Array, last: Array, companies: Companies, company: Array, free_share: float
) -> tuple[Array, Array]:
    """Work addresses, a share of them free mail, some in mixed case; returns the addresses and which are free mail."""
    draws = rng.random((3, len(first)))
    agency = companies.agency[company]
    free = (draws[0] < free_share) | (agency >= 0)
    host = [
        FREE_MAIL[int(u * len(FREE_MAIL))] if f else companies.domain[c]
        for f, u, c in zip(free, draws[1], company, strict=True)
    ]
    made = []
    number = rng.integers(1, 99, len(first))
    for a, b, h, f, n, u in zip(first, last, host, free, number, draws[2], strict=True):
        local = f"{plain(a)}.{plain(b)}{n if f or u < 0.3 else ''}"
        made.append(f"{local}@{h}" if u < 0.9 else f"{local.title()}@{h.capitalize()}")
    return objects(made), free
