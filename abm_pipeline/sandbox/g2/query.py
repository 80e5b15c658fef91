"""G2's query language on visits: dimensions to group by, measures to count, filters by suffix, a cursor.

Belongs here: reading a request and answering rows. Not here: HTTP.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd

from abm_pipeline.sandbox.g2.rows import OWN, PRODUCT_IDS, book
from abm_pipeline.sandbox.world import World
from abm_pipeline.sandbox.world.scales import to_date

MEASURES = ("total_activity", "visitor_count", "company_count", "last_seen_at")
# Served; the documentation has more.
DIMENSIONS = (
    "signal_type", "day", "week", "month", "company_id", "company_name", "company_domain", "company_country",
    "company_industry", "company_intent_score", "visitor_id", "category_id", "category_name", "left_product_id",
    "left_product_name", "right_product_id", "right_product_name",
)  # fmt: skip


class InvalidParameterError(Exception):
    """A request that can't be read; the text is the error's title."""


def ask(world: World, subject: int | None, params: Mapping[str, str]) -> list[dict[str, Any]]:
    """Rows for a request, of one of our products (or of all, without scores). Raises InvalidParameterError."""
    dimensions = _listed(params, "dimensions", DIMENSIONS if subject is not None else _without_score())
    measures = _listed(params, "measures", MEASURES)
    visits = book(world).visits
    visits = visits[(visits["known"] <= world.day)]
    if subject is not None:
        visits = visits[visits["subject"] == subject]
    visits = visits.assign(day=[to_date(day).isoformat() for day in visits["day"]])
    for key, wanted in params.items():
        if key.startswith("dimension_filters[") and key.endswith("]"):
            visits = visits[_matches(visits, key[18:-1], wanted)]
    if "week" in dimensions:
        days = pd.to_datetime(visits["day"])
        visits = visits.assign(week=(days - pd.to_timedelta(days.dt.weekday, unit="D")).dt.strftime("%Y-%m-%d"))
    if "month" in dimensions:
        visits = visits.assign(month=visits["day"].str[:7] + "-01")
    groups = visits.groupby(dimensions, dropna=False, sort=False) if dimensions else visits.groupby(lambda _: 0)
    made = pd.DataFrame({
        "total_activity": groups.size(), "visitor_count": groups["visitor_id"].nunique(),
        "company_count": groups["company_id"].nunique(), "last_seen_at": groups["seconds"].max(),
    })  # fmt: skip
    made = made.reset_index() if dimensions else made
    made = _sorted(made, params.get("sort", ""))
    return [_resource(row, dimensions, measures, subject) for row in made.to_dict("records")]


def _without_score() -> tuple[str, ...]:
    return tuple(name for name in DIMENSIONS if name != "company_intent_score")


def _listed(params: Mapping[str, str], key: str, known: tuple[str, ...]) -> list[str]:
    asked = [name for name in params.get(key, "").split(",") if name]
    if unknown := [name for name in asked if name not in known]:
        raise InvalidParameterError(f'Invalid parameter: "{key}" contains unknown items: "{unknown[0]}"')
    return asked


TESTS: dict[str, Callable[[Any, str], Any]] = {
    "_not_eq": lambda values, wanted: values.astype(str) != wanted,
    "_not_cont": lambda values, wanted: ~values.astype(str).str.contains(wanted, regex=False),
    "_gteq": lambda values, wanted: values >= _like(values, wanted),
    "_lteq": lambda values, wanted: values <= _like(values, wanted),
    "_cont": lambda values, wanted: values.astype(str).str.contains(wanted, regex=False),
    "_present": lambda values, wanted: values.notna(),
    "_empty": lambda values, wanted: values.isna(),
    "_eq": lambda values, wanted: values.astype(str) == wanted,
    "_gt": lambda values, wanted: values > _like(values, wanted),
    "_lt": lambda values, wanted: values < _like(values, wanted),
}


def _like(values: Any, wanted: str) -> Any:
    try:
        return float(wanted) if pd.api.types.is_numeric_dtype(values) else wanted
    except ValueError:
        raise InvalidParameterError('Invalid parameter: "dimension_filters" is not a number') from None


def _matches(visits: pd.DataFrame, filter_name: str, wanted: str) -> Any:
    for suffix, test in TESTS.items():
        name = filter_name.removesuffix(suffix)
        if name != filter_name and name in DIMENSIONS and name in visits:
            return test(visits[name], wanted)
    raise InvalidParameterError(f'Invalid parameter: "dimension_filters" contains unknown items: "{filter_name}"')


def _sorted(made: pd.DataFrame, sort: str) -> pd.DataFrame:
    """By the field asked for; ties by everything else, so that pages hold together."""
    name = sort.lstrip("-")
    if not name or made.empty:
        return made
    if name not in made:
        raise InvalidParameterError(f'Invalid parameter: "sort" contains unknown items: "{name}"')
    return made.sort_values(name, ascending=not sort.startswith("-"), kind="stable")


def _resource(
    row: Mapping[Any, Any], dimensions: list[str], measures: list[str], subject: int | None
) -> dict[str, Any]:
    """One row; its id is a hash of the dimensions asked for, so another question gives it another id."""
    values = {name: None if pd.isna(row[name]) else row[name] for name in dimensions}
    counted = {name: row[name] for name in measures}
    if "last_seen_at" in counted:
        seen = dt.datetime.fromtimestamp(int(counted["last_seen_at"]), dt.UTC)
        counted["last_seen_at"] = seen.strftime("%Y-%m-%dT%H:%M:%S.000Z")
    about = {} if subject is None else {
        "subject_product_id": PRODUCT_IDS[subject], "subject_product_slug": OWN[subject][0]
    }  # fmt: skip
    key = "|".join(f"{name}={value}" for name, value in {**values, **about}.items())
    return {
        "id": hashlib.md5(key.encode(), usedforsecurity=False).hexdigest(),
        "type": "buyer_intent",
        "attributes": {**counted, **values, **about},
    }
