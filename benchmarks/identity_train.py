"""Fit the weights of `abm_pipeline/identity/model.json` on simulated companies whose truth is known.

`python -m benchmarks.identity_train [--companies 20000] [--seeds 11 12]`. A stage is fitted when it is first needed: on
the pairs of groups that the rounds before it left. Ridge-regularised logistic regression on the levels of all
comparisons, by Newton's method. Franchises are left out: one of them has more pairs than a thousand companies.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt
import pandas as pd

from abm_pipeline.identity import model, rounds
from abm_pipeline.identity.resolve import opened, read_records
from abm_pipeline.sandbox.company_records import make

RIDGE = 2.0
Floats = npt.NDArray[np.float64]


def fit(levels: pd.DataFrame, same: Floats) -> model.Weights:
    """Weights in bits by comparison and level."""
    columns = [(name, level) for name in model.COMPARISONS for level in sorted(levels[name].unique())]
    table = np.column_stack([*((levels[name] == level).to_numpy(float) for name, level in columns), np.ones(len(same))])
    beta = np.zeros(table.shape[1])
    penalty = np.r_[np.full(len(columns), RIDGE), 1e-6]
    for _ in range(30):
        odds = 1 / (1 + np.exp(-np.clip(table @ beta, -30, 30)))
        slope = table.T @ (same - odds) - penalty * beta
        step = np.linalg.solve((table * (odds * (1 - odds))[:, None]).T @ table + np.diag(penalty), slope)
        beta += step
        if np.abs(step).max() < 1e-4:
            break
    bits = beta / np.log(2)
    found: dict[str, dict[int, float]] = {name: {} for name in model.COMPARISONS}
    for (name, level), value in zip(columns, bits[:-1], strict=True):
        found[name][int(level)] = round(float(value), 2)
    return model.Weights(round(float(bits[-1]), 2), found)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--companies", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=11)
    chosen = parser.parse_args()
    made = make(chosen.companies, chosen.seed, 3)
    fitted: dict[int, model.Weights] = {}
    with opened("4GB", Path(".abm")) as con:
        con.register("made", made.records[-1])
        con.register("truth", made.truth[-1])
        read_records(con, "made")

        def weights(stage: int) -> model.Weights:
            if stage not in fitted:
                frame = _labelled(con)
                fitted[stage] = fit(frame, frame["same"].to_numpy(float))
                print(f"stage {stage}: {len(frame):,} pairs, {frame['same'].mean():.1%} of them one account")
            return fitted[stage]

        rounds.group(con, weights=weights, told=print)
    about = f"{chosen.companies} simulated companies, seed {chosen.seed}, third snapshot; benchmarks/identity_train.py"
    model.save([fitted[stage] for stage in sorted(fitted)], about)


def _labelled(con: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    levels: Any = con.execute(
        """
        WITH named AS (
            SELECT m.node, mode(t.account_id) AS account_id, bool_or(t.kind = 'franchise') AS is_franchise
            FROM member AS m JOIN rec USING (id) JOIN truth AS t USING (source, source_id) GROUP BY m.node
        )
        SELECT s.*, l.account_id = r.account_id AS same
        FROM standing AS s JOIN named AS l ON l.node = s.a JOIN named AS r ON r.node = s.b
        WHERE NOT l.is_franchise AND NOT r.is_franchise
        """
    ).fetchdf()
    return levels


if __name__ == "__main__":
    main()
