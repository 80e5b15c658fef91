"""What Meta knows at the clock: ad accounts, campaigns, insights by campaign and day.

Belongs here: values and their JSON. Metrics are text, in the currency's units; budgets are text in its smallest unit;
what is nought or unset is absent. Deleted and archived campaigns, and their insights, come only if asked for.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from abm_pipeline.sandbox.world import World
from abm_pipeline.sandbox.world.paid import PaidCampaign, PaidDelivery, deliver, make_paid
from abm_pipeline.sandbox.world.scales import DAY, to_date


@dataclass(frozen=True)
class Account:
    """An ad account."""

    ident: int
    name: str
    currency: str
    zone: str


ACCOUNTS = (
    Account(1010035716096012, "Northwind ABM US", "USD", "America/New_York"),
    Account(212551616838260, "Northwind ABM Europe", "EUR", "Europe/Berlin"),
    Account(384920175563301, "Northwind ABM UK", "GBP", "Europe/London"),
)
STATES = {"pending": "ACTIVE", "active": "ACTIVE", "ended": "ACTIVE", "paused": "PAUSED"}
LIVE = ("ACTIVE", "PAUSED", "IN_PROCESS", "WITH_ISSUES")
EVERY = (*LIVE, "ARCHIVED", "DELETED")
OBJECTIVES = {"Prospecting": "OUTCOME_AWARENESS", "Retargeting": "OUTCOME_LEADS"}
INSIGHT_FIELDS = frozenset(
    [
        "account_id",
        "account_name",
        "account_currency",
        "campaign_id",
        "campaign_name",
        "objective",
        "impressions",
        "clicks",
        "spend",
        "reach",
        "inline_link_clicks",
        "inline_post_engagement",
        "actions",
        "date_start",
        "date_stop",
    ]
)
CAMPAIGN_FIELDS = frozenset(
    [
        "id",
        "account_id",
        "name",
        "status",
        "configured_status",
        "effective_status",
        "objective",
        "buying_type",
        "created_time",
        "updated_time",
        "start_time",
        "stop_time",
        "daily_budget",
        "lifetime_budget",
    ]
)
ACCOUNT_FIELDS = frozenset(
    [
        "id",
        "account_id",
        "name",
        "account_status",
        "currency",
        "timezone_name",
        "timezone_offset_hours_utc",
        "created_time",
    ]
)


@dataclass(frozen=True)
class Meta:
    """Campaigns and their settled delivery; `is_archived` says which of the removed ones were archived instead."""

    campaigns: list[PaidCampaign]
    is_archived: Sequence[bool]
    delivery: PaidDelivery

    def status(self, place: int, instant: int) -> str:
        """A campaign's status at an instant."""
        state = self.campaigns[place].state(instant)
        return STATES.get(state) or ("ARCHIVED" if self.is_archived[place] else "DELETED")


def known(world: World) -> Meta:
    """The platform's records of the whole timeline."""
    return world.part("meta", _make)


def _make(world: World) -> Meta:
    cal = world.calendar
    campaigns = make_paid(cal, "meta", "M", tuple(OBJECTIVES), len(ACCOUNTS), 120_210_000_000_010_000)
    archived = [bool(flip) for flip in cal.rng("meta archived").random(len(campaigns)) < 0.3]
    return Meta(campaigns, archived, deliver(cal, "meta", campaigns, cpm=11.0, ctr=0.011))


def accounts(world: World) -> Iterator[dict[str, Any]]:
    """Ad accounts, in full."""
    made = (world.calendar.start - 500) * DAY
    for account in ACCOUNTS:
        offset = dt.datetime.fromtimestamp(world.instant, ZoneInfo(account.zone)).utcoffset()
        yield {
            "id": f"act_{account.ident}",
            "account_id": str(account.ident),
            "name": account.name,
            "account_status": 1,
            "currency": account.currency,
            "timezone_name": account.zone,
            "timezone_offset_hours_utc": offset.total_seconds() / 3600 if offset else 0,
            "created_time": _time(made, account),
        }


def campaigns(world: World, account: int) -> Iterator[dict[str, Any]]:
    """Campaigns of an account that exist at the clock, in full, the newest first."""
    made, instant = known(world), world.instant
    for place in reversed(range(len(made.campaigns))):
        one = made.campaigns[place]
        if one.account != account or one.created > instant:
            continue
        where, status = ACCOUNTS[account], made.status(place, instant)
        row = {
            "id": str(one.ident),
            "account_id": str(where.ident),
            "name": one.name(instant),
            "status": status,
            "configured_status": status,
            "effective_status": status,
            "objective": OBJECTIVES[one.kind],
            "buying_type": "AUCTION",
            "created_time": _time(one.created, where),
            "updated_time": _time(one.changed(instant), where),
            "start_time": _time(one.start * DAY, where, at_midnight=True),
            "updated": one.changed(instant),
        }
        if one.end is not None:
            row["stop_time"] = _time((one.end + 1) * DAY, where, at_midnight=True)
        budget = "daily_budget" if one.total_budget is None else "lifetime_budget"
        row[budget] = str(round(100 * (one.daily_budget if one.total_budget is None else one.total_budget)))
        yield row


def insights(
    world: World, account: int, since: int, until: int, *, by_day: bool, statuses: Sequence[str]
) -> list[dict[str, Any]]:
    """Insights of an account's campaigns, in full."""
    made, instant = known(world), world.instant
    mine = [
        place
        for place, one in enumerate(made.campaigns)
        if one.account == account and one.created <= instant and made.status(place, instant) in statuses
    ]
    rows = made.delivery.visible(world.day)
    day = made.delivery.day[rows]
    rows = rows[(day >= since) & (day <= until) & np.isin(made.delivery.campaign[rows], mine)]
    counts, cost = made.delivery.shown(rows, world.day)
    frame = pd.DataFrame({"place": made.delivery.campaign[rows], **counts, "cents": np.rint(cost * 100)})
    frame["day"] = made.delivery.day[rows] if by_day else since
    totals = frame.astype(np.int64).groupby(["place", "day"], as_index=False).sum()
    where = ACCOUNTS[account]
    return [
        {
            "account_id": str(where.ident),
            "account_name": where.name,
            "account_currency": where.currency,
            "campaign_id": str(made.campaigns[row["place"]].ident),
            "campaign_name": made.campaigns[row["place"]].name(instant),
            "objective": OBJECTIVES[made.campaigns[row["place"]].kind],
            **_metrics(row),
            "date_start": to_date(row["day"]).isoformat(),
            "date_stop": to_date(row["day"] if by_day else until).isoformat(),
        }
        for row in totals.to_dict("records")
    ]


def _metrics(row: Mapping[Hashable, Any]) -> dict[str, Any]:
    clicks, leads = row["clicks"], row["half_conversions"] // 2
    engaged = clicks + row["engagements"]
    out = {
        "impressions": str(row["impressions"]),
        "clicks": str(engaged),
        "spend": f"{row['cents'] / 100:.2f}",
        "reach": str(int(row["impressions"] * 0.7)),
    }
    if clicks:
        out["inline_link_clicks"] = str(clicks)
    if engaged:
        out["inline_post_engagement"] = str(engaged)
    actions = {"link_click": clicks, "post_engagement": engaged, "lead": leads}
    told = [{"action_type": kind, "value": str(count)} for kind, count in actions.items() if count]
    return {**out, **({"actions": told} if told else {})}


def _time(seconds: int, account: Account, at_midnight: bool = False) -> str:
    """An instant with the account's offset, without a colon; or the midnight that begins its day there."""
    zone = ZoneInfo(account.zone)
    when = dt.datetime.fromtimestamp(seconds, dt.UTC)
    when = when.replace(tzinfo=zone) if at_midnight else when.astimezone(zone)
    return when.strftime("%Y-%m-%dT%H:%M:%S%z")
