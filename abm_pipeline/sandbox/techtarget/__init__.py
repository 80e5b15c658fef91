"""TechTarget Priority Engine: a list of accounts by segment, exported on Tuesdays."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from abm_pipeline.sandbox.vendor import Delivery, NoApi, Vendor
from abm_pipeline.sandbox.world.names import TOPICS
from abm_pipeline.sandbox.world.scales import DAY, to_date

if TYPE_CHECKING:
    from abm_pipeline.sandbox.world import World

SEGMENTS = ("Data Management", "Cloud Infrastructure")
HEADER = (
    "Account Name", "Website", "Country", "Account Rank", "Active Prospects", "Topics", "Entry Points",
    "Vendors Considered", "Last Activity Date",
)  # fmt: skip


def _make(world: World) -> pd.DataFrame:
    """One row an account, segment and week."""
    cal, companies, rng = world.calendar, world.companies, world.calendar.rng("techtarget")
    first = max(cal.start, cal.horizon - 255)
    tuesdays = np.arange(first + (5 - first) % 7, cal.horizon + 1, 7)
    pool = np.flatnonzero(companies.has_own_domain)[:: 1 if len(companies) < 100 else 8]
    parts = []
    for tuesday in tuesdays:
        for place in range(len(SEGMENTS)):
            mood = world.people.interest[pool, (int(tuesday) - 7 - cal.first_monday) // 7]
            stars = np.clip(np.round(1.4 + 1.3 * mood + rng.normal(0, 0.7, len(pool))), 0, 5).astype(int)
            topics = [sorted({TOPICS[int(t)] for t in rng.integers(0, len(TOPICS), 1 + s // 2)}) for s in stars]
            rows = pd.DataFrame({"day": tuesday, "segment": place, "company": pool, "stars": stars, "topics": topics})
            parts.append(rows[stars > 1])
    made: pd.DataFrame = pd.concat(parts, ignore_index=True)
    return made


def deliver(world: World) -> Iterator[Delivery]:
    """A file a segment and week by the clock, exported on Tuesday at nine."""
    rows = world.part("techtarget", _make)
    c = world.companies
    groups: Any = rows[rows["day"] <= world.day].groupby(["day", "segment"])
    for (day, place), part in groups:
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\r\n")
        writer.writerow(HEADER)
        listed: Any = part.itertuples()
        for r in listed:
            spelled = f"www.{c.domain[r.company]}" if r.company % 3 else f"HTTP://{c.domain[r.company].title()}/"
            writer.writerow([
                c.name[r.company], spelled, c.country[r.company], r.stars, r.stars * 2, ";".join(r.topics), "", "",
                to_date(int(day) - 2),
            ])  # fmt: skip
        yield Delivery(f"{SEGMENTS[place]}_{to_date(day)}.csv", int(day) * DAY + 9 * 3600, out.getvalue().encode())


def truth(world: World) -> dict[str, pd.DataFrame]:
    """Signals and companies of the files so far."""
    rows = world.part("techtarget", _make)
    rows = rows[rows["day"] <= world.day]
    told = rows.explode("topics")
    c = world.companies
    domains, days = c.domain[told["company"]], [to_date(d) for d in told["day"]]
    known = np.unique(rows["company"])
    return {
        "intent_signal": pd.DataFrame({
            "source": "techtarget", "company_id": c.company_id[told["company"]], "topic": told["topics"],
            "source_id": [
                f"{SEGMENTS[s]}|{domain}|{topic}|{day}"
                for s, domain, topic, day in zip(told["segment"], domains, told["topics"], days, strict=True)
            ],
            "score": told["stars"] * 20.0, "signal_day": days,
        }),
        "record_company": pd.DataFrame({
            "source": "techtarget", "object": "account", "source_id": c.domain[known],
            "company_id": c.company_id[known], "is_hard": False,
        }),
    }  # fmt: skip


SPEC = Vendor(
    name="techtarget",
    title="TechTarget Priority Engine",
    create=NoApi,
    environment={"ABM_TECHTARGET_PATH": "{files}/techtarget"},
    truth=truth,
    files=deliver,
)
