"""The review queue as a page: for each pair both records side by side, the evidence as a picture, and how to decide.

Belongs here: turning a `Queue` into HTML that opens without network. Which pairs, and in which order, is `review`'s.
"""

from __future__ import annotations

import shlex
from html import escape
from pathlib import Path
from typing import Any

import pandas as pd
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from abm_pipeline.identity.reading import SHOWN, Record, shown
from abm_pipeline.identity.review import Pair, Queue
from abm_pipeline.identity.wording import probability
from abm_pipeline.reports import _charts
from abm_pipeline.reports._format import money, number, words

# Beyond this many pieces the smallest are drawn as one bar.
PIECES = 9
# These being equal says nothing of the company.
ABOUT_THE_RECORD = ("owner_name", "lifecycle_stage", "is_deleted", "created_at", "modified_at")


def commands(pair: Pair) -> tuple[str, str]:
    """The two commands that decide a pair: one company, and never one company."""
    ends = f"{shlex.quote(pair.left.key)} {shlex.quote(pair.right.key)}"
    return f"abm identity merge {ends}", f"abm identity split {ends}"


def render(queue: Queue, currency: str) -> str:
    """The page as HTML."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("identity_review.html.j2").render(
        day=queue.day,
        waiting=queue.waiting,
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
            for pair in queue.pairs
        ],
    )


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
