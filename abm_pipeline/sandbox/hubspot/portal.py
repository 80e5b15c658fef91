"""The portal: everything that HubSpot knows, made once a world."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from abm_pipeline.sandbox.hubspot.activities import make_activities
from abm_pipeline.sandbox.hubspot.companies import Known, make_companies, owner_ids
from abm_pipeline.sandbox.hubspot.contacts import People, make_contacts
from abm_pipeline.sandbox.hubspot.deals import PIPELINES, Deals, make_deals
from abm_pipeline.sandbox.hubspot.marketing import Marketing, make_marketing
from abm_pipeline.sandbox.hubspot.store import Store

if TYPE_CHECKING:
    from abm_pipeline.sandbox.world import World


@dataclass(frozen=True)
class Portal:
    """Objects, marketing, owners and pipelines."""

    store: Store
    known: Known
    people: People
    deals: Deals
    marketing: Marketing
    owners: list[dict[str, Any]]
    pipelines: list[dict[str, Any]]


def portal(world: World) -> Portal:
    """The world's portal."""
    return world.part("hubspot", _make)


def _make(world: World) -> Portal:
    known = make_companies(world)
    people = make_contacts(world, known)
    deals = make_deals(world, known, people)
    objects = {"companies": known.kind, "contacts": people.kind, "deals": deals.kind}
    objects |= make_activities(world, known, people)
    return Portal(Store(objects), known, people, deals, make_marketing(world, people), _owners(world), _pipelines())


def _owners(world: World) -> list[dict[str, Any]]:
    """Salesforce's users again; the last one has left, so is archived and no user any more."""
    names = [str(name) for name in world.people.users.name]
    out = []
    for place, (key, name) in enumerate(zip(owner_ids(world), names, strict=True)):
        first, _, last = name.partition(" ")
        left = place == len(names) - 1
        out.append(
            {
                "id": key, "email": f"{first}.{last}@northwind-abm.example".lower(), "type": "PERSON",
                "firstName": first, "lastName": last, "userId": None if left else 1_296_600 + place,
                "userIdIncludingInactive": 1_296_600 + place, "createdAt": "2023-01-12T10:00:00.123Z",
                "updatedAt": "2024-05-02T11:30:00Z", "archived": left,
            }
        )  # fmt: skip
    return out


def _pipelines() -> list[dict[str, Any]]:
    stamps = {"createdAt": "1970-01-01T00:00:00Z", "updatedAt": "2024-01-09T08:00:00.500Z", "archived": False}
    return [
        {
            "id": key, "label": label, "displayOrder": order,
            "stages": [
                {"id": stage, "label": name, "displayOrder": place, **stamps,
                 "metadata": {"isClosed": closed, "probability": probability}}
                for place, (stage, name, closed, probability) in enumerate(stages)
            ],
            **stamps,
        }
        for order, (key, (label, stages)) in enumerate(PIPELINES.items())
    ]  # fmt: skip
