"""The page “Does the score predict?”: the champion and its challengers judged on earlier days.

Belongs here: turning a `Backtest` into HTML that opens without network. What it says is `scoring.backtest`'s.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from html import escape
from pathlib import Path
from typing import Any

import pandas as pd

from abm_pipeline.programme import ConfigError
from abm_pipeline.reports import _curves, _page
from abm_pipeline.reports._format import NOTHING, number, percent
from abm_pipeline.scoring.backtest import HORIZON, Backtest, backtest, candidates, days_to_ask
from abm_pipeline.scoring.discrimination import Estimate, Judged
from abm_pipeline.scoring.thresholds import DRIFTED, LEAST_LIFT, QUARTER_DAYS, Drift, Proposal, calibrated_on
from abm_pipeline.settings import Settings
from abm_pipeline.storage.whole import write_whole

TITLES = {"opportunity": "Who opens a deal", "won": "Who wins a deal"}
NOTES = {
    "opportunity": "Target accounts without an open deal on the day, by the score they had; the share that opened one.",
    "won": "All target accounts, by the score they had; the share that won a deal. Who has a deal open scores higher.",
}
WHY_NOT = "nobody of the lowest fifth, or too few"
BANDS = ("none", "cold", "cool", "warm", "hot")


def refresh(settings: Settings, days: Sequence[date], run_id: str) -> Path:
    """Write `{home}/reports/score_prediction/index.html`; returns it.

    It judges the models that the YAML declares as far back as it can, whatever the days.
    """
    return write_whole(settings.reports_path / "score_prediction" / "index.html", render(settings))


def render(settings: Settings) -> str:
    """The page as HTML."""
    models = candidates(settings)
    try:
        days = days_to_ask(settings, models, HORIZON)
    except ConfigError as error:
        return _page.render("prediction.html.j2", reason=str(error), found=None)
    found = backtest(settings, models, days)
    since, why = calibrated_on(settings)
    age = (found.today - since).days if since else None
    head = found.of(0, "opportunity")
    return _page.render(
        "prediction.html.j2",
        reason="",
        found=found,
        headline=_headline(head),
        alarms=_alarms(head, found.drifts[0], age, why),
        kpis=_kpis(found, age, why),
        legend=[
            {"label": each.label, "colour": _curves.colour(position)} for position, each in enumerate(found.models)
        ],
        outcomes=[_outcome(found, outcome) for outcome in TITLES],
        proposals=[_proposal(found, proposal) for proposal in found.proposals],
        drifts=[_drift(found, drift) for drift in found.drifts],
        drifted=DRIFTED,
    )


def _headline(judged: Judged | None) -> str:
    lift = judged.lift if judged else None
    if lift is None or lift.value is None:
        return "Too little has happened to tell"
    if lift.low is not None and lift.low > 1:
        return f"The highest fifth opens deals {number(lift.value)} times as often as the lowest"
    return f"High scores have not been shown to open more deals: {number(lift.value)} times, {_interval(lift)}"


def _alarms(judged: Judged | None, drift: Drift, age: int | None, why: str) -> list[str]:
    out = []
    if judged and judged.lift.value is not None and judged.lift.value < LEAST_LIFT:
        out.append(
            f"The lift is {number(judged.lift.value)}; below {LEAST_LIFT:g} a score hardly tells accounts apart. Try "
            "other weights: abm model fit."
        )
    if judged and judged.is_low_sample:
        out.append("Few accounts have opened a deal, or few have not: read the intervals, not the values.")
    if age is not None and age > QUARTER_DAYS:
        out.append(f"The champion's thresholds are {age} days old ({why}): hold them against the rates below.")
    if drift.index is not None and drift.index > DRIFTED:
        out.append(f"Scores lie elsewhere than they did: a stability index of {number(drift.index)}.")
    return out


def _kpis(found: Backtest, age: int | None, why: str) -> list[dict[str, str]]:
    out = []
    for outcome, name in (("opportunity", "opportunities"), ("won", "wins")):
        judged = found.of(0, outcome)
        for what, title in (("lift", "Lift"), ("auc", "AUC")):
            estimate = getattr(judged, what) if judged else Estimate(None)
            out.append(
                {"title": f"{title}, {name}", "value": number(estimate.value), "note": _interval(estimate) or WHY_NOT}
            )
    index = found.drifts[0].index
    out.append({"title": "Drift of scores (PSI)", "value": number(index), "note": f"to {found.today}"})
    out.append({"title": "Age of thresholds", "value": NOTHING if age is None else f"{age} days", "note": why})
    return out


def _outcome(found: Backtest, outcome: str) -> dict[str, Any]:
    judged = [(each, found.of(position, outcome)) for position, each in enumerate(found.models)]
    models = [
        {
            "label": candidate.label,
            "lift": _value(one.lift),
            "lift_interval": _interval(one.lift),
            "auc": _value(one.auc),
            "auc_interval": _interval(one.auc),
            "lift_difference": _differs(one.lift_difference, "×{:.2f}"),
            "lift_range": _interval(one.lift_difference),
            "auc_difference": _differs(one.auc_difference, "{:+.2f}"),
            "auc_range": _interval(one.auc_difference),
            "rows": f"{one.x:,} of {one.n:,}",
            "accounts": f"{one.yes:,}",
            "is_low_sample": one.is_low_sample,
        }
        for candidate, one in judged
        if one
    ]
    first = judged[0][1]
    return {
        "title": TITLES[outcome],
        "note": NOTES[outcome],
        "models": models,
        "has_come": first is not None and first.x > 0,
        "quintiles": _bars(judged, "quintile", TITLES[outcome]),
        "bands": _bars(judged, "band", TITLES[outcome]),
        "curve": _calibration(first, found.proposals[0] if outcome == "opportunity" else None, TITLES[outcome]),
        "roc": _roc(judged, TITLES[outcome]),
    }


def _bars(judged: Sequence[tuple[Any, Judged | None]], dimension: str, title: str) -> str:
    rows = []
    for candidate, one in judged:
        groups = one.of(dimension) if one else []
        if dimension == "band":
            groups = sorted(groups, key=lambda group: BANDS.index(group.value))
        rows += [
            {
                "group": group.value if dimension == "band" else _ORDINAL[group.value],
                "model": candidate.label,
                "rate": group.rate.value,
                "low": group.rate.low,
                "high": group.rate.high,
                "average": one.x / one.n,
            }
            for group in groups
            if one
        ]
    told = "; ".join(f"{row['group']} {percent(row['rate'])}" for row in rows)
    return _curves.bars(pd.DataFrame(rows), escape(f"{title} by {dimension}: {told}")) if rows else ""


_ORDINAL = {"1": "lowest", "2": "2nd", "3": "3rd", "4": "4th", "5": "highest"}


def _calibration(one: Judged | None, proposal: Proposal | None, title: str) -> str:
    if one is None:
        return ""
    fitted = dict(proposal.fitted) if proposal else {}
    rows = pd.DataFrame(
        [
            {
                "place": int(group.value),
                "rate": group.rate.value,
                "low": group.rate.low,
                "high": group.rate.high,
                "n": group.n,
                "fitted": fitted.get(int(group.value)),
                "average": one.x / one.n,
            }
            for group in one.of("twentieth")
        ]
    ).astype({"fitted": float})
    told = "; ".join(f"{row.place} {percent(row.rate)}" for row in rows.itertuples())
    return _curves.calibration(rows, escape(f"{title} by twentieth of the score: {told}"))


def _roc(judged: Sequence[tuple[Any, Judged | None]], title: str) -> str:
    rows = [
        {"model": candidate.label, "place": place, "no": no, "yes": yes}
        for candidate, one in judged
        if one
        for place, (no, yes) in enumerate(one.roc)
    ]
    if not rows:
        return ""
    told = "; ".join(f"{candidate.label} {number(one.auc.value)}" for candidate, one in judged if one)
    return _curves.roc(pd.DataFrame(rows), escape(f"{title}, ROC curve; area: {told}"))


def _proposal(found: Backtest, proposal: Proposal) -> dict[str, str]:
    return {"label": found.models[proposal.model].label, "yaml": proposal.yaml, "reason": proposal.reason}


def _drift(found: Backtest, drift: Drift) -> dict[str, str]:
    rows = [
        {"group": "none" if tenth == 0 else str(tenth), "side": side, "share": share}
        for tenth, pair in enumerate(drift.shares)
        for side, share in zip(("then", "now"), pair, strict=True)
    ]
    told = "; ".join(f"{row['group']} {row['side']} {percent(row['share'])}" for row in rows)
    label = found.models[drift.model].label
    svg = _curves.shares(pd.DataFrame(rows), escape(f"Scores of {label} by tenth: {told}")) if rows else ""
    return {"label": label, "index": number(drift.index), "svg": svg}


def _interval(found: Estimate | None) -> str:
    """The interval; nothing where there is none."""
    if found is None or found.low is None or found.high is None:
        return ""
    return f"{_two(found.low)} to {_two(found.high)}"


def _differs(found: Estimate | None, form: str) -> str:
    """A difference; nothing for the model that others are compared with."""
    if found is None:
        return ""
    return NOTHING if found.value is None else form.format(round(found.value, 2) + 0.0).replace("-", "−")


def _value(found: Estimate) -> str:
    return NOTHING if found.value is None else _two(found.value)


def _two(value: float) -> str:
    # Adding 0 makes −0 a 0.
    return f"{round(value, 2) + 0.0:.2f}".replace("-", "−")
