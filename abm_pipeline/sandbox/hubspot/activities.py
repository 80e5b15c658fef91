"""Calls, meetings and one-to-one e-mails that sales of the business unit logs in HubSpot, and answers to surveys.

Belongs here: engagements as records with versions: dispositions filled in late, meetings booked ahead, some archived.
All of them are touches that Salesforce does not know. Hidden columns: `_touch` (type that a version amounts to),
`_occurred`, `_contact` (position), `_company`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from abm_pipeline.sandbox.hubspot.companies import Known, owner_ids
from abm_pipeline.sandbox.hubspot.contacts import People, gone, usable
from abm_pipeline.sandbox.hubspot.store import HubObject, Link, grouped, hub_ids, stamp
from abm_pipeline.sandbox.world.scales import DAY
from abm_pipeline.sandbox.world.tables import Array, Change, constant, objects, versioned

if TYPE_CHECKING:
    from abm_pipeline.sandbox.world import World

# Records a day.
RATES = {
    "calls": {"tiny": 0.8, "demo": 2.0, "large": 10.0},
    "meetings": {"tiny": 0.7, "demo": 0.8, "large": 4.0},
    "emails": {"tiny": 1.0, "demo": 3.0, "large": 15.0},
    "feedback_submissions": {"tiny": 0.5, "demo": 0.8, "large": 4.0},
}
CONNECTED = "f240bbac-87c9-4f6e-bf70-924b57d47db7"
DISPOSITIONS = (
    CONNECTED,
    "b2cf5968-551e-4856-9783-52b3da59a7d0",
    "73a0d17f-1163-4015-bdd5-ec830791da20",
    "9d9162e7-6cf3-4944-bf63-4dff82258764",
)
SURVEYS = (
    ("501", "Customer loyalty", "NPS", 11),
    ("502", "Support follow-up", "CSAT", 5),
    ("503", "Onboarding", "CES", 7),
)
COMMENTS = ("Works well for us.", "Support was quick.", "Too slow on Mondays.", "", "Could be cheaper.")


def make_activities(world: World, known: Known, people: People) -> dict[str, HubObject]:
    """All engagements and survey answers, by object name."""
    return {
        "calls": _made(world, known, people, "calls", _calls),
        "meetings": _made(world, known, people, "meetings", _meetings),
        "emails": _made(world, known, people, "emails", _emails),
        "feedback_submissions": _made(world, known, people, "feedback_submissions", _answers),
    }


def pick(world: World, rng: np.random.Generator, people: People, rate: float) -> tuple[Array, Array]:
    """Contacts and instants in working hours, in order of time; only people known by then, and on no list of losers."""
    cal = world.calendar
    size = rng.poisson(rate * cal.days)
    day = np.sort(rng.integers(cal.start, cal.horizon, size))
    instant = day * DAY + rng.integers(8 * 3600, 18 * 3600, size)
    fit = usable(people)
    odds = np.cumsum(people.effort[fit])
    place = fit[np.searchsorted(odds, rng.random(size) ** 1.3 * odds[-1], side="right")]
    keep = people.created[place] + 3600 < instant
    return place[keep], instant[keep]


def _made(world: World, known: Known, people: People, name: str, make: Any) -> HubObject:
    cal = world.calendar
    rng = cal.rng(f"hubspot {name}")
    place, instant = pick(world, rng, people, RATES[name][cal.scale.name])
    size = len(place)
    columns, created, changes = make(world, rng, place, instant)
    owners = owner_ids(world)
    columns |= {
        "hubspot_owner_id": objects(owners[int(u * len(owners))] for u in rng.random(size)),
        "hs_engagement_source": constant(size, "CRM_UI"),
        "hs_engagement_source_id": constant(size, None),
        "_contact": place,
        "_company": people.company_id[place],
        "_createdate": created,
        "_archived": np.zeros(size, bool),
    }
    for row in np.flatnonzero(rng.random(size) < 0.015):
        at = int(created[row]) + DAY + int(rng.integers(0, 25 * DAY))
        changes.append(Change(int(row), at, {"_archived": True, "_touch": None}))
    held = people.held_by[place]
    for each in range(size):
        moves = [gone(people, int(place[each]))]
        if held[each] >= 0 and int(held[each]) in known.kind.merged_into:
            moves.append(known.kind.merged_into[int(held[each])][1])
        changes += [Change(each, at + 3, {}) for at in moves if created[each] < at < cal.horizon * DAY]
    links = {
        "contacts": grouped((row, Link(int(who))) for row, who in enumerate(place)),
        "companies": grouped((row, Link(int(who))) for row, who in enumerate(held) if who >= 0),
    }
    type_id = {"calls": "0-48", "meetings": "0-47", "emails": "0-49", "feedback_submissions": "0-19"}[name]
    first = {"calls": 41_010_000_000, "meetings": 42_020_000_000, "emails": 43_030_000_000}.get(name, 44_040_000_000)
    defaults = ("hs_createdate", "hs_lastmodifieddate", "hs_object_id")
    return HubObject(
        name, type_id, versioned(columns, created, changes), hub_ids(first, 97, size, size // 4), "hs_createdate",
        "hs_lastmodifieddate", defaults, links,
    )  # fmt: skip


def _calls(
    world: World, rng: np.random.Generator, place: Array, instant: Array
) -> tuple[dict[str, Array], Array, list[Change]]:
    size = len(place)
    u = rng.random((4, size))
    connected = u[0] < 0.35
    told = objects(CONNECTED if yes else DISPOSITIONS[1 + int(v * 3)] for yes, v in zip(connected, u[1], strict=True))
    late = u[2] < 0.08
    created = instant + np.where(u[3] < 0.05, (1 + (u[1] * 5).astype(np.int64)) * DAY, 420)
    touch = np.where(connected, "call_connected", "call").astype(object)
    changes = [
        Change(int(row), int(created[row] + 2 * DAY), {"hs_call_disposition": told[row], "_touch": touch[row]})
        for row in np.flatnonzero(late)
    ]
    columns = {
        "hs_timestamp": objects(stamp(int(at) * 1000) for at in instant),
        "hs_call_title": objects(f"Call {int(v * 900)}" for v in u[1]),
        "hs_call_direction": objects("INBOUND" if v < 0.12 else "OUTBOUND" for v in u[1]),
        "hs_call_duration": objects(
            str(int(30_000 + v * 900_000)) if yes else None for yes, v in zip(connected, u[2], strict=True)
        ),
        "hs_call_disposition": objects(None if wait else text for wait, text in zip(late, told, strict=True)),
        "hs_call_status": constant(size, "COMPLETED"),
        "_touch": objects("call" if wait else kind for wait, kind in zip(late, touch, strict=True)),
        "_occurred": instant,
    }
    return columns, created, changes


def _meetings(
    world: World, rng: np.random.Generator, place: Array, instant: Array
) -> tuple[dict[str, Array], Array, list[Change]]:
    """Booked ahead as SCHEDULED; what came of it is told after the end."""
    size = len(place)
    u = rng.random((3, size))
    start = (instant // 900) * 900
    created = start - 3600 - (u[0] * 9 * DAY).astype(np.int64)
    end = start + np.where(u[1] < 0.5, 1800, 3600)
    outcomes = ("COMPLETED", "NO_SHOW", "CANCELED", "RESCHEDULED", None)
    slot = np.searchsorted((0.74, 0.83, 0.92, 0.96), u[2])
    touches = ("meeting", "meeting_no_show", None, None, None)
    changes = [
        Change(
            int(row), int(end[row] + 1800), {"hs_meeting_outcome": outcomes[slot[row]], "_touch": touches[slot[row]]}
        )
        for row in range(size)
        if outcomes[slot[row]] is not None
    ]
    columns = {
        "hs_timestamp": objects(stamp(int(at) * 1000) for at in start),
        "hs_meeting_title": objects(f"Meeting {int(v * 900)}" for v in u[0]),
        "hs_meeting_start_time": objects(stamp(int(at) * 1000) for at in start),
        "hs_meeting_end_time": objects(stamp(int(at) * 1000) for at in end),
        "hs_meeting_outcome": constant(size, "SCHEDULED"),
        "_touch": constant(size, None),
        "_occurred": start,
    }
    return columns, created, changes


def _emails(
    world: World, rng: np.random.Generator, place: Array, instant: Array
) -> tuple[dict[str, Array], Array, list[Change]]:
    size = len(place)
    u = rng.random((2, size))
    inbound, bounced = u[0] < 0.22, u[1] < 0.03
    failed = (u[1] > 0.985) & ~inbound
    status = objects(
        "RECEIVED" if i else "BOUNCED" if b else "FAILED" if f else "SENT"
        for i, b, f in zip(inbound, bounced, failed, strict=True)
    )
    kinds = {"RECEIVED": "email_reply", "BOUNCED": "email_bounce", "FAILED": None, "SENT": "email_sent"}
    columns = {
        "hs_timestamp": objects(stamp(int(at) * 1000) for at in instant),
        "hs_email_direction": objects("INCOMING_EMAIL" if i else "EMAIL" for i in inbound),
        "hs_email_status": status,
        "_touch": objects(kinds[text] for text in status),
        "_occurred": instant,
    }
    return columns, instant + 25, []


def _answers(
    world: World, rng: np.random.Generator, place: Array, instant: Array
) -> tuple[dict[str, Array], Array, list[Change]]:
    """Answers to three surveys; a comment may come a while after the score."""
    size = len(place)
    u = rng.random((4, size))
    survey = [SURVEYS[int(v * 3)] for v in u[0]]
    score = [int(v**0.6 * top) + (0 if kind == "NPS" else 1) for v, (_, _, kind, top) in zip(u[1], survey, strict=True)]
    comment = [COMMENTS[int(v * len(COMMENTS))] for v in u[2]]
    late = u[3] < 0.15
    changes = [
        Change(int(row), int(instant[row] + 600 + u[3][row] * 20 * DAY), {"hs_content": comment[row] or None})
        for row in np.flatnonzero(late)
    ]
    columns = {
        "hs_survey_id": objects(row[0] for row in survey),
        "hs_survey_name": objects(row[1] for row in survey),
        "hs_survey_type": objects(row[2] for row in survey),
        "hs_survey_channel": constant(size, "EMAIL"),
        "hs_value": objects(str(value) for value in score),
        "hs_content": objects(None if wait else text for wait, text in zip(late, comment, strict=True)),
        "hs_submission_timestamp": objects(stamp(int(at) * 1000) for at in instant),
        "hs_response_group": objects(
            None if row[2] != "NPS" else "PROMOTER" if s >= 9 else "PASSIVE" if s >= 7 else "DETRACTOR"
            for s, row in zip(score, survey, strict=True)
        ),
        "hs_ingestion_id": objects(f"ing-{int(v * 1e9):09d}" for v in u[1]),
        "_touch": constant(size, "survey_answered"),
        "_occurred": instant,
    }
    return columns, instant + 5, changes
