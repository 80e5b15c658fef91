"""Delighted: exports of survey responses, one at the end of each month and the last on the day the service closed."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Iterator
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from abm_pipeline.sandbox.vendor import Delivery, NoApi, Vendor
from abm_pipeline.sandbox.world.customers import customers
from abm_pipeline.sandbox.world.guests import Guests, make_guests
from abm_pipeline.sandbox.world.scales import DAY, to_date
from abm_pipeline.sandbox.world.truth import utc

if TYPE_CHECKING:
    from abm_pipeline.sandbox.world import World

CLOSED = dt.date(2026, 6, 30)
HEADER = (
    "Response ID", "Survey Type", "Score", "Comment", "Response Created At", "Response Updated At", "Person Email",
    "Person Name", "Company", "Question",
)  # fmt: skip


def _guests(world: World) -> Guests:
    return world.part("delighted guests", lambda w: make_guests(w, "delighted", 0.35, 0.0, 0.2))


def _make(world: World) -> pd.DataFrame:
    """Answers of customers' people; some change their mind some days later."""
    cal, rng, people = world.calendar, world.calendar.rng("delighted"), _guests(world)
    payers = np.flatnonzero(np.isin(people.company, customers(world).companies))
    first = max(cal.start, cal.horizon - 255)
    size = 120 if cal.scale.name == "tiny" else 900
    who = payers[rng.integers(0, len(payers), size)]
    at = rng.integers(first, cal.horizon + 1, size) * DAY + rng.integers(7 * 3600, 20 * 3600, size)
    changed = np.where(rng.random(size) < 0.15, at + rng.integers(3600, 5 * DAY, size), at)
    rows = pd.DataFrame(
        {
            "at": at,
            "changed": changed,
            "guest": who,
            "score": rng.integers(3, 11, size),
            "first": rng.integers(0, 9, size),
        }
    )
    rows = rows[people.known[rows["guest"].to_numpy()] < rows["at"].to_numpy()].sort_values("at").reset_index(drop=True)
    made: pd.DataFrame = rows.assign(number=5400 + np.arange(len(rows)))
    return made


def deliver(world: World) -> Iterator[Delivery]:
    """Exports by the clock: all responses up to the end of a month, and of the day that the service closed."""
    last = min(world.until, CLOSED)
    day = dt.date(to_date(world.calendar.horizon - 255).year, to_date(world.calendar.horizon - 255).month, 1)
    ends = []
    while day <= last:
        after = (day + dt.timedelta(days=32)).replace(day=1)
        ends.append(after - dt.timedelta(days=1))
        day = after
    for end in ends:
        if end <= last:
            instant = int((end - dt.date(1970, 1, 1)).days + 1) * DAY - 600
            yield Delivery(f"delighted-responses-{end}.csv", instant, _export(world, instant))


def _export(world: World, instant: int) -> bytes:
    rows, people = world.part("delighted", _make), _guests(world)
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(HEADER)
    answers: Any = rows[rows["at"] <= instant].itertuples()
    for r in answers:
        final = r.changed <= instant
        writer.writerow([
            r.number, "nps", r.score if final else r.first, "Quick help,\nbut late." if r.number % 7 == 0 else "",
            _stamp(r.at), _stamp(r.changed) if final else _stamp(r.at), people.email[r.guest],
            f"{people.first[r.guest]} {people.last[r.guest]}", world.companies.name[people.company[r.guest]],
            "How likely are you to recommend Northwind?",
        ])  # fmt: skip
    return out.getvalue().encode()


def _stamp(seconds: int) -> str:
    return pd.Timestamp(seconds, unit="s").strftime("%Y-%m-%d %H:%M:%S UTC")


def truth(world: World) -> dict[str, pd.DataFrame]:
    """Responses in the newest export, and the people of them."""
    exports = [file.at for file in deliver(world)]
    instant = exports[-1] if exports else 0
    rows, people = world.part("delighted", _make), _guests(world)
    total = int((rows["at"] <= world.instant).sum())
    rows = rows[rows["at"] <= instant]
    who = rows["guest"].to_numpy()
    once = np.unique(who)
    return {
        "survey_response": pd.DataFrame({
            "source": "delighted", "company_id": world.companies.company_id[people.company[who]],
            "source_id": rows["number"].astype(str), "survey_type": "nps",
            "score": np.where(rows["changed"] <= instant, rows["score"], rows["first"]).astype(float),
            "answered_at": utc(rows["at"].to_numpy()),
        }),
        "contact": pd.DataFrame({
            "source": "delighted", "object": "person",
            "contact_id": [sha256(str(m).strip().lower().encode()).hexdigest() for m in people.email[once]],
            "company_id": world.companies.company_id[people.company[once]], "role": people.role[once],
            "is_role_known": False, "person": people.person[once].astype(int), "is_deleted": False,
            "created_at": utc(people.known[once]),
        }),
        "hidden": pd.DataFrame({
            "source": "delighted", "what": ["response"], "rows": [total - len(rows)],
            "reason": ["given after the last export"],
        }),
    }  # fmt: skip


SPEC = Vendor(
    name="delighted",
    title="Delighted",
    create=NoApi,
    environment={"ABM_DELIGHTED_PATH": "{files}/delighted"},
    truth=truth,
    files=deliver,
)
