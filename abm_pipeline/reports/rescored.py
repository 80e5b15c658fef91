"""The page of a re-score: which version, which rows moved, by how much, whose most, and why.

Belongs here: turning what `moved` found into a page, and the accounts of the last day into a CSV beside it.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd

from abm_pipeline.contracts import tables as T
from abm_pipeline.reports import _page
from abm_pipeline.reports._charts import trend
from abm_pipeline.reports._format import is_missing, number, percent, rows_of, words
from abm_pipeline.reports.moved import MOST, Rescored, common_days, compare, pairs
from abm_pipeline.scoring.lifecycle import Version
from abm_pipeline.settings import Settings
from abm_pipeline.storage.whole import write_whole

BANDS = ("hot", "warm", "cool", "cold", "none")


def refresh(settings: Settings, days: Sequence[date], run_id: str) -> list[Path]:
    """Write the page of each pair of versions worth comparing, unless it stands: none of their rows changed since.

    `{home}/reports/score_changes/{before}_to_{after}.html`, the CSV beside it, and `latest.html`, the one of the pair
    that ends in the champion. Raises ConfigError for a model that can't be used.
    """
    out = []
    for before, after in pairs(settings):
        path = _path(settings, before, after)
        if not path.exists() or os.stat(path).st_mtime_ns < _changed_at(settings, before, after):
            write(settings, before, after)
        if after.is_champion:
            write_whole(path.with_name("latest.html"), path.read_text(encoding="utf-8"))
        out.append(path)
    return out


def write(settings: Settings, before: Version, after: Version) -> Path:
    """Write the page and the CSV of two versions; returns the page. Raises ConfigError without a day of both."""
    found = compare(settings, before, after)
    path = _path(settings, before, after)
    write_whole(path.with_suffix(".csv"), found.accounts.to_csv(index=False))
    return write_whole(path, render(found))


def _path(settings: Settings, before: Version, after: Version) -> Path:
    name = f"{before.label}_to_{after.label}".replace("@", "_").replace("+", "_")
    return settings.reports_path / "score_changes" / f"{name}.html"


def _changed_at(settings: Settings, before: Version, after: Version) -> int:
    """When the newest row that the page tells of changed."""
    common = set(common_days(before, after))
    return max(
        at
        for version in (before, after)
        for day, at in settings.open_lake.content_changed_at(
            T.SCORE_PART, f"{version.name}_{version.model_version}"
        ).items()
        if day in common
    )


def render(found: Rescored) -> str:
    """The page as HTML."""
    long = found.by_day[found.by_day.window_days == found.window_days]
    rows, moved = int(found.by_day.rows.sum()), int(found.by_day.moved.sum())
    last = long[long.day.dt.date == found.last].iloc[0]
    kpis = [
        ("Rows that moved", percent(moved / rows if rows else 0), f"{moved:,} of {rows:,}, all windows and days"),
        ("Mean change", number(found.by_day.distance.sum() / rows if rows else 0), "of a score, whichever way"),
        ("Furthest", number(found.by_day.furthest.max()), "the largest change of one score"),
        ("Turned hot", f"{int(last.turned_hot)}", f"{int(last.not_hot)} are hot no longer, on {found.last:%d %b %Y}"),
    ]
    shares = pd.DataFrame({"day": long.day, "value": long.moved / long.rows})
    means = pd.DataFrame({"day": long.day, "value": long.distance / long.rows})
    return _page.render(
        "rescored.html.j2",
        before=found.before.label,
        after=found.after.label,
        days=found.common,
        window=found.window_days,
        why=found.promoted,
        kpis=[{"title": title, "value": value, "note": note} for title, value, note in kpis],
        edits=[{"key": key, "before": _said(old), "after": _said(new)} for key, old, new in found.edits],
        charts=[
            {"title": "Share of scores that moved", "svg": trend(shares, ".0%", "Share of scores that moved, by day")},
            {"title": "Mean change of a score", "svg": trend(means, ",.2f", "Mean absolute change of a score, by day")},
        ],
        bands=BANDS,
        crossed=_crossed(found.accounts),
        parts=_parts(found.parts),
        movers=[_mover(row) for row in rows_of(found.accounts.head(MOST)) if row["why"]],
    )


def _crossed(accounts: pd.DataFrame) -> list[dict[str, Any]]:
    """How many accounts went from each band to each."""
    counts = accounts.groupby(["band_before", "band_after"]).size().to_dict()
    return [{"band": old, "counts": [int(counts.get((old, new), 0)) for new in BANDS]} for old in BANDS]


def _parts(parts: pd.DataFrame) -> list[dict[str, Any]]:
    """What each part of the scores contributed to the movement of all accounts."""
    return [
        {
            "part": words(row["part"]),
            "net": f"{row['net']:+,.1f}",
            "accounts": f"{row['accounts']:,}",
            "width": round(100 * row["size"] / parts["size"].max(), 1),
        }
        for row in rows_of(parts)
    ]


def _mover(row: dict[str, Any]) -> dict[str, Any]:
    ranks = ["–" if is_missing(row[name]) else f"{row[name]:.0f}" for name in ("rank_before", "rank_after")]
    bands = dict.fromkeys((row["band_before"], row["band_after"]))
    return {
        "name": row["name"],
        "before": "–" if is_missing(row["before"]) else number(row["before"]),
        "after": "–" if is_missing(row["after"]) else number(row["after"]),
        "change": f"{row['change']:+,.1f}",
        "rank": " → ".join(ranks),
        "band": " → ".join(bands),
        "why": row["why"],
    }


def _said(value: object) -> str:
    return "–" if value is None else str(value)
