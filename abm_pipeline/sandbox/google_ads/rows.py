"""What Google Ads knows at the clock: the tree of customers, campaigns with their budgets, metrics by day.

Belongs here: fields, their protobuf types, and values. JSON follows proto3: 64-bit integers are text, what is not set
is absent, names are in camel case.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from abm_pipeline.sandbox.google_ads.gaql import GaqlError, Query
from abm_pipeline.sandbox.world import World
from abm_pipeline.sandbox.world.paid import PaidCampaign, PaidDelivery, deliver, make_paid
from abm_pipeline.sandbox.world.scales import to_date, to_day

MANAGER = 1234567890


@dataclass(frozen=True)
class Customer:
    """A node of the tree under the manager."""

    ident: int
    name: str
    currency: str
    zone: str
    level: int
    is_manager: bool = False
    status: str = "ENABLED"


ACCOUNTS = (
    Customer(3456789012, "Northwind US", "USD", "America/New_York", 1),
    Customer(4567890123, "Northwind Europe", "EUR", "Europe/Berlin", 2),
    Customer(5678901234, "Northwind UK", "GBP", "Europe/London", 2),
)
CUSTOMERS = (
    Customer(MANAGER, "Northwind Manager", "USD", "America/New_York", 0, True),
    Customer(2345678901, "Northwind EMEA", "EUR", "Europe/Berlin", 1, True),
    *ACCOUNTS,
    Customer(6789012345, "Northwind 2019", "USD", "America/New_York", 1, status="CANCELED"),
)
STATES = {"pending": "ENABLED", "active": "ENABLED", "ended": "ENABLED", "paused": "PAUSED", "removed": "REMOVED"}
SERVING = {"pending": "PENDING", "active": "SERVING", "ended": "ENDED", "paused": "SUSPENDED", "removed": "NONE"}
CHANNELS = {"Search": "SEARCH", "Display": "DISPLAY"}

# Field → how its protobuf type stands in JSON: 64-bit integers as text, everything else as it is.
_CUSTOMER = {"id": "int64", "descriptive_name": "", "currency_code": "", "time_zone": "", "manager": "", "status": ""}
_CLIENT = {**_CUSTOMER, "client_customer": "", "level": "int64", "hidden": "", "test_account": ""}
_CAMPAIGN = {
    "id": "int64",
    "name": "",
    "status": "",
    "serving_status": "",
    "advertising_channel_type": "",
    "start_date_time": "",
    "end_date_time": "",
    "campaign_budget": "",
}
_BUDGET = {"id": "int64", "amount_micros": "int64", "total_amount_micros": "int64", "period": ""}
_METRICS = {
    "impressions": "int64",
    "clicks": "int64",
    "interactions": "int64",
    "engagements": "int64",
    "cost_micros": "int64",
    "conversions": "",
    "all_conversions": "",
}
FIELDS: dict[str, dict[str, dict[str, str]]] = {
    "customer": {"customer": _CUSTOMER},
    "customer_client": {"customer_client": _CLIENT},
    "campaign": {
        "campaign": _CAMPAIGN,
        "campaign_budget": _BUDGET,
        "customer": _CUSTOMER,
        "segments": {"date": ""},
        "metrics": _METRICS,
    },
}
# Attributes that have a resource name, which comes whether asked for or not.
_NAMED = frozenset({"customer", "customer_client", "campaign", "campaign_budget"})


@dataclass(frozen=True)
class GoogleAds:
    """Campaigns and their settled delivery."""

    campaigns: list[PaidCampaign]
    delivery: PaidDelivery


def known(world: World) -> GoogleAds:
    """The platform's records of the whole timeline."""
    return world.part("google_ads", _make)


def _make(world: World) -> GoogleAds:
    cal = world.calendar
    campaigns = make_paid(cal, "google_ads", "G", tuple(CHANNELS), len(ACCOUNTS), 20_700_000_001)
    return GoogleAds(campaigns, deliver(cal, "google_ads", campaigns, cpm=38.0, ctr=0.03))


def answer(world: World, customer: Customer, query: Query) -> list[dict[str, Any]]:
    """JSON rows of a query. Raises GaqlError."""
    tree = FIELDS.get(query.resource)
    if tree is None:
        raise GaqlError("BAD_RESOURCE_TYPE_IN_FROM_CLAUSE", f"'{query.resource}' is not a valid resource.")
    for field in (*query.fields, *(c.field for c in query.where), *(field for field, _ in query.order)):
        part, _, name = field.partition(".")
        if name != "resource_name" and name not in tree.get(part, {}):
            raise GaqlError("UNRECOGNIZED_FIELD", f"Unrecognized field in the query: '{field}'.")
    filtered = {c.field for c in query.where} | {field for field, _ in query.order}
    for field in filtered:
        if field.startswith("segments.") and field not in query.fields and field != "segments.date":
            raise GaqlError("EXPECTED_REFERENCED_FIELD_IN_SELECT_CLAUSE", f"'{field}' must be selected.")
    if customer.is_manager and any(field.startswith("metrics.") for field in query.fields):
        text = "Metrics cannot be requested for a manager account."
        raise GaqlError("REQUESTED_METRICS_FOR_MANAGER", text)
    rows = list({"customer": _customers, "customer_client": _clients, "campaign": _campaigns}[query.resource](
        world, customer, query
    ))  # fmt: skip
    rows = [row for row in rows if all(c.holds(row.get(c.field)) for c in query.where)]
    for field, descending in reversed(query.order):
        rows.sort(key=lambda row: row[field], reverse=descending)
    return [_json(row, query.fields, tree) for row in rows[: query.limit]]


def _json(row: dict[str, Any], fields: tuple[str, ...], tree: dict[str, dict[str, str]]) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for field in fields:
        part, _, name = field.partition(".")
        if part in _NAMED:
            out.setdefault(camel(part), {"resourceName": row[f"{part}.resource_name"]})
        value = row.get(field)
        if value is None or name == "resource_name":
            continue
        out.setdefault(camel(part), {})[camel(name)] = str(value) if tree[part][name] == "int64" else value
    return out


def camel(name: str) -> str:
    """A field's name as JSON has it."""
    head, *rest = name.split("_")
    return head + "".join(word.capitalize() for word in rest)


def _customer(one: Customer, part: str) -> dict[str, Any]:
    values = {
        "id": one.ident,
        "descriptive_name": one.name,
        "currency_code": one.currency,
        "time_zone": one.zone,
        "manager": one.is_manager,
        "status": one.status,
    }
    return {f"{part}.{name}": value for name, value in values.items()}


def _customers(world: World, customer: Customer, query: Query) -> Iterator[dict[str, Any]]:
    yield {**_customer(customer, "customer"), "customer.resource_name": f"customers/{customer.ident}"}


def _clients(world: World, customer: Customer, query: Query) -> Iterator[dict[str, Any]]:
    """The manager's tree, itself first; a client account has only itself."""
    for one in CUSTOMERS if customer.ident == MANAGER else (customer,):
        yield {
            **_customer(one, "customer_client"),
            "customer_client.client_customer": f"customers/{one.ident}",
            "customer_client.level": one.level if customer.ident == MANAGER else 0,
            "customer_client.hidden": False,
            "customer_client.test_account": False,
            "customer_client.resource_name": f"customers/{customer.ident}/customerClients/{one.ident}",
        }


def _campaigns(world: World, customer: Customer, query: Query) -> Iterator[dict[str, Any]]:
    """Campaigns of the account that exist at the clock, by day where the day is asked for."""
    made, instant = known(world), world.instant
    here = [
        (place, campaign)
        for place, campaign in enumerate(made.campaigns)
        if ACCOUNTS[campaign.account].ident == customer.ident and campaign.created <= instant
    ]
    owner = {**_customer(customer, "customer"), "customer.resource_name": f"customers/{customer.ident}"}
    bare = {place: {**owner, **_campaign(customer, campaign, instant)} for place, campaign in here}
    by_day = "segments.date" in query.fields
    if not by_day and not any(field.startswith("metrics.") for field in query.fields):
        yield from bare.values()
        return
    low, high = query.bounds("segments.date")
    if by_day and (low is None or high is None):
        raise GaqlError("EXPECTED_FILTERS_ON_DATE_RANGE", "The date range must be finite.")
    rows = made.delivery.visible(world.day)
    first, last = (_day(low) if low else -(1 << 40)), (_day(high) if high else 1 << 40)
    day = made.delivery.day[rows]
    rows = rows[(day >= first) & (day <= last) & np.isin(made.delivery.campaign[rows], list(bare))]
    counts, cost = made.delivery.shown(rows, world.day)
    frame = pd.DataFrame({"place": made.delivery.campaign[rows], **counts, "cost_micros": np.rint(cost * 1e6)})
    frame["day"] = made.delivery.day[rows] if by_day else 0
    totals = frame.astype(np.int64).groupby(["place", "day"], as_index=False).sum()
    for row in totals.to_dict("records"):
        dated = {"segments.date": to_date(row["day"]).isoformat() if by_day else low}
        yield {**bare[row["place"]], **_metrics(row), **dated}


def _metrics(row: Mapping[Hashable, Any]) -> dict[str, Any]:
    """Data-driven attribution gives parts of a conversion."""
    whole = ("impressions", "clicks", "engagements", "cost_micros")
    return {
        **{f"metrics.{name}": row[name] for name in whole},
        "metrics.interactions": row["clicks"],
        "metrics.conversions": row["half_conversions"] / 2,
        "metrics.all_conversions": row["half_conversions"] / 2 + 1.25,
    }


def _campaign(customer: Customer, campaign: PaidCampaign, instant: int) -> dict[str, Any]:
    state, budget = campaign.state(instant), campaign.ident + 7
    name = f"customers/{customer.ident}/campaignBudgets/{budget}"
    end = None if campaign.end is None else f"{to_date(campaign.end)} 23:59:59"
    daily, total = round(campaign.daily_budget * 1e6), campaign.total_budget
    return {
        "campaign.resource_name": f"customers/{customer.ident}/campaigns/{campaign.ident}",
        "campaign.id": campaign.ident,
        "campaign.name": campaign.name(instant),
        "campaign.status": STATES[state],
        "campaign.serving_status": SERVING[state],
        "campaign.advertising_channel_type": CHANNELS[campaign.kind],
        "campaign.start_date_time": f"{to_date(campaign.start)} 00:00:00",
        "campaign.end_date_time": end,
        "campaign.campaign_budget": name,
        "campaign_budget.resource_name": name,
        "campaign_budget.id": budget,
        "campaign_budget.amount_micros": daily if total is None else None,
        "campaign_budget.total_amount_micros": None if total is None else round(total * 1e6),
        "campaign_budget.period": "DAILY" if total is None else "CUSTOM_PERIOD",
    }


def _day(text: str) -> int:
    try:
        return to_day(dt.date.fromisoformat(text))
    except ValueError:
        raise GaqlError("BAD_VALUE", "Invalid date.") from None
