"""Columns of records with versions in time: what a system of record would answer at any instant.

A `Table` holds one row per record version, valid in [`valid_from`, `valid_to`). Strings are object arrays with None
for null, numbers float64 with NaN, dates and instants int64 with `NULL`, booleans bool. Columns that start with `_`
are the world's own knowledge and are never served.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from abm_pipeline.sandbox.world.scales import NEVER

Array = npt.NDArray[Any]
PURGED = "_purged"

_ALPHABET = np.array(list("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"))
_CHECKS = np.array(list("ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"))


@dataclass(frozen=True)
class Change:
    """Record `row` gets `values` at the instant `at`; a value under `_purged` ends the record."""

    row: int
    at: int
    values: Mapping[str, Any]


@dataclass
class Table:
    """Record versions of one object."""

    columns: dict[str, Array]
    valid_from: Array
    valid_to: Array
    record: Array = field(default_factory=lambda: np.zeros(0, np.int64))

    def __len__(self) -> int:
        return len(self.valid_from)

    def visible(self, instant: int) -> Array:
        """Row numbers of the versions that hold at `instant`, in record order."""
        return np.flatnonzero((self.valid_from <= instant) & (instant < self.valid_to))


def objects(values: Iterable[Any]) -> Array:
    """An object array of the values as they are."""
    listed = list(values)
    array = np.empty(len(listed), dtype=object)
    array[:] = listed
    return array


def choose(mask: Array, left: Any, right: Any) -> Array:
    """`left` where the mask holds, else `right`, as objects; either may be None."""
    chosen: Array = np.where(mask, left, right).astype(object)
    return chosen


def constant(size: int, value: Any) -> Array:
    """An object array that repeats one value."""
    array = np.empty(size, dtype=object)
    array[:] = value
    return array


def versioned(columns: dict[str, Array], created: Array, changes: Iterable[Change] = ()) -> Table:
    """Table of the records in `columns`, created at `created`, with their later versions.

    Every version gets `SystemModstamp` and `LastModifiedDate` of the instant it began; changes at one instant are one
    version;    changes before creation are moved one second after it.
    """
    size = len(created)
    ordered: dict[int, list[Change]] = {}
    for change in changes:
        ordered.setdefault(change.row, []).append(change)
    valid_to = np.full(size, NEVER, np.int64)
    base: list[int] = []
    begins: list[int] = []
    ends: list[int] = []
    patches: list[dict[str, Any]] = []
    for row in sorted(ordered):
        state: dict[str, Any] = {}
        previous = -1
        for change in sorted(ordered[row], key=lambda item: item.at):
            at = max(int(change.at), int(created[row]) + 1)
            if previous >= 0 and at <= begins[previous]:
                at = begins[previous]
            if PURGED in change.values:
                if previous < 0:
                    valid_to[row] = at
                else:
                    ends[previous] = at
                break
            state = {**state, **change.values}
            if previous >= 0 and at == begins[previous]:
                patches[previous] = state
                continue
            if previous < 0:
                valid_to[row] = at
            else:
                ends[previous] = at
            base.append(row)
            begins.append(at)
            ends.append(int(NEVER))
            patches.append(state)
            previous = len(base) - 1
    source = np.concatenate([np.arange(size), np.array(base, np.int64)])
    out = {name: values[source] for name, values in columns.items()}
    for offset, patch in enumerate(patches):
        for name, value in patch.items():
            out[name][size + offset] = value
    valid_from = np.concatenate([created, np.array(begins, np.int64)])
    valid_to = np.concatenate([valid_to, np.array(ends, np.int64)])
    out["SystemModstamp"] = valid_from
    out["LastModifiedDate"] = valid_from
    out["CreatedDate"] = created[source]
    order = np.lexsort((valid_from, source))
    return Table(
        {name: values[order] for name, values in out.items()},
        valid_from[order],
        valid_to[order],
        source[order],
    )


def salesforce_ids(prefix: str, numbers: Array) -> Array:
    """18-character ids of the numbered records: 15 case-sensitive characters and their checksum."""
    numbers = np.asarray(numbers, np.int64)
    stem = (prefix + "Bn00000")[:10]
    digits = [(numbers // 62**power) % 62 for power in range(4, -1, -1)]
    tail = np.stack([_ALPHABET[digit] for digit in digits], axis=1)
    bits = sum((((digit >= 10) & (digit < 36)).astype(np.int64) << i) for i, digit in enumerate(digits))
    fixed = "".join(_CHECKS[_check(stem[i : i + 5])] for i in (0, 5))
    tails = ["".join(row) for row in tail.tolist()] if len(numbers) else []
    checks = _CHECKS[bits].tolist() if len(numbers) else []
    return objects(f"{stem}{end}{fixed}{check}" for end, check in zip(tails, checks, strict=True))


def _check(block: str) -> int:
    """Checksum of five characters: bit i says that character i is a capital letter."""
    return sum(1 << i for i, char in enumerate(block) if "A" <= char <= "Z")
