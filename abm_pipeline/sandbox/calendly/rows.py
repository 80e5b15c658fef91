"""Meetings that people outside booked by themselves: booked, moved, cancelled, held or missed. No CRM knows of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from abm_pipeline.sandbox.world import World
from abm_pipeline.sandbox.world.guests import Guests, make_guests
from abm_pipeline.sandbox.world.scales import DAY, NEVER

KINDS = (("Intro call", 30, 1), ("Product demo", 45, 1), ("Office hours", 60, 6))
_LETTERS = np.array(list("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"))


@dataclass
class Invitee:
    """One person in an event. `moved_to` and `moved_from` are positions of invitees or -1."""

    code: str
    event: int
    guest: int
    at: int
    cancelled: int = int(NEVER)
    no_show: int = int(NEVER)
    moved_to: int = -1
    moved_from: int = -1


@dataclass
class Event:
    """A booked event; `kind` is a position in KINDS, `host` a user's."""

    code: str
    kind: int
    host: int
    made: int
    start: int
    cancelled: int = int(NEVER)


@dataclass
class Rows:
    """The organisation's records."""

    guests: Guests
    events: list[Event] = field(default_factory=list)
    invitees: list[Invitee] = field(default_factory=list)

    @cached_property
    def of_event(self) -> list[list[int]]:
        """Invitees of each event."""
        found: list[list[int]] = [[] for _ in self.events]
        for n, one in enumerate(self.invitees):
            found[one.event].append(n)
        return found

    @cached_property
    def places(self) -> dict[str, int]:
        """Events by their code."""
        return {event.code: n for n, event in enumerate(self.events)}


def make_rows(world: World) -> Rows:
    """Everything on the timeline."""
    cal = world.calendar
    rng = cal.rng("calendly")
    is_tiny = cal.scale.name == "tiny"
    share = 0.45 if is_tiny else 0.05
    rows = Rows(make_guests(world, "calendly", share, share, 0.1))
    users = len(world.people.users.name)
    # The tool is new in a tiny world, where every event costs the tests a call.
    for day in range(cal.start + 120 if is_tiny else cal.start, cal.horizon):
        for _ in range(1 + (0 if is_tiny else int(rng.poisson(0.5)))):
            at = day * DAY + int(rng.integers(6 * 3600, 22 * 3600))
            known = np.flatnonzero(rows.guests.known < at)
            if len(known):
                _book(rng, rows, int(rng.choice(known)), at, int(rng.integers(users)), -1)
    return rows


def _code(rng: np.random.Generator) -> str:
    return "".join(rng.choice(_LETTERS, 16).tolist())


def _book(rng: np.random.Generator, rows: Rows, guest: int, at: int, host: int, moved_from: int) -> None:
    """A booking and what becomes of it; one that is moved is cancelled and booked anew."""
    day = at // DAY + int(rng.integers(1, 12))
    day += (2 - (day + 3) % 7 % 5) if (day + 3) % 7 > 4 else 0
    start = day * DAY + int(rng.integers(16, 36)) * 1800
    kind = int(rng.choice(len(KINDS), p=(0.5, 0.4, 0.1)))
    event = Event(_code(rng), kind, host, at, start)
    rows.events.append(event)
    place = len(rows.events) - 1
    invitee = Invitee(_code(rng), place, guest, at, moved_from=moved_from)
    rows.invitees.append(invitee)
    me = len(rows.invitees) - 1
    if KINDS[kind][2] > 1:
        mates = np.flatnonzero(rows.guests.known < at)
        for mate in rng.choice(mates, min(3, len(mates)), replace=False).tolist():
            if mate != guest:
                joined = at + int(rng.random() * (start - at) * 0.9)
                left = joined + 600 if rng.random() < 0.2 else int(NEVER)
                rows.invitees.append(Invitee(_code(rng), place, mate, joined, cancelled=left))
        return
    luck = rng.random()
    turn = at + int(rng.random() * (start - at) * 0.9) + 60
    if luck < 0.1:
        event.cancelled = invitee.cancelled = turn
    elif luck < 0.2 and moved_from < 0:
        event.cancelled = invitee.cancelled = turn
        invitee.moved_to = len(rows.invitees)
        _book(rng, rows, guest, turn, host, me)
    elif luck < 0.3:
        invitee.no_show = start + 1800 + int(rng.integers(600, 2 * DAY))


def organisation(world: World) -> Rows:
    """The world's organisation, made once."""
    return world.part("calendly", make_rows)
