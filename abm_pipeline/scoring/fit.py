"""Learn a model's weights from what happened: what each touch type and intent is worth, by logistic regression.

Belongs here: the rows to learn from, the regression, and the split in time. Writing the result as YAML is `fitted`'s.

The regression explains whether an outcome came within the horizon by the parts of the base model's score on earlier
days (each touch type's points, caps, roles, recency and breadth applied, and intent's). So it answers with a factor for
each of the base's points, and the answer is a model of the same form. Touch types without points in the base are
no engagement, and stay so.

- **Never below 0.** A touch type's coefficient is bounded: that somebody replied cannot be a reason to score less; one
  that tells nothing gets 0 points.
- **Regularised.** Ridge regression pulls towards the base's proportions, not towards 0: minimised is the mean log loss
  + λ s² Σ(β − β̄)², β̄ the mean coefficient of a point, s the root mean square of the score. With λ → ∞ it is the base
  model on another scale, and what few accounts did stays close to it. λ is the one of `LAMBDAS` with the least log loss
  on accounts left out, a fifth at a time.
- **Validated later.** Learnt on earlier days, all of whose outcomes are known before the first of the later days that
  both models are then judged on, scored in the ordinary way.

Solved by L-BFGS-B (Byrd, Lu, Nocedal and Zhu 1995), which takes bounds; the problem is convex, so what it finds is the
answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from abm_pipeline.programme import ConfigError
from abm_pipeline.scoring.backtest import known_days, working
from abm_pipeline.scoring.evidence import Candidate, observe
from abm_pipeline.storage.engine import Step, run_steps

if TYPE_CHECKING:
    from abm_pipeline.settings import Settings

Floats = NDArray[np.float64]
LAMBDAS = tuple(10.0**power for power in range(-6, 2))
FOLDS = 5
INTENT = "intent"

STEPS = (
    Step(
        "lesson",
        "The rows to learn from, numbered, in an order that does not hang on how they were found.",
        """
        SELECT CAST(row_number() OVER (ORDER BY day, account_id) - 1 AS INTEGER) AS row, day, account_id, came,
               CAST((dense_rank() OVER (ORDER BY account_id) - 1) % (SELECT folds FROM learning) AS INTEGER) AS fold
        FROM observation SEMI JOIN learning USING (outcome)
        WHERE model = 0
        """,
    ),
    Step(
        "feature",
        "Points of each part of the base's score, breadth shared out to the touch types that it multiplies.",
        """
        WITH shared AS (
            SELECT day, account_id, 1 + coalesce(sum(points) FILTER (part = 'breadth'), 0)
                       / nullif(sum(points) FILTER (part NOT IN ('breadth', 'intent')), 0) AS factor
            FROM part_then GROUP BY ALL
        )
        SELECT lesson.row, part_then.part,
               part_then.points * CASE part_then.part WHEN 'intent' THEN 1 ELSE shared.factor END AS points
        FROM part_then
        JOIN shared USING (day, account_id)
        JOIN lesson USING (day, account_id)
        WHERE part_then.part <> 'breadth'
        ORDER BY part_then.part, lesson.row
        """,
    ),
)


@dataclass(frozen=True)
class Lessons:
    """Rows to learn from: `points` (rows × parts) of the base's score, whether it `came` (0 or 1), and the fold."""

    parts: tuple[str, ...]
    points: Floats
    came: Floats
    fold: NDArray[np.int64]
    accounts: int


@dataclass(frozen=True)
class Fit:
    """`coefficient` by part: log odds per point of the base; `factor`: times the base's points, on its scale."""

    coefficient: dict[str, float]
    factor: dict[str, float]
    other_factor: float
    accounts_with: dict[str, int]
    intercept: float
    strength: float


def split(days: Sequence[date], horizon: int) -> tuple[list[date], list[date]]:
    """Days to learn from and, later, to judge on: the last third, and those whose outcomes are known before it begins.

    Raises ConfigError if there is nothing to learn from.
    """
    later = sorted(days)[-max(1, round(len(days) / 3)) :]
    earlier = [day for day in sorted(days) if day + timedelta(days=horizon) <= later[0]]
    if not earlier:
        raise ConfigError(
            f"days from {min(days)} to {max(days)} are too few to learn on some and judge on others, {horizon} days "
            "apart; fetch earlier days, or shorten --horizon"
        )
    return earlier, later


def lessons(settings: Settings, base: Candidate, days: Sequence[date], horizon: int, outcome: str) -> Lessons:
    """The rows to learn from: the base's score of each target account on the days, and whether the outcome came."""
    with working(settings) as con:
        observe(con, settings, [base], days, horizon, known_days(settings)[1], with_parts=True)
        con.execute(
            "CREATE OR REPLACE TEMP TABLE learning AS SELECT ? AS outcome, ?::INTEGER AS folds", [outcome, FOLDS]
        )
        run_steps(con, STEPS)
        rows = con.sql("SELECT came, fold, account_id FROM lesson ORDER BY row").df()
        cells = con.sql("SELECT row, part, points FROM feature").df()
    parts = (*base.model.engagement_types, INTENT)
    points = np.zeros((len(rows), len(parts)))
    column = cells["part"].map({part: number for number, part in enumerate(parts)})
    points[cells["row"].to_numpy(), column.to_numpy()] = cells["points"]
    came, fold = rows["came"].to_numpy(np.float64), rows["fold"].to_numpy(np.int64)
    return Lessons(parts, points, came, fold, rows["account_id"].nunique())


def learn(found: Lessons, min_sample: int) -> Fit:
    """The weights that explain the outcomes best.

    Raises ConfigError with fewer than `min_sample` rows to which it came or did not, or if no part explains anything.
    """
    yes = int(found.came.sum())
    if min(yes, len(found.came) - yes) < min_sample:
        raise ConfigError(f"too little to learn from: it came to {yes} of {len(found.came)} accounts and days")
    held: NDArray[np.bool_] = np.any(found.points, axis=0)
    if not held.any():
        raise ConfigError("nothing to learn from: no account had any points")
    scale = float(np.sqrt((found.points.sum(axis=1) ** 2).mean()))
    x = found.points[:, held] / scale
    losses = [_left_out(x, found, strength) for strength in LAMBDAS]
    # The strongest of equals.
    strength = max(zip(losses, LAMBDAS, strict=True), key=lambda pair: (-pair[0], pair[1]))[1]
    solved = _solve(x, found.came, strength)
    beta = np.zeros(len(held))
    beta[held] = solved[1:] / scale
    mean = float(beta[held].mean())
    given = float((found.points @ beta).sum())
    if given <= 0 or mean <= 0:
        raise ConfigError("no touch type tells who comes: every coefficient is 0")
    # Scores stay as high as the base's on average, so that caps and thresholds keep their meaning.
    stretch = float(found.points.sum()) / given
    factor = {part: float(b) * stretch for part, b, is_held in zip(found.parts, beta, held, strict=True) if is_held}
    return Fit(
        {part: float(b) for part, b, is_held in zip(found.parts, beta, held, strict=True) if is_held},
        factor,
        mean * stretch,
        {part: int(n) for part, n in zip(found.parts, (found.points > 0).sum(axis=0), strict=True)},
        float(solved[0]),
        strength,
    )


def _left_out(x: Floats, found: Lessons, strength: float) -> float:
    """Mean log loss on the accounts of each fold, of what the others teach."""
    total = 0.0
    for fold in range(FOLDS):
        out = found.fold == fold
        if out.any() and not out.all():
            solved = _solve(x[~out], found.came[~out], strength)
            total += _loss(x[out], found.came[out], solved) * int(out.sum())
    return total / len(found.came)


def _loss(x: Floats, came: Floats, solved: Floats) -> float:
    odds = solved[0] + x @ solved[1:]
    return float(np.mean(np.logaddexp(0.0, odds) - came * odds))


def _solve(x: Floats, came: Floats, strength: float) -> Floats:
    """Intercept and coefficients of the parts, which are never below 0."""
    # SciPy takes half a second to load.
    from scipy.optimize import minimize
    from scipy.special import expit

    def value(at: Floats) -> tuple[float, Floats]:
        odds = at[0] + x @ at[1:]
        error = (expit(odds) - came) / len(came)
        across = at[1:] - at[1:].mean()
        loss = np.mean(np.logaddexp(0.0, odds) - came * odds) + strength * across @ across
        return float(loss), np.concatenate([[error.sum()], x.T @ error + 2 * strength * across])

    share = np.clip(came.mean(), 1e-6, 1 - 1e-6)
    start = np.concatenate([[np.log(share / (1 - share))], np.full(x.shape[1], 0.01)])
    bounds = [(None, None), *[(0.0, None)] * x.shape[1]]
    solved = minimize(
        value, start, jac=True, bounds=bounds, method="L-BFGS-B", options={"maxiter": 5000, "gtol": 1e-9, "ftol": 1e-14}
    )
    return np.asarray(solved.x, dtype=np.float64)
