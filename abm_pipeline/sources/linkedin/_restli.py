"""Rest.li 2.0 query strings: brackets, commas and colons of the structure stand as they are, only values are escaped.

Ordinary encoders escape the structure too, and LinkedIn then reads it as text; so queries are built here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from urllib.parse import quote


def listed(values: Iterable[str]) -> str:
    """`List(a,b)`."""
    return f"List({','.join(quote(value, safe='') for value in values)})"


def span(first: date, last: date) -> str:
    """A dateRange, both days inclusive."""
    return f"(start:{_day(first)},end:{_day(last)})"


def with_status(values: Iterable[str]) -> str:
    """A search by status."""
    return f"(status:(values:{listed(values)}))"


def query(parts: Mapping[str, str]) -> str:
    """The query string of parts that are encoded already."""
    return "&".join(f"{key}={value}" for key, value in parts.items())


def _day(day: date) -> str:
    return f"(year:{day.year},month:{day.month},day:{day.day})"
