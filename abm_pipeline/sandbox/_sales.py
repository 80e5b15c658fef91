"""What a sales team does with a sales-engagement tool: whom it holds in it, the mails it sends, the calls it makes.

Belongs here: what is true of mails and calls, for all tools of that kind; they are other ones than the CRM
has tasks of. How a tool words them is in its package. Instants are seconds UTC, `NEVER` for what does not happen.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from abm_pipeline.sandbox.world import World
from abm_pipeline.sandbox.world.guests import make_guests
from abm_pipeline.sandbox.world.scales import DAY, NEVER
from abm_pipeline.sandbox.world.tables import Array, choose


@dataclass(frozen=True)
class People:
    """Who is in the tool, one entry each, by company and creation.

    `person` is the human as the truth numbers them, `role` the true one or None. `crm` is the id of the CRM record that
    the tool stores, or None. `gone` is when the record is deleted for good.
    """

    company: Array
    person: Array
    created: Array
    first: Array
    last: Array
    email: Array
    title: Array
    phone: Array
    role: Array
    crm: Array
    gone: Array


@dataclass(frozen=True)
class Book:
    """Companies in the tool (positions), when each was added, the id of its CRM account or None, and its people."""

    company: Array
    created: Array
    crm: Array
    people: People


@dataclass(frozen=True)
class Mails:
    """One entry a mail, by creation. `person` is a position in the book's people, `sequence` a number or -1.

    `opened` and `reopened` are the first and last opening, of `opens` in all. A mail may bounce after it was delivered.
    """

    person: Array
    sequence: Array
    created: Array
    delivered: Array
    bounced: Array
    failed: Array
    opened: Array
    reopened: Array
    opens: Array
    clicked: Array
    replied: Array
    unsubscribed: Array


@dataclass(frozen=True)
class Calls:
    """One entry a call, by dialling; `answered` is NEVER if nobody took it; `kind` is a position in DISPOSITIONS."""

    person: Array
    sequence: Array
    dialed: Array
    answered: Array
    ended: Array
    is_inbound: Array
    kind: Array


# name, whether somebody answered
DISPOSITIONS = (
    ("Answered - Meeting Set", True),
    ("Answered - Interested", True),
    ("Answered - Not Interested", True),
    ("No Answer", False),
    ("Left Voicemail", False),
    ("Bad Number", False),
)
_ANSWERED, _UNANSWERED = (0, 1, 2), (3, 4, 5)


def make_book(world: World, name: str, regions: Array) -> Book:
    """The people that the team of `regions` (a mask over companies) works on, and their companies."""
    rng, cal = world.calendar.rng(f"{name} book"), world.calendar
    guests = make_guests(world, name, 0.8, 0.15, 0.08)
    mine = np.flatnonzero(regions[guests.company])
    company = np.unique(guests.company[mine])
    crm = choose(rng.random(len(company)) < 0.12, None, _crm_accounts(world)[company])
    fresh = rng.random(len(company)) < 0.2
    added = cal.start * DAY + np.where(fresh, rng.random(len(company)) * cal.days * DAY, 3_600).astype(np.int64)
    size = len(mine)
    start = added[np.searchsorted(company, guests.company[mine])]
    # An import makes the companies; people follow.
    created = np.maximum(start, guests.known[mine]) + rng.integers(DAY, 5 * DAY, size)
    gone = np.where(rng.random(size) < 0.1, created + rng.integers(20, 200, size) * DAY, NEVER)
    contact = guests.contact[mine]
    phone = choose(contact >= 0, world.people.contacts.phone[contact], None)
    stored = choose(rng.random(size) < 0.1, None, guests.crm_id[mine])
    parts = (
        guests.company[mine], guests.person[mine], created, guests.first[mine], guests.last[mine],
        guests.email[mine], guests.title[mine], phone, guests.role[mine], stored, gone,
    )  # fmt: skip
    order = np.lexsort((created, guests.company[mine]))
    return Book(company, added, crm, People(*(part[order] for part in parts)))


def _crm_accounts(world: World) -> Array:
    """Id of the CRM account that a company ends up with, None where it has none."""
    table = world.tables["Account"]
    rows = table.visible(int(NEVER) - 1)
    rows = rows[~table.columns["IsDeleted"][rows].astype(bool)]
    found = np.full(len(world.companies), None, object)
    owner = table.columns["_company"][rows].astype(int)
    found[owner[::-1]] = table.columns["Id"][rows][::-1]
    return found


def _times(world: World, rng: np.random.Generator, people: People, count: int) -> tuple[Array, Array]:
    """Who was written to or called, and when: people that were in the tool by then, in working hours, in order."""
    cal = world.calendar
    person = rng.integers(0, len(people.company), count)
    day = rng.integers(cal.start, cal.horizon + 1, count)
    offset = world.people.offset[people.company[person]]
    at = day * DAY + rng.integers(8 * 3600, 18 * 3600, count) - offset * 3600
    keep = (people.created[person] < at) & (people.gone[person] == NEVER)
    person, at = person[keep], at[keep]
    order = np.argsort(at, kind="stable")
    return person[order], at[order]


def _count(world: World, per_month: float) -> int:
    size = float((world.calendar.scale.targets / 12) ** 0.25)
    return round(per_month * size * world.calendar.days / 30)


def make_mails(world: World, name: str, people: People, sequences: int) -> Mails:
    """Mails through the timeline and what became of each."""
    rng = world.calendar.rng(f"{name} mails")
    person, created = _times(world, rng, people, _count(world, 110))
    size = len(person)

    def later(share: float, base: Array, low: int, high: int) -> Array:
        happens = (rng.random(size) < share) & (base < NEVER)
        at: Array = np.where(happens, base + rng.integers(low, high, size), NEVER)
        return at

    fate = rng.random(size)
    sent = created + rng.integers(60, 3_600, size)
    bounce, late, fail = fate < 0.04, (fate >= 0.04) & (fate < 0.055), (fate >= 0.055) & (fate < 0.065)
    delivered = np.where(bounce | fail, NEVER, sent)
    bounced = np.where(bounce, sent, np.where(late, sent + 5_400, NEVER))
    read = np.where(late, NEVER, delivered)
    opened = later(0.48, read, 300, DAY)
    reopened = later(0.4, opened, 3_600, 5 * DAY)
    opens = np.where(opened < NEVER, 1 + (reopened < NEVER) * rng.integers(1, 4, size), 0)
    clicked = later(0.2, opened, 20, 2 * DAY)
    replied = later(0.07, read, 3_600, 4 * DAY)
    unsubscribed = later(0.02, opened, 60, DAY)
    sequence = np.where(rng.random(size) < 0.8, rng.integers(0, sequences, size), -1)
    failed = np.where(fail, sent, NEVER)
    return Mails(
        person, sequence, created, delivered, bounced, failed, opened, reopened, opens, clicked, replied, unsubscribed
    )


def make_calls(world: World, name: str, people: People, sequences: int) -> Calls:
    """Calls through the timeline."""
    rng = world.calendar.rng(f"{name} calls")
    person, dialed = _times(world, rng, people, _count(world, 60))
    size = len(person)
    took = rng.random(size) < 0.3
    answered = np.where(took, dialed + rng.integers(4, 30, size), NEVER)
    ended = np.where(took, answered + rng.integers(20, 1_800, size), dialed + rng.integers(10, 60, size))
    kind = np.where(took, rng.choice(_ANSWERED, size), rng.choice(_UNANSWERED, size))
    sequence = np.where(rng.random(size) < 0.5, rng.integers(0, sequences, size), -1)
    return Calls(person, sequence, dialed, answered, ended, rng.random(size) < 0.08, kind)


def latest(instant: int, *stamps: Array) -> Array:
    """The latest of the stamps that has happened by the instant, entry by entry; 0 where none has."""
    last: Array = np.max([np.where(stamp <= instant, stamp, 0) for stamp in stamps], axis=0)
    return last
