"""Weights of pairs: a tree worked by hand, and the law that the bits of all comparisons add up to the weight."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from abm_pipeline.identity import model
from abm_pipeline.identity.evidence import _WORDS, TOLD
from abm_pipeline.identity.rounds import ROUNDS

NAME, DOMAIN = (model.COMPARISONS.index(name) for name in ("name", "domain"))


def _levels(rows: int) -> np.ndarray:
    drawn = np.random.default_rng(1).integers(model.LOWEST, model.HIGHEST + 1, (rows, len(model.COMPARISONS)))
    few = np.random.default_rng(2).integers(-1, 10, drawn.shape)
    return np.where(np.arange(rows)[:, None] % 2, drawn, few)


def _weigh(weights: model.Weights, levels: np.ndarray) -> np.ndarray:
    return weights.weigh(*(pa.array(column.astype(np.int8)) for column in levels.T)).to_numpy()


def test_a_tree_by_hand() -> None:
    """Prior -2; names at most 3 go left to a leaf of -1, others by domain: at most 7 is +1, else +4; the root is 0.5.

    name 3, domain 9: -2 + (-1 - 0.5) = -3.5, all of it the name's. name 5, domain 8: the split on names goes from 0.5
    to 2, that on domains from 2 to 4: name +1.5, domain +2, weight -2 + 3.5 = 1.5. name 5, domain 0: +1.5, -1, -1.5.
    """
    tree = model.Tree(
        (NAME, -1, DOMAIN, -1, -1), (3, 0, 7, 0, 0), (1, 0, 3, 0, 0), (2, 0, 4, 0, 0), (0.5, -1.0, 2.0, 1.0, 4.0)
    )
    levels = np.zeros((3, len(model.COMPARISONS)), np.int64)
    levels[:, NAME], levels[:, DOMAIN] = (3, 5, 5), (9, 8, 0)
    weights = model.Weights(-2.0, (tree,))
    assert [-3.5, 1.5, -1.5] == _weigh(weights, levels).tolist()
    assert [[-1.5, 0], [1.5, 2], [1.5, -1]] == weights.bits(levels)[:, [NAME, DOMAIN]].tolist()


@pytest.mark.parametrize("stage", range(len(model.stages())))
def test_bits_add_up(stage: int) -> None:
    """For whatever is said of a pair, the prior and the bits of all comparisons are its weight, to a thousandth."""
    weights, levels = model.stages()[stage], _levels(3000)
    assert np.allclose(_weigh(weights, levels), weights.prior + weights.bits(levels).sum(axis=1), atol=1e-3)


def test_rows_are_weighed_by_themselves() -> None:
    """A pair weighs the same alone as among others, to the bit."""
    weights, levels = model.stages()[0], _levels(500)
    assert _weigh(weights, levels).tolist() == [_weigh(weights, row[None])[0] for row in levels]


def test_every_comparison_is_told() -> None:
    """Each comparison is told in one group, each group has words, and every stage has its round."""
    assert sorted(model.COMPARISONS) == sorted(name for names in TOLD.values() for name in names)
    assert set(TOLD) == set(_WORDS)
    assert set(range(len(model.stages()))) == {step.stage for step in ROUNDS}
