"""Charts of a backtest as inline SVG: rates with intervals, the ROC curve, and where scores lay and lie.

Belongs here: pictures of a frame, in the theme of `_charts`. One colour for each model, the reference's first.
"""

from __future__ import annotations

import altair as alt
import pandas as pd

from abm_pipeline.reports._charts import as_svg

_COLOURS = ("var(--accent)", "var(--bad)", "var(--good)", "var(--warn)", "var(--muted)")


def bars(rows: pd.DataFrame, label: str) -> str:
    """Rates as bars with intervals beside their average. `rows`: group, model, rate, low, high, average."""
    models = list(dict.fromkeys(rows["model"]))
    x = alt.X("group:N", sort=None, title=None, axis=alt.Axis(labelAngle=0, ticks=False, labelLimit=70))
    offset = alt.XOffset("model:N", sort=models)
    base = alt.Chart(rows)
    y = alt.Y("rate:Q", title=None, axis=alt.Axis(format="~%", tickCount=4), scale=alt.Scale(zero=True))
    layers = [
        base.mark_bar(opacity=0.75, cornerRadiusTopLeft=2, cornerRadiusTopRight=2).encode(
            x=x, y=y, color=_tone(models), xOffset=offset
        ),
        base.mark_rule(strokeWidth=1.5, color="var(--ink)").encode(x=x, y="low:Q", y2="high:Q", xOffset=offset),
        alt.Chart(rows.head(1)).mark_rule(strokeDash=[4, 3], color="var(--muted)").encode(y="average:Q"),
    ]
    return as_svg(alt.layer(*layers).properties(width=430, height=190), label)


def calibration(rows: pd.DataFrame, label: str) -> str:
    """Rates by twentieth of the score with intervals, and the fitted ones as steps. `rows`: place, rate, low, high, n,
    fitted (missing where nothing is fitted), average.
    """
    x = alt.X(
        "place:Q",
        title="score, in twentieths of the target accounts",
        axis=alt.Axis(grid=False, tickMinStep=5, values=[0, 5, 10, 15, 20]),
        scale=alt.Scale(domain=[-0.5, 20.5]),
    )
    y = alt.Y("rate:Q", title=None, axis=alt.Axis(format="~%", tickCount=4), scale=alt.Scale(zero=True))
    base = alt.Chart(rows)
    layers = [
        base.mark_rule(color="var(--accent)", opacity=0.45, strokeWidth=2).encode(x=x, y="low:Q", y2="high:Q"),
        base.mark_point(color="var(--accent)", filled=True, opacity=1, size=36).encode(x=x, y=y),
        alt.Chart(rows.head(1)).mark_rule(strokeDash=[4, 3], color="var(--muted)").encode(y="average:Q"),
        alt.Chart(rows.dropna(subset=["fitted"]))
        .mark_line(interpolate="step", color="var(--ink)", strokeWidth=1.5)
        .encode(x=x, y="fitted:Q"),
    ]
    return as_svg(alt.layer(*layers).properties(width=430, height=200), label)


def roc(rows: pd.DataFrame, label: str) -> str:
    """ROC curves over the diagonal of a coin. `rows`: model, no, yes (shares of those it did not and did come to)."""
    models = list(dict.fromkeys(rows["model"]))
    axis = alt.Axis(format=".0%", tickCount=4)
    x = alt.X("no:Q", title="of those to whom it did not come", axis=axis)
    y = alt.Y("yes:Q", title="of those to whom it came", axis=axis)
    coin = alt.Chart(pd.DataFrame({"no": [0.0, 1.0], "yes": [0.0, 1.0]}))
    layers = [
        coin.mark_line(color="var(--muted)", strokeDash=[4, 3], strokeWidth=1).encode(x=x, y=y),
        alt.Chart(rows).mark_line(strokeWidth=2).encode(x=x, y=y, color=_tone(models), order="place:Q"),
    ]
    return as_svg(alt.layer(*layers).properties(width=300, height=230), label)


def shares(rows: pd.DataFrame, label: str) -> str:
    """Where scores lay and lie. `rows`: group, side (`then` or `now`), share."""
    x = alt.X("group:N", sort=None, title=None, axis=alt.Axis(labelAngle=0, ticks=False))
    chart = (
        alt.Chart(rows)
        .mark_bar()
        .encode(
            x=x,
            y=alt.Y("share:Q", title=None, axis=alt.Axis(format=".0%", tickCount=4)),
            xOffset=alt.XOffset("side:N", sort=["then", "now"]),
            color=alt.Color(
                "side:N",
                legend=None,
                scale=alt.Scale(domain=["then", "now"], range=["var(--muted)", "var(--accent)"]),
            ),
        )
    )
    return as_svg(chart.properties(width=430, height=150), label)


def colour(position: int) -> str:
    """The colour of the model at a position."""
    return _COLOURS[position % len(_COLOURS)]


def _tone(models: list[str]) -> alt.Color:
    scale = alt.Scale(domain=models, range=[colour(position) for position in range(len(models))])
    return alt.Color("model:N", legend=None, scale=scale)
