"""Fit the bits by which `abm_pipeline/identity/families.py` tells parents, on simulated companies.

`python -m benchmarks.identity_train_parents [world ...]`, a world as `style:companies:seed` (`_identity_worlds`):
prints what logistic regression gives each thing in `kin`, to be written there by hand, rounded.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

from abm_pipeline.identity.families import BITS
from abm_pipeline.identity.resolve import opened, resolve, take_records
from benchmarks._identity_worlds import named

WORLDS = ("default:4000:101", "groups:4000:105", "namesakes:4000:103", "crm:4000:106")


def main() -> None:
    """Print the prior and the bits."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("worlds", nargs="*", default=WORLDS)
    pairs = pd.concat([_pairs(name) for name in parser.parse_args().worlds])
    told = np.column_stack([np.ones(len(pairs)), pairs[list(BITS)].to_numpy(float)])
    ridge = np.diag([0.01] + [1.0] * len(BITS))
    weights = np.zeros(told.shape[1])
    for _ in range(60):  # Newton's method
        chance = 1 / (1 + np.exp(-np.clip(told @ weights, -30, 30)))
        slope = told.T @ (pairs["same"].to_numpy(float) - chance) - ridge @ weights
        weights += np.linalg.solve((told * (chance * (1 - chance))[:, None]).T @ told + ridge, slope)
    for name, bits in zip(("PRIOR", *BITS), weights / np.log(2), strict=True):
        print(f"{name}: {bits:.1f}")


def _pairs(name: str) -> pd.DataFrame:
    """`kin` of a world, and whether the two are `same`: a child and its parent. A group is what most of it is."""
    made = named(name)
    with tempfile.TemporaryDirectory() as temp, opened("2GB", Path(temp), threads=1) as con:
        con.register("made", made.records[-1])
        con.register("truth", made.truth[-1])
        con.register("above", made.parents[-1])
        take_records(con, "made")
        resolve(con)
        found: pd.DataFrame = con.execute(
            """
            WITH stands AS (
                SELECT r.account_id, mode(t.account_id) AS truly
                FROM relative AS r JOIN rec USING (id) JOIN truth AS t USING (source, source_id) GROUP BY r.account_id
            )
            SELECT k.*, (c.truly, p.truly) IN (SELECT (child_account, parent_account) FROM above) AS same
            FROM kin AS k JOIN stands AS c ON c.account_id = k.child JOIN stands AS p ON p.account_id = k.parent
            """
        ).fetchdf()
    return found


if __name__ == "__main__":
    main()
