"""What happened at Stripe over the whole timeline: customers, subscriptions, invoices and the events about them.

Belongs here: arrays of instants and choices, made once from the world. How an object looked at an instant is in
`render`. Every change that an object can show has its event, as `render` reads nothing but these instants.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b

import numpy as np

from abm_pipeline.sandbox.world import World
from abm_pipeline.sandbox.world.customers import CHURN, NEW, RESURRECTION, Customers, customers
from abm_pipeline.sandbox.world.scales import DAY, NEVER
from abm_pipeline.sandbox.world.tables import Array, objects

CUSTOMER, SUBSCRIPTION, INVOICE = range(3)
TYPES = (
    "customer.created",
    "customer.updated",
    "customer.deleted",
    "customer.subscription.created",
    "customer.subscription.updated",
    "customer.subscription.deleted",
    "invoice.created",
    "invoice.finalized",
    "invoice.updated",
    "invoice.paid",
    "invoice.payment_succeeded",
    "invoice.payment_failed",
    "invoice.voided",
    "invoice.marked_uncollectible",
    "invoice.deleted",
)
# Discounts: none; 20 % for ever; 100.00 off a month for ever; the first invoice half (not recurring, so not in MRR).
NO_DISCOUNT, PERCENT, AMOUNT, ONCE = range(4)
AMOUNT_OFF = 10_000
HOUR = 3600


@dataclass(frozen=True)
class Book:
    """Everything by position. Instants are seconds UTC, `NEVER` where it never happens.

    Customers: `company`, `person` (position of the billing contact or -1), `crm_id` (Salesforce account id or None),
    `born`, `gone`. Subscriptions: `plan` of `made` (positions in the world's Customers), `owner` (customer), `every`
    (months of a period), `discount`, `decided` (when the end was decided). Invoices: `of` (subscription; of a draft
    that is thrown away too), `begin` and `end` of the period, `dated`, `finalized`, `failed`, `paid`, `voided`,
    `lost` (uncollectible), `dropped` (draft deleted), `amount` (minor units), `terms` (days, 0: charged at once).
    Edits: `edit_kind`, `edit_row`, `edit_at`. Events in order of time: `at`, `type` (position in TYPES), `kind`, `row`.
    """

    made: Customers
    company: Array
    person: Array
    crm_id: Array
    born: Array
    gone: Array
    subscription: Array
    owner: Array
    every: Array
    discount: Array
    decided: Array
    of: Array
    begin: Array
    end: Array
    dated: Array
    finalized: Array
    failed: Array
    paid: Array
    voided: Array
    lost: Array
    dropped: Array
    amount: Array
    terms: Array
    edit_kind: Array
    edit_row: Array
    edit_at: Array
    at: Array
    type: Array
    kind: Array
    row: Array

    def ids(self, kind: int) -> Array:
        """Ids of all objects of a kind, by position."""
        size = (len(self.company), len(self.subscription), len(self.of))[kind]
        return objects(ident(("cus_", "sub_1", "in_1")[kind], row) for row in range(size))

    def created(self, kind: int) -> Array:
        """When each object of a kind was made."""
        return (self.born, self.made.start[self.subscription], self.dated)[kind]


def book(world: World) -> Book:
    """The timeline's book, made once."""
    return world.part("stripe", _make)


def ident(prefix: str, number: int, length: int = 14) -> str:
    """A Stripe-like id: letters and digits that depend on the number only."""
    alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    left, out = int.from_bytes(blake2b(f"{prefix}{number}".encode(), digest_size=16).digest()), ""
    for _ in range(length):
        left, place = divmod(left, 62)
        out += alphabet[place]
    return prefix + out


def _make(world: World) -> Book:
    rng, made, cal = world.calendar.rng("stripe"), customers(world), world.calendar
    horizon = (cal.horizon + 1) * DAY
    subs = made.share(0, 2)
    company, owner = np.unique(made.company[subs], return_inverse=True)
    size, count = len(company), len(subs)
    born = np.full(size, NEVER, np.int64)
    np.minimum.at(born, owner, made.start[subs] - 1800)
    last = np.zeros(size, np.int64)
    np.maximum.at(last, owner, made.end[subs])
    gone = np.where((last < NEVER) & (rng.random(size) < 0.5), last + 12 * DAY + 999, NEVER)
    people = world.people.contacts
    first = people.first_of[company]
    person = np.where((people.company[first] == company) & (rng.random(size) > 0.08), first, -1)
    accounts = world.tables["Account"].columns
    _, place = np.unique(accounts["_company"], return_index=True)
    primary = dict(zip(accounts["_company"][place].tolist(), accounts["Id"][place].tolist(), strict=True))
    linked = (rng.random(size) < 0.5) | (person < 0)
    crm_id = objects(primary[int(c)] if known else None for c, known in zip(company, linked, strict=True))
    # Every fourth company has a second customer, made by mistake and never charged; most are deleted some day.
    double = np.arange(size)[::4]
    twin_born = np.maximum(born[double], cal.start * DAY) + rng.integers(20, 60, len(double)) * DAY
    twin_gone = np.where(rng.random(len(double)) < 0.8, twin_born + rng.integers(40, 120, len(double)) * DAY, NEVER)
    company, person = np.append(company, company[double]), np.append(person, person[double])
    crm_id = np.append(crm_id, objects([None] * len(double)))
    born, gone = np.append(born, twin_born), np.append(gone, twin_gone)
    months = made.months[subs]
    every = np.where((months == 12) & (rng.random(count) < 0.35), 3, months)
    discount = rng.choice(4, count, p=(0.7, 0.14, 0.08, 0.08))
    over = made.end[subs]
    decided = np.where(
        over < NEVER, np.maximum(made.start[subs] + HOUR, over - rng.integers(3, 20, count) * DAY), NEVER
    )

    invoices = _invoices(rng, world, subs, every, discount)
    pace = 12 if cal.scale.name == "tiny" else 90
    edits = _edits(rng, (born, made.start[subs]), (gone, made.end[subs]), pace, cal.start * DAY, horizon)
    log = _log(made, subs, (born, gone, decided), invoices, edits)
    return Book(
        made, company, person, crm_id, born, gone, subs, owner, every, discount, decided,
        **invoices, **dict(zip(("edit_kind", "edit_row", "edit_at"), edits, strict=True)),
        **dict(zip(("at", "type", "kind", "row"), log, strict=True)),
    )  # fmt: skip


def _invoices(rng: np.random.Generator, world: World, subs: Array, every: Array, discount: Array) -> dict[str, Array]:
    """An invoice a period, most of them paid; and drafts that somebody makes by hand and deletes again."""
    made, cal = customers(world), world.calendar
    of, begin, end = made.periods(subs, every, (cal.horizon + 1) * DAY)
    rows, never = len(of), np.int64(NEVER)
    terms = np.where(rng.random(len(subs)) < 0.4, 30, 0)[of]
    fate = rng.random(rows)
    finalized = begin + HOUR
    lost = np.where(fate > 0.985, finalized + 60 * DAY, never)
    voided = np.where((fate > 0.97) & (fate <= 0.985), finalized + 2 * DAY, never)
    failed = np.where((terms == 0) & (fate < 0.05), finalized + 5, never)
    wait = np.where(terms > 0, rng.integers(2 * DAY, 34 * DAY, rows), np.where(failed < NEVER, 4 * DAY, 5))
    paid = np.where((lost < NEVER) | (voided < NEVER), never, finalized + wait)
    gross = made.mrr_of(subs[of], begin) * every[of]
    amount = np.where((discount[of] == ONCE) & (begin == made.start[subs][of]), gross // 2, gross)
    drafts = np.flatnonzero(rng.random(rows) < (0.12 if cal.scale.name == "tiny" else 0.01))
    nothing = np.full(len(drafts), never)
    parts = {
        "of": (of, of[drafts]),
        "begin": (begin, begin[drafts]),
        "end": (end, end[drafts]),
        "dated": (begin, begin[drafts] + 3 * DAY + 777),
        "finalized": (finalized, nothing),
        "failed": (failed, nothing),
        "paid": (paid, nothing),
        "voided": (voided, nothing),
        "lost": (lost, nothing),
        "dropped": (np.full(rows, never), begin[drafts] + 6 * DAY),
        "amount": (amount, np.full(len(drafts), 5_000)),
        "terms": (terms, terms[drafts]),
    }
    return {name: np.concatenate(both) for name, both in parts.items()}


def _log(
    made: Customers, subs: Array, lives: tuple[Array, Array, Array], invoices: dict[str, Array],
    edits: tuple[Array, Array, Array],
) -> tuple[Array, ...]:  # fmt: skip
    """All events in order of time: instants, types, kinds and rows."""
    born, gone, decided = lives
    events = [
        _happened("customer.created", CUSTOMER, born),
        _happened("customer.deleted", CUSTOMER, gone),
        _happened("customer.subscription.created", SUBSCRIPTION, made.start[subs]),
        _happened("customer.subscription.updated", SUBSCRIPTION, decided),
        _happened("customer.subscription.deleted", SUBSCRIPTION, made.end[subs]),
        _happened("invoice.created", INVOICE, invoices["dated"]),
        _happened("invoice.finalized", INVOICE, invoices["finalized"]),
        _happened("invoice.payment_failed", INVOICE, invoices["failed"]),
        _happened("invoice.paid", INVOICE, invoices["paid"]),
        _happened("invoice.payment_succeeded", INVOICE, invoices["paid"]),
        _happened("invoice.voided", INVOICE, invoices["voided"]),
        _happened("invoice.marked_uncollectible", INVOICE, invoices["lost"]),
        _happened("invoice.deleted", INVOICE, invoices["dropped"]),
    ]
    # A subscription changes when a period begins, when a charge fails and is made good, and when its price changes.
    of, begin, failed = invoices["of"], invoices["begin"], invoices["failed"]
    cycle = (invoices["dropped"] == NEVER) & (begin > made.start[subs][of])
    moved = np.isin(made.change_of, subs) & ~np.isin(made.change_kind, (NEW, RESURRECTION, CHURN))
    moved &= made.change_at > made.start[made.change_of]
    kind, row, at = edits
    updated = TYPES.index("customer.subscription.updated")
    for rows, moments in (
        (of[cycle], begin[cycle]),
        (of[failed < NEVER], failed[failed < NEVER]),
        (of[failed < NEVER], invoices["paid"][failed < NEVER]),
        (np.searchsorted(subs, made.change_of[moved]), made.change_at[moved]),
        (row[kind == SUBSCRIPTION], at[kind == SUBSCRIPTION]),
    ):
        events.append((moments, np.full(len(moments), updated), np.full(len(moments), SUBSCRIPTION), rows))
    mine = kind == CUSTOMER
    which = np.full(int(mine.sum()), TYPES.index("customer.updated"))
    events.append((at[mine], which, np.full(len(which), CUSTOMER), row[mine]))
    columns = [np.concatenate(parts) for parts in zip(*events, strict=True)]
    order = np.lexsort((columns[3], columns[1], columns[0]))
    return tuple(column[order] for column in columns)


def _happened(name: str, kind: int, at: Array) -> tuple[Array, Array, Array, Array]:
    """Events of one type: instants, type, kind and rows, where they happen at all."""
    rows = np.flatnonzero(at < NEVER)
    return at[rows], np.full(len(rows), TYPES.index(name)), np.full(len(rows), kind), rows


def _edits(
    rng: np.random.Generator, born: tuple[Array, Array], gone: tuple[Array, Array], pace: int, start: int, horizon: int
) -> tuple[Array, Array, Array]:
    """Somebody edits customers and subscriptions by hand, about every `pace` days: kind, row and instant."""
    kinds, rows, at = [], [], []
    for kind in (CUSTOMER, SUBSCRIPTION):
        times = rng.poisson((horizon - start) / DAY / pace, len(born[kind]))
        row = np.repeat(np.arange(len(times)), times)
        moment = rng.integers(start, horizon, len(row))
        keep = (moment > born[kind][row] + DAY) & (moment < gone[kind][row] - DAY)
        kinds.append(np.full(int(keep.sum()), kind))
        rows.append(row[keep])
        at.append(moment[keep])
    return np.concatenate(kinds), np.concatenate(rows), np.concatenate(at)
