"""What Zoom's API can reveal at the clock, and what it can't. Reports go back half a year."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from abm_pipeline.sandbox.world import World
from abm_pipeline.sandbox.world.guests import hashed, seen_contacts
from abm_pipeline.sandbox.world.scales import DAY
from abm_pipeline.sandbox.world.truth import utc
from abm_pipeline.sandbox.zoom.rows import WEBINAR, Rows
from abm_pipeline.sandbox.zoom.shown import shown

REACH_DAYS = 180
COLUMNS = ["guest", "object", "source_id", "occurred_at", "touch_type", "channel"]


def truth(world: World) -> Mapping[str, pd.DataFrame]:
    """Rows for `touch`, `contact` and `hidden`."""
    told, rows = shown(world), shown(world).rows
    first = (world.day - REACH_DAYS) * DAY
    found: list[tuple[int, str, str, int, str, str]] = []
    nameless: set[tuple[int, int]] = set()
    old = 0
    stays: dict[tuple[int, int], int] = {}
    for join in rows.joins:
        session = rows.sessions[join.session]
        if join.guest < 0 or not told.is_over(session):
            continue
        if session.start < first:
            old += 1
        elif join.is_hidden:
            nameless.add((join.session, join.guest))
        else:
            key = (join.session, join.guest)
            stays[key] = min(join.at, stays.get(key, join.at))
    for (place, guest), at in stays.items():
        session = rows.sessions[place]
        ident = f"{session.uuid}:{hashed(rows.guests.email[guest])}"
        if session.kind == WEBINAR:
            found.append((guest, "webinar_participant", ident, at, "webinar_attended", "webinar"))
        else:
            found.append((guest, "meeting_participant", ident, session.start, "meeting", "meeting"))
    for place, n in rows.absent:
        session, guest = rows.sessions[place], rows.registrants[n].guest
        if told.is_over(session) and session.start >= first:
            ident = f"{session.uuid}:{hashed(rows.guests.email[guest])}:absent"
            found.append((guest, "webinar_absentee", ident, session.start, "webinar_no_show", "webinar"))
    people = {row[0] for row in found}
    for one in rows.registrants:
        session = rows.sessions[one.session]
        if one.at > world.instant or session.start < first or session.made > world.instant:
            continue
        people.add(one.guest)
        if not one.is_pending and one.denied > world.instant:
            ident = f"{session.ident}:{one.ident}"
            found.append((one.guest, "webinar_registrant", ident, one.at, "webinar_registered", "webinar"))
    hidden = pd.DataFrame(
        {
            "source": "zoom",
            "what": ["who took part in sessions", "stays in older sessions"],
            "reason": ["no address: guests and privacy settings", "reports go back six months"],
            "rows": [len(nameless), old],
        }
    )
    contact = seen_contacts(world, "zoom", rows.guests, people)
    return {"touch": _touch(world, rows, found), "contact": contact, "hidden": hidden}


def _touch(world: World, rows: Rows, found: list[tuple[int, str, str, int, str, str]]) -> pd.DataFrame:
    frame = pd.DataFrame(found, columns=COLUMNS)
    guest = frame.pop("guest").to_numpy(np.int64)
    frame["occurred_at"] = utc(frame["occurred_at"].to_numpy(np.int64))
    frame.insert(0, "company_id", world.companies.company_id[rows.guests.company[guest]])
    frame.insert(1, "contact_id", [hashed(rows.guests.email[g]) for g in guest])
    frame.insert(2, "source", "zoom")
    return frame.assign(count=1, is_exposure=False)
