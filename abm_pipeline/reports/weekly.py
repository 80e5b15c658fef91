"""The weekly review: one static HTML page that opens offline, reads on a phone, prints, and follows dark mode.

Belongs here: turning a `Review` into a page. What is read is `_review`'s, pictures are `_charts`'.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from abm_pipeline.reports import _sections
from abm_pipeline.reports._format import is_missing, number, percent, words
from abm_pipeline.reports._review import Review, latest_day, read_review
from abm_pipeline.settings import Settings


def refresh(settings: Settings, days: Sequence[date], run_id: str) -> Path:
    """Write the page of the week ending on the last of `days`; returns its path.

    `{home}/reports/weekly_review/YYYY-MM-DD.html`, and `latest.html` unless a later one is there. The page depends on
    the lake alone, so writing it again changes nothing. Raises ConfigError for a wrong configuration.
    """
    return write(settings, max(days))


def write(settings: Settings, day: date | None = None) -> Path:
    """The same for one day; the newest day with metrics (or today's date on an empty lake) where none is given."""
    day = day or latest_day(settings) or date.today()
    page = render(read_review(settings, day))
    folder = settings.reports_path / "weekly_review"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{day.isoformat()}.html"
    _replace(path, page)
    if path.name == max(found.name for found in folder.glob("????-??-??.html")):
        _replace(folder / "latest.html", page)
    return path


def render(review: Review) -> str:
    """The page as HTML."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("weekly.html.j2").render(
        day=review.day,
        model_version=review.model_version,
        is_empty=review.values.empty and review.hot.empty,
        alarms=_sections.alarms(review),
        health=_sections.rows_of(review.health),
        cards=_sections.cards(review),
        trends=_sections.trends(review),
        stages=_sections.stages(review),
        hot=_sections.hot(review),
        tier_charts=_sections.tier_charts(review),
        tiers=_sections.tiers(review),
        uncovered=_sections.rows_of(review.uncovered),
        topics=_sections.topics(review),
        compared=_sections.compared(review),
        definitions=_sections.definitions(review),
        number=number,
        percent=percent,
        words=words,
        is_missing=is_missing,
    )


def _replace(path: Path, text: str) -> None:
    beside = path.with_suffix(f".{uuid.uuid4().hex}")
    beside.write_text(text, encoding="utf-8")
    os.replace(beside, path)
