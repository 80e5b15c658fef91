"""Fit the trees of `abm_pipeline/identity/model.json` on simulated companies whose truth is known.

`python -m benchmarks.identity_train [world ...]`, a world as `style:companies:seed` (`_identity_worlds`). Needs
LightGBM, which the pipeline itself does not. A stage is fitted when it is first needed: on the pairs of groups that the
rounds before it left in all worlds together. Of a franchise a few pairs are taken: one of them has more than a
thousand companies.
"""

from __future__ import annotations

import argparse
import tempfile
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from threading import Barrier
from typing import Any

import duckdb
import numpy as np
import pandas as pd

from abm_pipeline.identity import model, rounds
from abm_pipeline.identity.resolve import opened, read_records
from benchmarks._identity_worlds import named

WORLDS = ("default:12000:11", "easy:5000:12", "dirty:6000:14", "crm:6000:15", "groups:6000:17")
TREES = (130, 130, 130)
# Pairs of one franchise that are learned from.
OF_ONE = 150
# Pairs of a stage that are enough.
PAIRS = 250_000
_COLUMNS = ", ".join(("a", "b", *model.COMPARISONS))
# What is in sight when a stage begins.
IN_SIGHT = f"SELECT {_COLUMNS} FROM standing UNION ALL SELECT {_COLUMNS} FROM compared"
# More of these never speaks against two being one.
RISING = {
    "domain": 1, "domains_shared": 1, "mail": 1, "linkedin": 1, "duns": 1, "industry": 1,
    "said_same": 1, "rivals": -1, "loose": -1, "lone_domain": 1, "commonness": -1,
}  # fmt: skip


def fit(pairs: pd.DataFrame, stage: int) -> model.Weights:
    """Trees on pairs labelled `same`, bits in log2 odds."""
    import lightgbm

    pairs = pairs.iloc[:: max(1, len(pairs) // PAIRS)]
    table = lightgbm.Dataset(pairs[list(model.COMPARISONS)].astype(np.int32), pairs["same"].astype(int))
    booster = lightgbm.train(
        {
            "objective": "binary", "learning_rate": 0.12, "num_leaves": model.LEAVES, "min_data_in_leaf": 60,
            "max_depth": 7, "lambda_l2": 5.0, "verbose": -1,
            "monotone_constraints": [RISING.get(name, 0) for name in model.COMPARISONS],
            "num_threads": 1, "seed": 1, "deterministic": True, "force_col_wise": True,
        },
        table,
        TREES[stage],
    )  # fmt: skip
    grown = [_tree(each["tree_structure"]) for each in booster.dump_model()["tree_info"]]
    return model.Weights(round(sum(root for root, _ in grown), 3), tuple(tree for _, tree in grown))


def _tree(root: dict[str, Any]) -> tuple[float, model.Tree]:
    rows: list[tuple[int, int, int, int, float]] = []

    def add(node: dict[str, Any]) -> int:
        place = len(rows)
        rows.append((-1, 0, 0, 0, 0.0))
        value = round(float(node.get("internal_value", node.get("leaf_value", 0.0)) / np.log(2)), 4)
        if "split_feature" in node:
            left, right = add(node["left_child"]), add(node["right_child"])
            rows[place] = (node["split_feature"], int(np.floor(node["threshold"])), left, right, value)
        else:
            rows[place] = (-1, 0, 0, 0, value)
        return place

    add(root)
    columns = list(zip(*rows, strict=True))
    return rows[0][4], model.Tree(*columns)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("worlds", nargs="*", default=WORLDS)
    chosen = parser.parse_args().worlds
    # One by one: a style is set for all that is made meanwhile.
    worlds = {name: named(name) for name in chosen}
    fitted: dict[int, model.Weights] = {}
    waiting: dict[int, list[pd.DataFrame]] = {}
    barrier = Barrier(len(chosen))

    def weights_of(stage: int, pairs: pd.DataFrame) -> model.Weights:
        """Those fitted on the pairs of all worlds, when all have come to this stage."""
        waiting.setdefault(stage, []).append(pairs)
        if barrier.wait() == 0:
            frame = pd.concat(waiting.pop(stage)).sort_values([*model.COMPARISONS, "same"])
            fitted[stage] = fit(frame, stage)
            print(f"stage {stage}: {len(frame):,} pairs, {frame['same'].mean():.1%} of them one account", flush=True)
        barrier.wait()
        return fitted[stage]

    def grow(name: str) -> None:
        made = worlds[name]
        with tempfile.TemporaryDirectory() as temp, opened("2GB", Path(temp), threads=1) as con:
            con.register("made", made.records[-1])
            con.register("truth", made.truth[-1])
            read_records(con, "made")

            @cache
            def weights(stage: int) -> model.Weights:
                return weights_of(stage, _labelled(con))

            rounds.group(con, weights=weights)

    with ThreadPoolExecutor(len(chosen)) as pool:
        for done in [pool.submit(grow, name) for name in chosen]:
            done.result()
    model.save([fitted[stage] for stage in sorted(fitted)], f"{' '.join(chosen)}; benchmarks/identity_train.py")


def _labelled(con: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    levels: pd.DataFrame = con.execute(
        f"""
        WITH pairs AS ({IN_SIGHT}),
        named AS (
            SELECT m.node, mode(t.account_id) AS account_id, bool_or(t.kind = 'franchise') AS is_franchise
            FROM member AS m JOIN rec USING (id) JOIN truth AS t USING (source, source_id) GROUP BY m.node
        )
        SELECT s.*, l.account_id = r.account_id AS same
        FROM pairs AS s JOIN named AS l ON l.node = s.a JOIN named AS r ON r.node = s.b
        QUALIFY NOT l.is_franchise AND NOT r.is_franchise OR row_number() OVER (
            PARTITION BY l.is_franchise, r.is_franchise,
                CASE WHEN l.is_franchise THEN l.account_id ELSE r.account_id END
            ORDER BY hash(s.a, s.b)
        ) <= {OF_ONE}
        """
    ).fetchdf()
    return levels


if __name__ == "__main__":
    main()
