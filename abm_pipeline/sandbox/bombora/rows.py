"""Intent rows of the clock's week in the shape a request asks for: attributes, key attributes, filters."""

from __future__ import annotations

import fnmatch
from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd

from abm_pipeline.sandbox.world import World
from abm_pipeline.sandbox.world.names import COUNTRIES
from abm_pipeline.sandbox.world.scales import to_date

KEYS = ("domain", "topic", "researchCountry", "researchState", "researchMetro")
DEFAULT = ("domain", "score", "scoreLabel")
OTHERS = ("topicsCount", "topics", "areasOfInterest", "personas")
COMPANY = (
    "company.name",
    "company.industry",
    "company.size",
    "company.revenue",
    "company.hq.country",
    "company.hq.state",
    "company.hq.city",
    "company.hq.address",
    "company.hq.address2",
    "company.hq.zip",
)
KNOWN = {*KEYS, *DEFAULT, *OTHERS, *COMPANY}
SIZES = (
    (50, "Small (1-50)"),
    (200, "Medium-Small (51-200)"),
    (1000, "Medium-Large (201-1,000)"),
    (10_000, "Large (1,001-10,000)"),
)


class UnprocessableError(Exception):
    """A request the API answers with 422; the message may be shown."""


def label(score: int) -> str:
    """Word for a score."""
    return "Strong" if score >= 80 else "Moderate" if score >= 70 else "Weak"


def size_band(employees: int) -> str:
    """Company size as the provider words it."""
    return next((name for top, name in SIZES if employees <= top), "XLarge (10,001+)")


def latest_week(world: World) -> pd.DataFrame:
    """Scores of the newest week known at the clock, empty before the first has landed."""
    ends = world.intent.week_ends(world.day)
    if not ends:
        return world.intent.week(world.calendar.first_monday + 6).iloc[:0]
    return world.intent.week(ends[-1])


def latest_week_end(world: World) -> str | None:
    """Sunday of that week as text."""
    ends = world.intent.week_ends(world.day)
    return to_date(ends[-1]).isoformat() if ends else None


def build(world: World, topics: list[str], attributes: list[str], condition: Any) -> list[dict[str, Any]]:
    """Rows for a request. Raises UnprocessableError for unknown attributes or filters."""
    wanted = attributes or list(DEFAULT)
    unknown = [name for name in wanted if name not in KNOWN]
    if unknown:
        raise UnprocessableError(f"Unknown attribute {unknown[0]}")
    if "topic" in wanted and "topics" in wanted:
        raise UnprocessableError("topic and topics can not be asked together")
    if "researchMetro" in wanted and {"researchCountry", "researchState"} & set(wanted):
        raise UnprocessableError("researchMetro can not be asked with researchCountry or researchState")
    week = latest_week(world)
    week = week[week["topic"].isin(topics)]
    if "topic" in wanted:
        groups = [
            (row.domain, row.company, row.score, [(row.topic_id, row.topic, row.score)]) for row in week.itertuples()
        ]
    else:
        groups = [
            (
                domain,
                part["company"].iloc[0],
                round(part["score"].mean()),
                list(zip(part["topic_id"], part["topic"], part["score"], strict=True)),
            )
            for domain, part in week.groupby("domain", sort=False)
        ]
    rows = []
    for domain, company, score, scored in groups:
        flat = _flat(world, str(domain), int(str(company)), int(str(score)), scored)
        if condition is None or matches(condition, flat):
            rows.append(_nest({name: flat[name] for name in wanted}))
    return rows


def _flat(world: World, domain: str, company: int, score: int, scored: list[Any]) -> dict[str, Any]:
    """Every attribute of one row under its dotted name."""
    c = world.companies
    here = company >= 0
    country = COUNTRIES[c.country[company]][0] if here else "US"
    return {
        "domain": domain,
        "topic": scored[0][1],
        "score": score,
        "scoreLabel": label(score),
        "researchCountry": country,
        "researchState": None,
        "researchMetro": None,
        "topicsCount": len(scored),
        "topics": [{"id": int(i), "name": n, "score": int(s), "personas": []} for i, n, s in scored],
        "areasOfInterest": [],
        "personas": [],
        "company.name": c.name[company] if here else None,
        "company.industry": c.industry[company] if here else None,
        "company.size": size_band(int(c.employees[company])) if here else None,
        "company.revenue": float(c.revenue[company]) if here else None,
        "company.hq.country": country if here else None,
        "company.hq.city": c.city[company] if here else None,
        **dict.fromkeys(("company.hq.state", "company.hq.address", "company.hq.address2", "company.hq.zip")),
    }


def _nest(flat: Mapping[str, Any]) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for name, value in flat.items():
        *parents, leaf = name.split(".")
        inner = out
        for parent in parents:
            inner = inner.setdefault(parent, {})
        inner[leaf] = value
    return out


def matches(condition: Any, row: Mapping[str, Any]) -> bool:
    """Whether a row passes a filter. Raises UnprocessableError when the filter can't be read."""
    if not isinstance(condition, dict):
        raise UnprocessableError("filter must be an object")
    if "and" in condition:
        return all(matches(part, row) for part in condition["and"])
    if "or" in condition:
        return any(matches(part, row) for part in condition["or"])
    name = condition.get("a")
    if name not in row:
        raise UnprocessableError(f"Unknown filter attribute {name}")
    value = row[str(name)]
    for op, test in _TESTS.items():
        if op in condition:
            return bool(test(value, condition[op]))
    raise UnprocessableError("filter has no operator")


def _like(value: Any, pattern: Any) -> bool:
    return fnmatch.fnmatchcase(str(value).lower(), str(pattern).lower())


_TESTS: dict[str, Callable[[Any, Any], bool]] = {
    "eq": _like,
    "neq": lambda value, pattern: not _like(value, pattern),
    "in": lambda value, patterns: any(_like(value, p) for p in patterns),
    "nin": lambda value, patterns: not any(_like(value, p) for p in patterns),
    "gte": lambda value, limit: value is not None and value >= limit,
    "gt": lambda value, limit: value is not None and value > limit,
    "lte": lambda value, limit: value is not None and value <= limit,
    "lt": lambda value, limit: value is not None and value < limit,
}
