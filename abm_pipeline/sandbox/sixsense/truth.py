"""What 6sense's API can reveal at the clock, for tests: companies of the published segments, scores, memberships."""

from __future__ import annotations

import pandas as pd

from abm_pipeline.sandbox.sixsense.rows import SEGMENTS, accounts, book, members, scores
from abm_pipeline.sandbox.world import World


def truth(world: World) -> dict[str, pd.DataFrame]:
    """Rows for the truth tables."""
    c = world.companies
    by_segment = {ident: members(world, ident) for ident in SEGMENTS}
    scored = sorted({i for places in by_segment.values() for i in places})
    signals = [
        {
            "source": "sixsense", "source_id": f"{c.domain[i]}:{score['product']}", "company_id": c.company_id[i],
            "topic": score["product"], "score": float(score["company_intent_score"]),
            "stage": score["company_buying_stage"], "signal_day": world.until,
        }
        for i in scored
        for score in scores(world, i)
    ]  # fmt: skip
    ids = dict(zip(c.domain, c.company_id, strict=True))
    lists = [
        {
            "source": "sixsense", "source_id": f"{ident}:{row['domain'].lower()}", "list_name": SEGMENTS[ident],
            "company_id": ids.get(row["domain"].lower()),
        }
        for ident in SEGMENTS
        for row in accounts(world, ident)
    ]  # fmt: skip
    known = int(book(world).is_known.sum())
    return {
        "record_company": pd.DataFrame({
            "source": "sixsense", "object": "company", "source_id": c.domain[scored],
            "company_id": c.company_id[scored], "is_hard": c.agency[scored] >= 0,
        }),
        "intent_signal": pd.DataFrame(signals),
        "list_membership": pd.DataFrame(lists),
        "hidden": pd.DataFrame({
            "source": "sixsense",
            "what": ["company", "company"],
            "reason": ["in no segment that is published for APIs", "not known to 6sense"],
            "rows": [known - len(scored), len(c) - known],
        }),
    }  # fmt: skip
