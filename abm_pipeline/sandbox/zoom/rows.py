"""Webinars with registrants and who came, and meetings with customers: all of them Zoom's own, in no CRM campaign."""

from __future__ import annotations

import base64
from dataclasses import dataclass

import numpy as np

from abm_pipeline.sandbox.world import World
from abm_pipeline.sandbox.world.guests import Guests, make_guests
from abm_pipeline.sandbox.world.scales import DAY, LOOKAHEAD_DAYS, NEVER

THEMES = ("Data Trust in practice", "Faster month end", "Supply insight", "Ask our engineers", "Roadmap and answers")
WEBINAR, MEETING = 5, 2
# Minutes between the end and its report.
REPORT_LAG = 1800


@dataclass(frozen=True)
class Session:
    """A webinar or meeting that is scheduled: `host` is a user's position. `deleted` is when the host took it back."""

    kind: int
    ident: int
    uuid: str
    topic: str
    host: int
    made: int
    start: int
    minutes: int
    deleted: int


@dataclass(frozen=True)
class Registrant:
    """A registration of a guest for a webinar. `denied` is the instant from which it no longer holds."""

    session: int
    guest: int
    ident: str
    at: int
    is_pending: bool
    denied: int


@dataclass(frozen=True)
class Join:
    """One stay of a person in a session; `guest` -1 is a user of ours (`user`). Without mail where `is_hidden`."""

    session: int
    guest: int
    user: int
    number: int
    at: int
    left: int
    registrant: str
    is_hidden: bool


@dataclass(frozen=True)
class Rows:
    """The account's records. `absent` are (session, position of a registrant)."""

    guests: Guests
    user_ids: list[str]
    sessions: list[Session]
    registrants: list[Registrant]
    joins: list[Join]
    absent: list[tuple[int, int]]


def make_rows(world: World) -> Rows:
    """Everything on the timeline."""
    cal = world.calendar
    rng = cal.rng("zoom")
    share = 0.9 if cal.scale.name == "tiny" else 0.06
    guests = make_guests(world, "zoom", share, share, 0.08)
    users = len(world.people.users.name)
    rows = Rows(guests, [_safe(rng) for _ in range(users)], [], [], [], [])
    _webinars(world, rng, rows)
    _meetings(world, rng, rows, users)
    return rows


def _code(rng: np.random.Generator, size: int) -> str:
    return base64.b64encode(rng.bytes(size)).decode()


def _safe(rng: np.random.Generator) -> str:
    """Ids of users and registrants are fit for paths; those of sessions are not."""
    return base64.urlsafe_b64encode(rng.bytes(16)).decode()[:22]


def _uuid(rng: np.random.Generator, number: int) -> str:
    """Base64 of 16 bytes, so that some begin with a slash or have two in a row."""
    code = _code(rng, 16)
    if number % 5 == 1:
        return "/" + code[1:]
    return code[:6] + "//" + code[8:] if number % 5 == 3 else code


def _webinars(world: World, rng: np.random.Generator, rows: Rows) -> None:
    cal, guests = world.calendar, rows.guests
    last = cal.horizon - LOOKAHEAD_DAYS - 1
    first = last - (last - cal.start) // 9 * 9
    for day in range(first, cal.horizon, 9):
        place = len(rows.sessions)
        start = day * DAY + int(rng.integers(9, 19)) * 3600
        taken_back = start - 10 * DAY if place % 8 == 5 else int(NEVER)
        topic = f"{THEMES[place % len(THEMES)]} #{place + 1}"
        session = Session(
            WEBINAR, 81_000_000_000 + 7919 * place, _uuid(rng, place), topic, place % 4, start - 40 * DAY, start, 45,
            taken_back,
        )  # fmt: skip
        rows.sessions.append(session)
        if taken_back < NEVER:
            continue
        who = np.flatnonzero((guests.known < start - 25 * DAY) & (rng.random(len(guests)) < 0.13))
        for guest in who.tolist():
            at = start - int(rng.random() ** 2 * 21 * DAY) - 900
            luck = rng.random()
            denied = at + int(rng.integers(DAY, 4 * DAY)) if luck < 0.06 else int(NEVER)
            registrant = Registrant(place, guest, _safe(rng), at, 0.06 <= luck < 0.1, denied)
            rows.registrants.append(registrant)
            if registrant.is_pending or denied < start:
                continue
            if rng.random() < 0.55:
                _stays(rng, rows, place, guest, -1, registrant.ident)
            else:
                rows.absent.append((place, len(rows.registrants) - 1))
        _stays(rng, rows, place, -1, session.host, "")


def _meetings(world: World, rng: np.random.Generator, rows: Rows, users: int) -> None:
    """About one working day's meetings after the other; some are among colleagues only."""
    cal, guests = world.calendar, rows.guests
    for day in range(cal.start, cal.horizon):
        if (day + 3) % 7 > 4:
            continue
        for _ in range(1 + int(rng.poisson(0.5))):
            place, host = len(rows.sessions), int(rng.integers(users))
            start = day * DAY + int(rng.integers(8, 22)) * 3600 + 60 * int(rng.integers(0, 30))
            rows.sessions.append(
                Session(
                    MEETING,
                    92_000_000_000 + 104_729 * place,
                    _uuid(rng, place),
                    f"Call {place}",
                    host,
                    start - 3 * DAY,
                    start,
                    int(rng.integers(20, 60)),
                    int(NEVER),
                )
            )
            _stays(rng, rows, place, -1, host, "")
            known = np.flatnonzero(guests.known < start - DAY)
            if len(known) == 0 or rng.random() < 0.15:
                _stays(rng, rows, place, -1, (host + 1) % users, "")
                continue
            one = int(rng.choice(known))
            mates = known[guests.company[known] == guests.company[one]]
            for guest in {one, *rng.choice(mates, min(len(mates), int(rng.integers(0, 3))), replace=False).tolist()}:
                _stays(rng, rows, place, guest, -1, "")


def _stays(rng: np.random.Generator, rows: Rows, place: int, guest: int, user: int, registrant: str) -> None:
    """One to three stays: people drop out and come back."""
    session = rows.sessions[place]
    at, end = session.start + int(rng.integers(0, 240)), session.start + session.minutes * 60
    is_hidden = guest >= 0 and rng.random() < 0.05
    for _ in range(1 + int(rng.random() < 0.25) + int(rng.random() < 0.08)):
        if at >= end - 60:
            return
        left = min(end, at + int(rng.integers(300, session.minutes * 60)))
        number = 16_778_240 + 1024 * (len(rows.joins) % 1000)
        rows.joins.append(Join(place, guest, user, number, at, left, registrant, is_hidden))
        at = left + int(rng.integers(20, 200))


def account(world: World) -> Rows:
    """The world's account, made once."""
    return world.part("zoom", make_rows)
