"""A fitted model as the YAML that people read and edit: the base with other weights, and what they rest on.

Belongs here: from the regression's answer to a model, and its text. The regression is `fit`'s.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import yaml
from pydantic import ValidationError

from abm_pipeline.programme import ConfigError
from abm_pipeline.scoring.backtest import Backtest, backtest, days_to_ask, known_days
from abm_pipeline.scoring.evidence import Candidate
from abm_pipeline.scoring.fit import INTENT, LAMBDAS, Fit, Lessons, learn, lessons, split
from abm_pipeline.scoring.model import ScoringModel

if TYPE_CHECKING:
    from collections.abc import Sequence

    from abm_pipeline.scoring.backtest import Every
    from abm_pipeline.scoring.discrimination import Estimate
    from abm_pipeline.settings import Settings


@dataclass(frozen=True)
class Fitted:
    """A fitted model with its text, and the backtest of base and fitted model on the later days."""

    model: ScoringModel
    text: str
    fit: Fit
    validation: Backtest


def fit_model(
    settings: Settings,
    base: Candidate,
    name: str,
    *,
    horizon: int,
    outcome: str,
    every: Every = "month",
    asked: Sequence[date] = (),
) -> Fitted:
    """Learn `name` from the base on earlier days, and judge both on later ones. Writes nothing.

    `outcome`: opportunity or won. Raises ConfigError where there is too little to learn from, or for a name that can't
    be one.
    """
    earlier, later = split(days_to_ask(settings, [base], horizon, asked, every), horizon)
    found = lessons(settings, base, earlier, horizon, outcome)
    fit = learn(found, settings.programme.min_sample)
    model = _model(base.model, name, fit, known_days(settings)[1])
    judged = backtest(settings, [base, Candidate(f"{name}@{model.model_version}", model)], later, horizon)
    return Fitted(model, _text(base, model, fit, found, earlier, judged, outcome), fit, judged)


def _model(base: ScoringModel, name: str, fit: Fit, today: date) -> ScoringModel:
    said: dict[str, Any] = base.model_dump(mode="json")
    points = {
        part: _digits(value * fit.factor.get(part, fit.other_factor)) if value else 0.0
        for part, value in base.points.items()
    }
    content = {
        part: {kind: _digits(value * fit.factor.get(part, fit.other_factor)) for kind, value in by_content.items()}
        for part, by_content in base.content_points.items()
        if points[part]
    }
    factor = fit.factor.get(INTENT, fit.other_factor)
    intent = base.intent
    said |= {
        "name": name,
        "version": "1",
        "valid_from": None,
        "calibrated_on": today.isoformat(),
        "points": points,
        "content_points": content,
        "intent": {
            "points_per_topic": _digits(intent.points_per_topic * factor),
            "full_score": intent.full_score,
            "cap": _digits(intent.cap * factor),
        },
    }
    try:
        return ScoringModel.model_validate(said)
    except ValidationError as error:
        problem = error.errors()[0]
        where = ".".join(map(str, problem["loc"]))
        raise ConfigError(f"the fitted model would not be right: {where}: {problem['msg']}") from None


def _digits(value: float) -> float:
    """Three digits say as much as such weights know."""
    return float(f"{value:.3g}")


def _text(
    base: Candidate,
    model: ScoringModel,
    fit: Fit,
    found: Lessons,
    earlier: Sequence[date],
    judged: Backtest,
    outcome: str,
) -> str:
    what = "opens a deal" if outcome == "opportunity" else "wins a deal"
    mine, theirs = judged.of(1, outcome), judged.of(0, outcome)
    assert mine is not None
    assert theirs is not None
    head = [
        f"Weights learnt by `abm model fit` from {base.label}: who {what} within {judged.horizon} days.",
        f"Learnt on scores of {len(earlier)} days, {earlier[0]} to {earlier[-1]}: {len(found.came)} rows of "
        f"{found.accounts} accounts, {int(found.came.sum())} times it came.",
        f"Logistic regression, ridge {fit.strength:.3g} towards the base's proportions (chosen on accounts left out),",
        "coefficients never below 0, scaled to the base's mean score. Intercept "
        f"{fit.intercept:.3f}. See docs/scoring.md.",
        f"Judged on {len(judged.days)} later days, "
        f"{judged.days[0]} to {judged.days[-1]}: {mine.n} rows, {mine.x} came:",
        f"  AUC {told(mine.auc)}; the base's {told(theirs.auc)}; difference {told(mine.auc_difference)}",
        f"  lift {told(mine.lift)}; the base's {told(theirs.lift)}",
        "Points may be edited; any change makes another model_version.",
    ]
    if fit.strength == max(LAMBDAS):
        head.insert(4, "What happened does not call for other proportions than the base's.")
    lines = [f"# {line}" for line in head]
    said = model.model_dump() | {"windows": list(model.windows)}
    for key, value in said.items():
        if key == "points":
            lines.append("# coefficient: log odds for ten of the base's points")
            lines.append("points:")
            lines += [_line(part, points, base.model, fit) for part, points in model.points.items()]
        elif key == "intent":
            lines += [_dumped(key, value).rstrip(), f"  # {_said(INTENT, base.model.intent.points_per_topic, fit)}"]
        else:
            lines.append(_dumped(key, value).rstrip())
    return "\n".join(lines) + "\n"


def _line(part: str, points: float, base: ScoringModel, fit: Fit) -> str:
    if not base.points[part]:
        return f"  {part}: 0  # no points in the base"
    return f"  {part}: {points:g}  # {_said(part, base.points[part], fit)}"


def _said(part: str, was: float, fit: Fit) -> str:
    if part not in fit.coefficient:
        return f"was {was:g}; nobody had it, so in the base's proportion"
    return f"was {was:g}; coefficient {10 * fit.coefficient[part]:+.3f}, in {fit.accounts_with[part]} rows"


def _dumped(key: str, value: Any) -> str:
    style = None if isinstance(value, Mapping | list) else False
    return yaml.safe_dump({key: _plain(value)}, sort_keys=False, default_flow_style=style, width=120)


def _plain(value: Any) -> Any:
    """Whole numbers without a point, as people write them."""
    if isinstance(value, Mapping):
        return {key: _plain(inner) for key, inner in value.items()}
    return int(value) if isinstance(value, float) and value.is_integer() else value


def told(estimate: Estimate | None) -> str:
    """A value and its interval; a dash for none."""
    if estimate is None or estimate.value is None:
        return "–"
    if estimate.low is None or estimate.high is None:
        return f"{estimate.value:.2f}"
    return f"{estimate.value:.2f} ({estimate.low:.2f} to {estimate.high:.2f})"
