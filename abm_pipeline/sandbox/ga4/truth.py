"""What the reports can reveal at the clock, as rows of the truth tables, and what they can't."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from abm_pipeline.sandbox.ga4.visits import NOT_SET, cells
from abm_pipeline.sandbox.world import World
from abm_pipeline.sandbox.world.scales import DAY, to_date
from abm_pipeline.sandbox.world.truth import utc

SOURCE = "ga4"


def truth(world: World) -> Mapping[str, pd.DataFrame]:
    """Rows of `touch` (a visit by day, company domain and landing page) and `hidden`."""
    frame = cells(world)
    placed = frame["domain"] != NOT_SET
    shown = frame[placed & frame["is_shown"]]
    days = [to_date(day).isoformat() for day in shown["day"]]
    touch = pd.DataFrame(
        {
            "company_id": world.companies.company_id[shown["company"].to_numpy()],
            "contact_id": None,
            "source": SOURCE,
            "object": "runReport",
            "source_id": [
                f"{day}|{domain}|{page}"
                for day, domain, page in zip(days, shown["domain"], shown["landingPage"], strict=True)
            ],
            "occurred_at": utc(shown["day"].to_numpy(np.int64) * DAY + DAY // 2),
            "touch_type": "web_visit",
            "count": 1,
            "channel": "web",
            "is_exposure": False,
        }
    )
    hidden = pd.DataFrame(
        {
            "source": SOURCE,
            "what": ["visit by day, company and page", "session"],
            "reason": ["withheld: too few users (thresholding)", "the reverse-IP tool knows no company"],
            "rows": [int((placed & ~frame["is_shown"]).sum()), int(frame.loc[~placed, "sessions"].sum())],
        }
    )
    return {"touch": touch, "hidden": hidden}
