"""What a vendor's mapping declares: SELECTs from its records to rows of the canonical tables.

Belongs here: the shape of the declaration, which each vendor's `mapping.py` fills in as `MAPPING`. Not here: how
records are parsed and judged, and how the SELECTs are run (`staging`).

A SELECT reads `src.<stream>`: one row per record that kept its raw contract, one column per declared field (nested
ones under their dotted name), and `_from` (day, record_id, version, captured_at), which it hands on as it is. It gives
`source_id`, `modified_at` and whichever of the table's columns it knows, by name; `day`, `source`, `captured_at` and
`run_id` are added. It may also read `ref.<stream>`, the newest version of every record of a reference stream, and the
one-row table `params` (reporting_timezone, reporting_currency, surge_threshold, tier_values; `options`: the programme's
`sources` as JSON, by vendor).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from abm_pipeline.contracts.tables import Table
from abm_pipeline.programme import Programme


@dataclass(frozen=True)
class Select:
    """Rows of `table` from the records of `stream`: `sql` is one SELECT."""

    table: Table
    stream: str
    sql: str


@dataclass(frozen=True)
class Reference:
    """A stream that rows of other streams look something up in, whatever day it changed on.

    When one of `columns` changes (or a record appears), the rows of `table` whose `column` names that record are
    staged again; with `column` null, all of them.
    """

    stream: str
    columns: tuple[str, ...]
    used_by: tuple[tuple[Table, str | None], ...]


def _no_aliases(_: Programme) -> Mapping[str, Mapping[str, str | None]]:
    return {}


@dataclass(frozen=True)
class VendorMapping:
    """All SELECTs of a vendor. `aliases` gives, by stream, our names for fields that organisations name themselves.

    An alias of a field that the organisation has not (null) reads as null.
    """

    selects: tuple[Select, ...]
    references: tuple[Reference, ...] = ()
    aliases: Callable[[Programme], Mapping[str, Mapping[str, str | None]]] = _no_aliases
