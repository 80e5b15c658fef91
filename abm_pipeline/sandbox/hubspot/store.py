"""HubSpot objects as the API serves them: records with versions, links between them, merges.

Belongs here: what a record looks like at an instant. What records there are is made in `crm`, `activities` and
`marketing`; which of them a request gets is decided in `search` and `rest`.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from abm_pipeline.sandbox.world.scales import DAY
from abm_pipeline.sandbox.world.tables import Array, Table

ARCHIVE_DAYS = 90
HISTORY_VERSIONS = 20
# Association type ids as HubSpot defines them: unlabelled, and primary where there is one.
TYPE_IDS = {
    ("contacts", "companies"): (279, 1), ("companies", "contacts"): (280, 2), ("deals", "companies"): (341, 5),
    ("companies", "deals"): (342, 6), ("deals", "contacts"): (3, None), ("contacts", "deals"): (4, None),
    ("calls", "contacts"): (194, None), ("calls", "companies"): (182, None), ("emails", "contacts"): (198, None),
    ("emails", "companies"): (186, None), ("meetings", "contacts"): (200, None), ("meetings", "companies"): (188, None),
    ("feedback_submissions", "contacts"): (98, None), ("feedback_submissions", "companies"): (100, None),
}  # fmt: skip


@dataclass(frozen=True)
class Link:
    """A link to a record of another object, by position there."""

    to: int
    is_primary: bool = False
    label: str | None = None


@dataclass
class HubObject:
    """One object type. Columns of `table` without `_` are properties, text or None; `createdate` is in seconds.

    `_archived` tells whether a version is archived. `merged_into` (position or -1) and `merged_at` are by record;
    `links` by object type and record.
    """

    name: str
    type_id: str
    table: Table
    ids: Array
    created_name: str
    stamp_name: str
    defaults: tuple[str, ...]
    links: dict[str, dict[int, list[Link]]] = field(default_factory=dict)
    merged_into: dict[int, tuple[int, int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.position = {str(key): place for place, key in enumerate(self.ids)}
        self.first_row = np.searchsorted(self.table.record, np.arange(len(self.ids)))
        self.properties = tuple(name for name in self.table.columns if self._is_property(name))
        # Instants here are whole seconds; HubSpot's stamps have milliseconds.
        self.ms = self.table.valid_from * 1000 + (self.table.record * 7919 + self.table.valid_from * 31) % 1000

    @staticmethod
    def _is_property(name: str) -> bool:
        return not name.startswith("_") and name not in ("SystemModstamp", "LastModifiedDate", "CreatedDate")

    def rows(self, instant: int, is_archived: bool = False) -> Array:
        """Row numbers of the versions that hold, by id; archived ones for as long as the bin keeps them."""
        rows = self.table.visible(instant)
        archived = self.table.columns["_archived"][rows].astype(bool)
        if is_archived:
            rows = rows[archived & (self.table.valid_from[rows] > instant - ARCHIVE_DAYS * DAY)]
        else:
            rows = rows[~archived]
        order = np.argsort([int(self.ids[record]) for record in self.table.record[rows]], kind="stable")
        return rows[order]

    def row_of(self, key: str, instant: int) -> int | None:
        """The row of a record that is not archived; an id that was merged away gives the winner's."""
        place = self.position.get(key)
        if place is None:
            return None
        place = self.survivor(place, instant)
        first, end = self._versions(place)
        held = np.flatnonzero(
            (self.table.valid_from[first:end] <= instant) & (instant < self.table.valid_to[first:end])
        )
        if not len(held) or self.table.columns["_archived"][first + held[0]]:
            return None
        return int(first + held[0])

    def survivor(self, place: int, instant: int) -> int:
        """Where merges until the instant have put a record."""
        while place in self.merged_into and self.merged_into[place][1] <= instant:
            place = self.merged_into[place][0]
        return place

    def _versions(self, place: int) -> tuple[int, int]:
        first = int(self.first_row[place])
        return first, int(np.searchsorted(self.table.record, place, side="right"))

    def value(self, name: str, row: int) -> Any:
        """A property as it stands in JSON."""
        if name == "hs_object_id":
            return str(self.ids[self.table.record[row]])
        if name == self.created_name:
            return stamp(int(self.table.columns["_createdate"][row]) * 1000)
        if name == self.stamp_name:
            return stamp(int(self.ms[row]))
        return self.table.columns[name][row]

    def knows(self, name: str) -> bool:
        """Whether the portal has the property."""
        return name in ("hs_object_id", self.created_name, self.stamp_name) or name in self.properties

    def render(self, row: int, wanted: Sequence[str], tracked: Sequence[str] = ()) -> dict[str, Any]:
        """The record: unknown properties are left out, unset ones null, and the defaults are always there."""
        # With a choice made, only the stamps and the id come besides.
        always = (self.created_name, self.stamp_name, "hs_object_id") if wanted else self.defaults
        names = {*always, *wanted}
        properties = {name: self.value(name, row) for name in sorted(names) if self.knows(name)}
        record: dict[str, Any] = {"id": str(self.ids[self.table.record[row]]), "properties": properties}
        if tracked:
            record["propertiesWithHistory"] = {name: self._history(name, row) for name in tracked if self.knows(name)}
        record["createdAt"] = stamp(int(self.table.columns["_createdate"][row]) * 1000)
        record["updatedAt"] = stamp(int(self.ms[row]))
        record["archived"] = bool(self.table.columns["_archived"][row])
        if record["archived"]:
            record["archivedAt"] = record["updatedAt"]
        return record

    def steps(self, name: str, row: int) -> list[tuple[int, str]]:
        """Instants (ms) and values of a property up to this version; a merged record has its first one's past."""
        place = int(self.table.record[row])
        past = next((old for old, (into, _) in self.merged_into.items() if into == place), None)
        rows = [] if past is None else list(range(*self._versions(past)))
        rows += range(int(self.first_row[place]), row + 1)
        out: list[tuple[int, str]] = []
        for at in rows:
            value = self.value(name, at) or ""
            if value != (out[-1][1] if out else ""):
                out.append((int(self.ms[at]), value))
        return out

    def _history(self, name: str, row: int) -> list[dict[str, Any]]:
        """Values of a property as they are told: the newest first, not without end."""
        told = [
            {
                "value": value, "timestamp": stamp(at), "sourceType": "CRM_UI" if number else "INTEGRATION",
                "sourceId": "userId:7000001" if number else "sandbox-sync",
            }
            for number, (at, value) in enumerate(self.steps(name, row))
        ]  # fmt: skip
        return told[::-1][:HISTORY_VERSIONS]


@dataclass(frozen=True)
class Store:
    """All objects by name."""

    objects: dict[str, HubObject]

    def linked(self, source: str, key: str, target: str, instant: int) -> list[dict[str, Any]]:
        """What a record is linked to, as associations v4 has it."""
        here, there = self.objects[source], self.objects[target]
        row = here.row_of(key, instant)
        if row is None:
            return []
        found: dict[str, Link] = {}
        place = int(here.table.record[row])
        for link in self._links(source, place, target, instant):
            to = there.survivor(link.to, instant)
            if there.row_of(str(there.ids[to]), instant) is not None:
                found.setdefault(str(there.ids[to]), link)
        plain, primary = TYPE_IDS.get((source, target), (0, None))
        out = []
        for to_id, link in sorted(found.items(), key=lambda item: int(item[0])):
            types: list[dict[str, Any]] = [{"category": "HUBSPOT_DEFINED", "typeId": plain, "label": None}]
            if link.is_primary and primary is not None:
                types.insert(0, {"category": "HUBSPOT_DEFINED", "typeId": primary, "label": "Primary"})
            if link.label is not None:
                types.append({"category": "USER_DEFINED", "typeId": 36 + len(link.label), "label": link.label})
            out.append({"toObjectId": int(to_id), "associationTypes": types})
        return out

    def _links(self, source: str, place: int, target: str, instant: int) -> Iterator[Link]:
        here = self.objects[source]
        if target in here.links:
            for loser in [*(old for old in here.merged_into if here.survivor(old, instant) == place), place]:
                yield from here.links[target].get(loser, ())
            return
        there = self.objects[target]
        for other, links in there.links.get(source, {}).items():
            for link in links:
                if here.survivor(link.to, instant) == place:
                    yield Link(other, link.is_primary, link.label)


def stamp(ms: int) -> str:
    """Milliseconds as HubSpot writes them: without a fraction where there is none."""
    at = dt.datetime.fromtimestamp(ms // 1000, dt.UTC)
    return f"{at:%Y-%m-%dT%H:%M:%S}.{ms % 1000:03d}Z" if ms % 1000 else f"{at:%Y-%m-%dT%H:%M:%SZ}"


def grouped(pairs: Iterable[tuple[int, Link]]) -> dict[int, list[Link]]:
    """Links by the record that has them."""
    out: dict[int, list[Link]] = defaultdict(list)
    for place, link in pairs:
        out[place].append(link)
    return dict(out)


def hub_ids(first: int, step: int, count: int, seniors: int) -> Array:
    """Ids as portals have them: the `seniors` oldest records have shorter ones, so text order is not their order."""
    place = np.arange(count)
    numbers = np.where(place < seniors, first // 100 + place * step, first + place * step)
    ids = np.empty(count, dtype=object)
    ids[:] = [str(number) for number in numbers]
    return ids
