"""What a metric declares about itself, and the version of its definition.

Belongs here: the declarations. Not here: running them (`_values`) or the shared steps that every metric can read
(`_base`, `_accounts`).
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

import duckdb

from abm_pipeline.metrics._kept import Kept
from abm_pipeline.programme import JourneyStages, Programme
from abm_pipeline.storage.engine import Step
from abm_pipeline.storage.lake import Input

Statistic = Literal["count", "proportion", "weighted", "clustered", "mean", "ratio", "given"]
"""How a value is made of its columns, and which 95 % interval it gets (`_finish`)."""

Prepare = Callable[[duckdb.DuckDBPyConnection, Programme], None]


@dataclass(frozen=True)
class Part:
    """Steps that metrics share, and what they read; run once for each chunk of days, whoever needs them.

    `prepare` makes small tables of the programme's choices; `kept` are rows by day that are made once a day; `once` are
    steps that do not depend on the days asked for; `steps` do, and can read `account_day` and all else in the README.
    `reads` are lake tables that the base steps do not read, or not as far back; `made_by` the steps of a table among
    them that says nothing by itself, such as shares of credit, and `choices` the keys of the programme (`attribution`,
    `market.icp`) that the numbers hang on: both are part of the definition of what is made of them. With `columns`, the
    last step is named `name`, has one row a (day, account_id), and account_metrics_daily shows these columns of it.
    """

    name: str
    steps: tuple[Step, ...] = ()
    kept: tuple[Kept, ...] = ()
    once: tuple[Step, ...] = ()
    reads: tuple[Input, ...] = ()
    made_by: tuple[Step, ...] = ()
    choices: tuple[str, ...] = ()
    prepare: Prepare | None = None
    columns: tuple[str, ...] = ()
    needs: tuple[Part, ...] = ()

    def __post_init__(self) -> None:
        if self.columns and (not self.steps or self.steps[-1].name != self.name):
            raise ValueError(f"part {self.name}: the last step must be named {self.name}")

    @property
    def all_steps(self) -> tuple[Step, ...]:
        """In an order in which each can run after those that it reads."""
        return (*(step for each in self.kept for step in each.steps), *self.once, *self.steps)

    def inputs(self, journey: JourneyStages) -> tuple[Input, ...]:
        """What a day hangs on by this part: what it reads, and what is kept of it was made of."""
        return (*self.reads, *(each for kept in self.kept for each in kept.inputs(journey)))


@dataclass(frozen=True)
class MetricSpec:
    """One metric. `steps` run after the base steps and its `parts`; the last is named `id` and yields tidy rows.

    A tidy row: day, window_days, dimension, dimension_value, numerator, denominator, n, and what the statistic needs
    on top: `sum_squares` (mean), `sum_yy` (weighted: a share of amounts), `sum_xx`, `sum_xy`, `sum_yy` (ratio) and the
    number of `units` that they are of (clustered: a share of things in clusters; ratio, where n counts something else),
    `value` and, if there is an interval, `ci_low` and `ci_high` (given). Sums are of integers or decimals, so that the
    result does not depend on the order of rows.
    `window_days` lists the windows of the rows; empty means those of the champion scoring model. `segments` are the
    dimensions beside `all`. `example` works the formula out on a few rows, in words.

    `rests_on_score` says that the champion decides the numbers, by its scores or by what it takes for an engagement.

    `presets` are other definitions of the same metric that the field uses, by name; the programme chooses one.
    `choices` are those of the metric itself, beside its parts'; `chosen` is what the programme says of them all.
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
    parts: tuple[Part, ...] = ()
    example: str = ""
    presets: Mapping[str, MetricSpec] = field(default_factory=dict)
    choices: tuple[str, ...] = ()
    chosen: str = ""

    def __post_init__(self) -> None:
        if not self.steps or self.steps[-1].name != self.id:
            raise ValueError(f"metric {self.id}: the last step must be named {self.id}")
        if wrong := [name for name, preset in self.presets.items() if preset.id != self.id]:
            raise ValueError(f"metric {self.id}: preset {wrong[0]} is of another metric")

    @property
    def definition_version(self) -> str:
        """First 12 hex digits of a hash of formula, statistic, windows, SQL and choices: another number is another."""
        shared = (step for part in parts_of([self]) for step in (*part.made_by, *part.all_steps))
        told = (self.id, self.formula, self.unit, self.statistic, str(self.window_days), self.chosen)
        parts = (*told, *(step.sql for step in (*shared, *self.steps)))
        return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:12]


def choose(spec: MetricSpec, programme: Programme) -> MetricSpec:
    """The metric with what the programme says of its choices and its parts'."""
    keys = sorted({*spec.choices, *(key for part in parts_of([spec]) for key in part.choices)})
    told = {key: functools.reduce(getattr, key.split("."), programme) for key in keys}
    return replace(spec, chosen=repr(told) if told else "")


def parts_of(specs: Iterable[MetricSpec]) -> list[Part]:
    """Every part that the metrics need, once, in an order in which they can run."""
    return with_needs(part for spec in specs for part in spec.parts)


def account_parts(specs: Iterable[MetricSpec]) -> list[Part]:
    """The parts that account_metrics_daily shows, and what they need."""
    return with_needs(part for part in parts_of(specs) if part.columns)


def kept_of(parts: Iterable[Part]) -> list[Kept]:
    """Every kept relation of the parts, once."""
    return list(dict.fromkeys(each for part in parts for each in part.kept))


def with_needs(parts: Iterable[Part]) -> list[Part]:
    """The parts and all that they need, each once and after what it needs. Raises ValueError if two share a name."""
    found: dict[str, Part] = {}
    for part in parts:
        for each in (*with_needs(part.needs), part):
            if found.setdefault(each.name, each) is not each:
                raise ValueError(f"two parts are named {each.name}")
    return list(found.values())
