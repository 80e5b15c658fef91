"""SurveyMonkey's surveys and the responses to them, with their versions in time.

Belongs here: who was asked, what they answered and when they changed it. People who are about to leave answer worse.
How it is written as JSON is in `rest`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from abm_pipeline.sandbox.world import World
from abm_pipeline.sandbox.world.customers import customers
from abm_pipeline.sandbox.world.scales import DAY
from abm_pipeline.sandbox.world.tables import PURGED, Change, Table, constant, objects, versioned

BY_COLLECTOR, BY_VARIABLE, BY_ACCOUNT, ANONYMOUS = range(4)


@dataclass(frozen=True)
class Survey:
    """One survey: its rating question has `choices` answers, the first worth `low`; it ends with a text question."""

    ident: str
    title: str
    heading: str
    choices: int
    low: int


SURVEYS = (
    Survey(
        "514000001", "Relationship NPS", "How likely are you to recommend Northwind to a friend or colleague?", 11, 0
    ),
    Survey("514000002", "Onboarding", "How satisfied are you with your onboarding?", 5, 1),
    Survey("514000003", "Feature wishes", "", 0, 0),
)
TEXTS = ("Saves us hours every week.", "Support could be faster.", "Too expensive for what it does.", "Great team!")


def records(world: World) -> Table:
    """All responses, made once, in order of their ids."""
    return world.part("surveymonkey", _make)


def ident(record: int) -> str:
    """A response's id."""
    return str(118_000_000_000 + 13 * record)


def _make(world: World) -> Table:
    cal, people, made = world.calendar, world.people.contacts, customers(world)
    rng = cal.rng("surveymonkey")
    first = np.full(len(world.companies), 1 << 60, np.int64)
    last = np.zeros(len(world.companies), np.int64)
    np.minimum.at(first, made.company, made.start)
    np.maximum.at(last, made.company, made.end)
    paying = np.flatnonzero(first[people.company] < 1 << 60)
    rate = 1.0 if cal.scale.name == "tiny" else 0.35
    asked = np.repeat(paying, rng.poisson(rate * cal.days / 90, len(paying)))
    at = rng.integers(cal.start * DAY, (cal.horizon + 1) * DAY, len(asked))
    company = people.company[asked]
    keep = (at > first[company] + 5 * DAY) & (at < last[company] + 20 * DAY) & (at > people.created[asked] + DAY)
    asked, at, company = asked[keep], at[keep], company[keep]
    order = np.argsort(at, kind="stable")
    asked, at, company = asked[order], at[order], company[order]
    size = len(asked)
    survey = rng.choice(len(SURVEYS), size, p=(0.72, 0.2, 0.08))
    leaving = last[company] - at < 120 * DAY
    mood = np.clip(rng.normal(np.where(leaving, 0.55, 0.84), 0.17, size), 0, 1)
    span = np.array([max(s.choices - 1, 0) for s in SURVEYS])[survey]
    draw = rng.random((4, size))
    how = np.select([draw[0] < 0.6, draw[0] < 0.85, draw[0] < 0.95], [BY_COLLECTOR, BY_VARIABLE, BY_ACCOUNT], ANONYMOUS)
    changes = []
    for row in np.flatnonzero(draw[1] < 0.18):
        later = int(at[row]) + int(draw[2, row] * 20 * DAY) + 300
        if draw[1, row] < 0.06:
            changes.append(Change(int(row), later, {"status": "completed", "text": True}))
        elif draw[1, row] < 0.15:
            changes.append(Change(int(row), later, {"choice": max(0, int(mood[row] * span[row]) - 1)}))
        else:
            changes.append(Change(int(row), later, {PURGED: True}))
    accounts = world.tables["Account"].columns
    _, place = np.unique(accounts["_company"], return_index=True)
    primary = dict(zip(accounts["_company"][place].tolist(), accounts["Id"][place].tolist(), strict=True))
    columns = {
        "_person": asked,
        "_company": company,
        "account": objects(primary[int(c)] for c in company),
        "survey": survey,
        "how": how,
        "status": np.where(draw[1] < 0.06, "partial", np.where(draw[3] > 0.98, "disqualified", "completed")).astype(
            object
        ),
        "choice": np.rint(mood * span).astype(np.int64),
        "is_skipped": draw[3] < 0.03,
        "text": (draw[2] < 0.4) & (draw[1] >= 0.06),
        "seconds": rng.integers(20, 400, size),
        "ip": constant(size, "203.0.113.7"),
    }
    return versioned(columns, at, changes)
