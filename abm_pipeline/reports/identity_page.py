"""Two pages about who is who: the review queue, for each pair both records side by side, the evidence as a picture and
how to decide; and identity's own health, with what the last runs changed.

Belongs here: turning a `Queue` and a `Health` into HTML that opens without network. Which pairs, and in which order, is
`review`'s; the numbers are `health`'s and `restated`'s.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from datetime import date
from html import escape
from pathlib import Path
from typing import Any

import pandas as pd

from abm_pipeline.identity.health import DAYS, health
from abm_pipeline.identity.reading import SHOWN, Record, shown
from abm_pipeline.identity.review import Pair, Queue, queue
from abm_pipeline.identity.wording import probability
from abm_pipeline.reports import _charts, _page
from abm_pipeline.reports._format import covered, money, number, size_of, value_of, words
from abm_pipeline.reports.restated import Resolution, resolutions
from abm_pipeline.settings import Settings
from abm_pipeline.storage.whole import write_whole

# Beyond this many pieces the smallest are drawn as one bar.
PIECES = 9
# So many pairs that wait are shown.
PAIRS = 50
# Of so many runs that changed who is who the page tells.
RUNS = 10
# These being equal says nothing of the company.
ABOUT_THE_RECORD = ("owner_name", "lifecycle_stage", "is_deleted", "created_at", "modified_at")


def commands(pair: Pair) -> tuple[str, str]:
    """The two commands that decide a pair: one company, and never one company."""
    ends = f"{shlex.quote(pair.left.key)} {shlex.quote(pair.right.key)}"
    return f"abm identity merge {ends}", f"abm identity split {ends}"


def refresh(settings: Settings, days: Sequence[date], run_id: str) -> Path:
    """Write both pages: `{home}/reports/identity_health/index.html` and, beside it, `review.html`; returns the first.

    They tell of who is who as it is now, whatever the days.
    """
    folder = settings.reports_path / "identity_health"
    write_whole(folder / "review.html", render(queue(settings, PAIRS), settings.programme.reporting_currency))
    return write_whole(folder / "index.html", render_health(settings))


def render(found: Queue, currency: str) -> str:
    """The page as HTML."""
    return _page.render(
        "identity_review.html.j2",
        day=found.day,
        waiting=found.waiting,
        pairs=[
            {
                "pair": pair,
                "probability": probability(pair.probability),
                "pipeline": money(pair.pipeline, currency),
                "score": number(pair.score),
                "spend": money(pair.spend, currency),
                "rows": side_by_side(pair.left, pair.right),
                "svg": waterfall(pair),
                "commands": commands(pair),
            }
            for pair in found.pairs
        ],
    )


def render_health(settings: Settings) -> str:
    """The page of identity's health as HTML."""
    found, currency = health(settings), settings.programme.reporting_currency
    touches = [match for match in found.matches if match.what == "touches"]
    total, unmatched = sum(match.total for match in touches), sum(match.unmatched for match in touches)
    spend, lost = (sum(getattr(match, name) or 0 for match in found.matches) for name in ("money", "money_unmatched"))
    matched = covered(1 - unmatched / total if total else None)
    most = max((accounts for _, _, accounts, _ in found.sizes), default=0) or 1
    kpis = [
        {
            "title": "Touches matched",
            "value": matched,
            "note": f"{number(unmatched)} of {number(total)} have no account",
        },
        {
            "title": "Ad spend matched",
            "value": covered(1 - lost / spend if spend else None),
            "note": f"of {money(spend, currency)} told by company, {money(lost, currency)} is on nobody's",
        },
        {
            "title": "Pairs that wait",
            "value": number(found.waiting),
            "note": f"{money(found.pipeline, currency)} of {money(found.whole_pipeline, currency)} open pipeline",
        },
        {
            "title": "Accounts",
            "value": number(sum(accounts for _, _, accounts, _ in found.sizes)),
            "note": f"of {number(sum(records for *_, records in found.sizes))} records",
        },
    ]
    return _page.render(
        "identity_health.html.j2",
        health=found,
        days=DAYS,
        headline=f"{matched} of touches find their account" if total else "No touches yet",
        kpis=kpis,
        matches=[
            {
                "source": words(match.source),
                "what": match.what,
                "rate": covered(match.rate),
                "width": round(100 * (match.rate or 0), 1),
                "total": f"{match.total:,}",
                "unmatched": f"{match.unmatched:,}",
                "money": "" if match.money is None else money(match.money_unmatched, currency),
            }
            for match in found.matches
        ],
        sizes=[
            {"size": size_of(low, high), "accounts": f"{accounts:,}", "width": round(100 * accounts / most, 1)}
            for low, high, accounts, _ in found.sizes
        ],
        runs=[_told(run) for run in resolutions(settings, RUNS)],
    )


def _told(run: Resolution) -> dict[str, Any]:
    reach = (
        "No number moved." if run.since is None else f"It matters from {run.since} on; {run.days} days moved so far."
    )
    moves = [
        {
            "key": move.key,
            "column": words(move.column),
            "day": move.day,
            "before": value_of(move.before),
            "now": value_of(move.now),
            "change": "" if move.delta is None else f"{'+' if move.delta > 0 else ''}{number(move.delta)}",
        }
        for move in (*run.metrics, *run.accounts)
    ]
    return {"at": f"{run.at:%Y-%m-%d %H:%M}", "what": run.what, "reach": reach, "moves": moves}


def side_by_side(left: Record, right: Record) -> list[dict[str, Any]]:
    """A row for each attribute that either record has: its name, both values, and whether they are the same."""
    out = []
    for name in (name for name in SHOWN if name in left.values or name in right.values):
        values = [shown(record.values[name]) if name in record.values else "" for record in (left, right)]
        is_same = values[0].casefold() == values[1].casefold() and name not in ABOUT_THE_RECORD
        out.append({"name": words(name.removesuffix("_source_id")), "values": values, "is_same": is_same})
    return out


def waterfall(pair: Pair) -> str:
    """The weight of the evidence as SVG: what was believed before, what each piece adds, what it comes to; in bits."""
    ranked = sorted(pair.evidence, key=lambda piece: -abs(piece.weight))
    steps = [("before looking", pair.prior), *((piece.says, piece.weight) for piece in ranked[:PIECES])]
    if rest := ranked[PIECES:]:
        steps.append((f"{len(rest)} smaller pieces", sum(piece.weight for piece in rest)))
    rows: list[dict[str, Any]] = []
    reached = 0.0
    for text, weight in steps:
        low, high = sorted((reached, reached + weight))
        rows.append({"says": text, "low": low, "high": high, "weight": weight, "text": f"{weight:+.1f}"})
        rows[-1]["kind"] = "before" if len(rows) == 1 else "for" if weight >= 0 else "against"
        reached += weight
    low, high = sorted((0.0, reached))
    total = f"{reached:+.1f}, p = {probability(pair.probability)}"
    rows.append({"says": "together", "low": low, "high": high, "weight": reached, "text": total, "kind": "whole"})
    frame = pd.DataFrame(rows)
    # two pieces may say the same; a zero-width character tells their rows apart
    frame["step"] = frame["says"] + ["\u200b" * number for number in frame.groupby("says").cumcount()]
    told = "; ".join(f"{row['says']} {row['text']}" for row in rows)
    return _charts.waterfall(frame, escape(f"Weight of the evidence in bits: {told}"))
