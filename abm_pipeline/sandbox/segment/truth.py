"""What the archive tells at the clock."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from abm_pipeline.sandbox import _web
from abm_pipeline.sandbox._web import BOT, OFFICE
from abm_pipeline.sandbox.segment.calls import FEATURES, Archive, archive, device, message
from abm_pipeline.sandbox.world.scales import DAY, to_date
from abm_pipeline.sandbox.world.tables import objects
from abm_pipeline.sandbox.world.truth import utc

if TYPE_CHECKING:
    from abm_pipeline.sandbox.world import World

# Users of the product are no record of the CRM's; they are numbered from here.
USERS = 90_000_000


def truth(world: World) -> dict[str, pd.DataFrame]:
    """Rows for the truth tables."""
    made = archive(world)
    e, v = made.events, made.visits
    shown = np.flatnonzero((e.arrived <= world.instant) & (v.origin[e.visit] != BOT))
    visit = e.visit[shown]
    said = np.unique(v.guest[visit[e.kind[shown] == _web.SAYS]])
    told = (v.origin[visit] == OFFICE) | np.isin(v.guest[visit], said)
    devices = {int(d): device(world, int(d)) for d in np.unique(v.device)}
    rows = pd.DataFrame(
        {
            "company_id": objects(
                world.companies.company_id[c] if t else None for c, t in zip(v.company[visit], told, strict=True)
            ),
            "contact_id": [f"visitor:{devices[int(d)]}" for d in v.device[visit]],
            "source": "segment", "object": "call",
            "source_id": [message(world, f"docs/{i}/{p}") for i, p in zip(visit, e.place[shown], strict=True)],
            "occurred_at": utc(e.at[shown]), "count": 1, "channel": "web", "is_exposure": False,
            "touch_type": [("page_view", "content_download", "")[k] for k in e.kind[shown]],
            "device": [devices[int(d)] for d in v.device[visit]], "day": [str(to_date(d)) for d in e.at[shown] // DAY],
        }
    ).drop_duplicates("source_id")  # fmt: skip
    rows = rows[rows["touch_type"] != ""].sort_values("occurred_at")
    visits = rows.groupby(["device", "day"], as_index=False).agg(
        company_id=("company_id", "first"), contact_id=("contact_id", "first"), occurred_at=("occurred_at", "min")
    )
    visits = visits.assign(
        source="segment", object="visit", source_id="visit:" + visits["device"] + ":" + visits["day"],
        touch_type="web_visit", count=1, channel="web", is_exposure=False,
    )  # fmt: skip
    nobody = int(rows["company_id"].isna().sum())
    out = _product(world, made, said)
    out["contact"] = pd.concat([out["contact"], _browsers(world, made, said, devices)], ignore_index=True)
    return out | {
        "touch": pd.concat([rows, visits], ignore_index=True).drop(columns=["device", "day"]),
        "hidden": pd.DataFrame({
            "source": "segment", "what": ["touch", "touch"], "rows": [nobody, int((v.origin[e.visit] == BOT).sum())],
            "reason": ["neither an office's address nor a visitor who said who it is", "made by a program"],
        }),
    }  # fmt: skip


def _browsers(world: World, made: Archive, said: np.ndarray, devices: dict[int, str]) -> pd.DataFrame:
    """The browsers of people who said who they are: records of the same humans."""
    v, people = made.visits, made.guests
    owner = dict(zip(v.device[np.isin(v.guest, said)], v.guest[np.isin(v.guest, said)], strict=True))
    guest = np.array(list(owner.values()), np.int64)
    return pd.DataFrame(
        {
            "source": "segment", "object": "visitor", "contact_id": [f"visitor:{devices[int(d)]}" for d in owner],
            "company_id": world.companies.company_id[people.company[guest]], "role": people.role[guest],
            "is_role_known": False, "person": people.person[guest].astype(int), "is_deleted": True, "created_at": None,
        }
    )  # fmt: skip


def _product(world: World, made: Archive, said: np.ndarray) -> dict[str, pd.DataFrame]:
    """Users and customers that the product told of, and use by day; people of the site."""
    ids, domains, people = world.companies.company_id, world.companies.domain, made.guests
    usage = made.usage
    arrived = usage["day"] * DAY + usage["second"] + np.where(usage["late"], 2 * DAY, 3)
    first = usage.drop_duplicates(["company", "user"])
    first = first[first["day"] * DAY + first["second"] <= world.instant]
    usage = usage[arrived + usage["times"] - 1 <= world.instant]
    used = usage.groupby(["company", "feature", "day"], as_index=False).agg(
        active_users=("user", "nunique"), events=("times", "sum")
    )
    emails = [f"u-{c}-{u}@{domains[c]}" for c, u in zip(first["company"], first["user"], strict=True)]
    own = [str(people.email[g]) for g in said]
    contact = pd.DataFrame(
        {
            "source": "segment", "object": ["user"] * len(own) + ["account user"] * len(emails),
            "contact_id": [sha256(m.strip().lower().encode()).hexdigest() for m in [*own, *emails]],
            "company_id": [*ids[people.company[said]], *ids[first["company"]]],
            "role": [*people.role[said], *[None] * len(emails)], "is_role_known": False,
            "person": [*people.person[said].astype(int), *(USERS + 10 * first["company"] + first["user"])],
            "is_deleted": False, "created_at": utc(np.concatenate([people.known[said], first["day"] * DAY])),
        }
    )  # fmt: skip
    companies = first.drop_duplicates("company")["company"]
    return {
        "contact": contact,
        "record_company": pd.DataFrame({
            "source": "segment", "object": "group", "source_id": domains[companies], "company_id": ids[companies],
            "is_hard": False,
        }),
        "usage_day": pd.DataFrame({
            "source": "segment", "company_id": ids[used["company"]], "product": "Northwind Cloud",
            "source_id": [
                f"{domains[c]}:Northwind Cloud:{FEATURES[f]}:{to_date(d)}"
                for c, f, d in zip(used["company"], used["feature"], used["day"], strict=True)
            ],
            "usage_on_day": [to_date(d) for d in used["day"]], "feature": [FEATURES[f] for f in used["feature"]],
            "active_users": used["active_users"], "events": used["events"],
        }),
    }  # fmt: skip
