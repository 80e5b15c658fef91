"""Small vectorised tools: drawing words, choosing by weight, editing picked rows. Nothing about companies."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Rng = np.random.Generator


def stream(seed: int, name: str) -> Rng:
    """The random stream of a part; parts do not disturb each other's draws."""
    return np.random.default_rng([seed, zlib.crc32(name.encode())])


def words(values: Sequence[str]) -> Array:
    """Strings as an object array, which adds elementwise."""
    out = np.empty(len(values), dtype=object)
    out[:] = list(values)
    return out


def blank(n: int) -> Array:
    """n empty strings."""
    return np.full(n, "", dtype=object)


def draw(rng: Rng, values: Sequence[str] | Array, n: int) -> Array:
    """n words drawn evenly."""
    pool = values if isinstance(values, np.ndarray) else words(values)
    return pool[rng.integers(0, len(pool), n)]


def choose(rng: Rng, weights: Sequence[float] | Array, n: int) -> Array:
    """n positions drawn by weight, int."""
    edges = np.cumsum(np.asarray(weights, dtype=float))
    return np.searchsorted(edges / edges[-1], rng.random(n), side="right").clip(0, len(edges) - 1)


def apply(values: Array, rows: Array, edit: Callable[[str], str]) -> None:
    """Edit the picked rows in place."""
    values[rows] = words([edit(value) for value in values[rows]])


def within(groups: Array) -> Array:
    """Rank of each row within its group, in row order; groups are non-negative integers."""
    order = np.argsort(groups, kind="stable")
    ordered = groups[order]
    first = np.r_[True, ordered[1:] != ordered[:-1]] if len(ordered) else np.zeros(0, dtype=bool)
    start = np.maximum.accumulate(np.where(first, np.arange(len(ordered)), 0)) if len(ordered) else ordered
    rank = np.empty(len(groups), dtype=np.int64)
    rank[order] = np.arange(len(ordered)) - start
    return rank


def another(rng: Rng, wanted: Array, offered: Array) -> Array:
    """For each wanted key a random position in `offered` with that key, or -1."""
    order = np.argsort(offered, kind="stable")
    ordered = offered[order]
    low, high = np.searchsorted(ordered, wanted, "left"), np.searchsorted(ordered, wanted, "right")
    at = low + (rng.random(len(wanted)) * (high - low)).astype(np.int64)
    return np.where(high > low, order[at.clip(0, max(len(order) - 1, 0))] if len(order) else -1, -1)
