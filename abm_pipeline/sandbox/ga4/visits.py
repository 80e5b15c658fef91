"""Visits to the blog as Google Analytics counts them: sessions by day, company domain and landing page.

Belongs here: what happened, and what a report of the clock's day may show of it. The company domain comes from a
reverse-IP tool; most visits have none. Sessions are processed over three days, and small cells are withheld.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from abm_pipeline.sandbox.world import World
from abm_pipeline.sandbox.world.scales import to_date
from abm_pipeline.sandbox.world.tables import Array, objects

SITE = "blog.northwind-abm.example"
PAGES = (
    "/", "/abm-in-ten-steps", "/buying-committees", "/intent-data-explained", "/pipeline-velocity",
    "/why-coverage-matters",
)  # fmt: skip
NOT_SET = "(not set)"
# Rows with fewer users are withheld where a report could tell who somebody is.
MIN_USERS = 2
# Shares of a day's sessions that are processed on the day itself, and by the end of the next; all after two days.
PROCESSED = (0.6, 0.9)


@dataclass(frozen=True)
class Visits:
    """One entry a session; `company` is a position or -1, `domain` what the tool wrote, `late` days until processed."""

    day: Array
    company: Array
    domain: Array
    page: Array
    late: Array
    views: Array
    seconds: Array
    is_engaged: Array
    is_key: Array


def make(world: World) -> Visits:
    """Groups of sessions by day, company and page, and three times as many sessions that nobody can place."""
    rng, cal, c = world.calendar.rng("ga4"), world.calendar, world.companies
    cells = round(12 * np.sqrt(cal.scale.targets / 12) * cal.days)
    day = np.sort(rng.integers(cal.start, cal.horizon + 1, cells))
    odds = c.effort(listed=3.0)
    company = rng.choice(len(c), cells, p=odds / odds.sum())
    page = rng.integers(0, len(PAGES), cells)
    sessions = 1 + rng.poisson(2.2, cells)
    # The tool writes the host as it found it.
    host = objects(
        f"www.{c.domain[i]}" if u < 0.06 else c.domain[i] for i, u in zip(company, rng.random(cells), strict=True)
    )
    which = np.repeat(np.arange(cells), sessions)
    lost = rng.integers(cal.start, cal.horizon + 1, 3 * len(which))
    size = len(which) + len(lost)
    draw = rng.random(size)
    seconds = np.where(rng.random(size) < 0.55, rng.integers(10, 400, size), 0)
    return Visits(
        np.concatenate([day[which], lost]),
        np.concatenate([company[which], np.full(len(lost), -1)]),
        np.concatenate([host[which], np.full(len(lost), NOT_SET, object)]),
        np.concatenate([page[which], rng.integers(0, len(PAGES), len(lost))]),
        np.where(draw < PROCESSED[0], 0, np.where(draw < PROCESSED[1], 1, 2)),
        1 + rng.poisson(0.8, size),
        seconds,
        seconds > 30,
        rng.random(size) < 0.02,
    )


def cells(world: World) -> pd.DataFrame:
    """What is processed at the clock, by day, company domain and page, with its metrics; `is_shown` where reported."""
    visits = world.part("ga4", make)
    there = np.flatnonzero(visits.day + visits.late <= world.day)
    frame = pd.DataFrame(
        {
            "day": visits.day[there],
            "company": visits.company[there],
            "domain": visits.domain[there],
            "page": visits.page[there],
            "sessions": 1,
            "engagedSessions": visits.is_engaged[there].astype(int),
            "screenPageViews": visits.views[there],
            "userEngagementDuration": visits.seconds[there],
            "keyEvents": visits.is_key[there].astype(int),
        }
    )
    out = frame.groupby(["day", "company", "domain", "page"], as_index=False, sort=True).sum()
    out["totalUsers"] = out["sessions"]
    out["is_shown"] = (out["totalUsers"] >= MIN_USERS) | (out["domain"] == NOT_SET)
    out["date"] = [to_date(day).strftime("%Y%m%d") for day in out["day"]]
    out["landingPage"] = [PAGES[page] for page in out["page"]]
    return out
