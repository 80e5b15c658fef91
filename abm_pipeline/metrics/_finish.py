"""From tidy sums to published values: value, 95 % interval, low_sample, benchmark and status.

Belongs here: statistics over aggregated rows, vectorised. Every formula works on one row alone, so a value does not
depend on which other rows are computed with it.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from abm_pipeline.metrics._spec import MetricSpec
from abm_pipeline.programme import Band
from abm_pipeline.scoring.discrimination import Z95

Floats = NDArray[np.float64]


def wilson(successes: Floats, trials: Floats) -> tuple[Floats, Floats]:
    """Wilson's 95 % score interval of a proportion; NaN where trials is 0 or successes lie outside 0 … trials.

    Wilson (1927); 8 of 10 gives 0.4902 … 0.9433.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        share = successes / trials
        spread = Z95 * Z95 / trials
        centre = (share + spread / 2) / (1 + spread)
        half = Z95 / (1 + spread) * np.sqrt(share * (1 - share) / trials + spread / (4 * trials))
    # At 0 and at all the bound is the bound itself; rounding must not carry it past.
    low = np.where(successes == 0, 0.0, np.maximum(centre - half, 0.0))
    high = np.where(successes == trials, 1.0, np.minimum(centre + half, 1.0))
    valid = (trials > 0) & (successes >= 0) & (successes <= trials)
    return np.where(valid, low, np.nan), np.where(valid, high, np.nan)


def mean_interval(total: Floats, n: Floats, sum_squares: Floats) -> tuple[Floats, Floats]:
    """Student's t 95 % interval of a mean from n, Σx and Σx²; NaN below two observations."""
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = total / n
        variance = np.maximum(sum_squares - total * mean, 0.0) / (n - 1)
        half = _t95(n) * np.sqrt(variance / n)
    return mean - half, mean + half


def ratio_interval(x: Floats, y: Floats, n: Floats, squares: tuple[Floats, Floats, Floats]) -> tuple[Floats, Floats]:
    """Linearised t 95 % interval of Σx ÷ Σy over n units, from `squares` = Σx², Σxy, Σy²; NaN below two units.

    Cochran, Sampling Techniques, 6.4. For pooled shares whose observations come in clusters (contacts within
    accounts), where Wilson's is too narrow.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        xx, xy, yy = squares
        ratio = x / y
        residual = np.maximum(xx - 2 * ratio * xy + ratio * ratio * yy, 0.0)
        half = _t95(n) * np.sqrt(n / (n - 1) * residual) / y
    return ratio - half, ratio + half


def weighted_wilson(x: Floats, y: Floats, sum_yy: Floats) -> tuple[Floats, Floats]:
    """Wilson's interval of a share of amounts Σx ÷ Σy, where each unit's x is 0 to y: NaN where y is 0.

    As of (Σy)² ÷ Σy² units of one size, the effective sample (Kish 1965; Korn and Graubard 1998): of few large amounts
    little is known, and the interval stays within 0 and 1. Where x is neither 0 nor y it is wider than it need be.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        units = y * y / sum_yy
        # x is y to the last bit where all of it counts.
        return wilson(np.where(x == y, units, x / y * units), units)


def clustered_wilson(
    x: Floats, y: Floats, units: Floats, squares: tuple[Floats, Floats, Floats]
) -> tuple[Floats, Floats]:
    """Wilson's interval of a share Σx ÷ Σy of things that come in clusters (contacts within accounts); NaN below two.

    As of so many independent things as would spread as much as the clusters do (Korn and Graubard 1998): p (1 − p) over
    the variance of `ratio_interval`, but no more than there are.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        xx, xy, yy = squares
        share = x / y
        variance = units / (units - 1) * np.maximum(xx - 2 * share * xy + share * share * yy, 0.0) / (y * y)
        things = np.where(variance > 0, np.minimum(share * (1 - share) / variance, y), y)
        things = np.where(units > 1, things, np.nan)
        return wilson(np.where(x == y, things, share * things), things)


def _t95(n: Floats) -> Floats:
    """97.5 % quantile of Student's t with n − 1 degrees of freedom; NaN below two."""
    # SciPy takes half a second to load, and the definitions load this module.
    from scipy.special import stdtrit

    return np.asarray(stdtrit(np.where(n > 1, n - 1, np.nan), 0.975), dtype=np.float64)


def finish(
    tidy: pd.DataFrame,
    specs: Mapping[str, MetricSpec],
    *,
    min_sample: int,
    benchmarks: Mapping[str, Mapping[str, Band]],
    score_version: str | None,
) -> pd.DataFrame:
    """The rows of `metric_values` from tidy rows with a `metric` column (see `MetricSpec`).

    Args:
        tidy: rows of any number of metrics.
        specs: metric id → SPEC of every metric in `tidy`.
        min_sample: below so many observations a row is flagged `low_sample`.
        benchmarks: metric → `all` or `dimension=value`, either with `@60d` to hold for one window only → bounds.
        score_version: version of the champion model, for metrics that rest on it.
    """
    out = tidy.copy()
    out["as_of"] = out["day"]
    number = {name: _floats(out, name) for name in ("numerator", "denominator", "n", "value", "sum_squares")}
    statistic = out["metric"].map({name: spec.statistic for name, spec in specs.items()}).to_numpy(dtype=object)
    x, y, n = number["numerator"], number["denominator"], number["n"]
    units = _floats(out, "units")
    with np.errstate(divide="ignore", invalid="ignore"):
        divided = np.where(y == 0, np.nan, x / y)
    value = np.select([statistic == "count", statistic == "given"], [x, number["value"]], divided)
    squares = (_floats(out, "sum_xx"), _floats(out, "sum_xy"), _floats(out, "sum_yy"))
    intervals = {
        "proportion": wilson(x, y),
        "weighted": weighted_wilson(x, y, squares[2]),
        "clustered": clustered_wilson(x, y, units, squares),
        "mean": mean_interval(x, y, number["sum_squares"]),
        "ratio": ratio_interval(x, y, np.where(np.isnan(units), n, units), squares),
        "given": (_floats(out, "ci_low"), _floats(out, "ci_high")),
    }
    chosen = [statistic == kind for kind in intervals]
    low = np.select(chosen, [ends[0] for ends in intervals.values()], np.nan)
    high = np.select(chosen, [ends[1] for ends in intervals.values()], np.nan)
    out["value"], out["ci_low"], out["ci_high"] = value, low, high
    out["low_sample"] = n < min_sample
    out["benchmark_low"], out["benchmark_high"] = _bounds(out, benchmarks)
    below, above = value < out["benchmark_low"].to_numpy(), value > out["benchmark_high"].to_numpy()
    unknown = np.isnan(value) | (out["benchmark_low"].isna() & out["benchmark_high"].isna()).to_numpy()
    out["status"] = np.select([unknown, below, above], ["none", "below", "above"], "within")
    out["definition_version"] = out["metric"].map({name: spec.definition_version for name, spec in specs.items()})
    scored = {name for name, spec in specs.items() if spec.rests_on_score}
    rests = out["metric"].isin(scored) | (out["dimension"] == "engagement_quintile")
    out["scoring_model_version"] = rests.map({True: score_version, False: None})
    return out


def _floats(frame: pd.DataFrame, column: str) -> Floats:
    if column not in frame:
        return np.full(len(frame), np.nan)
    return np.asarray(frame[column].astype("float64").to_numpy(na_value=np.nan), dtype=np.float64)


def _bounds(rows: pd.DataFrame, benchmarks: Mapping[str, Mapping[str, Band]]) -> tuple[pd.Series, pd.Series]:
    """Benchmark of each row: the key for its window first, then the one for any window, then `dimension=*`."""
    keys = rows["dimension"].where(rows["dimension"] == "all", rows["dimension"] + "=" + rows["dimension_value"])
    key = rows["metric"] + "/" + keys
    dated = key + "@" + rows["window_days"].astype(str) + "d"
    any_value = rows["metric"] + "/" + rows["dimension"] + "=*"
    bands = {f"{metric}/{name}": band for metric, named in benchmarks.items() for name, band in named.items()}

    def end(pick: str) -> pd.Series:
        known = {name: getattr(band, pick) for name, band in bands.items()}
        # A band for the window wins even where its end is open.
        own = key.map(known).where(key.isin(known), any_value.map(known))
        return dated.map(known).where(dated.isin(known), own).astype("float64")

    return end("low"), end("high")
