"""The planted truth that Meta's API reveals: totals of campaigns, no companies."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from abm_pipeline.sandbox.meta.rows import ACCOUNTS, known
from abm_pipeline.sandbox.world import World
from abm_pipeline.sandbox.world.truth import dates


def truth(world: World) -> Mapping[str, pd.DataFrame]:
    """`ad_delivery` and `campaign` as at the clock, and what is hidden."""
    made, instant = known(world), world.instant
    rows = made.delivery.visible(world.day)
    counts, cost = made.delivery.shown(rows, world.day)
    place, days = made.delivery.campaign[rows], dates(made.delivery.day[rows])
    idents = np.array([campaign.ident for campaign in made.campaigns])[place].astype(str)
    account = np.array([campaign.account for campaign in made.campaigns])[place]
    delivery = pd.DataFrame(
        {
            "source": "meta",
            "source_id": [f"{ident}:all:{day}" for ident, day in zip(idents, days, strict=True)],
            "company_id": None,
            "day": days,
            "campaign_source_id": idents,
            "account_time_zone": np.array([a.zone for a in ACCOUNTS], object)[account],
            "impressions": counts["impressions"],
            "clicks": counts["clicks"],
            "engagements": counts["engagements"],
            "conversions": counts["half_conversions"] // 2,
            "spend": cost,
            "currency": np.array([a.currency for a in ACCOUNTS], object)[account],
        }
    )
    there = [place for place, campaign in enumerate(made.campaigns) if campaign.created <= instant]
    campaigns = pd.DataFrame(
        {
            "source": "meta",
            "source_id": [str(made.campaigns[place].ident) for place in there],
            "company_id": None,
            "name": [made.campaigns[place].name(instant) for place in there],
            "currency": [ACCOUNTS[made.campaigns[place].account].currency for place in there],
            "is_deleted": [made.status(place, instant) == "DELETED" for place in there],
        }
    )
    hidden = pd.DataFrame(
        {
            "source": ["meta"],
            "what": ["touch"],
            "reason": ["there is no company dimension: only totals of campaigns are told"],
            "rows": [len(rows)],
        }
    )
    return {"ad_delivery": delivery, "campaign": campaigns, "hidden": hidden}
