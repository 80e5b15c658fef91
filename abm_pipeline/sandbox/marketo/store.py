"""Marketo's records as of the clock, in the shapes in which they are served."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import numpy as np

from abm_pipeline.sandbox.marketo import events
from abm_pipeline.sandbox.marketo.answers import text
from abm_pipeline.sandbox.marketo.people import Change, MarketoLeads, make_leads
from abm_pipeline.sandbox.world import World
from abm_pipeline.sandbox.world.tables import Array, objects

ACTIVITY_COLUMNS = (
    "marketoGUID", "leadId", "activityDate", "activityTypeId", "campaignId", "primaryAttributeValueId",
    "primaryAttributeValue", "attributes",
)  # fmt: skip
FIELD_IDS = {
    name: 48 + place
    for place, name in enumerate((
        "firstName", "lastName", "email", "company", "title", "phone", "mobilePhone", "website", "leadStatus",
        "leadScore", "unsubscribed", "emailInvalid", "sfdcContactId", "sfdcLeadId", "sfdcAccountId", "createdAt",
        "updatedAt", "id",
    ))
}  # fmt: skip
PREFIX = {"Email": "EBP", "Engagement": "NP", "Event": "ME", "Default": "PG"}
NOISE = "+0000"


@dataclass(frozen=True)
class Changes:
    """New leads (no change) and changes of values, by time."""

    at: Array
    lead: Array
    change: Array


class Store:
    """Everything of the instance; what can be seen depends on the world's clock."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.leads: MarketoLeads = make_leads(world)
        self.programs = events.make_programs(world)
        self.activities = events.make_activities(world, self.leads, self.programs)
        rows: list[tuple[int, int, Change | None]] = [(int(at), n, None) for n, at in enumerate(self.leads.created)]
        rows += [(change.at, change.lead, change) for change in self.leads.changes]
        rows.sort(key=lambda row: row[:2])
        self.changes = Changes(
            np.array([row[0] for row in rows]), np.array([row[1] for row in rows]), objects(row[2] for row in rows)
        )
        junk = np.flatnonzero(self.leads.guest < 0)
        self.deleted = junk[np.argsort(self.leads.gone[junk], kind="stable")]
        self.deleted_at = self.leads.gone[self.deleted]
        self._current: tuple[int, list[dict[str, Any]]] = (-1, [])

    def activity(self, row: int) -> dict[str, Any]:
        """One entry of the activity log. What is empty is left out."""
        log = self.activities
        one: dict[str, Any] = {
            "id": int(log.guid[row]),
            "marketoGUID": str(log.guid[row]),
            "leadId": int(self.leads.ids[log.lead[row]]),
            "activityDate": text(log.at[row]),
            "activityTypeId": int(log.kind[row]),
        }
        if log.campaign[row]:
            one["campaignId"] = int(log.campaign[row])
        one["primaryAttributeValueId"] = int(log.value_id[row])
        one["primaryAttributeValue"] = log.value[row]
        one["attributes"] = [{"name": name, "value": value} for name, value in json.loads(log.attributes[row]).items()]
        return one

    def change(self, row: int) -> dict[str, Any]:
        """A new lead or a changed value. These two endpoints write times with an offset."""
        log = self.changes
        change: Change | None = log.change[row]
        ident, lead = 5_000_000 + 7 * row, int(self.leads.ids[log.lead[row]])
        one: dict[str, Any] = {
            "id": ident, "marketoGUID": str(ident), "leadId": lead, "activityDate": text(log.at[row], NOISE),
            "activityTypeId": events.NEW_LEAD if change is None else events.CHANGE, "fields": [],
            "attributes": [{"name": "Source", "value": "Web form fillout" if change is None else change.source}],
        }  # fmt: skip
        if change is not None:
            named = {"id": FIELD_IDS[change.name], "name": change.name}
            one["fields"] = [{**named, "newValue": _said(change.new), "oldValue": _said(change.old)}]
            one["attributes"] += [{"name": "Reason", "value": "Changed"}, {"name": "Lead ID", "value": lead}]
        return one

    def deletion(self, row: int) -> dict[str, Any]:
        """A deleted lead: its id and name are all that is left."""
        lead = int(self.deleted[row])
        first, ident = self.leads.states[lead][0][1], 9_000_000 + row
        return {
            "id": ident, "marketoGUID": str(ident), "leadId": int(self.leads.ids[lead]),
            "activityDate": text(self.deleted_at[row], NOISE), "activityTypeId": events.DELETE,
            "primaryAttributeValueId": int(self.leads.ids[lead]),
            "primaryAttributeValue": f"{first['firstName']} {first['lastName']}", "attributes": [],
        }  # fmt: skip

    def current_leads(self) -> list[dict[str, Any]]:
        """Leads that exist at the clock, by id."""
        if self._current[0] != self.world.day:
            found = (self.leads.at(lead, self.world.instant) for lead in range(len(self.leads.ids)))
            self._current = (self.world.day, [lead for lead in found if lead is not None])
        return self._current[1]

    def leads_by(self, kind: str, values: list[str]) -> list[dict[str, Any]]:
        """Current leads by id or by address, in whatever case."""
        wanted = {value.lower() for value in values}
        return [lead for lead in self.current_leads() if str(lead[kind]).lower() in wanted]

    def programs_shown(self) -> list[tuple[int, dict[str, Any]]]:
        """Programs that exist at the clock with their stamps."""
        shown = []
        for program in self.programs:
            if (stamps := program.stamps(self.world.day)) is None:
                continue
            status = {"Email": "unlocked", "Engagement": "on"}.get(program.kind, "")
            one = {
                "id": program.ident, "name": program.name, "description": "",
                "createdAt": text(stamps[0], "Z" + NOISE), "updatedAt": text(stamps[1], "Z" + NOISE),
                "url": f"https://app-sandbox.marketo.com/#{PREFIX[program.kind]}{program.ident}A1",
                "type": program.kind, "channel": program.channel,
                "folder": {"type": "Folder", "value": 28, "folderName": program.channel}, "status": status,
                "workspace": "Default", "headStart": False,
            }  # fmt: skip
            shown.append((stamps[1], one))
        return shown

    def campaigns_shown(self) -> list[dict[str, Any]]:
        """Smart campaigns, one a program."""
        return [
            {
                "id": one["id"] + 1000, "name": "Send" if one["type"] in ("Email", "Engagement") else "Change status",
                "description": "", "type": "batch" if one["type"] == "Email" else "trigger",
                "programName": one["name"], "programId": one["id"], "workspaceName": "Default",
                "createdAt": text(stamps[0]), "updatedAt": text(stamps[1]), "active": one["type"] != "Email",
            }
            for program, (_, one) in zip(self.programs, self.programs_shown(), strict=False)
            if (stamps := program.stamps(self.world.day)) is not None
        ]  # fmt: skip


def _said(value: Any) -> str | None:
    return None if value is None else str(value)


def store(world: World) -> Store:
    """The world's instance, made once."""
    return world.part("marketo", Store)
