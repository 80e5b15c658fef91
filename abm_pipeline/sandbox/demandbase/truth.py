"""What Demandbase's API can reveal at the clock, for tests."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from abm_pipeline.sandbox.demandbase.rows import FEWEST, KNOWN, account_rows, book, intent_now, signal
from abm_pipeline.sandbox.world import World
from abm_pipeline.sandbox.world.scales import to_date


def _each(rows: pd.DataFrame) -> Iterator[Any]:
    return rows.itertuples()


def truth(world: World) -> dict[str, pd.DataFrame]:
    """Rows for the truth tables."""
    made, ids = book(world), world.companies.company_id
    accounts = made.accounts
    place = accounts["company"].to_numpy()
    is_known = accounts["sfdcId"].notna() | ((world.companies.agency[place] < 0) & accounts["website"].notna())
    rows = intent_now(world)
    weeks = (world.day - world.calendar.first_monday) // 7
    late = int((book(world).intent["end"] <= world.day).sum()) - len(rows)
    research = [
        {
            "source": "demandbase",
            "source_id": f"{told['companyId']}:{told['keywordSetId']}:{told['keyword']}:{told['endDate']}",
            "company_id": ids[row.company] if row.company >= 0 else None, "topic": told["keyword"],
            "score": float(told["trendingScore"]), "signal_day": to_date(row.end),
        }
        for row in _each(rows)
        for told in [signal(world, row)]
    ]  # fmt: skip
    engagement = [
        {
            "source": "demandbase", "source_id": f"{row['id']}:engagement", "company_id": ids[place],
            "topic": "Engagement minutes", "score": float(row["engagementMinutesLast7Day"]),
            "signal_day": world.until,
        }
        for place, row in zip(accounts["company"], account_rows(world), strict=True)
        if row["engagementMinutesLast7Day"] != "0"
    ]  # fmt: skip
    return {
        "record_company": pd.DataFrame({
            "source": "demandbase", "object": "account", "source_id": accounts["id"], "company_id": ids[place],
            "is_hard": ~is_known,
        }),
        "intent_signal": pd.DataFrame(research + engagement),
        "hidden": pd.DataFrame({
            "source": "demandbase",
            "what": ["company", "research", "research"],
            "reason": [
                f"not known to Demandbase (about {1 - KNOWN:.0%})", f"of fewer than {FEWEST} people",
                "told from the Monday after its week",
            ],
            "rows": [len(ids) - len(accounts), int(made.withheld[:weeks].sum()), late],
        }),
    }  # fmt: skip
