"""Marketo's leads over time: who they are, what changed when, duplicates that are merged and junk that is deleted.

A lead has a state for every span between two changes. Those known to Salesforce carry its id from their first sync on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from abm_pipeline.sandbox.world import World
from abm_pipeline.sandbox.world.guests import STRANGERS, Guests, make_guests
from abm_pipeline.sandbox.world.scales import DAY, NEVER
from abm_pipeline.sandbox.world.tables import Array

FIRST_ID = 1_000_201
JUNK_EVERY_DAYS = 4


@dataclass(frozen=True)
class Change:
    """One field of lead `lead` (a position) at the instant `at`. `source` as Marketo words it."""

    lead: int
    at: int
    name: str
    old: Any
    new: Any
    source: str


@dataclass(frozen=True)
class MarketoLeads:
    """Leads by creation. `guest` is a position in `guests` (-1: junk), `gone` the instant of merge or deletion.

    `into` is the position of the merge's winner or -1. `states` are (from, fields) in order of time.
    """

    guests: Guests
    ids: Array
    guest: Array
    created: Array
    gone: Array
    into: Array
    states: list[list[tuple[int, dict[str, Any]]]]
    changes: list[Change]

    def at(self, lead: int, instant: int) -> dict[str, Any] | None:
        """The lead's fields at an instant; None before it is made and after it is gone."""
        if not self.created[lead] <= instant < self.gone[lead]:
            return None
        began, fields = next(state for state in reversed(self.states[lead]) if state[0] <= instant)
        return {"id": int(self.ids[lead]), "createdAt": int(self.created[lead]), "updatedAt": began, **fields}


def make_leads(world: World) -> MarketoLeads:
    """All leads of the timeline."""
    cal = world.calendar
    rng = cal.rng("marketo leads")
    share = 1.0 if cal.scale.name == "tiny" else 0.08
    guests = make_guests(world, "marketo", share, share, 0.14)
    size = len(guests)
    early = (cal.start - rng.integers(1, 120, size)) * DAY + rng.integers(0, DAY, size)
    late = rng.integers(cal.start * DAY, cal.horizon * DAY, size)
    created = np.maximum(np.where(rng.random(size) < 0.6, early, late), guests.known + 600)
    twins = np.flatnonzero((rng.random(size) < 0.08) & (created < (cal.horizon - 40) * DAY))
    twin_made = created[twins] + rng.integers(2 * DAY, 30 * DAY, len(twins))
    merged = twin_made + rng.integers(DAY, 45 * DAY, len(twins))
    junk_made = np.arange(cal.start + 1, cal.horizon, JUNK_EVERY_DAYS) * DAY + 11 * 3600
    none = np.full(len(junk_made), -1, np.int64)
    made = np.concatenate([created, twin_made, junk_made])
    guest = np.concatenate([np.arange(size), twins, none])
    gone = np.concatenate([np.full(size, NEVER), merged, junk_made + 2 * DAY + 1800])
    winner = np.concatenate([np.full(size, -1), twins, none])
    order = np.argsort(made, kind="stable")
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order))
    into = np.where(winner[order] >= 0, place[winner[order]], -1)
    ids = FIRST_ID + np.cumsum(rng.integers(1, 5, len(order)))
    leads = MarketoLeads(guests, ids, guest[order], made[order], gone[order], into, [], [])
    for lead in range(len(order)):
        _live(world, rng, leads, lead)
    for loser in np.flatnonzero(into >= 0):
        # The winner takes over what it lacks, and its stamp moves.
        states = leads.states[into[loser]]
        at = int(leads.gone[loser])
        later = [n for n, (began, _) in enumerate(states) if began > at]
        states.insert(
            later[0] if later else len(states), (at, dict(states[(later[0] if later else len(states)) - 1][1]))
        )
    leads.changes.sort(key=lambda change: (change.at, change.lead, change.name))
    return leads


def _live(world: World, rng: np.random.Generator, leads: MarketoLeads, lead: int) -> None:
    """The lead's first state and its changes."""
    g, who, made = leads.guests, int(leads.guest[lead]), int(leads.created[lead])
    if who < 0:
        first, last, company, email = "Test", "Test", "asdf", f"test{lead}@test.example"
        state: dict[str, Any] = _fields(first, last, company, None, email, None)
        leads.states.append([(made, state)])
        return
    is_twin = leads.into[lead] >= 0
    name = world.companies.name[g.company[who]]
    email = str(g.email[who])
    state = _fields(
        g.first[who], g.last[who], name, None if is_twin else g.title[who], email.upper() if is_twin else email,
        None if is_twin or rng.random() < 0.5 else f"https://www.{world.companies.domain[g.company[who]]}",
    )  # fmt: skip
    steps: list[tuple[int, str, Any, str]] = []
    if g.crm_id[who] is not None and not is_twin:
        field = "sfdcContactId" if g.contact[who] >= 0 else "sfdcLeadId"
        steps.append((made + int(rng.integers(600, 3 * DAY)), field, str(g.crm_id[who]), "Salesforce"))
        if g.lead[who] >= 0 and world.people.leads.mql[g.lead[who]] > made:
            at = int(world.people.leads.mql[g.lead[who]]) + 300
            steps.append((at, "leadStatus", "MQL", "Salesforce"))
    if g.person[who] >= STRANGERS and not is_twin:
        at = made + int(rng.integers(DAY, 30 * DAY))
        steps.append((at, "leadStatus", "Working", "Marketo Flow Action"))
        if rng.random() < 0.7:
            at += int(rng.integers(DAY, 20 * DAY))
            steps.append((at, "leadStatus", "MQL", "Marketo Flow Action"))
            if rng.random() < 0.5:
                steps.append((at + int(rng.integers(DAY, 20 * DAY)), "leadStatus", "SQL", "Web service API"))
    for at in (made + rng.integers(DAY, 300 * DAY, rng.poisson(2.2))).tolist():
        steps.append((at, "leadScore", None, "Marketo Flow Action"))
    states = [(made, state)]
    for at, field, value, source in sorted(steps, key=lambda step: step[0]):
        if at >= leads.gone[lead]:
            continue
        new = (state["leadScore"] or 0) + 5 if field == "leadScore" else value
        leads.changes.append(Change(lead, at, field, state[field], new, source))
        state = {**state, field: new}
        states.append((at, state))
    leads.states.append(states)


def _fields(first: str, last: str, company: str, title: Any, email: str, website: Any) -> dict[str, Any]:
    return {
        "email": email, "firstName": first, "lastName": last, "company": company, "title": title, "phone": None,
        "mobilePhone": None, "website": website, "leadStatus": None, "leadScore": None, "unsubscribed": False,
        "emailInvalid": False, "sfdcContactId": None, "sfdcLeadId": None, "sfdcAccountId": None,
    }  # fmt: skip
