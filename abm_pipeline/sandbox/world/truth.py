"""The planted truth as tables, as of the clock, for tests that compare what a pipeline finds with what is so.

Belongs here: reading the answer out of the world's hidden columns. Nothing served by a vendor's API comes from here.
"""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from abm_pipeline.registry import collect
from abm_pipeline.sandbox.vendor import Vendor
from abm_pipeline.sandbox.world.ads import ACCOUNTS, cells
from abm_pipeline.sandbox.world.companies import TIERS
from abm_pipeline.sandbox.world.deals import PLANTED
from abm_pipeline.sandbox.world.names import COUNTRIES
from abm_pipeline.sandbox.world.neighbours import company_ids, neighbours, served
from abm_pipeline.sandbox.world.scales import NEVER, to_date
from abm_pipeline.sandbox.world.tables import Array, Table

if TYPE_CHECKING:
    from abm_pipeline.sandbox.world import World

EXPOSURES = ("email_sent", "ad_impression")
CHANNEL = {
    "email_sent": "email",
    "email_reply": "email",
    "call": "call",
    "call_connected": "call",
    "meeting": "meeting",
    "meeting_no_show": "meeting",
    "webinar_attended": "webinar",
    "content_download": "content",
    "form_fill": "web",
    "event_attended": "event",
    "ad_impression": "linkedin_ads",
    "ad_click": "linkedin_ads",
    "ad_engagement": "linkedin_ads",
}


def make_truth(world: World) -> dict[str, pd.DataFrame]:
    """All truth tables at the world's clock: those of the first three vendors, and what the others add to them.

    `planted` has the columns name and value. `hidden` tells what no API reveals: source, what, reason, rows.
    """
    builders = {
        "company": _company,
        "record_company": _records,
        "tier": _tier,
        "contact": _contact,
        "deal": _deal,
        "deal_stage": _deal_stage,
        "intent": _intent,
        "ad": visible_ads,
    }
    frames = {name: build(world) for name, build in builders.items()}
    frames["touch"] = _touch(world, frames["ad"])
    for vendor in collect("abm_pipeline.sandbox", Vendor):
        for name, rows in vendor.truth(world).items():
            frames[name] = pd.concat([frames[name], rows], ignore_index=True) if name in frames else rows
    frames["planted"] = pd.DataFrame({"name": list(PLANTED), "value": [float(v) for v in PLANTED.values()]})
    return frames


def write_truth(world: World, folder: Path) -> None:
    """Write every truth table as Parquet and `planted` as JSON too."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, frame in world.truth.items():
        frame.to_parquet(folder / f"{name}.parquet", index=False)
    (folder / "planted.json").write_text(json.dumps(PLANTED, indent=1))


def rows_at(world: World, name: str) -> tuple[Table, Array]:
    """A Salesforce table and its versions visible at the clock."""
    table = served(world)[name]
    return table, table.visible(world.instant)


def utc(seconds: Array) -> pd.Series[Any]:
    """Instants as timestamps with zone."""
    return pd.Series(pd.to_datetime(seconds, unit="s", utc=True)).astype("datetime64[us, UTC]")


def dates(days: Array) -> list[dt.date | None]:
    """Day numbers as dates, null for those outside the calendar."""
    return [to_date(d) if -700_000 < d < 2_900_000 else None for d in days]


def _company(world: World) -> pd.DataFrame:
    c = world.companies
    parent = [c.company_id[p] if p >= 0 else None for p in c.parent]
    worked = pd.DataFrame(
        {
            "company_id": c.company_id,
            "name": c.name,
            "domain": c.domain,
            "parent": parent,
            "industry": c.industry,
            "region": [COUNTRIES[x][1] for x in c.country],
            "country": c.country,
            "employees": c.employees,
            "is_ever_target": c.ever_target,
        }
    )
    return pd.concat([worked, neighbours(world).companies], ignore_index=True)


def _records(world: World) -> pd.DataFrame:
    ids = company_ids(world)
    parts = []
    for name in ("Account", "Lead"):
        table, rows = rows_at(world, name)
        parts.append(
            pd.DataFrame(
                {
                    "source": "salesforce",
                    "object": name,
                    "source_id": table.columns["Id"][rows],
                    "company_id": ids[table.columns["_company"][rows].astype(int)],
                    "is_hard": table.columns["_hard"][rows],
                }
            )
        )
    orgs = world.ads.organisations
    owner = orgs.company
    site_missing = np.array([site is None for site in orgs.website])
    parts.append(
        pd.DataFrame(
            {
                "source": "linkedin",
                "object": "organization",
                "source_id": orgs.ids.astype(str),
                "company_id": ids[owner],
                "is_hard": site_missing | (world.companies.agency[owner] >= 0),
            }
        )
    )
    parts.append(
        pd.DataFrame(
            {
                "source": "bombora",
                "object": "domain",
                "source_id": world.companies.domain,
                "company_id": world.companies.company_id,
                "is_hard": world.companies.agency >= 0,
            }
        )
    )
    return pd.concat(parts, ignore_index=True)


def _tier(world: World) -> pd.DataFrame:
    tiers = world.tiers
    known = tiers.valid_from <= world.day
    end = np.where(tiers.valid_to <= world.day, tiers.valid_to, NEVER)
    return pd.DataFrame(
        {
            "company_id": world.companies.company_id[tiers.company],
            "tier": np.array(TIERS, object)[tiers.tier],
            "is_target": True,
            "valid_from": dates(tiers.valid_from),
            "valid_to": dates(end),
        }
    )[known].reset_index(drop=True)


def _contact(world: World) -> pd.DataFrame:
    parts = []
    for name in ("Contact", "Lead"):
        table, rows = rows_at(world, name)
        c = {key: values[rows] for key, values in table.columns.items()}
        parts.append(
            pd.DataFrame(
                {
                    "source": "salesforce",
                    "contact_id": c["Id"],
                    "object": name,
                    "company_id": world.companies.company_id[c["_company"].astype(int)],
                    "role": c["_role"],
                    "is_role_known": name == "Contact" and [v is not None for v in c["Buying_Role__c"]],
                    "person": c["_person"].astype(int),
                    "is_deleted": c["IsDeleted"].astype(bool),
                    "created_at": utc(c["CreatedDate"]),
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def _touch(world: World, ads: pd.DataFrame) -> pd.DataFrame:
    parts = []
    for name in ("Task", "Event", "CampaignMember"):
        table, rows = rows_at(world, name)
        kinds = table.columns["_touch"][rows]
        rows = rows[[kind is not None for kind in kinds]]
        c = {key: values[rows] for key, values in table.columns.items()}
        who = (
            c["WhoId"]
            if name != "CampaignMember"
            else np.where([v is not None for v in c["ContactId"]], c["ContactId"], c["LeadId"])
        )
        parts.append(
            pd.DataFrame(
                {
                    "company_id": world.companies.company_id[c["_company"].astype(int)],
                    "contact_id": who,
                    "source": "salesforce",
                    "object": name,
                    "source_id": c["Id"],
                    "occurred_at": utc(c["_occurred"]),
                    "touch_type": c["_touch"],
                    "count": 1,
                }
            )
        )
    noon = utc(np.array([(day - dt.date(1970, 1, 1)).days for day in ads["day"]], np.int64) * 86_400 + 43_200)
    key = ads["campaign_id"].astype(str) + ":" + ads["organization_id"].astype(str) + ":" + ads["day"].astype(str)
    amounts = {
        "ad_impression": ads["impressions"],
        "ad_click": ads["clicks"],
        "ad_engagement": ads["total_engagements"] - ads["clicks"],
    }
    for kind, count in amounts.items():
        frame = pd.DataFrame(
            {
                "company_id": ads["company_id"],
                "contact_id": None,
                "source": "linkedin",
                "object": "adAnalytics",
                "source_id": key,
                "occurred_at": noon,
                "touch_type": kind,
                "count": count,
            }
        )
        parts.append(frame[count > 0])
    out = pd.concat(parts, ignore_index=True)
    out["channel"] = out["touch_type"].map(CHANNEL)
    out["is_exposure"] = out["touch_type"].isin(EXPOSURES)
    return out[out["occurred_at"] <= pd.Timestamp(world.instant, unit="s", tz="UTC")].reset_index(drop=True)


def _deal(world: World) -> pd.DataFrame:
    table, rows = rows_at(world, "Opportunity")
    c = {name: values[rows] for name, values in table.columns.items()}
    closed = c["IsClosed"].astype(bool)
    rate_day = np.where(closed, c["CloseDate"], c["CreatedDate"] // 86_400)
    usd = [
        None if np.isnan(a) else world.money.dollars(a, code, int(d))
        for a, code, d in zip(c["Amount"], c["CurrencyIsoCode"], rate_day, strict=True)
    ]
    return pd.DataFrame(
        {
            "source": "salesforce",
            "deal_id": c["Id"],
            "company_id": world.companies.company_id[c["_company"].astype(int)],
            "created_at": utc(c["CreatedDate"]),
            "closed_day": [to_date(d) if z else None for d, z in zip(c["CloseDate"], closed, strict=True)],
            "is_won": c["IsWon"].astype(bool),
            "is_closed": closed,
            "stage": c["StageName"],
            "amount": c["Amount"],
            "currency": c["CurrencyIsoCode"],
            "amount_usd": pd.array(usd, dtype="Float64"),
            "deal_type": c["Type"],
            "is_listed_at_creation": c["_listed"].astype(bool),
            "is_deleted": c["IsDeleted"].astype(bool),
        }
    )


def _deal_stage(world: World) -> pd.DataFrame:
    table, rows = rows_at(world, "OpportunityHistory")
    c = {name: values[rows] for name, values in table.columns.items()}
    return pd.DataFrame(
        {
            "deal_id": c["OpportunityId"],
            "stage": c["StageName"],
            "entered_at": utc(c["CreatedDate"]),
            "amount": c["Amount"],
            "is_deleted": c["IsDeleted"].astype(bool),
        }
    )


def _intent(world: World) -> pd.DataFrame:
    weeks = [world.intent.week(end) for end in world.intent.week_ends(world.day)]
    return pd.concat(weeks, ignore_index=True).drop(columns="company") if weeks else pd.DataFrame()


def visible_ads(world: World) -> pd.DataFrame:
    """Delivery by day × campaign × organisation as the company pivot shows it at the clock (0 = hidden)."""
    ads = world.ads
    rows = np.flatnonzero((ads.delivery.day < world.day) & (ads.delivery.company >= 0))
    counts, cost = ads.shown(rows, world.day)
    day, company, place = ads.delivery.day[rows], ads.delivery.company[rows], ads.delivery.campaign[rows]
    organisation = ads.organisations.id_of[company]
    key = cells(ads.campaign_ids[place], organisation, day)
    shown = {name: ads.private(value, key, i) for i, (name, value) in enumerate(counts.items())}
    keep = shown["impressions"] > 0
    frame = pd.DataFrame(
        {
            "day": dates(day),
            "campaign_id": ads.campaign_ids[place],
            "organization_id": organisation,
            "company_id": world.companies.company_id[company],
            **shown,
            "cost_local": cost,
            "currency": np.array([a[2] for a in ACCOUNTS], object)[ads.account[place]],
        }
    )
    return frame[keep].reset_index(drop=True)
