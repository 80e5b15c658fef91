"""What a compute step tells the shell that ran it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from abm_pipeline.contracts.tables import Table


@dataclass(frozen=True)
class TableReport:
    """One table after a refresh: rows by day computed (key None for an unpartitioned table), days that changed.

    `notes` are facts for the UI: counts by name, numbers or short texts.
    """

    table: Table
    rows: Mapping[date | None, int]
    changed: Sequence[date | None] = ()
    notes: Mapping[str, int | float | str] = field(default_factory=dict)
