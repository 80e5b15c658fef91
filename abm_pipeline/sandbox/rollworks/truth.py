"""The planted truth that RollWorks' API reveals: totals of campaigns, and delivery to companies by their domain."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from abm_pipeline.sandbox.rollworks.rows import ADVERTISABLES, STATES, known
from abm_pipeline.sandbox.world import World
from abm_pipeline.sandbox.world.scales import DAY
from abm_pipeline.sandbox.world.tables import Array
from abm_pipeline.sandbox.world.truth import dates, utc


def truth(world: World) -> Mapping[str, pd.DataFrame]:
    """`ad_delivery`, `campaign`, `touch`, `record_company` as at the clock, and what is hidden."""
    made, instant = known(world), world.instant
    total = made.totals.visible(world.day)
    totals = _delivery(world, made.totals.campaign[total], made.totals.day[total], *made.totals.shown(total, world.day))
    rows = np.flatnonzero(made.companies.day <= world.day)
    company = made.companies.company[rows]
    by_company = _delivery(
        world, made.companies.campaign[rows], made.companies.day[rows], *made.companies.shown(rows, world.day),
        domain=world.companies.domain[company], company_id=world.companies.company_id[company],
    )  # fmt: skip
    there = [place for place, campaign in enumerate(made.campaigns) if campaign.created <= instant]
    campaigns = pd.DataFrame(
        {
            "source": "rollworks",
            "source_id": [made.eids[place] for place in there],
            "company_id": None,
            "name": [made.campaigns[place].name(instant) for place in there],
            "currency": [ADVERTISABLES[made.campaigns[place].account].currency for place in there],
            "is_deleted": [STATES[made.campaigns[place].state(instant)] == "deleted" for place in there],
        }
    )
    seen = np.unique(company)
    records = pd.DataFrame(
        {
            "source": "rollworks",
            "object": "domain",
            "source_id": world.companies.domain[seen],
            "company_id": world.companies.company_id[seen],
            "is_hard": world.companies.agency[seen] >= 0,
        }
    )
    hidden = pd.DataFrame(
        {
            "source": ["rollworks"],
            "what": ["touch"],
            "reason": ["visitors of no known company are in the totals of campaigns only"],
            "rows": [len(totals)],
        }
    )
    return {
        "ad_delivery": pd.concat([totals, by_company], ignore_index=True),
        "campaign": campaigns,
        "touch": _touches(by_company, made.companies.day[rows]),
        "record_company": records,
        "hidden": hidden,
    }


def _delivery(
    world: World,
    place: Array,
    day: Array,
    counts: dict[str, Array],
    cost: Array,
    domain: Array | None = None,
    company_id: Array | None = None,
) -> pd.DataFrame:
    made, days = known(world), dates(day)
    idents = np.array(made.eids, object)[place]
    currency = np.array([ADVERTISABLES[campaign.account].currency for campaign in made.campaigns], object)[place]
    whom = np.full(len(place), "all", object) if domain is None else domain
    return pd.DataFrame(
        {
            "source": "rollworks",
            "source_id": [f"{a}:{b}:{c}" for a, b, c in zip(idents, whom, days, strict=True)],
            "company_id": company_id,
            "day": days,
            "campaign_source_id": idents,
            "account_time_zone": "UTC",
            "impressions": counts["impressions"],
            "clicks": counts["clicks"],
            "conversions": np.floor(counts["half_conversions"] / 2 + 0.5).astype(np.int64),
            "spend": cost,
            "currency": currency,
        }
    )


def _touches(by_company: pd.DataFrame, day: Array) -> pd.DataFrame:
    """Impressions and clicks of companies, at noon of the ad day."""
    parts = []
    for kind, column in (("ad_impression", "impressions"), ("ad_click", "clicks")):
        frame = by_company[["company_id", "source", "source_id"]].assign(
            contact_id=None, object="account_day", occurred_at=utc(day * DAY + DAY // 2), touch_type=kind,
            channel="ads", is_exposure=kind == "ad_impression", count=by_company[column],
        )  # fmt: skip
        parts.append(frame[frame["count"] > 0])
    return pd.concat(parts, ignore_index=True)
