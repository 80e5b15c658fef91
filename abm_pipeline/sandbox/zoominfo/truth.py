"""What ZoomInfo's API can reveal at the clock, for tests."""

from __future__ import annotations

import numpy as np
import pandas as pd

from abm_pipeline.sandbox.world import World
from abm_pipeline.sandbox.world.truth import utc
from abm_pipeline.sandbox.zoominfo.rows import DEPARTMENT_IDS, book, chart, company_id


def truth(world: World) -> dict[str, pd.DataFrame]:
    """Rows for the truth tables."""
    made, ids = book(world), world.companies.company_id
    who, told, people = made.found(world.instant), made.told(world.instant), made.people
    known = np.flatnonzero((people.known <= world.instant) & np.isin(people.company, made.companies))
    charted = [
        {
            "source": "zoominfo", "source_id": f"{company_id(place)}:{row['id']}", "company_id": ids[place],
            "contact_id": row["id"], "department": row["attributes"]["department"],
        }
        for place in made.companies
        for row in chart(world, made, int(place), set(DEPARTMENT_IDS))
    ]  # fmt: skip
    return {
        "record_company": pd.DataFrame({
            "source": "zoominfo", "object": "company", "source_id": [str(company_id(i)) for i in made.companies],
            "company_id": ids[made.companies], "is_hard": False,
        }),
        "contact": pd.DataFrame({
            "source": "zoominfo", "contact_id": made.ids[who].astype(str), "object": "contact",
            "company_id": ids[people.company[who]], "role": people.role[who], "is_role_known": False,
            "person": people.person[who], "is_deleted": False, "created_at": utc(told[who]),
        }),
        "committee_map": pd.DataFrame(charted),
        "hidden": pd.DataFrame({
            "source": "zoominfo",
            "what": ["contact", "company"],
            "reason": ["left the company, or asked to be taken out", "not in ZoomInfo's data"],
            "rows": [len(known) - len(who), len(ids) - len(made.companies)],
        }),
    }  # fmt: skip
