"""Where the bands should lie, whether scores still lie where they did, and how old the thresholds are.

Belongs here: what is read off a backtest to keep a model calibrated. It proposes; the edit is a person's.

**Bands.** Target accounts are cut by score into twentieths of each day. Their opportunity rates are made to never fall
as scores rise, by isotonic regression weighted by accounts (pool adjacent violators, Ayer et al. 1955). Hot are the
twentieths whose fitted rate is at least twice the average, warm at least the average, cool at least half of it.

**Engaged** is an account from where the lowest twentieth begins that is at least average: the median over the days.

**Drift** is the population stability index (Siddiqi, Credit Risk Scorecards, 2006): Σ (now − then) × ln(now ÷ then)
over the shares of target accounts without a score and in the tenths of the scores of then. Half an account is added
to each share, so that an empty one is not infinitely far away. Under 0.1 little has changed, over 0.25 much.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import duckdb

from abm_pipeline.scoring.lifecycle import champion_of, promotions
from abm_pipeline.scoring.model import ScoringModel
from abm_pipeline.storage.engine import Step, run_steps

if TYPE_CHECKING:
    from abm_pipeline.scoring.discrimination import Judged
    from abm_pipeline.settings import Settings

HOT, WARM, COOL = 2.0, 1.0, 0.5
"""Least fitted rate of a band, in averages."""
LEAST_LIFT = 2.0
"""A lift below it is warned of; at least 3 is expected (metrics.md)."""
QUARTER_DAYS = 92
"""A calibration that is older is to be looked at again."""
DRIFTED = 0.25
"""A population stability index from which much has changed."""


@dataclass(frozen=True)
class Proposal:
    """Thresholds proposed for a model, or why there are none. `fitted`: twentieth (0: no score) and its fitted rate."""

    model: int
    band_pct: tuple[int, int, int] | None
    engaged_min_score: float | None
    fitted: tuple[tuple[int, float], ...]
    average: float | None
    reason: str
    yaml: str


@dataclass(frozen=True)
class Drift:
    """How far today's scores lie from those of the backtest's days. `shares`: then and now, from no score upwards."""

    model: int
    index: float | None
    shares: tuple[tuple[float, float], ...]


def floors(con: duckdb.DuckDBPyConnection) -> dict[int, dict[int, float]]:
    """By model and twentieth of `backtest_input`, the lowest score in it on a day, the median of the days."""
    rows = con.execute(
        "SELECT model, twentieth, quantile_disc(lowest, 0.5) FROM (SELECT model, day, twentieth, min(score) AS lowest "
        "FROM backtest_input WHERE twentieth > 0 GROUP BY ALL) GROUP BY ALL"
    ).fetchall()
    out: dict[int, dict[int, float]] = {}
    for model, twentieth, lowest in rows:
        out.setdefault(model, {})[twentieth] = lowest
    return out


def propose(
    position: int,
    model: ScoringModel,
    judged: Sequence[Judged],
    begins: Mapping[int, float],
    today: date,
    min_sample: int,
) -> Proposal:
    """Thresholds of the model at `position` of the backtest, from its opportunity rates by twentieth of the score, each
    of which `begins` at a score.

    None while fewer than `min_sample` accounts opened a deal, or where no twentieth has twice the average.
    """
    # SciPy takes half a second to load.
    from scipy.optimize import isotonic_regression

    found = next((each for each in judged if (each.model, each.outcome) == (position, "opportunity")), None)
    if found is None or found.is_low_sample:
        seen = found.yes if found else 0
        return Proposal(position, None, None, (), None, f"too few accounts opened a deal: {seen}", "")
    groups = sorted(found.of("twentieth"), key=lambda group: int(group.value))
    rates = isotonic_regression([group.x / group.n for group in groups], weights=[group.n for group in groups]).x
    average = found.x / found.n
    fitted = {int(group.value): float(rate) for group, rate in zip(groups, rates, strict=True)}
    # A twentieth that nobody was in counts as the one below it.
    by_rank = [max((fitted[k] for k in fitted if k <= rank), default=0.0) for rank in range(1, 21)]
    # Fitted rates are means of counts; what equals a bound shall not miss it by a rounding.
    ratios = [round(rate / average, 9) for rate in by_rank]
    hot = 5 * sum(ratio >= HOT for ratio in ratios)
    warm = 5 * sum(WARM <= ratio < HOT for ratio in ratios)
    cool = 5 * sum(COOL <= ratio < WARM for ratio in ratios)
    told = tuple(sorted(fitted.items()))
    if not hot:
        reason = "no twentieth of the accounts has a fitted rate of twice the average: scores don't tell them apart"
        return Proposal(position, None, None, told, average, reason, "")
    engaged = min(score for k, score in begins.items() if round(fitted.get(k, 0.0) / average, 9) >= WARM)
    engaged = math.floor(engaged * 100) / 100 or 0.01
    was, now = model.band_pct, (hot, warm, cool)
    yaml = (
        f"engaged_min_score: {engaged:g}  # was {model.engaged_min_score:g}\n"
        f"band_pct: {{hot: {hot}, warm: {warm}, cool: {cool}}}"
        f"  # was {{hot: {was.hot:g}, warm: {was.warm:g}, cool: {was.cool:g}}}\n"
        f"calibrated_on: {today}\n"
    )
    return Proposal(position, now, engaged, told, average, "", yaml)


DRIFT_STEPS = (
    Step(
        "edge",
        "Bounds between the tenths of each model's scores above 0 on the days of the backtest.",
        """
        SELECT model, quantile_disc(score, [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]) AS bounds
        FROM scored_then SEMI JOIN as_of USING (day)
        WHERE score > 0
        GROUP BY model
        """,
    ),
    Step(
        "cell",
        "Accounts without a score (0) and in each tenth (1 to 10), on the days of the backtest and on the last.",
        """
        SELECT past.model, as_of.day IS NULL AS is_now,
               CASE WHEN past.score > 0 THEN 1 + len(list_filter(edge.bounds, lambda bound: bound < past.score))
                    ELSE 0 END AS tenth,
               count(*) AS accounts
        FROM scored_then AS past
        LEFT JOIN as_of ON as_of.day = past.day
        LEFT JOIN edge ON edge.model = past.model
        GROUP BY ALL
        """,
    ),
)


def drift(con: duckdb.DuckDBPyConnection, models: int) -> list[Drift]:
    """The drift of each model, from the days of `as_of` in `scored_then` to the one day that is not among them."""
    run_steps(con, DRIFT_STEPS)
    counts = {(model, bool(now), tenth): n for model, now, tenth, n in con.execute("FROM cell").fetchall()}
    out = []
    for model in range(models):
        then, now = ([counts.get((model, side, tenth), 0) for tenth in range(11)] for side in (False, True))
        if not sum(then) or not sum(now):
            out.append(Drift(model, None, ()))
            continue
        # Tenths that neither side has anybody in say nothing.
        held = [(a + 0.5, b + 0.5) for a, b in zip(then, now, strict=True) if a or b]
        totals = [sum(side) for side in zip(*held, strict=True)]
        shares = [(a / totals[0], b / totals[1]) for a, b in held]
        index = math.fsum((b - a) * math.log(b / a) for a, b in shares)
        plain = tuple((a / sum(then), b / sum(now)) for a, b in zip(then, now, strict=True))
        out.append(Drift(model, index, plain))
    return out


def calibrated_on(settings: Settings) -> tuple[date | None, str]:
    """Since when the champion's thresholds hold, and what says so: the later of its file's date (`calibrated_on`, or
    `valid_from`) and of its promotion; else the first day scored under it. None while nothing is known.
    """
    champion, model = champion_of(settings)
    declared = model.calibrated_on or model.valid_from
    promoted = [each.at.date() for each in promotions(settings) if each.champion == champion.label]
    known = [(declared, "declared in its file")] if declared else []
    known += [(max(promoted), "promoted")] if promoted else []
    if known:
        return max(known)
    return (champion.days[0], "first scored; never calibrated since") if champion.days else (None, "no day is scored")
