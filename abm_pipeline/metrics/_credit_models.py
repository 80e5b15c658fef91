"""What every attribution model is: a touch's share of its path, as SQL over a row of the path (metrics.md C).

Belongs here: the models, once, for deals (`_paths`) and for files of paths (`path_file`) alike; the milestones of the
presets. Not here: how paths are made, or what credit is used for.

A row has `position` (1 … n) and the columns that `share` names below: `n` touches; `lead_position`, `sql_position`,
`opportunity_position`, `won_position` of the milestones, null where there is none; `nondirect_position` the last one
that is no direct visit; `decay` of `decays`; `of_channel` touches of the row's channel, `channels` channels, `effect`
of `effects`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress

import duckdb
import numpy as np
import pyarrow as pa

from abm_pipeline.contracts.fields import ATTRIBUTION_MODELS
from abm_pipeline.metrics._markov import removal_effects
from abm_pipeline.programme import Attribution

MODELS = ATTRIBUTION_MODELS
ENDS = ("created", "closed")
MILESTONES = ("first", "last", "lead", "sql", "opportunity", "won")
_SHAPES = ("u_shaped", "w_shaped", "full_path")

# Thousandths for each milestone; what is left belongs to the touches between.
_BY_LEAD = {
    "w_shaped": {"first": 300, "lead": 300, "opportunity": 300},
    "full_path": {"first": 225, "lead": 225, "opportunity": 225, "won": 225},
}
PRESETS: Mapping[str, Mapping[str, Mapping[str, int]]] = {
    "guide": {
        **_BY_LEAD,
        "u_shaped": {"first": 400, "last": 400},
        "w_shaped": {"first": 300, "sql": 300, "opportunity": 300},
    },
    "marketo_measure": {**_BY_LEAD, "u_shaped": {"first": 500, "lead": 500}},
    "hubspot": {**_BY_LEAD, "u_shaped": {"first": 400, "lead": 400}},
}
DIRECT_NAMES = ("direct", "(direct)", "(direct) / (none)", "direct / none")
"""What direct visits are called where a path tells channels only."""


def set_choices(con: duckdb.DuckDBPyConnection, choice: Attribution) -> None:
    """Make `attribution_choice`, one row: lookback, half-life, headline model, and each shape's milestones.

    Also makes the SQL function `removal_effects`: transition counts, row by row as `_markov` reads them → effects.
    """
    shapes = PRESETS[choice.preset]
    row: dict[str, object] = {
        "lookback_days": choice.lookback_days,
        "half_life_days": choice.half_life_days,
        "headline": choice.headline,
        **{f"{shape}_{name}": shapes[shape].get(name, 0) for shape in _SHAPES for name in MILESTONES},
    }
    _table(con, "attribution_choice", [row])
    _table(con, "attribution_model", [{"model": model} for model in choice.models])
    _table(con, "sales_channel", [{"channel": channel} for channel in choice.sales_channels])
    set_function(con, "removal_effects", _removal_effects, "DOUBLE[]", ["DOUBLE[]"])


def set_function(
    con: duckdb.DuckDBPyConnection,
    name: str,
    function: Callable[..., pa.Array],
    returns: str,
    parameters: list[str] | None = None,
) -> None:
    """Make the SQL function of Arrow columns, in the place of one that has the name."""
    with suppress(duckdb.InvalidInputException):
        con.remove_function(name)
    con.create_function(name, function, parameters, returns, type="arrow")  # type: ignore[call-overload]


def scales() -> str:
    """SQL columns of a path that its shapes need: what a thousandth of a milestone weighs, and a touch between.

    The weight of a milestone that never was goes to the others pro rata, as does that of the touches between where
    there are none; milestones on one touch pool theirs.
    """
    columns = []
    for shape in _SHAPES:
        met = ", ".join(f"{{p: {_position(name)}, w: {shape}_{name}}}" for name in MILESTONES)
        total = f"list_sum([m.w for m in [{met}] if m.w > 0 AND m.p IS NOT NULL])"
        places = f"len(list_distinct([m.p for m in [{met}] if m.w > 0 AND m.p IS NOT NULL]))"
        between = f"(1000 - {' - '.join(f'{shape}_{name}' for name in MILESTONES)})"
        columns += [
            f"CASE WHEN n > {places} THEN (1000 - {between}) / 1000.0 ELSE 1 END / {total} AS {shape}_each",
            f"CASE WHEN n > {places} THEN {between} / 1000.0 / (n - {places}) ELSE 0 END AS {shape}_between",
        ]
    return ", ".join(columns)


def share(model: str) -> str:
    """SQL for a touch's share of its path under a model."""
    match model:
        case "first":
            return "CAST(position = 1 AS DOUBLE)"
        case "last":
            return "CAST(position = n AS DOUBLE)"
        case "last_non_direct":
            return "CAST(position = coalesce(nondirect_position, n) AS DOUBLE)"
        case "linear":
            return "1.0 / n"
        case "time_decay":
            return "decay / CAST(decays AS DOUBLE)"
        case "markov":
            # Channels that lose nothing when removed share alike where no channel of the path does.
            whole = "CASE WHEN effects > 0 THEN effect / CAST(effects AS DOUBLE) ELSE 1.0 / channels END"
            return f"{whole} / of_channel"
        case "shapley":
            return "1.0 / channels / of_channel"
        case _:
            weight = " + ".join(
                f"CASE WHEN position = {_position(name)} THEN {model}_{name} ELSE 0 END" for name in MILESTONES
            )
            return f"CASE WHEN {weight} > 0 THEN ({weight}) * {model}_each ELSE {model}_between END"


def _position(milestone: str) -> str:
    return {"first": "1", "last": "n"}.get(milestone, f"{milestone}_position")


def _removal_effects(counts: pa.ChunkedArray) -> pa.Array:
    """Chains of one size, each its own list of (k + 1) × (k + 2) counts over k channels."""
    lists = counts.combine_chunks()
    chains = lists.flatten().to_numpy(zero_copy_only=False).reshape(len(lists), -1)
    channels = int(np.sqrt(chains.shape[1]) - 1)  # (k + 1)² < (k + 1)(k + 2) < (k + 2)²
    effects = removal_effects(chains.reshape(len(lists), channels + 1, channels + 2), np.eye(channels, dtype=bool))
    return pa.array(list(effects), type=pa.list_(pa.float64()))


def _table(con: duckdb.DuckDBPyConnection, name: str, rows: list[dict[str, object]]) -> None:
    """A small table of choices."""
    con.register("_choice", pa.Table.from_pylist(rows))
    con.execute(f"CREATE OR REPLACE TABLE {name} AS SELECT * FROM _choice")
    con.unregister("_choice")
