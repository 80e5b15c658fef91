"""What a metric declares about itself, and the version of its definition.

Belongs here: the declaration. Not here: running it (`_values`) or the shared steps its SQL reads (`_base`).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Literal

from abm_pipeline.storage.engine import Step

Statistic = Literal["count", "proportion", "mean", "ratio", "quantile"]
"""How a value is made of its columns, and which 95 % interval it gets (`_finish`)."""


@dataclass(frozen=True)
class MetricSpec:
    """One metric. `steps` run after the base steps; the last is named `id` and yields tidy rows.

    A tidy row: day, window_days, dimension, dimension_value, numerator, denominator, n, and what the statistic needs
    on top: `sum_squares` (mean), `sum_xx`, `sum_xy`, `sum_yy` (ratio), `value` (quantile). Sums are of integers or
    decimals, so that the result does not depend on the order of rows. `window_days` lists the windows of the rows;
    empty means those of the champion scoring model. `segments` are the dimensions beside `all`.
    """

    id: str
    title: str
    formula: str
    unit: str
    grain: str
    window_days: tuple[int, ...]
    segments: tuple[str, ...]
    guides: tuple[str, ...]
    statistic: Statistic
    steps: tuple[Step, ...]
    rests_on_score: bool = False

    def __post_init__(self) -> None:
        if not self.steps or self.steps[-1].name != self.id:
            raise ValueError(f"metric {self.id}: the last step must be named {self.id}")

    @property
    def definition_version(self) -> str:
        """First 12 hex digits of a hash of formula, statistic, windows and SQL: another number, another version."""
        parts = (self.id, self.formula, self.unit, self.statistic, str(self.window_days), *(s.sql for s in self.steps))
        return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:12]
