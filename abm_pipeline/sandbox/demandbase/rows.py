"""What Demandbase knows: accounts with engagement minutes, and keywords that their people research, by week.

A week's research is told from the Monday after it ends, and corrected for a day after that.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from abm_pipeline.sandbox.world import World
from abm_pipeline.sandbox.world.intent import NOISE_DOMAINS
from abm_pipeline.sandbox.world.names import TOPICS
from abm_pipeline.sandbox.world.scales import to_date
from abm_pipeline.sandbox.world.tables import Array, choose, objects

# Two sets that share some keywords.
KEYWORD_SETS = {7303: ("Data platform", TOPICS[:14]), 7304: ("Security and automation", TOPICS[10:])}
# Weaker research is not told, nor that of fewer people than this.
WEAKEST, FEWEST = 65, 3
STRENGTHS = ((85, "HIGH"), (72, "MED"), (0, "LOW"))
KNOWN = 0.92
STAGES = ("Awareness", "Engaged", "MQA", "Opportunity", "Customer")


@dataclass(frozen=True)
class Book:
    """`accounts`: one row per account, `company` its position. `minutes`: companies × weeks.

    `intent`: one row per company, keyword, set and week; `score` until corrected on `fixed`, `score_fixed` after.
    `withheld`: by week, the rows of too few people.
    """

    accounts: pd.DataFrame
    minutes: Array
    intent: pd.DataFrame
    withheld: Array


def book(world: World) -> Book:
    """The whole timeline, made once."""
    return world.part("demandbase", _book)


def _book(world: World) -> Book:
    rng = world.calendar.rng("demandbase")
    c = world.companies
    known = rng.random(len(c)) < KNOWN
    spelling, form = rng.random(len(c)), rng.random(len(c))
    crm = world.tables["Account"]
    # The first record of a company is the one that duplicates are merged into.
    first, place = np.unique(crm.columns["_company"].astype(int)[np.argsort(crm.record, kind="stable")],
                             return_index=True)  # fmt: skip
    sfdc = objects([None] * len(c))
    sfdc[first] = crm.columns["Id"][np.argsort(crm.record, kind="stable")][place]
    names = choose(spelling < 0.4, c.legal_name, c.name)
    accounts = pd.DataFrame(
        {
            "company": np.arange(len(c)),
            "id": objects(str(500_000 + 7 * i) for i in range(len(c))),
            "name": names,
            "website": objects(
                None if u < 0.03 else f"https://www.{d}/" if u < 0.5 else d
                for d, u in zip(c.domain, form, strict=True)
            ),
            "sfdcId": sfdc,
        }
    )[known].reset_index(drop=True)  # fmt: skip
    minutes = np.round(14 * c.reach[:, None] * np.exp(0.7 * np.clip(world.people.interest, -2, 3))).astype(np.int64)
    return Book(accounts, minutes, *_intent(world, known))


def _intent(world: World, known: Array) -> tuple[pd.DataFrame, Array]:
    cal, c = world.calendar, world.companies
    rng = cal.rng("demandbase intent")
    size, weeks = len(c), cal.weeks
    taste = rng.normal(0, 1, (size, len(TOPICS)))
    # A small world would have nearly none.
    weakest = WEAKEST if size > 100 else 52
    parts, withheld = [], np.zeros(weeks, np.int64)
    for week in range(weeks - 1):
        base = 27 + 11 * np.clip(world.people.interest[:, week], -3, 3.2)[:, None] + 8 * taste
        score = np.clip((base + rng.normal(0, 5, base.shape)).round(), 0, 100).astype(np.int64)
        people = 1 + rng.poisson(np.maximum(score - 50, 1) / 8)
        strong = (score >= weakest) & known[:, None]
        withheld[week] = (strong & (people < FEWEST)).sum()
        company, topic = np.nonzero(strong & (people >= FEWEST))
        end = cal.first_monday + 7 * week + 6
        parts.append(pd.DataFrame({
            "end": end, "company": company, "topic": topic, "score": score[company, topic],
            "people": people[company, topic],
        }))  # fmt: skip
        network = rng.integers(0, len(NOISE_DOMAINS), 1)
        parts.append(pd.DataFrame({
            "end": end, "company": -1 - network, "topic": rng.integers(0, len(TOPICS), 1), "score": 65, "people": 40,
        }))  # fmt: skip
    frame = pd.concat(parts, ignore_index=True)
    draw = rng.random((2, len(frame)))
    frame["told"] = frame["end"] + np.where(draw[0] < 0.08, 2, 1)
    frame["fixed"] = frame["end"] + 2
    frame["score_fixed"] = np.where(draw[1] < 0.15, np.minimum(frame["score"] + 4, 100), frame["score"])
    frame["trending_days"] = np.where(frame["score"] >= 72, 1 + frame["score"] % 6, 0)
    sets = pd.DataFrame(
        [(ident, TOPICS.index(topic)) for ident, (_, topics) in KEYWORD_SETS.items() for topic in topics],
        columns=["set", "topic"],
    )
    frame = frame.merge(sets, on="topic").sort_values(["end", "company", "topic", "set"], kind="stable")
    return frame.reset_index(drop=True), withheld


def account_rows(world: World) -> list[dict[str, Any]]:
    """Accounts as they are now, every exportable field, as CSV writes them: nothing is empty text."""
    c, week = world.companies, (world.day - world.calendar.first_monday) // 7
    made = book(world)
    rows = []
    for row in made.accounts.to_dict("records"):
        i = row["company"]
        minutes = int(made.minutes[i, week])
        rows.append(
            {
                "id": row["id"],
                "name": row["name"],
                "website": row["website"] or "",
                "industry": c.industry[i],
                "country": c.country[i],
                "city": c.city[i],
                "employees": str(int(c.employees[i])),
                "annualRevenue": str(float(c.revenue[i])),
                "sfdcId": row["sfdcId"] or "",
                "journeyStage": STAGES[min(minutes // 12, 2)],
                "engagementMinutesLast7Day": str(minutes),
            }
        )
    return rows


FIELDS = {
    "id": ("Account Id", "Long"),
    "name": ("Account Name", "String"),
    "website": ("Website", "String"),
    "industry": ("Industry", "String"),
    "country": ("Country", "String"),
    "city": ("City", "String"),
    "employees": ("Employees", "Long"),
    "annualRevenue": ("Annual Revenue", "Double"),
    "sfdcId": ("Salesforce Id", "String"),
    "journeyStage": ("Journey Stage", "String"),
    "engagementMinutesLast7Day": ("Engagement Minutes (7 days)", "Long"),
}


def intent_now(world: World) -> pd.DataFrame:
    """Research told by the clock, with the score as of it."""
    frame = book(world).intent
    frame = frame[frame["told"] <= world.day]
    return frame.assign(shown=frame["score_fixed"].where(frame["fixed"] <= world.day, frame["score"]))


def signal(world: World, row: Any) -> dict[str, Any]:
    """One row of the Intent API."""
    c, score = world.companies, int(row.shown)
    domain = c.domain[row.company] if row.company >= 0 else NOISE_DOMAINS[-1 - row.company]
    return {
        "companyId": str(700_000 + row.company),
        "domain": domain,
        "keyword": TOPICS[row.topic],
        "numPeopleResearching": int(row.people),
        "intentStrength": next(text for least, text in STRENGTHS if score >= least),
        "isTrending": bool(row.trending_days > 0),
        "trendingScore": score,
        "numTrendingDays": int(row.trending_days),
        "startDate": to_date(row.end - 6).isoformat(),
        "endDate": to_date(row.end).isoformat(),
        "keywordSetId": int(row.set),
        "keywordSetName": KEYWORD_SETS[row.set][0],
    }
