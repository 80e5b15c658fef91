"""What the events that have been loaded by the clock tell."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from abm_pipeline.sandbox import _web
from abm_pipeline.sandbox._web import BOT, OFFICE
from abm_pipeline.sandbox.snowplow.events import stream
from abm_pipeline.sandbox.world.scales import DAY, to_date
from abm_pipeline.sandbox.world.tables import objects
from abm_pipeline.sandbox.world.truth import utc

if TYPE_CHECKING:
    from abm_pipeline.sandbox.world import World

TYPES = ("page_view", "content_download", "form_fill")


def truth(world: World) -> dict[str, pd.DataFrame]:
    """Rows for the truth tables: touches, people who gave their address, and what is not told."""
    made = stream(world)
    e, v = made.events, made.visits
    shown = np.flatnonzero((e.arrived <= world.instant) & (v.origin[e.visit] != BOT))
    visit = e.visit[shown]
    said = np.unique(v.guest[visit[e.kind[shown] == _web.SAYS]])
    hashes = np.array([sha256(m.strip().lower().encode()).hexdigest() for m in made.guests.email], object)
    # The company is told by an office's address, or by who the browser's owner turned out to be.
    told = (v.origin[visit] == OFFICE) | np.isin(v.guest[visit], said)
    rows = pd.DataFrame(
        {
            "company_id": objects(
                world.companies.company_id[c] if t else None for c, t in zip(v.company[visit], told, strict=True)
            ),
            "contact_id": [
                hashes[g] if k == _web.SAYS else f"visitor:{d}"
                for g, k, d in zip(v.guest[visit], e.kind[shown], made.device[visit], strict=True)
            ],
            "source": "snowplow", "object": "event",
            "source_id": [f"{i}:{p}" for i, p in zip(made.id[shown], made.fingerprint[shown], strict=True)],
            "occurred_at": utc(e.at[shown]), "touch_type": [TYPES[k] for k in e.kind[shown]], "count": 1,
            "channel": "web", "is_exposure": False, "session": made.session[visit], "arrived": e.arrived[shown],
            "day": [str(to_date(d)) for d in e.at[shown] // DAY],
        }
    ).drop_duplicates("source_id")  # fmt: skip
    visits = rows.sort_values(["occurred_at", "contact_id"]).groupby(["session", "day"], as_index=False).agg(
        company_id=("company_id", "first"), contact_id=("contact_id", _best), occurred_at=("occurred_at", "min")
    )  # fmt: skip
    visits = visits.assign(
        source="snowplow", object="visit", source_id="visit:" + visits["session"] + ":" + visits["day"],
        touch_type="web_visit", count=1, channel="web", is_exposure=False,
    )  # fmt: skip
    unused = ["session", "day", "arrived"]
    people = made.guests
    known = np.flatnonzero(np.isin(v.guest, said))
    owner = dict(zip(made.device[known], v.guest[known], strict=True))
    guest = np.array(list(owner.values()), np.int64)
    nobody = int(rows["company_id"].isna().sum())
    return {
        "touch": pd.concat([rows.drop(columns=unused), visits.drop(columns=["session", "day"])], ignore_index=True),
        # People, and the browsers of theirs, as records of the same humans.
        "contact": pd.DataFrame({
            "source": "snowplow", "contact_id": [*hashes[said], *(f"visitor:{device}" for device in owner)],
            "object": ["user"] * len(said) + ["visitor"] * len(guest),
            "company_id": world.companies.company_id[people.company[[*said, *guest]]],
            "role": people.role[[*said, *guest]], "is_role_known": False,
            "person": people.person[[*said, *guest]].astype(int),
            "is_deleted": [False] * len(said) + [True] * len(guest),
            "created_at": pd.concat([utc(people.known[said]), pd.Series([pd.NaT] * len(guest))], ignore_index=True),
        }),
        "hidden": pd.DataFrame({
            "source": "snowplow", "what": ["touch", "touch"], "rows": [nobody, int((v.origin[e.visit] == BOT).sum())],
            "reason": ["neither an office's address nor a person who said who it is", "made by a program"],
        }),
    }  # fmt: skip


def _best(who: pd.Series[str]) -> str:
    """Whoever said who it is, else the browser."""
    named = [w for w in who if not w.startswith("visitor:")]
    return max(named) if named else min(who)
