"""Zendesk's records with their versions in time: organizations, users, tickets, satisfaction ratings.

Belongs here: what Zendesk holds when. A version of a ticket begins at its `generated_timestamp`; `updated_at` is when
a person last changed it. How records are written as JSON is in `render`.
"""

from __future__ import annotations

import numpy as np

from abm_pipeline.sandbox.world import World
from abm_pipeline.sandbox.world.customers import customers
from abm_pipeline.sandbox.world.scales import DAY, NULL
from abm_pipeline.sandbox.world.tables import PURGED, Array, Change, Table, constant, objects, versioned

Tables = dict[str, Table]
HOUR = 3600
AGENTS = 5
ORGANIZATION_IDS, USER_IDS, RATING_IDS = 17_000_000_000_000, 18_000_000_000_000, 19_000_000_000
PURGE_DAYS = 30
SUBJECTS = (
    "Cannot log in",
    "Export stops half-way",
    "Invoice address",
    "API returns 500",
    "How do I add a user?",
    "Report shows no data",
    "Feature request: dark mode",
    "Slow dashboard",
    "Webhook not delivered",
)
COMMENTS = ("Quick and friendly!", "Took far too long.", "Solved at once, thank you.", "I had to ask three times.")


def records(world: World) -> Tables:
    """Tables by object, made once: organization, user, ticket, rating."""
    return world.part("zendesk", _make)


def _make(world: World) -> Tables:
    rng = world.calendar.rng("zendesk")
    organizations = _organizations(world, rng)
    users = _users(world, rng, organizations)
    tickets, ratings = _tickets(world, rng, organizations, users)
    return {"organization": organizations, "user": users, "ticket": tickets, "rating": ratings}


def _organizations(world: World, rng: np.random.Generator) -> Table:
    """One for every customer and some others; known by domain, by the CRM's id, by both or by name only."""
    cal, companies, made = world.calendar, world.companies, customers(world)
    payers = made.companies
    others = np.setdiff1d(np.flatnonzero(companies.has_crm & (companies.agency < 0)), payers)
    others = others[rng.random(len(others)) < 0.1]
    company = np.concatenate([payers, others])
    size = len(company)
    first = np.full(len(companies), 1 << 60, np.int64)
    np.minimum.at(first, made.company, made.start)
    born = np.where(
        first[company] < 1 << 60, first[company] + HOUR, rng.integers((cal.start - 100) * DAY, cal.horizon * DAY, size)
    )
    accounts = world.tables["Account"].columns
    _, place = np.unique(accounts["_company"], return_index=True)
    primary = dict(zip(accounts["_company"][place].tolist(), accounts["Id"][place].tolist(), strict=True))
    draw = rng.random((2, size))
    domains: list[tuple[str, ...]] = []
    external: list[str | None] = []
    for row, c in enumerate(company):
        domain = companies.domain[c]
        domains.append(() if draw[0, row] < 0.15 else (domain, f"mail.{domain}") if draw[0, row] > 0.9 else (domain,))
        external.append(primary[int(c)] if draw[1, row] < 0.45 else f"cust-{c}" if draw[1, row] < 0.6 else None)
    pace = 15 if cal.scale.name == "tiny" else 120
    changes = []
    for row, times in enumerate(rng.poisson(cal.days / pace, size)):
        for at in sorted(rng.integers(cal.start * DAY, (cal.horizon + 1) * DAY, times)):
            if at > born[row] + DAY:
                changes.append(Change(row, int(at), {"notes": f"Reviewed on day {at // DAY}"}))
    for row in range(len(payers), size, 3):
        changes.append(Change(row, int(max(born[row] + 40 * DAY, cal.start * DAY + row * DAY)), {"deleted": True}))
    columns = {
        "_company": company,
        "id": ORGANIZATION_IDS + 37 * np.arange(size),
        "domains": objects(domains),
        "external_id": objects(external),
        "notes": constant(size, None),
        "deleted": np.zeros(size, bool),
    }
    return versioned(columns, born, changes)


def _users(world: World, rng: np.random.Generator, organizations: Table) -> Table:
    """Agents, then up to four people of every organization; a few leave, a few have no address or no organization."""
    cal, people = world.calendar, world.people.contacts
    base = np.flatnonzero(np.diff(organizations.record, prepend=-1))
    company, born = organizations.columns["_company"][base], organizations.valid_from[base]
    owner, person = [-1] * AGENTS, [-1] * AGENTS
    for row, c in enumerate(company):
        low = int(people.first_of[c])
        for offset in range(4):
            if low + offset < len(people.company) and people.company[low + offset] == c:
                owner.append(row)
                person.append(low + offset)
    size = len(owner)
    of, who = np.array(owner), np.array(person)
    made = np.where(of >= 0, born[of] + rng.integers(HOUR, 30 * DAY, size), (cal.start - 900) * DAY)
    draw = rng.random((2, size))
    pace = 25 if cal.scale.name == "tiny" else 250
    changes = []
    for row, times in enumerate(rng.poisson(cal.days / pace, size)):
        for at in sorted(rng.integers(cal.start * DAY, (cal.horizon + 1) * DAY, times)):
            if at > made[row] + DAY:
                changes.append(Change(row, int(at), {"phone": f"+1 555 02{at % 100:02d}"}))
        if draw[0, row] < 0.05 and row >= AGENTS:
            left = int(max(made[row], cal.start * DAY) + draw[1, row] * cal.days * DAY)
            changes.append(Change(row, left, {"active": False}))
    columns = {
        "_person": who,
        "_owner": of,
        "id": USER_IDS + 41 * np.arange(size),
        "phone": constant(size, None),
        "has_email": (draw[1] > 0.04) & (who >= 0),
        "has_organization": (draw[0] < 0.93) & (of >= 0),
        "active": np.ones(size, bool),
    }
    return versioned(columns, made, changes)


def _tickets(world: World, rng: np.random.Generator, organizations: Table, users: Table) -> tuple[Table, Table]:
    """Requests while the organization's people are there; most are solved, some rated, a few deleted."""
    cal = world.calendar
    base = np.flatnonzero(np.diff(users.record, prepend=-1))
    clients = base[users.columns["_owner"][base] >= 0]
    monthly = 0.9 if cal.scale.name == "tiny" else 0.18
    times = rng.poisson(monthly * cal.days / 30, len(clients))
    user = np.repeat(users.record[clients], times)
    opened = rng.integers(cal.start * DAY, (cal.horizon + 1) * DAY, len(user))
    keep = opened > users.valid_from[clients].repeat(times) + DAY
    user, opened = user[keep], opened[keep]
    order = np.argsort(opened, kind="stable")
    user, opened = user[order], opened[order]
    size = len(user)
    reply = rng.integers(5, 2000, size)
    hours = rng.gamma(1.5, 30, size).astype(np.int64) + reply // 60 + 1
    fate, lag = rng.random((2, size)), rng.integers(0, 4, size)
    changes, rated = [], []
    for row in range(size):
        at, n = int(opened[row]), int(lag[row])
        answered, solved = at + int(reply[row]) * 60, at + int(hours[row]) * HOUR
        changes.append(_touched(row, answered, n, {"status": "pending", "replied_at": answered}))
        if fate[0, row] < 0.04:
            gone = answered + 2 * HOUR
            changes.append(_touched(row, gone, n, {"status": "deleted"}))
            changes.append(Change(row, gone + PURGE_DAYS * DAY, {PURGED: True}))
            continue
        if fate[0, row] > 0.94:
            continue
        changes.append(_touched(row, solved, n, {"status": "solved", "solved_at": solved}))
        if fate[1, row] < 0.5:
            score = "good" if fate[1, row] < 0.4 else "bad"
            answer = solved + 2 * HOUR + int(fate[0, row] * 50) * HOUR
            rated.append((row, solved + HOUR, answer if fate[1, row] < 0.35 or score == "bad" else 0, score))
            if rated[-1][2]:
                changes.append(_touched(row, answer, n, {"rating": len(rated) - 1}))
        # Closing is done by an automation: the export tells, `updated_at` does not move.
        changes.append(Change(row, solved + 4 * DAY + n, {"status": "closed"}))
    columns = {
        "_user": user,
        "_reply": reply,
        "id": 1 + np.arange(size),
        "status": constant(size, "new"),
        "updated_at": opened,
        "replied_at": np.full(size, NULL),
        "solved_at": np.full(size, NULL),
        "rating": np.full(size, -1),
        "subject": rng.integers(0, len(SUBJECTS), size),
        "priority": rng.integers(-1, 4, size),
        "type": rng.integers(-1, 4, size),
    }
    return versioned(columns, opened + lag, changes), _ratings(rated)


def _touched(row: int, at: int, lag: int, values: dict[str, object]) -> Change:
    """A change by a person: in the export some seconds later."""
    return Change(row, at + lag, {**values, "updated_at": at})


def _ratings(rated: list[tuple[int, int, int, str]]) -> Table:
    """Offered when the ticket is solved; answered, some with a comment, or left."""
    answered = [(row, at, score) for row, (_, _, at, score) in enumerate(rated) if at]
    changes = [Change(row, at, {"score": score, "comment": row % 3 == 0}) for row, at, score in answered]
    size = len(rated)
    columns: dict[str, Array] = {
        "_ticket": np.array([item[0] for item in rated], np.int64),
        "id": RATING_IDS + 3 * np.arange(size),
        "score": constant(size, "offered"),
        "comment": np.zeros(size, bool),
    }
    return versioned(columns, np.array([item[1] for item in rated], np.int64), changes)
