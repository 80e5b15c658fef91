"""adAnalytics: delivery summed by pivots and days, with the platform's cap, privacy threshold, noise and restated
days.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

import numpy as np

from abm_pipeline.sandbox.world import World
from abm_pipeline.sandbox.world.ads import ACCOUNTS, COUNTS, cells
from abm_pipeline.sandbox.world.scales import to_date, to_day
from abm_pipeline.sandbox.world.tables import Array

MAX_FIELDS = 20
MAX_ELEMENTS = 15_000
PIVOTS = {
    "CAMPAIGN": "sponsoredCampaign",
    "CAMPAIGN_GROUP": "sponsoredCampaignGroup",
    "ACCOUNT": "sponsoredAccount",
    "MEMBER_COMPANY": "organization",
}
# API field → our count (several fields of the API are the same event here)
METRICS = {
    "impressions": "impressions",
    "clicks": "clicks",
    "landingPageClicks": "clicks",
    "totalEngagements": "total_engagements",
    "externalWebsiteConversions": "conversions",
    "oneClickLeads": "leads",
}
MONEY = ("costInUsd", "costInLocalCurrency")
ZERO = ("likes", "shares", "comments", "follows", "reactions", "videoViews", "opens", "sends")
KNOWN = {*METRICS, *MONEY, *ZERO, "approximateMemberReach", "dateRange", "pivotValues"}


class AnalyticsError(Exception):
    """A request that adAnalytics refuses with 400; the message is what it answers."""


@dataclass(frozen=True)
class Ask:
    """A checked request; days are day numbers, facets ids."""

    pivots: tuple[str, ...]
    granularity: str
    first: int
    last: int
    fields: tuple[str, ...]
    facets: dict[str, set[int]]


def read(params: dict[str, Any], clock_day: int) -> Ask:
    """Check the parameters. Raises AnalyticsError."""
    finder = params.get("q")
    if finder == "analytics":
        pivot = params.get("pivot")
        chosen = [pivot.get("value") if isinstance(pivot, dict) else pivot]
    elif finder == "statistics":
        chosen = params.get("pivots") or []
    else:
        raise AnalyticsError("Invalid query parameters passed to request")
    if not isinstance(chosen, list) or not 1 <= len(chosen) <= 3 or any(p not in PIVOTS for p in chosen):
        raise AnalyticsError("Invalid value for pivot")
    granularity = params.get("timeGranularity")
    granularity = granularity.get("value") if isinstance(granularity, dict) else granularity
    if granularity not in ("DAILY", "MONTHLY", "YEARLY", "ALL"):
        raise AnalyticsError("Invalid value for timeGranularity")
    span = params.get("dateRange")
    if not isinstance(span, dict) or "start" not in span:
        raise AnalyticsError("dateRange is required")
    first = _day(span["start"])
    last = _day(span["end"]) if "end" in span else clock_day
    fields = params.get("fields", "impressions,clicks")
    wanted = tuple(f.strip() for f in (fields if isinstance(fields, list) else str(fields).split(",")) if f.strip())
    if len(wanted) > MAX_FIELDS:
        raise AnalyticsError(f"Number of fields requested exceeds the limit of {MAX_FIELDS}")
    unknown = [name for name in wanted if name not in KNOWN]
    if unknown:
        raise AnalyticsError(f"Projection field [{unknown[0]}] not present in schema AdAnalytics")
    facets: dict[str, set[int]] = {}
    for key in ("accounts", "campaignGroups", "campaigns", "companies"):
        if key in params:
            urns = params[key] if isinstance(params[key], list) else [params[key]]
            facets[key] = {int(urn.rpartition(":")[2]) for urn in urns if urn.rpartition(":")[2].isdigit()}
    if not facets:
        raise AnalyticsError("At least one facet is required")
    return Ask(tuple(chosen), granularity, first, last, wanted, facets)


def _day(part: Any) -> int:
    try:
        return to_day(dt.date(int(part["year"]), int(part["month"]), int(part["day"])))
    except (KeyError, TypeError, ValueError) as error:
        raise AnalyticsError("Invalid date in dateRange") from error


def elements(world: World, ask: Ask) -> list[str]:
    """JSON elements of the answer, at most 15,000, without a word about the rest."""
    ads, delivery = world.ads, world.ads.delivery
    member = "MEMBER_COMPANY" in ask.pivots
    wanted = _campaigns(world, ask)
    last = min(ask.last, world.day - 1 if member else world.day)
    rows = np.flatnonzero((delivery.day >= ask.first) & (delivery.day <= last) & wanted[delivery.campaign])
    if member or "companies" in ask.facets:
        rows = rows[delivery.company[rows] >= 0]
    if "companies" in ask.facets:
        here = ads.organisations.id_of[delivery.company[rows]]
        rows = rows[np.isin(here, list(ask.facets["companies"]))]
    if not len(rows):
        return []
    counts, cost = ads.shown(rows, world.day)
    place, day = delivery.campaign[rows], delivery.day[rows]
    keys = [_bucket(day, ask)]
    for pivot in ask.pivots:
        keys.append(_pivot(world, pivot, place, delivery.company[rows]))
    grouped, group = _group(keys)
    size = len(grouped[0])
    sums = {name: np.bincount(group, counts[name], size).astype(np.int64) for name in COUNTS}
    local = np.bincount(group, cost, size)
    dollars = np.bincount(group, cost / _rates(world, place, day), size)
    keep = np.ones(size, bool)
    if member:
        owner = grouped[1 + ask.pivots.index("MEMBER_COMPANY")]
        single = int(ads.campaign_ids[wanted][0]) if wanted.sum() == 1 else 0
        campaign = grouped[1 + ask.pivots.index("CAMPAIGN")] if "CAMPAIGN" in ask.pivots else np.full(size, single)
        cell = cells(campaign, owner, grouped[0])
        sums = {name: ads.private(value, cell, i) for i, (name, value) in enumerate(sums.items())}
        keep = sums["impressions"] > 0
    values = _values(sums, local, dollars)
    asked = [name for name in ask.fields if name in values]
    if asked:
        keep &= np.any([values[name] != 0 for name in asked], axis=0)
    chosen = np.flatnonzero(keep)[:MAX_ELEMENTS]
    return _render(ask, grouped, values, chosen, member)


def _campaigns(world: World, ask: Ask) -> Array:
    """Which campaigns the facets leave."""
    ads = world.ads
    wanted = np.ones(len(ads.campaign_ids), bool)
    accounts = np.array([account[0] for account in ACCOUNTS])[ads.account]
    for key, ids in (("campaigns", ads.campaign_ids), ("campaignGroups", ads.group_ids), ("accounts", accounts)):
        if key in ask.facets:
            wanted &= np.isin(ids, list(ask.facets[key]))
    return wanted


def _bucket(day: Array, ask: Ask) -> Array:
    """First day of the time bucket of each row."""
    if ask.granularity == "DAILY":
        return day
    if ask.granularity == "ALL":
        return np.full(len(day), ask.first)
    unit = "M" if ask.granularity == "MONTHLY" else "Y"
    start = day.astype("datetime64[D]").astype(f"datetime64[{unit}]").astype("datetime64[D]").astype(np.int64)
    return np.maximum(start, ask.first)


def _pivot(world: World, pivot: str, place: Array, company: Array) -> Array:
    ads = world.ads
    if pivot == "CAMPAIGN":
        return ads.campaign_ids[place]
    if pivot == "CAMPAIGN_GROUP":
        return ads.group_ids[place]
    if pivot == "ACCOUNT":
        return np.array([account[0] for account in ACCOUNTS])[ads.account[place]]
    return ads.organisations.id_of[company]


def _group(keys: list[Array]) -> tuple[list[Array], Array]:
    """Distinct combinations of the keys, in their order, and the combination of every row."""
    order = np.lexsort(keys[::-1])
    ordered = [key[order] for key in keys]
    new = np.any([np.diff(key, prepend=key[0] - 1) != 0 for key in ordered], axis=0)
    group = np.empty(len(order), np.int64)
    group[order] = np.cumsum(new) - 1
    return [key[new] for key in ordered], group


def _rates(world: World, place: Array, day: Array) -> Array:
    """Units of the account's currency per dollar on each row's day."""
    money = world.money
    slot = np.maximum(np.searchsorted(money.month_starts, day, side="right") - 1, 0)
    rates = np.ones(len(day))
    for number, (_, _, currency) in enumerate(ACCOUNTS):
        here = world.ads.account[place] == number
        rates[here] = money.rates[currency][slot[here]]
    return rates


def _values(sums: dict[str, Array], local: Array, dollars: Array) -> dict[str, Array]:
    values = {field: sums[name] for field, name in METRICS.items()}
    values["approximateMemberReach"] = (values["impressions"] * 0.7).astype(np.int64)
    values["costInUsd"], values["costInLocalCurrency"] = dollars, local
    values.update({field: np.zeros(len(local), np.int64) for field in ZERO})
    return values


def _render(ask: Ask, grouped: list[Array], values: dict[str, Array], chosen: Array, member: bool) -> list[str]:
    """Elements as JSON text; on member pivots what is under the threshold is absent."""
    columns: list[list[str]] = []
    for field in ask.fields:
        if field == "pivotValues":
            urns = [
                [f'"urn:li:{PIVOTS[pivot]}:{ident}"' for ident in grouped[1 + i][chosen].tolist()]
                for i, pivot in enumerate(ask.pivots)
            ]
            columns.append([f'"pivotValues":[{",".join(parts)}]' for parts in zip(*urns, strict=True)])
        elif field == "dateRange":
            columns.append(_ranges(ask, grouped[0][chosen]))
        elif field in MONEY:
            columns.append([f'"{field}":"{value!r}"' for value in values[field][chosen].tolist()])
        else:
            shown = values[field][chosen].tolist()
            columns.append(["" if member and not value else f'"{field}":{value}' for value in shown])
    return ["{" + ",".join(part for part in parts if part) + "}" for parts in zip(*columns, strict=True)]


def _ranges(ask: Ask, starts: Array) -> list[str]:
    texts: dict[int, str] = {}
    for start in np.unique(starts).tolist():
        begin, end = to_date(start), to_date(ask.last)
        if ask.granularity == "DAILY":
            end = begin
        elif ask.granularity == "MONTHLY":
            end = min(end, (begin.replace(day=28) + dt.timedelta(days=4)).replace(day=1) - dt.timedelta(days=1))
        elif ask.granularity == "YEARLY":
            end = min(end, begin.replace(month=12, day=31))
        texts[start] = f'"dateRange":{{"start":{_ymd(begin)},"end":{_ymd(end)}}}'
    return [texts[start] for start in starts.tolist()]


def _ymd(date: dt.date) -> str:
    return f'{{"month":{date.month},"day":{date.day},"year":{date.year}}}'
