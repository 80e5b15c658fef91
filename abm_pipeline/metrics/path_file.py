"""Attribution of a file of paths, without a lake: what `abm attribution` computes.

Belongs here: reading and checking the file, and credit of channels over all its paths. The models are those of deals
(`_credit_models`); Markov's and Shapley's totals here are the textbook's, over all paths at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa

from abm_pipeline.metrics._credit_models import DIRECT_NAMES, MODELS, scales, set_choices, share
from abm_pipeline.metrics._markov import chain, removal_effects
from abm_pipeline.metrics._shapley import shapley, worth_of_sets
from abm_pipeline.programme import Attribution
from abm_pipeline.storage.engine import connect

PLACES = ("lead", "sql", "opportunity", "won")
NUMBERS = ("conversions", "value", "nulls")
_RULES = tuple(model for model in MODELS if model not in ("markov", "shapley"))


class PathFileError(ValueError):
    """The file can't be used; the message names line, column and remedy."""


def attribute(
    source: Path, models: Sequence[str], choice: Attribution, *, order: int = 1, worth_is_given: bool = False
) -> pd.DataFrame:
    """Credit of every channel under the models: columns model, channel, conversions, value, share, removal_effect.

    Args:
        source: CSV with the columns path (`a > b > c`) and conversions; value (of all conversions of the row) and nulls
            (paths like this that did not convert) are 0 where left out; lead, sql, opportunity and won are positions
            of milestones, from 1, the last two being the last touch where nothing is said.
        models: names of MODELS.
        choice: preset and half-life. A path tells no times: for time decay each step back is a day.
        order: how many channels back Markov's chain looks.
        worth_is_given: a row's conversions are the worth of its set of channels, for Shapley; else the worth of a set
            is what the paths brought that used no other channel.

    Conversions and value add up to the file's under every model (with a given worth: to the worth of all channels).
    Without any conversion there is no removal effect and no credit. Raises PathFileError, and TooLargeError where an
    exact answer would take too long.
    """
    rows = _read(source)
    paths = [[name.strip() for name in path.split(">")] for path in rows["path"]]
    channels = sorted({name for path in paths for name in path})
    number = {name: i for i, name in enumerate(channels)}
    numbered = [[number[name] for name in path] for path in paths]
    totals = {name: rows[name].to_numpy(dtype=np.float64) for name in NUMBERS}
    frames = []
    rules = [model for model in models if model in _RULES]
    credited = _by_rules(numbered, rows, channels, choice, rules) if rules else {}
    for model in models:
        effects = None
        if model == "markov":
            counts, member = chain(numbered, totals["conversions"], totals["nulls"], len(channels), order)
            effects = removal_effects(counts, member)
            part = effects / effects.sum() if effects.any() else np.zeros(len(channels))
            credit = {name: part * totals[name].sum() for name in ("conversions", "value")}
        elif model == "shapley":
            masks = np.array([sum(1 << channel for channel in set(path)) for path in numbered], dtype=np.int64)
            credit = {
                name: shapley(worth_of_sets(masks, totals[name], len(channels), given=worth_is_given))
                for name in ("conversions", "value")
            }
        else:
            credit = credited[model]
        whole = credit["conversions"].sum()
        frames.append(
            pd.DataFrame(
                {
                    "model": model,
                    "channel": channels,
                    **credit,
                    "share": credit["conversions"] / whole if whole else np.nan,
                    "removal_effect": np.nan if effects is None else effects,
                }
            )
        )
    return pd.concat(frames, ignore_index=True)


def _by_rules(
    paths: list[list[int]], rows: pd.DataFrame, channels: list[str], choice: Attribution, models: list[str]
) -> dict[str, dict[str, np.ndarray]]:
    """model → conversions and value of each channel, by the SQL that credits deals."""
    length = np.array([len(path) for path in paths])
    path_no = np.repeat(np.arange(len(paths)), length)
    starts = np.repeat(np.cumsum(length) - length, length)
    columns = {
        "path_no": path_no,
        "position": np.arange(length.sum()) - starts + 1,
        "n": np.repeat(length, length),
        "channel_no": np.array([channel for path in paths for channel in path], dtype=np.int64),
        **{name: rows[name].to_numpy(dtype=np.float64)[path_no] for name in ("conversions", "value")},
    }
    # A path ends with what it is about: where a milestone's column doesn't say otherwise, that was the last touch.
    ends = {"opportunity", "won"}
    told = {name: rows[name].fillna(pd.Series(length)) if name in ends else rows[name] for name in PLACES}
    places = {
        f"{name}_position": pa.array(each.to_numpy(dtype=np.float64)[path_no], from_pandas=True)
        for name, each in told.items()
    }
    with connect() as con:
        set_choices(con, choice)
        con.register("given", pa.table({**columns, **places}))
        con.register("named", pa.table({"channel_no": np.arange(len(channels)), "channel": channels}))
        credits = ", ".join(
            f"sum(conversions * {model}) AS {model}_conversions, sum(value * {model}) AS {model}_value"
            for model in models
        )
        shares = ", ".join(f"{share(model)} AS {model}" for model in models)
        credited = con.execute(
            f"""
            WITH touch AS (
                SELECT g.*, c.*, pow(2, 40 - (n - position) / c.half_life_days) AS decay,
                       lower(n.channel) IN {DIRECT_NAMES} AS is_direct
                FROM given g JOIN named n USING (channel_no) CROSS JOIN attribution_choice c
            ),
            whole AS (
                SELECT *, sum(decay) OVER (PARTITION BY path_no) AS decays,
                       max(position) FILTER (NOT is_direct) OVER (PARTITION BY path_no) AS nondirect_position,
                       {scales()}
                FROM touch
            ),
            shared AS (SELECT channel_no, conversions, value, {shares} FROM whole)
            SELECT {credits} FROM shared GROUP BY channel_no ORDER BY channel_no
            """
        ).fetchnumpy()
    return {
        model: {name: np.asarray(credited[f"{model}_{name}"], dtype=np.float64) for name in ("conversions", "value")}
        for model in models
    }


def _read(source: Path) -> pd.DataFrame:
    """The rows of the file, checked: path text, numbers as numbers, positions within the path."""
    try:
        with source.open(encoding="utf-8-sig") as file:
            head = file.readline()
    except UnicodeDecodeError:
        raise PathFileError(f"{source} is not in UTF-8; save it as CSV UTF-8.") from None
    delimiter = max(",;\t", key=head.count)
    with connect() as con:
        try:
            rows = con.execute(
                "SELECT * FROM read_csv(?, header = true, all_varchar = true, skip = 0, delim = ?, quote = '\"')",
                [str(source), delimiter],
            ).df()
        except duckdb.Error:
            raise PathFileError(
                f"{source} is no CSV table: is every row as wide as the header, in UTF-8, every quote closed?"
            ) from None
    rows.columns = [str(name).strip().lower() for name in rows.columns]
    if missing := [name for name in ("path", "conversions") if name not in rows]:
        raise PathFileError(
            f"{source}: no column {missing[0]!r}. Needed are path (a > b > c) and conversions; value and nulls may "
            "follow."
        )
    if rows.empty:
        raise PathFileError(f"{source}: there is no path in it.")
    for name in (*NUMBERS, *PLACES):
        text = rows[name] if name in rows else pd.Series([None] * len(rows), dtype="str")
        number = pd.to_numeric(text.str.strip(), errors="coerce")
        wrong = number.isna() & text.notna() & (text.str.strip() != "")
        wrong |= ~np.isfinite(number.fillna(0.0)) | (number < 0)
        _refuse(source, wrong, text, f"{name} {{}} is no number from 0 on")
        rows[name] = number.astype("float64") if name in PLACES else number.fillna(0.0).astype("float64")
    empty = rows["path"].fillna("").str.split(">").map(lambda names: any(not name.strip() for name in names))
    _refuse(source, empty.astype(bool), rows["path"], "path {} has no channel where one should be; write a > b > c")
    length = rows["path"].str.count(">") + 1
    for name in PLACES:
        outside = rows[name].notna() & ~(rows[name].between(1, length) & (rows[name] % 1 == 0))
        _refuse(
            source,
            outside,
            rows[name].map("{:g}".format),
            f"{name} {{}} is no position in the path; the first touch is 1",
        )
    return rows


def _refuse(source: Path, wrong: pd.Series, shown: pd.Series, what: str) -> None:
    if wrong.any():
        at = int(np.flatnonzero(wrong.to_numpy())[0])
        raise PathFileError(f"{source}, row {at + 1}: {what.format(repr(shown.iloc[at]))}.")
