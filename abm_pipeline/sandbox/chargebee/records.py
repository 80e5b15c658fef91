"""Chargebee's records with their versions in time: customers, subscriptions and invoices.

Belongs here: what Chargebee holds when; it bills every second customer company. A new version is what moves
`updated_at`. How it is written as JSON is in `rest`.
"""

from __future__ import annotations

import numpy as np

from abm_pipeline.sandbox.world import World
from abm_pipeline.sandbox.world.customers import customers
from abm_pipeline.sandbox.world.scales import DAY, NEVER, NULL
from abm_pipeline.sandbox.world.tables import Array, Change, Table, constant, objects, versioned

HOUR = 3600
Tables = dict[str, Table]


def records(world: World) -> Tables:
    """Tables by resource, made once: customer, subscription, invoice."""
    return world.part("chargebee", _make)


def ident(number: int, salt: int) -> str:
    """An id as Chargebee makes them."""
    alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    left, out = (number + 1) * 2_654_435_761 % (1 << 40) * (salt + 3), ""
    for _ in range(8):
        left, place = divmod(left, 62)
        out += alphabet[place]
    return f"16CRib{out}"


def _make(world: World) -> Tables:
    made, rng = customers(world), world.calendar.rng("chargebee")
    subs = made.share(1, 2)
    company, owner = np.unique(made.company[subs], return_inverse=True)
    return {
        "customer": _customers(world, rng, company, _first(made.start[subs] - HOUR, owner)),
        "subscription": _subscriptions(world, rng, subs, owner),
        "invoice": _invoices(world, rng, subs, owner),
    }


def _first(instants: Array, owner: Array) -> Array:
    """The earliest instant of each owner."""
    first = np.full(owner.max() + 1, NEVER, np.int64)
    np.minimum.at(first, owner, instants)
    return first


def _customers(world: World, rng: np.random.Generator, company: Array, born: Array) -> Table:
    """One a company, and for every fifth a second one made by mistake, which is deleted some weeks later."""
    cal, people = world.calendar, world.people.contacts
    double = np.arange(len(company))[1::5]
    company = np.concatenate([company, company[double]])
    later = np.maximum(born[double], cal.start * DAY) + rng.integers(10, 90, len(double)) * DAY
    born = np.concatenate([born, later])
    size = len(company)
    first = people.first_of[company]
    person = np.where((people.company[first] == company) & (rng.random(size) > 0.06), first, -1)
    second = np.where(first + 1 < len(people.company), first + 1, first)
    other = np.where((people.company[second] == company) & (rng.random(size) < 0.4), second, -1)
    accounts = world.tables["Account"].columns
    _, place = np.unique(accounts["_company"], return_index=True)
    primary = dict(zip(accounts["_company"][place].tolist(), accounts["Id"][place].tolist(), strict=True))
    linked = (rng.random(size) < 0.4) | (person < 0)
    pace = 12 if cal.scale.name == "tiny" else 90
    changes = []
    for row, times in enumerate(rng.poisson(cal.days / pace, size)):
        for number, at in enumerate(sorted(rng.integers(cal.start * DAY, (cal.horizon + 1) * DAY, times))):
            if at > born[row] + DAY:
                changes.append(Change(row, int(at), {"phone": f"+1 555 01{number:02d}"}))
    for row, gap in zip(range(size - len(double), size), rng.integers(15, 60, len(double)), strict=True):
        changes.append(Change(row, int(born[row] + gap * DAY), {"deleted": True}))
    columns = {
        "_company": company,
        "_person": person,
        "_other": other,
        "id": objects(ident(row, 0) for row in range(size)),
        "phone": constant(size, None),
        "crm_id": objects(primary[int(c)] if known else None for c, known in zip(company, linked, strict=True)),
        "deleted": np.zeros(size, bool),
    }
    return versioned(columns, born, changes)


def _subscriptions(world: World, rng: np.random.Generator, subs: Array, owner: Array) -> Table:
    """Every renewal, price change and cancellation is a version; a few canceled ones are deleted later."""
    made, horizon = customers(world), (world.calendar.horizon + 1) * DAY
    of, begin, end = made.periods(subs, made.months[subs], horizon)
    changes = [
        Change(int(s), int(b), {"term_start": b, "term_end": e})
        for s, b, e in zip(of, begin, end, strict=True)
        if b > made.start[subs[s]]
    ]
    here = np.searchsorted(subs, made.change_of)
    mine = (here < len(subs)) & (subs[np.minimum(here, len(subs) - 1)] == made.change_of)
    changes += [
        Change(int(s), int(at), {"mrr": int(mrr)})
        for s, at, mrr in zip(here[mine], made.change_at[mine], made.mrr[mine], strict=True)
        if mrr and at > made.start[subs[s]]
    ]
    for row in np.flatnonzero(made.end[subs] < NEVER):
        over = int(made.end[subs[row]])
        decided = max(int(made.start[subs[row]]) + HOUR, over - int(rng.integers(3, 20)) * DAY)
        changes.append(
            Change(int(row), decided, {"status": "non_renewing", "cancelled_at": over, "decided_at": decided})
        )
        changes.append(Change(int(row), over, {"status": "cancelled"}))
        if rng.random() < 0.2:
            changes.append(Change(int(row), over + 20 * DAY, {"deleted": True}))
    size = len(subs)
    first = made.mrr_of(subs, made.start[subs])
    firsts = np.searchsorted(of, np.arange(size))
    columns = {
        "_place": subs,
        "_owner": owner,
        "id": objects(ident(row, 1) for row in range(size)),
        "status": constant(size, "active"),
        "mrr": first,
        "term_start": begin[firsts],
        "term_end": end[firsts],
        "cancelled_at": np.full(size, NULL),
        "decided_at": np.full(size, NULL),
        "deleted": np.zeros(size, bool),
    }
    return versioned(columns, made.start[subs], changes)


def _invoices(world: World, rng: np.random.Generator, subs: Array, owner: Array) -> Table:
    """One a term: paid at once or within the terms, some late, some voided or never paid."""
    made = customers(world)
    of, begin, _ = made.periods(subs, made.months[subs], (world.calendar.horizon + 1) * DAY)
    size = len(of)
    terms = np.where(rng.random(len(subs)) < 0.5, 30, 0)[of]
    fate, wait = rng.random(size), rng.integers(DAY, 32 * DAY, size)
    dated = begin + 600
    changes = []
    for row in range(size):
        at = int(dated[row])
        if fate[row] > 0.98:
            changes.append(Change(row, at + 3 * DAY, {"status": "voided", "voided_at": at + 3 * DAY}))
        elif fate[row] > 0.95:
            changes.append(Change(row, at + 35 * DAY, {"status": "not_paid"}))
        else:
            paid = at + (int(wait[row]) if terms[row] else 40)
            changes.append(Change(row, paid, {"status": "paid", "paid_at": paid}))
    columns = {
        "_sub": of,
        "_owner": owner[of],
        "id": objects(str(1000 + row) for row in range(size)),
        "status": objects("posted" if days else "payment_due" for days in terms),
        "total": made.mrr_of(subs[of], begin) * made.months[subs[of]],
        "date": dated,
        "due_date": dated + terms * DAY,
        "paid_at": np.full(size, NULL),
        "voided_at": np.full(size, NULL),
        "deleted": np.zeros(size, bool),
    }
    return versioned(columns, dated, changes)
