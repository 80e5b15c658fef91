"""Deals in HubSpot: copies of Salesforce's opportunities that lag behind, and those of the acquired business unit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from abm_pipeline.sandbox.hubspot.companies import Known, owner_ids
from abm_pipeline.sandbox.hubspot.contacts import People, gone, usable
from abm_pipeline.sandbox.hubspot.store import HubObject, Link, grouped, hub_ids, stamp
from abm_pipeline.sandbox.world.names import COUNTRIES
from abm_pipeline.sandbox.world.scales import DAY
from abm_pipeline.sandbox.world.tables import Array, Change, objects, versioned

if TYPE_CHECKING:
    from abm_pipeline.sandbox.world import World

KEPT = 0.7
# Pipelines with their stages: id, label, isClosed, probability.
PIPELINES: dict[str, tuple[str, tuple[tuple[str, str, str, str], ...]]] = {
    "default": (
        "Sales Pipeline",
        (
            ("appointmentscheduled", "Appointment Scheduled", "false", "0.2"),
            ("qualifiedtobuy", "Qualified To Buy", "false", "0.4"),
            ("presentationscheduled", "Presentation Scheduled", "false", "0.6"),
            ("decisionmakerboughtin", "Decision Maker Bought-In", "false", "0.8"),
            ("contractsent", "Contract Sent", "false", "0.9"),
            ("closedwon", "Closed Won", "true", "1.0"),
            ("closedlost", "Closed Lost", "true", "0.0"),
        ),
    ),
    "41870934": (
        "Salesforce",
        (
            ("86214401", "Qualification", "false", "0.1"),
            ("86214402", "Discovery", "false", "0.25"),
            ("86214403", "Proposal", "false", "0.5"),
            ("86214404", "Negotiation", "false", "0.75"),
            ("86214405", "Closed Won", "true", "1.0"),
            ("86214406", "Closed Lost", "true", "0.0"),
        ),
    ),
}
STAGE = {stage[0]: stage for _, stages in PIPELINES.values() for stage in stages}
STAGE_IDS = {stage[1]: stage[0] for stage in PIPELINES["41870934"][1]}
TYPES = {"New Business": "newbusiness", "Existing Business": "existingbusiness", "Renewal": "renewal"}
TYPE_NAMES = {value: name for name, value in TYPES.items()}


@dataclass(frozen=True)
class Deals:
    """Deals of HubSpot; `company_id` of the truth by record."""

    kind: HubObject
    company_id: Array


def make_deals(world: World, known: Known, people: People) -> Deals:
    """All deal records with their versions, companies and people."""
    cal = world.calendar
    rng = cal.rng("hubspot deals")
    contacts = usable(people)
    members: dict[int, list[int]] = {}
    for place in contacts:
        members.setdefault(int(people.held_by[place]), []).append(int(place))
    rows = [*_copies(world, rng, known), *_natives(world, rng, known)]
    created = np.array([row["created"] for row in rows], np.int64)
    changes: list[Change] = []
    company_links, contact_links = [], []
    for place, row in enumerate(rows):
        changes += [Change(place, at, values) for at, values in row["changes"]]
        company_links.append((place, Link(row["held_by"], is_primary=True)))
        if row["second"] >= 0:
            company_links.append((place, Link(row["second"])))
        present = [p for p in members.get(row["held_by"], []) if people.created[p] < row["created"]]
        picked = [int(p) for p in rng.permutation(present)[: int(rng.integers(1, 4))]]
        labels = [None if u < 0.6 else "Decision maker" if u < 0.85 else "Champion" for u in rng.random(len(picked))]
        contact_links += [(place, Link(p, label=label)) for p, label in zip(picked, labels, strict=True)]
        merges = [known.kind.merged_into.get(held) for held in (row["held_by"], row["second"])]
        moved = [into[1] for into in merges if into is not None]
        moved += [gone(people, p) for p in picked]
        changes += [Change(place, at + 2, {}) for at in moved if row["created"] < at < cal.horizon * DAY]
        if row["is_archived"]:
            changes.append(Change(place, row["created"] + 40 * DAY + place, {"_archived": True}))
    names = (
        "dealname", "amount", "deal_currency_code", "dealstage", "pipeline", "closedate", "dealtype",
        "hubspot_owner_id", "hs_analytics_source", "hs_salesforceopportunityid", "hs_merged_object_ids",
    )  # fmt: skip
    columns: dict[str, Array] = {name: objects(row.get(name) for row in rows) for name in names}
    columns |= {
        "_company": objects(row["company_id"] for row in rows),
        "_listed": np.array([row["listed"] for row in rows], bool),
        "_createdate": np.array([row["createdate"] for row in rows], np.int64),
        "_archived": np.zeros(len(rows), bool),
    }
    kind = HubObject(
        "deals", "0-3", versioned(columns, created, changes), hub_ids(9_300_412_000, 733, len(rows), len(rows) // 4),
        "createdate", "hs_lastmodifieddate",
        ("amount", "closedate", "createdate", "dealname", "dealstage", "hs_lastmodifieddate", "hs_object_id",
         "pipeline"),
        {"companies": grouped(company_links), "contacts": grouped(contact_links)},
    )  # fmt: skip
    return Deals(kind, columns["_company"])


def _state(c: dict[str, Any], rate: float) -> dict[str, Any]:
    """A version of an opportunity in HubSpot's fields."""
    amount = None if np.isnan(c["Amount"]) else f"{round(c['Amount'] * rate, 2):g}"
    return {
        "dealname": c["Name"], "amount": amount and f"{float(amount):.2f}".removesuffix(".00"),
        "dealstage": STAGE_IDS[c["StageName"]], "closedate": stamp(int(c["CloseDate"]) * DAY * 1000),
    }  # fmt: skip


def _copies(world: World, rng: np.random.Generator, known: Known) -> list[dict[str, Any]]:
    """Opportunities of copied accounts, a quarter an hour late, some of them days, a few never again."""
    table = world.tables["Opportunity"]
    holder = {str(account): place for place, account in enumerate(known.account) if account is not None}
    first = np.searchsorted(table.record, np.arange(int(table.record[-1]) + 2))
    deleted = set(table.record[table.columns["IsDeleted"].astype(bool)].tolist())
    owners = owner_ids(world)
    out = []
    for record in range(len(first) - 1):
        versions = [
            {name: values[at] for name, values in table.columns.items()}
            for at in range(first[record], first[record + 1])
        ]
        c = versions[0]
        u = rng.random(4)
        odd = c["CurrencyIsoCode"] == "XTS" or record == world.people.deals.closed_before_created
        if record in deleted or odd or c["AccountId"] not in holder or u[0] > KEPT:
            continue
        place = holder[c["AccountId"]]
        lag = 900 if u[1] < 0.72 else int((1 + u[2] * 6) * DAY)
        # One in ten had its amount corrected in HubSpot, which the sync does not put right.
        rate = 1.1 if u[3] < 0.1 else 1.0
        kept = versions[: 2 if u[1] > 0.93 else len(versions)]
        begin = int(c["CreatedDate"]) + 900
        out.append(
            _state(c, rate)
            | {
                "created": begin, "createdate": int(c["CreatedDate"]), "deal_currency_code": c["CurrencyIsoCode"],
                "pipeline": "41870934", "dealtype": TYPES.get(c["Type"]), "hs_salesforceopportunityid": c["Id"],
                "hubspot_owner_id": owners[int(world.people.owner[int(c["_company"])])], "hs_analytics_source": None,
                "held_by": place, "second": -1, "company_id": known.company_id[place], "listed": bool(c["_listed"]),
                "is_archived": False,
                "changes": [(int(v["SystemModstamp"]) + lag, _state(v, rate)) for v in kept[1:]],
            }
        )  # fmt: skip
    return out


def _natives(world: World, rng: np.random.Generator, known: Known) -> list[dict[str, Any]]:
    """Deals of companies that have no account in Salesforce."""
    cal = world.calendar
    owners = owner_ids(world)
    winners = {into for into, _ in known.kind.merged_into.values()}
    places = [
        place
        for place in range(len(known.company_id))
        if known.account[place] is None and known.domain[place] is not None and not known.is_leaf[place]
        and place not in winners and (known.home[place] < 0 or not world.companies.has_crm[known.home[place]])
    ]  # fmt: skip
    currencies = {row["company_id"]: COUNTRIES[row["country"]][2] for row in known.own}
    out = []
    for place in places:
        for number in range(1 + int(rng.poisson(3.0 if cal.scale.name == "tiny" else 1.0))):
            u = rng.random(9)
            low = max(int(known.created[place]) + DAY, (cal.start - 60) * DAY)
            begin = low + int(u[0] * max((cal.horizon - 20) * DAY - low, DAY))
            won, reached = u[1] < 0.3, 1 + int(u[2] * 4)
            length = int((12 + 90 * u[3]) * DAY)
            amount, guess = round(float(np.exp(9.6 + u[4])) / 100) * 100, round(float(np.exp(9.6 + u[5])) / 100) * 100
            moments = [begin + int(length * (i + 1) / (reached + 2)) + 3600 * number for i in range(reached)]
            path = PIPELINES["default"][1]
            changes: list[tuple[int, dict[str, Any]]] = [
                (at, {"dealstage": path[i + 1][0]} | ({"amount": str(amount)} if i == 1 else {}))
                for i, at in enumerate(moments)
            ]
            end = begin + length
            final = {"dealstage": "closedwon" if won else "closedlost", "amount": str(amount)}
            changes.append((end, final | {"closedate": stamp(end * 1000)}))
            # The amount is put right after closing, some days before a renewal is due.
            if u[6] < 0.1:
                changes.append((end + 5 * DAY, {"amount": str(amount + 500)}))
            company = known.company_id[place]
            out.append(
                {
                    "dealname": f"{known.kind.table.columns['name'][known.kind.first_row[place]]} {number + 1}",
                    "created": begin, "createdate": begin, "amount": None if u[7] < 0.1 else str(guess),
                    "deal_currency_code": currencies.get(str(company), "USD"), "dealstage": path[0][0],
                    "pipeline": "default", "closedate": stamp((begin // DAY + 60) * DAY * 1000),
                    "dealtype": "existingbusiness" if number > 1 else "newbusiness",
                    "hubspot_owner_id": owners[int(u[8] * len(owners))], "hs_analytics_source": "OFFLINE",
                    "held_by": place, "second": places[int(u[7] * len(places))] if u[6] > 0.92 else -1,
                    "company_id": company, "listed": False, "is_archived": bool(u[8] > 0.96), "changes": changes,
                }
            )  # fmt: skip
    for row in out:
        row["second"] = -1 if row["second"] == row["held_by"] else row["second"]
    return out
