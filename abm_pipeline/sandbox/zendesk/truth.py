"""What Zendesk's API can reveal at the clock, for tests; and what it can't, with the reason."""

from __future__ import annotations

import numpy as np
import pandas as pd

from abm_pipeline.sandbox.world import World
from abm_pipeline.sandbox.world.tables import Array
from abm_pipeline.sandbox.world.truth import utc
from abm_pipeline.sandbox.zendesk.records import records


def truth(world: World) -> dict[str, pd.DataFrame]:
    """Rows by table: record_company, contact, ticket, survey_response, hidden."""
    tables, names, now = records(world), world.companies.company_id, world.instant
    # What changed in the last minute is left out of exports.
    seen = {name: _exported(world, name) for name in ("organization", "user", "ticket")}
    seen["rating"] = tables["rating"].visible(now)
    o, u, t, r = ({k: v[rows] for k, v in tables[name].columns.items()} for name, rows in seen.items())
    owned = tables["organization"].columns["_company"]
    first = np.searchsorted(tables["organization"].record, np.arange(owned.size))

    def company(users: Array) -> Array:
        """The companies of users, by the position of a version of theirs."""
        return names[owned[first[tables["user"].columns["_owner"][users]]]]

    people = np.flatnonzero(u["_person"] >= 0)
    asked = np.searchsorted(tables["user"].record, t["_user"])
    place = np.searchsorted(tables["ticket"].record, r["_ticket"])
    by = np.searchsorted(tables["user"].record, tables["ticket"].columns["_user"][place])
    answered = r["score"] != "offered"
    external = np.array([str(e).startswith("001") for e in o["external_id"]])
    purged = tables["ticket"].columns["status"] == "deleted"
    return {
        "record_company": pd.DataFrame({
            "source": "zendesk", "object": "organization", "source_id": o["id"].astype(str),
            "company_id": names[o["_company"]],
            "is_hard": np.array([not d for d in o["domains"]], bool) & ~external,
        }),
        "contact": pd.DataFrame({
            "source": "zendesk", "contact_id": u["id"][people].astype(str), "object": "user",
            "company_id": company(seen["user"][people]), "role": None, "is_role_known": False,
            "person": u["_person"][people], "is_deleted": ~u["active"][people],
            "created_at": utc(u["CreatedDate"][people]),
        }),
        "ticket": pd.DataFrame({
            "source": "zendesk", "source_id": t["id"].astype(str), "company_id": company(asked), "status": t["status"],
            "opened_at": utc(t["CreatedDate"]), "is_deleted": t["status"] == "deleted",
        }),
        "survey_response": pd.DataFrame({
            "source": "zendesk", "source_id": r["id"].astype(str), "company_id": company(by),
            "survey_id": "satisfaction_rating", "survey_type": "csat",
            "score": np.where(r["score"] == "good", 5.0, 1.0),
            "answered_at": utc(tables["rating"].valid_from[seen["rating"]]),
        })[answered],
        "hidden": pd.DataFrame({
            "source": ["zendesk"], "what": ["deleted tickets"],
            "reason": ["deleted for good 30 days after"],
            "rows": [int((purged & (tables["ticket"].valid_to <= now)).sum())],
        }),
    }  # fmt: skip


def _exported(world: World, name: str) -> Array:
    table = records(world)[name]
    rows = table.visible(world.instant)
    return rows[table.valid_from[rows] <= world.instant - 60]
