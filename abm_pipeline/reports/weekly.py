"""The weekly review: what changed in seven days, and why.

Belongs here: turning a `Review` into a page. What is read is `_review`'s, pictures are `_charts`'.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

from abm_pipeline.reports import _page, _sections
from abm_pipeline.reports._format import rows_of
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
    return _page.write_dated(settings.reports_path / "weekly_review", f"{day}", render(read_review(settings, day)))


def render(review: Review) -> str:
    """The page as HTML."""
    return _page.render(
        "weekly.html.j2",
        day=review.day,
        model_version=review.model_version,
        is_empty=review.values.empty and review.hot.empty,
        alarms=_sections.alarms(review),
        health=rows_of(review.health),
        cards=_sections.cards(review),
        trends=_sections.trends(review),
        stages=_sections.stages(review),
        hot=_sections.hot(review),
        tier_charts=_sections.tier_charts(review),
        tiers=_sections.tiers(review),
        uncovered=rows_of(review.uncovered),
        topics=_sections.topics(review),
        compared=_sections.compared(review),
        definitions=_sections.definitions(review),
    )
