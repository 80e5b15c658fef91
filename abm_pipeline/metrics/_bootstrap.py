"""Bootstrap intervals over deals: of channels' shares under each model, and of how far models agree on their ranking.

Belongs here: drawing deals again, as a function that SQL calls once a window. Poisson bootstrap (Chamandy,
Muralidharan, Najmi, Naidu: Estimating uncertainty for massive data streams, 2012): in each of DRAWS draws a deal counts
as often as a Poisson variable of mean 1 says, which is made of the deal's id alone; so a result never depends on which
deals or days are computed with it. Amounts are whole numbers and their sums exact.
"""

from __future__ import annotations

from collections.abc import Sequence

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from abm_pipeline.metrics._credit_models import MODELS, set_function

Floats = NDArray[np.float64]
DRAWS = 200
MEAN = -1
"""In place of a pair's models: their mean over all pairs."""
# Chances of at most 0, 1, 2 … times.
_POISSON = np.cumsum([np.exp(-1) / np.prod(np.arange(1, times + 1)) for times in range(10)])
_FIELDS = (("kind", pa.string()), ("day", pa.int64()), ("a", pa.int64()), ("b", pa.int64()))
_ROW = pa.struct([*_FIELDS, *((name, pa.float64()) for name in ("value", "low", "high"))])
_RETURNS = "STRUCT(kind VARCHAR, day BIGINT, a BIGINT, b BIGINT, value DOUBLE, low DOUBLE, high DOUBLE)[]"


def register(con: duckdb.DuckDBPyConnection, models: Sequence[str]) -> None:
    """Make the SQL function `resample` (`_deal_credit.resampled`); agreement is among `models`.

    It takes the spans of deals, their parts by channel, in any order, and the days, each as a list.
    It returns rows of kind `share` (a: channel, b: model, both from 0) and `agreement` (a, b: models; MEAN for both).
    """
    chosen = np.array([MODELS.index(model) for model in models])

    def resample(spans: pa.ChunkedArray, parts: pa.ChunkedArray, days: pa.ChunkedArray) -> pa.Array:
        rows = zip(spans, parts, days, strict=True)
        return _lists([_rows(_columns(a), _columns(b), np.asarray(c.values), chosen) for a, b, c in rows])

    set_function(con, "resample", resample, _RETURNS)


def times_drawn(seeds: NDArray[np.uint64]) -> Floats:
    """How often each deal counts in each draw, shape (deals, DRAWS): Poisson of mean 1, from the deal's seed alone."""
    with np.errstate(over="ignore"):
        # splitmix64 (Steele, Lea, Flood 2014).
        state = seeds[:, None] + np.arange(1, DRAWS + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        state ^= state >> np.uint64(31)
    chance = (state >> np.uint64(11)) * 2.0**-53
    return np.asarray(np.searchsorted(_POISSON, chance, side="right"), dtype=np.float64)


def agreement(credit: Floats) -> Floats:
    """Kendall's τ-b between all pairs of models' rankings: credit (…, channels, models) → (…, models, models).

    Channels that no model credits are the caller's to leave out. NaN where a model ranks nothing: all its channels tie.
    """
    i, j = np.triu_indices(credit.shape[-2], 1)
    order = np.sign(credit[..., i, :] - credit[..., j, :])
    together = np.swapaxes(order, -1, -2) @ order
    strict = np.einsum("...ii->...i", together)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(together / np.sqrt(strict[..., :, None] * strict[..., None, :]), dtype=np.float64)


def _columns(rows: pa.ListScalar) -> dict[str, NDArray[np.generic]]:
    """A list of structs as columns, in the order of `span`."""
    columns = {field.name: np.asarray(rows.values.field(field.name)) for field in rows.values.type}
    order = np.argsort(columns["span"], kind="stable")
    return {name: column[order] for name, column in columns.items()}


def _rows(
    deals: dict[str, NDArray[np.generic]],
    parts: dict[str, NDArray[np.generic]],
    days: NDArray[np.generic],
    chosen: NDArray[np.int64],
) -> pa.StructArray:
    seeds, first, last = deals["seed"].astype(np.uint64), deals["first"], deals["last"]
    spans, channels = parts["span"], parts["channel"].astype(np.int64)
    models = len(MODELS)
    size = int(channels.max()) + 1
    amounts = np.zeros((len(seeds), size * models + 1))
    for number, model in enumerate(MODELS):
        amounts[spans, channels * models + number] = parts[model]
    amounts[:, -1] = deals["total"]
    running = np.zeros((DRAWS + 1, amounts.shape[1]))
    came, left = np.zeros(len(seeds), dtype=bool), np.zeros(len(seeds), dtype=bool)
    out = []
    for day in days:
        comes, leaves = (first <= day) & ~came, (last < day) & ~left
        for some, sign in ((comes, 1.0), (leaves, -1.0)):
            if some.any():
                # The first draw is the whole, in which every deal counts once.
                drawn = np.concatenate([np.ones((int(some.sum()), 1)), times_drawn(seeds[some])], axis=1)
                running += sign * (drawn.T @ amounts[some])
        came, left = came | comes, left | leaves
        out.append(_day(int(day), running, size, chosen))
    return pa.concat_arrays(out) if out else pa.array([], type=_ROW)


def _day(day: int, running: Floats, size: int, chosen: NDArray[np.int64]) -> pa.StructArray:
    credit = running[:, :-1].reshape(DRAWS + 1, size, len(MODELS))
    total = running[:, -1:, None]
    share = np.divide(credit, total, out=np.full_like(credit, np.nan), where=total > 0)
    known = credit[0].any(axis=1)
    pairs = agreement(credit[:, known][:, :, chosen])
    a, b = np.triu_indices(len(chosen), 1)
    of_pairs = pairs[:, a, b]
    with np.errstate(invalid="ignore"):
        mean = np.nansum(of_pairs, axis=1) / np.isfinite(of_pairs).sum(axis=1)
    channel, model = (index.ravel() for index in np.indices((size, len(MODELS))))
    values = np.concatenate([share.reshape(DRAWS + 1, -1), of_pairs, mean[:, None]], axis=1)
    low, high = _interval(values[1:])
    kinds = ["share"] * channel.size + ["agreement"] * (len(a) + 1)
    left = np.concatenate([channel, chosen[a], [MEAN]])
    right = np.concatenate([model, chosen[b], [MEAN]])
    numbers = [pa.array(each, from_pandas=True) for each in (values[0], low, high)]
    whole = [pa.array(np.asarray(each, dtype=np.int64)) for each in (np.full(left.size, day), left, right)]
    return pa.StructArray.from_arrays([pa.array(kinds), *whole, *numbers], fields=list(_ROW))


def _interval(draws: Floats) -> tuple[Floats, Floats]:
    """The 2.5 % and 97.5 % points of each column; NaN where a draw has no value."""
    ordered = np.sort(draws, axis=0)
    low, high = ordered[round(0.025 * (DRAWS - 1))], ordered[round(0.975 * (DRAWS - 1))]
    gaps = np.isnan(draws).any(axis=0)
    return np.where(gaps, np.nan, low), np.where(gaps, np.nan, high)


def _lists(results: list[pa.StructArray]) -> pa.Array:
    ends = np.cumsum([0, *(len(each) for each in results)])
    values = pa.concat_arrays(results) if results else pa.array([], type=_ROW)
    return pa.ListArray.from_arrays(pa.array(ends, type=pa.int32()), values)
