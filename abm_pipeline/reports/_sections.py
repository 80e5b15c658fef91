"""The sections of the weekly review: rows of a `Review` as the texts and widths that the template places.

Belongs here: what is worth saying of a row, and how its numbers read. Layout is the template's.
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from abm_pipeline.contracts.fields import ACCOUNT_STAGES, TIERS
from abm_pipeline.reports import _charts
from abm_pipeline.reports._format import cell, is_missing, money, number, percent, signed, silent, words
from abm_pipeline.reports._review import Review

# The headline numbers, in this order: metric, and whether a rise of it is good news.
CARDS = (
    ("target_accounts", False),
    ("engaged_accounts", True),
    ("coverage", True),
    ("penetration_low", True),
    ("intent_coverage", True),
    ("engagement_to_opportunity", True),
    ("win_rate", True),
    ("pipeline_velocity", True),
)
PROGRAMMES = ("abm", "non_abm")
COMPARED = ("win_rate", "deal_size", "deal_size_median", "pipeline_velocity", "engagement_to_opportunity")
TOP_PARTS = 3
TRENDS = (("Engaged accounts", ",.0f"), ("Mean score", ",.0f"), ("Coverage", ".0%"))


def alarms(review: Review) -> list[str]:
    """What makes the numbers below less than they seem."""
    out = []
    for row in _each(review.health):
        if bool(row.is_silent):
            since = (
                "nothing has ever come" if is_missing(row.last_day) else f"its last data is of {row.last_day:%d %b %Y}"
            )
            out.append(
                f"{row.source} is silent: {since}. Scores and coverage that rest on it fall for that reason alone."
            )
        if not is_missing(row.match_rate) and row.match_rate < 0.5:
            out.append(f"Only {percent(row.match_rate)} of {row.source}'s touches belong to a known account.")
    out += [
        f"{number(row.rows)} {row.vendor} {row.stream} records are in quarantine: {words(row.rule)}"
        + ("" if is_missing(row.column) or not row.column else f" ({row.column})")
        + "."
        for row in _each(review.quarantine)
    ]
    return out


def cards(review: Review) -> list[dict[str, Any]]:
    cards = []
    for metric, good in CARDS:
        row, spec = review.value(metric), review.specs.get(metric)
        if row is None or spec is None:
            continue
        card = _cell(review, row) | {"title": spec.title, "window": row.window_days}
        if metric == "penetration_low" and (high := review.value("penetration_high")) is not None:
            card |= {"title": "Buying-committee penetration", "interval": "", "status": "none"}
            card["value"] = f"{percent(row.value)[:-2]} – {percent(high.value)}"
        card["value"], _, card["per"] = card["value"].partition(" a ")
        card["per"] = card["per"] and f"a {card['per']}"
        before = review.value(metric, ago=True)
        delta = (
            None if before is None or is_missing(row.value) or is_missing(before.value) else row.value - before.value
        )
        card["change"] = signed(delta, spec.unit, review.currency).removesuffix(" a day") if delta else ""
        card["tone"] = _tone(delta) if good else ""
        cards.append(card)
    return cards


def trends(review: Review) -> list[dict[str, str]]:
    out = []
    for title, form in TRENDS:
        rows = review.trend[review.trend["series"] == title].dropna(subset=["value"])
        if len(rows) < 2:
            continue
        first, last = rows["value"].iloc[0], rows["value"].iloc[-1]
        text = percent if form.endswith("%") else number
        since, until = rows["day"].iloc[0], rows["day"].iloc[-1]
        label = f"{title}: from {text(first)} on {since:%d %b} to {text(last)} on {until:%d %b}"
        out.append({"title": title, "label": label, "svg": _charts.trend(rows[["day", "value"]], form, label)})
    return out


def stages(review: Review) -> list[dict[str, Any]]:
    known = {row.stage: row for row in _each(review.stages)}
    if not known:
        return []
    total = sum(row.accounts for row in known.values())
    most = max(row.accounts for row in known.values()) or 1
    out = []
    for stage in ACCOUNT_STAGES:
        now = known[stage].accounts if stage in known else 0
        before = known[stage].accounts_before if stage in known else 0
        out.append(
            {
                "stage": stage,
                "accounts": now,
                "share": percent(now / total) if total else "",
                "width": round(100 * now / most, 1),
                "change": signed(now - before, "accounts", "") if now != before else "",
            }
        )
    return out


def hot(review: Review) -> list[dict[str, Any]]:
    parts = dict(iter(review.parts.groupby("account_id")))
    topics = review.topics.groupby("account_id")["topic"].apply(list).to_dict() if len(review.topics) else {}
    out = []
    for row in _each(review.hot):
        why = parts.get(row.account_id, review.parts.head(0)).head(TOP_PARTS)
        gaps = [] if is_missing(row.role_gaps) else [words(role) for role in str(row.role_gaps).split(",") if role]
        low, high = row.committee_low, row.committee_high
        size = number(low) if low == high else f"{number(low)}–{number(high)}"
        out.append(
            {
                "rank": number(row.rank),
                "name": row.account_id if is_missing(row.name) else row.name,
                "account_id": row.account_id,
                "is_new": bool(row.is_new),
                "tier": "" if is_missing(row.tier) else words(row.tier),
                "stage": row.stage,
                "owner": "no owner" if is_missing(row.owner_name) else row.owner_name,
                "score": number(row.engagement_score),
                "change": signed(row.score_change_7d, "points", ""),
                "tone": _tone(row.score_change_7d),
                "silent": silent(row),
                "why": [
                    {
                        "part": words(part.part),
                        "points": number(part.points),
                        "touches": "" if is_missing(part.touches) else f"{int(part.touches)}×",
                        "width": round(min(100.0, 100 * part.points / max(row.engagement_score, 1e-9)), 1),
                    }
                    for part in _each(why)
                ],
                "last": "" if is_missing(row.last_touch_day) else f"{row.last_touch_day:%d %b}",
                "committee": f"{number(row.contacts_engaged)} of {size}",
                "gaps": gaps,
                "topics": topics.get(row.account_id, [])[:3],
                "pipeline": money(row.open_pipeline, review.currency) if row.open_pipeline else "",
            }
        )
    return out


def tier_charts(review: Review) -> list[dict[str, str]]:
    out = []
    for metric, title in (("coverage", "Coverage"), ("penetration_low", "Penetration (larger committee)")):
        found = [(tier, review.value(metric, "tier", tier)) for tier in TIERS]
        rows = pd.DataFrame(
            [
                {"segment": words(tier)}
                | {c: getattr(row, c) for c in ("value", "ci_low", "ci_high", "benchmark_low", "benchmark_high")}
                for tier, row in found
                if row is not None and not is_missing(row.value)
            ]
        )
        if len(rows):
            label = f"{title} by tier: " + "; ".join(f"{r.segment} {percent(r.value)}" for r in _each(rows))
            out.append({"title": title, "label": label, "svg": _charts.intervals(rows, label)})
    return out


def tiers(review: Review) -> list[dict[str, Any]]:
    out = []
    for tier in TIERS:
        cells = {m: review.value(m, "tier", tier) for m in ("coverage", "penetration_low", "penetration_high")}
        if cells["coverage"] is None:
            continue
        low, high = cells["penetration_low"], cells["penetration_high"]
        both = "" if low is None or high is None else f"{percent(low.value)} – {percent(high.value)}"
        cell = _cell(review, cells["coverage"])
        if cell["benchmark"]:
            cell["benchmark"] += f" in {cells['coverage'].window_days} days"
        out.append(cell | {"tier": words(tier), "penetration": both})
    return out


def topics(review: Review) -> list[dict[str, Any]]:
    if review.topics.empty:
        return []
    by_topic = (
        review.topics.groupby("topic").agg(accounts=("account_id", "nunique"), new=("is_new", "sum")).reset_index()
    )
    top = by_topic.sort_values(["accounts", "topic"], ascending=[False, True]).head(10)
    most = top["accounts"].max()
    return [
        {"topic": row.topic, "accounts": row.accounts, "new": row.new, "width": round(100 * row.accounts / most, 1)}
        for row in _each(top)
    ]


def compared(review: Review) -> list[dict[str, Any]]:
    out = []
    for metric in COMPARED:
        cells = [review.value(metric, "program", name) for name in PROGRAMMES]
        if metric in review.specs and any(cell is not None for cell in cells):
            shown_cells = [None if cell is None else _cell(review, cell) for cell in cells]
            out.append({"title": review.specs[metric].title, "cells": shown_cells})
    return out


def definitions(review: Review) -> list[dict[str, str]]:
    used = sorted(set(review.values["metric"]) & review.specs.keys())
    return [
        {"title": review.specs[metric].title, "id": metric, "formula": review.specs[metric].formula} for metric in used
    ]


def _cell(review: Review, row: Any) -> dict[str, Any]:
    """A value with what it takes to judge it."""
    return cell(row, review.specs[row.metric], review.currency)


def _tone(change: Any) -> str:
    return "" if is_missing(change) or abs(change) < 1e-9 else "up" if change > 0 else "down"


def _each(frame: pd.DataFrame) -> list[Any]:
    """The rows as named tuples."""
    return list(frame.itertuples(index=False))
