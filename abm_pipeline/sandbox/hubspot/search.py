"""HubSpot's search: filter groups over properties, sorted, 10,000 results and not one more.

Belongs here: which rows a search finds and in which order. `hs_object_id` is compared as text, as connectors have seen.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from abm_pipeline.sandbox.hubspot.store import HubObject

LIMIT, MAX_LIMIT, CAP = 10, 200, 10_000
MAX_GROUPS, MAX_FILTERS = 5, 10


class InvalidError(Exception):
    """A request that HubSpot refuses; the message may be shown."""


def find(kind: HubObject, body: dict[str, Any], instant: int) -> list[int]:
    """Rows that match, in order. Raises InvalidError."""
    groups = body.get("filterGroups") or []
    if len(groups) > MAX_GROUPS or any(len(group.get("filters") or []) > MAX_FILTERS for group in groups):
        raise InvalidError("too many filters")
    rows = [int(row) for row in kind.rows(instant)]
    if groups:
        rows = [row for row in rows if any(_all(kind, row, group.get("filters") or []) for group in groups)]
    for sort in reversed(body.get("sorts") or []):
        name = sort["propertyName"]
        rows.sort(key=lambda row: _key(kind, name, row), reverse=sort.get("direction") == "DESCENDING")
    return rows


def _all(kind: HubObject, row: int, filters: list[dict[str, Any]]) -> bool:
    return all(_matches(kind, row, each) for each in filters)


def _key(kind: HubObject, name: str, row: int) -> Any:
    if name == kind.stamp_name:
        return int(kind.ms[row])
    return str(kind.value(name, row) or "")


def _matches(kind: HubObject, row: int, each: dict[str, Any]) -> bool:
    name, operator = each.get("propertyName", ""), each.get("operator", "")
    if not kind.knows(name):
        raise InvalidError(f"There was a problem with the request: property {name} does not exist")
    held = kind.value(name, row)
    if operator in ("HAS_PROPERTY", "NOT_HAS_PROPERTY"):
        return bool((held is not None) == (operator == "HAS_PROPERTY"))
    if operator in ("IN", "NOT_IN"):
        return bool((held in (each.get("values") or [])) == (operator == "IN"))
    if "value" not in each:
        raise InvalidError("a filter needs a value")
    if held is None:
        return bool(operator in ("NEQ", "NOT_CONTAINS_TOKEN"))
    left, right = _pair(name, held, each["value"])
    if operator == "BETWEEN":
        return bool(left >= right and left <= _pair(name, held, each["highValue"])[1])
    if operator in ("CONTAINS_TOKEN", "NOT_CONTAINS_TOKEN"):
        return bool((str(right).strip("*").lower() in str(left).lower()) == (operator == "CONTAINS_TOKEN"))
    tests = {
        "EQ": left == right, "NEQ": left != right, "GT": left > right, "GTE": left >= right, "LT": left < right,
        "LTE": left <= right,
    }  # fmt: skip
    if operator not in tests:
        raise InvalidError(f"{operator} is no operator")
    return bool(tests[operator])


def _pair(name: str, held: str, asked: str) -> tuple[Any, Any]:
    """Both sides as what they are compared as: dates as milliseconds, ids and the rest as text."""
    if name.endswith(("date", "timestamp", "_time")):
        at = dt.datetime.fromisoformat(held)
        return round(at.timestamp() * 1000), int(asked)
    return held, str(asked)
