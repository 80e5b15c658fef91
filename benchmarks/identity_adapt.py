"""Would the weights of `abm_pipeline/identity/model.json` gain by the user's own records, which nobody has labelled?

`python -m benchmarks.identity_adapt [world ...]`, a world as `style:companies:seed` (`_identity_worlds`), or `guides`,
the restaurants (once `identity_public` has measured them): prints how well accounts are found by the weights as they
are, and by weights adapted to the records in three ways. The truth is for the score alone. Needs LightGBM.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from abm_pipeline.identity import model, rounds
from abm_pipeline.identity.resolve import opened, read_records
from benchmarks._agreement import agreement
from benchmarks._identity_worlds import named
from benchmarks.identity_train import IN_SIGHT, fit

WORLDS = tuple(f"{style}:5000:{seed}" for style in ("sparse", "namesakes", "default", "dirty") for seed in (21, 31))
Adapt = Callable[[int, pd.DataFrame], Any]
Floats = npt.NDArray[np.float64]


class Independent:
    """Bits of a table per comparison, added up: Fellegi and Sunter (1969)."""

    def __init__(self, pairs: pd.DataFrame, odds: Floats) -> None:
        """One step of expectation maximisation from given log2 odds of the pairs."""
        same = _share(odds)
        self.prior = float(np.log2(same.mean() / (1 - same.mean())))
        self.tables: list[Floats] = []
        size = model.HIGHEST - model.LOWEST + 1
        for name in model.COMPARISONS:
            says = pairs[name].to_numpy(np.intp) - model.LOWEST
            there = np.flatnonzero(np.bincount(says, minlength=size))
            m, u = (np.bincount(says, weight, size)[there] + 0.5 for weight in (same, 1 - same))
            bits = np.log2(m / m.sum()) - np.log2(u / u.sum())
            self.tables.append(bits[np.abs(np.arange(size)[:, None] - there).argmin(axis=1)])

    def weigh(self, *levels: pa.Array) -> pa.Array:
        """As `Weights.weigh`."""
        places = [column.to_numpy(zero_copy_only=False).astype(np.intp) - model.LOWEST for column in levels]
        return pa.array(self.prior + sum(table[at] for table, at in zip(self.tables, places, strict=True)))


def shifted(stage: int, bits: float) -> model.Weights:
    """The weights as they are, but for some bits more."""
    weights = model.stages()[stage]
    return model.Weights(weights.prior + bits, weights.trees)


def by_share(stage: int, pairs: pd.DataFrame) -> model.Weights:
    """Shifted to the share of true pairs that they themselves expect, over and over (Saerens and others 2002)."""
    odds, begun = _odds(stage, pairs), model.stages()[stage].trees[0].bits[0]
    shift = 0.0
    for _ in range(500):
        same = _share(odds + shift).mean()
        shift = float(np.log2(same / (1 - same))) - begun
    return shifted(stage, shift)


def refitted(seen: dict[int, pd.DataFrame], group: pd.Series[int]) -> Adapt:
    """Trees on the pairs that a run has seen, labelled by the accounts that it came to."""

    def adapt(stage: int, pairs: pd.DataFrame) -> model.Weights:
        a, b = (group.reindex(seen[stage][end]).to_numpy() for end in "ab")
        return fit(seen[stage].assign(same=a == b).sort_values([*model.COMPARISONS, "same"]), stage)

    return adapt


def resolved(
    records: pd.DataFrame, adapt: Adapt | None = None
) -> tuple[pd.DataFrame, pd.Series[int], dict[int, pd.DataFrame]]:
    """Members, the group of each record's number, and the pairs of each stage when it began."""
    seen: dict[int, pd.DataFrame] = {}
    with tempfile.TemporaryDirectory() as temp, opened("2GB", Path(temp)) as con:
        con.register("made", records)
        read_records(con, "made")

        @cache
        def weights(stage: int) -> Any:
            seen[stage] = con.execute(f"SELECT DISTINCT * FROM ({IN_SIGHT}) ORDER BY a, b").fetchdf()
            return adapt(stage, seen[stage]) if adapt and len(seen[stage]) else model.stages()[stage]

        rounds.group(con, weights=weights)
        members = con.execute("SELECT source, source_id, node AS account_id FROM rec JOIN member USING (id)").fetchdf()
        group = con.execute("SELECT id, node FROM member").fetchdf().set_index("id")["node"]
    return members, group, seen


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("worlds", nargs="*", default=WORLDS)
    parser.add_argument("--home", type=Path, default=Path(".abm/bench"))
    chosen = parser.parse_args()
    for name in chosen.worlds:
        records, truth = _read(name, chosen.home / "public")
        members, group, seen = resolved(records)
        print(f"{name}, as they are: {agreement(members, truth)}", flush=True)
        ways: dict[str, Adapt] = {
            "1.5 bits more, whatever the records": lambda stage, pairs: shifted(stage, 1.5),
            "shifted to the share of true pairs": by_share,
            "fitted again on the accounts that they found": refitted(seen, group),
            "independent comparisons, by their odds": lambda stage, pairs: Independent(pairs, _odds(stage, pairs)),
        }
        for way, adapt in ways.items():
            print(f"{name}, {way}: {agreement(resolved(records, adapt)[0], truth)}", flush=True)


def _read(name: str, public: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    if name == "guides":
        return pd.read_parquet(public / "records.parquet"), pd.read_parquet(public / "truth.parquet")
    made = named(name)
    return made.records[-1], made.truth[-1]


def _odds(stage: int, pairs: pd.DataFrame) -> Floats:
    levels = (pa.array(pairs[name].to_numpy(np.int8)) for name in model.COMPARISONS)
    return np.asarray(model.stages()[stage].weigh(*levels))


def _share(odds: Floats) -> Floats:
    share: Floats = 1 / (1 + 2.0 ** -np.clip(odds, -60, 60))
    return share


if __name__ == "__main__":
    main()
