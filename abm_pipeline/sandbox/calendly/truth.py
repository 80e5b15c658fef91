"""What Calendly's API can reveal at the clock: all bookings, and the meetings that stand."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from abm_pipeline.sandbox.calendly.rest import text
from abm_pipeline.sandbox.calendly.rows import organisation
from abm_pipeline.sandbox.world import World
from abm_pipeline.sandbox.world.guests import hashed, seen_contacts


def truth(world: World) -> Mapping[str, pd.DataFrame]:
    """Rows for `touch` (meetings to come left out) and `contact`."""
    rows, now = organisation(world), world.instant
    g = rows.guests
    found: list[tuple[int, str, str, str]] = []
    people: set[int] = set()
    for one in rows.invitees:
        event = rows.events[one.event]
        if one.at > now or event.made > now:
            continue
        people.add(one.guest)
        if one.moved_from < 0:
            found.append((one.guest, f"{one.code}:booked", text(one.at), "meeting_booked"))
        if one.cancelled > now and event.cancelled > now and event.start <= now:
            kind = "meeting_no_show" if one.no_show <= now else "meeting"
            found.append((one.guest, one.code, text(event.start), kind))
    touch = pd.DataFrame(found, columns=["guest", "source_id", "occurred_at", "touch_type"])
    guest = touch.pop("guest").to_numpy(np.int64)
    touch["occurred_at"] = pd.to_datetime(touch["occurred_at"], utc=True).astype("datetime64[us, UTC]")
    touch.insert(0, "company_id", world.companies.company_id[g.company[guest]])
    touch.insert(1, "contact_id", [hashed(g.email[one]) for one in guest])
    touch.insert(2, "source", "calendly")
    touch = touch.assign(object="invitee", count=1, channel="meeting", is_exposure=False)
    return {"touch": touch, "contact": seen_contacts(world, "calendly", g, people)}
