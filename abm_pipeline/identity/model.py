"""What each comparison of two groups weighs, in bits (log2 odds): boosted decision trees, kept in `model.json`.

Trees come in stages: small groups first, then what early rounds left open. They are fitted on simulated companies whose
truth is known (benchmarks/identity_train.py), not on anybody's data; why so is in docs/decisions/0009. The match weight
of a pair is the prior and one leaf of every tree. A leaf is the sum of what each split on the way to it changed, so
that the weight is also the prior and the bits of every comparison (`Weights.bits`). A weight of +3 means: it is eight
times as likely that the two are one account as that they are not.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

_FILE = Path(__file__).with_name("model.json")
# In the order in which evidence is told.
COMPARISONS = (
    "name", "spelling", "length", "shortened", "rivals", "loose", "commonness", "fewer", "more", "anchored", "domain",
    "domains_shared", "domains_fewer", "domains_more", "lone_domain",
    "mail", "label", "linkedin", "duns", "phone", "place",
    "countries_fewer", "countries_more", "industry", "size", "said_same", "said_parent",
)  # fmt: skip


# Leaves of a tree at most: as many as a number of 16 bits has.
LEAVES = 16
# So many rows are weighed at once that they stay near the processor.
_ROWS = 256
# What a comparison says lies between these, so that a table of every answer is short.
LOWEST, HIGHEST = -8, 100


@dataclass(frozen=True)
class Tree:
    """Splits from the root, position 0, on: what is at most `at` goes `left`. A leaf has no comparison (-1)."""

    comparison: tuple[int, ...]
    at: tuple[int, ...]
    left: tuple[int, ...]
    right: tuple[int, ...]
    bits: tuple[float, ...]

    @cached_property
    def tables(self) -> tuple[dict[int, npt.NDArray[np.uint16]], npt.NDArray[np.float32]]:
        """By comparison and what it says, which leaves can still be reached; by leaf, the bits.

        The leftmost leaf that every comparison leaves is the one that a row comes to (QuickScorer, Lucchese and others
        2015): what is at most `at` may go left, all else loses the leaves to the left.
        """
        leaves: list[int] = []
        masks: dict[int, npt.NDArray[np.uint16]] = {}

        def walk(place: int) -> list[int]:
            if self.comparison[place] < 0:
                leaves.append(place)
                return [len(leaves) - 1]
            lost = walk(self.left[place])
            table = masks.setdefault(self.comparison[place], np.full(HIGHEST - LOWEST + 1, 0xFFFF, np.uint16))
            table[self.at[place] - LOWEST + 1 :] &= np.uint16(0xFFFF ^ sum(1 << leaf for leaf in lost))
            return lost + walk(self.right[place])

        walk(0)
        values = np.array([self.bits[leaf] - self.bits[0] for leaf in leaves] + [0.0] * (LEAVES - len(leaves)))
        return masks, values.astype(np.float32)


@dataclass(frozen=True)
class Weights:
    """Bits of one stage: `prior`, to which every tree adds."""

    prior: float
    trees: tuple[Tree, ...]

    def weigh(self, *levels: pa.Array) -> pa.Array:
        """The match weights of rows of `compared`, in bits, given what each of COMPARISONS says of them."""
        places = [column.to_numpy(zero_copy_only=False).astype(np.intp) - LOWEST for column in levels]
        weight = np.empty(len(places[0]), np.float64)
        masks, values = self.tables
        first = np.arange(len(self.trees), dtype=np.int32) * LEAVES
        for start in range(0, len(weight), _ROWS):
            rows = slice(start, start + _ROWS)
            reached = np.full((len(weight[rows]), len(self.trees)), 0xFFFF, np.uint16)
            for comparison, table in masks.items():
                reached &= table.take(places[comparison][rows], axis=0, mode="clip")
            weight[rows] = values.take(_first_bit().take(reached, mode="clip") + first, mode="clip").sum(axis=1)
        return pa.array(np.round(weight + self.prior, 4))

    @cached_property
    def tables(self) -> tuple[dict[int, npt.NDArray[np.uint16]], npt.NDArray[np.float64]]:
        """Those of all trees side by side: by comparison, what it says and tree; by tree and leaf, in one row."""
        masks = {}
        for comparison in sorted({comparison for tree in self.trees for comparison in tree.tables[0]}):
            all_leaves = np.full(HIGHEST - LOWEST + 1, 0xFFFF, np.uint16)
            masks[comparison] = np.stack([tree.tables[0].get(comparison, all_leaves) for tree in self.trees], axis=1)
        return masks, np.concatenate([tree.tables[1] for tree in self.trees]).astype(np.float64)

    def bits(self, levels: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
        """Of rows of `compared` (a column a comparison) the bits of every comparison; with the prior the weight."""
        found = np.zeros(levels.shape)
        for tree in self.trees:
            comparison, at, left, right, bits = (
                np.array(column) for column in (tree.comparison, tree.at, tree.left, tree.right, tree.bits)
            )
            place = np.zeros(len(levels), np.int64)
            while (going := comparison[place] >= 0).any():
                who, here = np.flatnonzero(going), place[going]
                column = comparison[here]
                there = np.where(levels[who, column] <= at[here], left[here], right[here])
                found[who, column] += bits[there] - bits[here]
                place[who] = there
        return found


@cache
def _first_bit() -> npt.NDArray[np.int32]:
    """By number of 16 bits the position of its lowest one."""
    numbers = np.arange(1 << LEAVES)
    found: npt.NDArray[np.int32] = np.zeros(1 << LEAVES, np.int32)
    for bit in reversed(range(LEAVES)):
        found[numbers >> bit & 1 == 1] = bit
    return found


@cache
def stages() -> tuple[Weights, ...]:
    """The weights by stage, as saved."""
    return tuple(
        Weights(stage["prior"], tuple(Tree(*(tuple(column) for column in tree)) for tree in stage["trees"]))
        for stage in json.loads(_FILE.read_text())["stages"]
    )


def save(weights: list[Weights], about: str) -> None:
    """Write the weights where `stages` reads them; `about` says what they were fitted on."""
    lines = [
        f'{{"prior": {stage.prior}, "trees": [\n'
        + ",\n".join(json.dumps([tree.comparison, tree.at, tree.left, tree.right, tree.bits]) for tree in stage.trees)
        + "]}"
        for stage in weights
    ]
    _FILE.write_text(f'{{"about": {json.dumps(about)}, "stages": [\n{",".join(lines)}]}}\n')
    stages.cache_clear()
