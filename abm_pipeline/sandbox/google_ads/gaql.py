"""GAQL: queries read into their parts, and refused as Google Ads refuses them.

Belongs here: grammar. Which fields there are and what they hold is in `rows`.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

_QUERY = re.compile(
    r"^\s*SELECT\s+(?P<select>.+?)\s+FROM\s+(?P<resource>\w+)"
    r"(?:\s+WHERE\s+(?P<where>.+?))?(?:\s+ORDER\s+BY\s+(?P<order>.+?))?(?:\s+LIMIT\s+(?P<limit>\w+))?"
    r"(?:\s+PARAMETERS\s+(?P<parameters>.+?))?\s*$",
    re.IGNORECASE | re.DOTALL,
)
_CONDITION = re.compile(
    r"\s*(?P<field>[a-z_.]+)\s*(?P<op>!=|<=|>=|=|<|>|NOT\s+IN\b|IN\b|BETWEEN\b)\s*"
    r"(?P<value>\([^)]*\)|'[^']*'\s+AND\s+'[^']*'|'[^']*'|\"[^\"]*\"|[\w.-]+)\s*(?:AND\b|$)",
    re.IGNORECASE,
)
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "IN": lambda value, wanted: value in wanted,
    "NOT IN": lambda value, wanted: value not in wanted,
    "BETWEEN": lambda value, wanted: wanted[0] <= value <= wanted[1],
}


class GaqlError(Exception):
    """A query that is refused: category and code of the error, and what is said."""

    def __init__(self, code: str, message: str, category: str = "queryError") -> None:
        super().__init__(message)
        self.category, self.code = category, code


@dataclass(frozen=True)
class Condition:
    """`field op value`; values are text, numbers or booleans, or tuples of them."""

    field: str
    op: str
    value: Any

    def holds(self, value: Any) -> bool:
        """Whether a value passes; an absent one passes nothing."""
        return value is not None and _COMPARE[self.op](value, self.value)


@dataclass(frozen=True)
class Query:
    """A query's parts; `order` is (field, is descending)."""

    fields: tuple[str, ...]
    resource: str
    where: tuple[Condition, ...]
    order: tuple[tuple[str, bool], ...]
    limit: int | None

    def bounds(self, field: str) -> tuple[str | None, str | None]:
        """Lowest and highest value that the conditions leave to a field."""
        low: list[str] = []
        high: list[str] = []
        for condition in self.where:
            if condition.field == field:
                low += {"BETWEEN": [condition.value[0]], "=": [condition.value], ">=": [condition.value]}.get(
                    condition.op, []
                )
                high += {"BETWEEN": [condition.value[1]], "=": [condition.value], "<=": [condition.value]}.get(
                    condition.op, []
                )
        return max(low, default=None), min(high, default=None)


def read(text: str) -> Query:
    """A query. Raises GaqlError."""
    found = _QUERY.match(text)
    if found is None:
        code = "EXPECTED_SELECT" if not text.lstrip().upper().startswith("SELECT") else "EXPECTED_FROM"
        raise GaqlError(code, "Error in query: unexpected input.")
    fields = tuple(name.strip() for name in found["select"].split(","))
    limit = found["limit"]
    if limit is not None and not limit.isdigit():
        raise GaqlError("BAD_LIMIT_VALUE", f"Error in query: '{limit}' is not a valid limit.")
    order = []
    for part in (found["order"] or "").split(","):
        if words := part.split():
            order.append((words[0], words[-1].upper() == "DESC"))
    return Query(
        fields, found["resource"], _conditions(found["where"] or ""), tuple(order), int(limit) if limit else None
    )


def _conditions(text: str) -> tuple[Condition, ...]:
    out, at = [], 0
    while at < len(text):
        found = _CONDITION.match(text, at)
        if found is None:
            raise GaqlError("UNEXPECTED_INPUT", "Error in query: unexpected input in the WHERE clause.")
        op = " ".join(found["op"].upper().split())
        value = found["value"]
        if op == "BETWEEN":
            parts = [_literal(part) for part in re.split(r"\s+AND\s+", value, flags=re.IGNORECASE)]
            if len(parts) != 2:
                raise GaqlError("EXPECTED_VALUE_WITH_BETWEEN_OPERATOR", "BETWEEN needs two values.")
            out.append(Condition(found["field"], op, tuple(parts)))
        elif op in ("IN", "NOT IN"):
            listed = value.strip("()").split(",")
            out.append(Condition(found["field"], op, tuple(_literal(part.strip()) for part in listed)))
        else:
            out.append(Condition(found["field"], op, _literal(value)))
        at = found.end()
    return tuple(out)


def _literal(text: str) -> Any:
    """A number, a boolean, or text: quoted, or the name of an enum's value."""
    if text[:1] in "'\"":
        return text[1:-1]
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    return int(text) if text.lstrip("-").isdigit() else text
