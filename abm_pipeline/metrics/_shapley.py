"""Shapley values of channels, exactly, from the worth of every set of channels.

Belongs here: the value of a game. Shapley: A value for n-person games (1953): a channel's mean gain over all orders in
which the channels can join. Exact over all 2^k sets, hence at most MOST_CHANNELS channels.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from abm_pipeline.metrics._markov import Floats, TooLargeError

MOST_CHANNELS = 20


def shapley(worth: Floats) -> Floats:
    """Values of k channels from the worth of their 2^k sets (bit j of the index stands for channel j).

    Worth 7, 6, 4 of O, F, D alone, 15 of OF, 7 of OD, 9 of FD and 19 of all give 23/3, 49/6 and 19/6.
    """
    channels = int(worth.size).bit_length() - 1
    sets = np.arange(worth.size)
    size = _sizes(channels)
    # Orders in which exactly the s members of a set come before a channel: s! (k − s − 1)! of k!, that is
    # 1 / (k · C(k−1, s)).
    orders = np.ones(channels)
    for s in range(1, channels):
        orders[s] = orders[s - 1] * (channels - s) / s
    share = 1 / (channels * orders) if channels else orders
    values = np.zeros(channels)
    for channel in range(channels):
        without = sets[sets & (1 << channel) == 0]
        gain = worth[without | (1 << channel)] - worth[without]
        values[channel] = gain @ share[size[without]]
    return values


def worth_of_sets(masks: NDArray[np.int64], amounts: Floats, channels: int, *, given: bool = False) -> Floats:
    """The worth of every set: what the paths brought whose channels all lie in it.

    With `given`, a path's amount is itself the worth of its set of channels. Raises TooLargeError past MOST_CHANNELS.
    """
    if channels > MOST_CHANNELS:
        raise TooLargeError(
            f"Shapley values of {channels} channels need 2^{channels} sets; at most {MOST_CHANNELS} channels are "
            "worked out exactly. Group the rare ones."
        )
    worth = np.asarray(np.bincount(masks, weights=amounts, minlength=1 << channels), dtype=np.float64)
    if not given:
        for channel in range(channels):
            pairs = worth.reshape(-1, 2, 1 << channel)
            pairs[:, 1] += pairs[:, 0]
    return worth


def _sizes(channels: int) -> NDArray[np.int64]:
    size = np.zeros(1, dtype=np.int64)
    for _ in range(channels):
        size = np.concatenate([size, size + 1])
    return size
