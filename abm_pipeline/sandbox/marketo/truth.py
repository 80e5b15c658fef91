"""What Marketo's API can reveal at the clock, and what it can't."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from abm_pipeline.sandbox.marketo import events
from abm_pipeline.sandbox.marketo.store import Store, store
from abm_pipeline.sandbox.world import World
from abm_pipeline.sandbox.world.tables import Array, choose, objects
from abm_pipeline.sandbox.world.truth import utc

TOUCHES = {
    events.VISIT: "page_view",
    events.FORM: "form_fill",
    events.DELIVERED: "email_sent",
    events.HARD: "email_bounce",
    events.SOFT: "email_bounce",
    events.UNSUBSCRIBE: "email_unsubscribe",
    events.OPEN: "email_open",
    events.CLICK: "email_click",
}
BY_STATUS = {
    ("Roadshow", "Attended"): "event_attended",
    ("Roadshow", "Registered"): "event_registered",
    ("Content", "Downloaded"): "content_download",
}
CHANNELS = {"page_view": "web", "event_attended": "event", "event_registered": "event"}


def truth(world: World) -> Mapping[str, pd.DataFrame]:
    """Rows for `touch`, `contact`, `lead_event` and `hidden`."""
    made = store(world)
    company, person = _company_and_person(world, made)
    exists = (made.leads.created <= world.instant) & (made.leads.guest >= 0)
    junk = (made.leads.guest < 0) & (made.leads.gone <= world.instant)
    hidden = pd.DataFrame(
        {
            "source": "marketo",
            "what": ["opens and clicks by machines", "who deleted leads were"],
            "reason": ["marked as bot activity, so nobody's", "only the id of a deleted lead is told"],
            "rows": [int(_machine(made)[_seen(world, made)].sum()), int(junk.sum())],
        }
    )
    return {
        "touch": _touch(world, made, company),
        "contact": _contact(world, made, company, person, exists),
        "lead_event": _lead_event(world, made, company),
        "hidden": hidden,
    }


def _company_and_person(world: World, made: Store) -> tuple[Array, Array]:
    """Company id and human of every lead; junk has neither."""
    guest = made.leads.guest
    ids = world.companies.company_id[made.leads.guests.company[guest]]
    return choose(guest >= 0, ids, None), np.where(guest >= 0, made.leads.guests.person[guest], -1)


def _seen(world: World, made: Store) -> Array:
    seen: Array = made.activities.seen <= world.instant
    return seen


def _machine(made: Store) -> Array:
    return np.array(["Is Bot Activity" in text for text in made.activities.attributes], bool)


def _touch(world: World, made: Store, company: Array) -> pd.DataFrame:
    log = made.activities
    channel = {program.ident: program.channel for program in made.programs}
    kinds = [
        TOUCHES.get(kind)
        if kind != events.STATUS
        else BY_STATUS.get((channel[value_id], json.loads(text)["New Status"]))
        for kind, value_id, text in zip(log.kind.tolist(), log.value_id.tolist(), log.attributes, strict=True)
    ]
    rows = np.flatnonzero(_seen(world, made) & ~_machine(made) & np.array([kind is not None for kind in kinds]))
    kind = objects(kinds)[rows]
    frame: dict[str, Any] = {
        "company_id": company[log.lead[rows]],
        "contact_id": made.leads.ids[log.lead[rows]].astype(str),
        "source": "marketo",
        "object": "activity",
        "source_id": log.guid[rows].astype(str),
        "occurred_at": utc(log.at[rows]),
        "touch_type": kind,
        "count": 1,
        "channel": ["email" if k.startswith("email") else CHANNELS.get(k, "content") for k in kind],
        "is_exposure": kind == "email_sent",
    }
    return pd.DataFrame(frame)


def _contact(world: World, made: Store, company: Array, person: Array, exists: Array) -> pd.DataFrame:
    leads = made.leads
    rows = np.flatnonzero(exists | ((leads.guest < 0) & (leads.created <= world.instant)))
    return pd.DataFrame(
        {
            "source": "marketo",
            "contact_id": leads.ids[rows].astype(str),
            "object": "lead",
            "company_id": company[rows],
            "role": choose(leads.guest[rows] >= 0, leads.guests.role[leads.guest[rows]], None),
            "is_role_known": False,
            "person": person[rows].astype(int),
            "is_deleted": leads.gone[rows] <= world.instant,
            "created_at": utc(leads.created[rows]),
        }
    )


def _lead_event(world: World, made: Store, company: Array) -> pd.DataFrame:
    """Stages that Marketo's own flows set; those from Salesforce are Salesforce's to tell."""
    rows = []
    for place, change in enumerate(made.changes.change):
        if change is None or change.at > world.instant or change.source == "Salesforce":
            continue
        if change.name == "leadStatus" and change.new in ("MQL", "SQL"):
            stage = change.new.lower()
            ident = made.change(place)["marketoGUID"]
            lead = str(made.leads.ids[change.lead])
            rows.append((f"{ident}:{stage}", company[change.lead], lead, stage, change.at))
    frame = pd.DataFrame(rows, columns=["source_id", "company_id", "contact_id", "stage", "entered_at"])
    frame.insert(0, "source", "marketo")
    frame["entered_at"] = utc(frame["entered_at"].to_numpy(np.int64))
    return frame
