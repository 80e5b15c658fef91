"""Charts as inline SVG: no script, no request, and colours that follow the page's light or dark theme.

Belongs here: small pictures of a frame. Colours are CSS variables of the page's style sheet.
"""

from __future__ import annotations

import re
from typing import Any

import altair as alt
import pandas as pd
import vl_convert

FONT = "system-ui, -apple-system, Segoe UI, Roboto, sans-serif"
_THEME: dict[str, Any] = {
    "background": "transparent",
    "font": FONT,
    "view": {"stroke": None},
    "axis": {
        "labelColor": "var(--muted)",
        "titleColor": "var(--muted)",
        "gridColor": "var(--line)",
        "domainColor": "var(--line)",
        "tickColor": "var(--line)",
        "labelFontSize": 11,
        "titleFontSize": 11,
        "titleFontWeight": "normal",
    },
}

_TONES = {"before": "var(--muted)", "for": "var(--good)", "against": "var(--bad)", "whole": "var(--accent)"}


def trend(rows: pd.DataFrame, form: str, label: str) -> str:
    """A line over days with the last value marked. `rows`: day, value; `form`: a d3 number format."""
    base = alt.Chart(rows).encode(
        x=alt.X("day:T", title=None, axis=alt.Axis(format="%-d %b", tickCount=4, grid=False)),
        y=alt.Y("value:Q", title=None, axis=alt.Axis(format=form, tickCount=4), scale=alt.Scale(zero=True)),
    )
    # a missing day is a gap in the line, not a slope
    area = base.mark_area(color="var(--accent)", opacity=0.12, line=False)
    line = base.mark_line(color="var(--accent)", strokeWidth=2)
    last = (
        alt.Chart(rows.tail(1)).mark_point(color="var(--accent)", filled=True, size=45).encode(x="day:T", y="value:Q")
    )
    return as_svg((area + line + last).properties(width=290, height=130), label)


def intervals(rows: pd.DataFrame, label: str) -> str:
    """Dots with intervals over their benchmark. `rows`: segment, value, and low and high of `ci_` and `benchmark_`."""
    order = list(rows["segment"])
    y = alt.Y("segment:N", sort=order, title=None, axis=alt.Axis(ticks=False, domain=False, labelLimit=130))
    # a committee can be smaller than the people it turns out to have
    most = max(1.0, float(rows[["value", "ci_high"]].max().max()))
    x = alt.X("value:Q", title=None, scale=alt.Scale(domain=[0, most]), axis=alt.Axis(format=".0%", tickCount=5))
    band = rows.dropna(subset=["benchmark_low"]).assign(benchmark_high=lambda r: r["benchmark_high"].fillna(1.0))
    layers = [
        alt.Chart(band)
        .mark_bar(color="var(--band)", height=22, cornerRadius=3)
        .encode(y=y, x=alt.X("benchmark_low:Q", title=None), x2="benchmark_high:Q"),
        alt.Chart(rows.dropna(subset=["ci_low"]))
        .mark_rule(color="var(--accent)", strokeWidth=2)
        .encode(y=y, x=alt.X("ci_low:Q", title=None), x2="ci_high:Q"),
        alt.Chart(rows).mark_point(color="var(--accent)", filled=True, size=70, opacity=1).encode(y=y, x=x),
    ]
    return as_svg(alt.layer(*layers).properties(width=270, height=34 * max(1, len(rows))), label)


def waterfall(rows: pd.DataFrame, label: str) -> str:
    """Bars that add up downwards, in bits. `rows`: step, low, high, weight, text, kind (a key of _TONES)."""
    order = list(rows["step"])
    tone = alt.Color(
        "kind:N",
        legend=None,
        scale=alt.Scale(domain=list(_TONES), range=list(_TONES.values())),
    )
    y = alt.Y("step:N", sort=order, title=None, axis=alt.Axis(ticks=False, domain=False, labelLimit=230))
    # room for the numbers beside the outermost bars
    low, high = min(0.0, float(rows["low"].min())), max(0.0, float(rows["high"].max()))
    room = (high - low or 1.0) * 0.2
    x = alt.X("low:Q", title="bits", scale=alt.Scale(domain=[low - room, high + 2 * room], nice=False))
    bars = alt.Chart(rows).mark_bar(height=15, cornerRadius=2).encode(y=y, x=x, x2="high:Q", color=tone)
    zero = alt.Chart(pd.DataFrame({"low": [0.0]})).mark_rule(color="var(--muted)").encode(x="low:Q")
    layers = [bars, zero]
    # the number stands where the bar ends, on the outside
    for column, is_right in (("high", True), ("low", False)):
        mark = alt.MarkDef(type="text", align="left" if is_right else "right", dx=4 if is_right else -4, fontSize=11)
        said = alt.Chart(rows[(rows["weight"] >= 0) == is_right], mark=mark)
        layers.append(said.encode(y=y, x=f"{column}:Q", text="text:N", color=alt.value("var(--ink)")))
    return as_svg(alt.layer(*layers).properties(width=330, height=26 * len(rows)), label)


def as_svg(chart: Any, label: str) -> str:
    """The chart as SVG, sized by the page and named `label` (escaped) for screen readers."""
    svg = vl_convert.vegalite_to_svg(chart.configure(**_THEME).to_dict())
    # sized by the page, named for screen readers
    svg = re.sub(r'<svg([^>]*?) width="([\d.]+)" height="[\d.]+"', r'<svg\1 style="max-width:\2px"', svg, count=1)
    return svg.replace("<svg", f'<svg role="img" aria-label="{label}"', 1)
