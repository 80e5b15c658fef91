"""Removal effects of channels in an absorbing Markov chain, by linear algebra.

Belongs here: the chain and what is lost without a channel. Not here: where paths come from, or how credit is handed to
touches (`_paths`).

Anderl, Becker, von Wangenheim, Schumann: Mapping the customer journey (IJRM 33, 2016). Nothing is simulated: the
probability of a conversion is the solution of (I − Q) x = r, once with all channels and once without each.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

MOST_STATES = 4000
"""A chain with more states (a high order over many channels) is refused: solving it takes minutes."""


class TooLargeError(ValueError):
    """What was asked for is exact and would take too long."""


def removal_effects(counts: Floats, member: NDArray[np.bool_]) -> Floats:
    """The share of conversions that is lost when a channel's states lead nowhere, for every channel.

    Args:
        counts: transitions, shape (…, s + 1, s + 2): from s states and the start (last row) to the s states, to a
            conversion and to none (last columns). Leading dimensions are chains of their own.
        member: shape (c, s): which states hold which channel.

    Returns:
        Shape (…, c), within 0 … 1; all 0 in a chain without conversions.
    """
    states = counts.shape[-2] - 1
    total = counts.sum(axis=-1, keepdims=True)
    chance = np.divide(counts, total, out=np.zeros_like(counts), where=total > 0)

    def converted(keep: NDArray[np.bool_]) -> Floats:
        among = chance[..., :states, :states] * keep[:, None] * keep[None, :]
        won = (chance[..., :states, states] * keep)[..., None]
        reached = np.linalg.solve(np.eye(states) - among, won)[..., 0]
        return np.asarray((chance[..., states, :states] * keep * reached).sum(axis=-1), dtype=np.float64)

    everything = converted(np.ones(states, dtype=bool))
    without = (
        np.stack([converted(~row) for row in member], axis=-1) if len(member) else np.zeros((*counts.shape[:-2], 0))
    )
    lost = 1 - np.divide(without, everything[..., None], out=np.ones_like(without), where=everything[..., None] > 0)
    # Rounding leaves 1e-17 where it should leave nothing.
    return np.asarray(np.clip(np.round(lost, 12), 0.0, 1.0), dtype=np.float64)


def chain(
    paths: Sequence[Sequence[int]], conversions: Floats, nulls: Floats, channels: int, order: int = 1
) -> tuple[Floats, NDArray[np.bool_]]:
    """Transition counts of paths of channel numbers, and which state holds which channel, as `removal_effects` reads.

    A state is the last `order` channels seen (fewer at the beginning). Raises TooLargeError past MOST_STATES.
    """
    steps = [[tuple(path[max(0, end - order) : end]) for end in range(1, len(path) + 1)] for path in paths]
    names = sorted({state for path in steps for state in path})
    if len(names) > MOST_STATES:
        raise TooLargeError(
            f"order {order} makes {len(names)} states of {channels} channels; at most {MOST_STATES} are solved. "
            "Take a lower order or group channels."
        )
    number = {state: i for i, state in enumerate(names)}
    size = len(names)
    source = np.array([number[s] if s else size for path in steps for s in [(), *path]], dtype=np.int64)
    # The end of a path has two targets, so it is counted apart.
    target = np.array([number[s] if s else size for path in steps for s in [*path, ()]], dtype=np.int64)
    weight = np.repeat(conversions + nulls, [len(path) + 1 for path in steps])
    counts = np.zeros((size + 1, size + 2))
    inside = target < size
    np.add.at(counts, (source[inside], target[inside]), weight[inside])
    np.add.at(counts[:, size], source[~inside], conversions)
    np.add.at(counts[:, size + 1], source[~inside], nulls)
    member = np.zeros((channels, size), dtype=bool)
    for i, state in enumerate(names):
        member[list(state), i] = True
    return counts, member
