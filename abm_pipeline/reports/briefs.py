"""Account briefs: one page an account, for the person who calls it next. And the words of an alert.

Belongs here: turning a `Brief` into a page, the list of hot accounts, and which accounts turned hot. What is read is
`_brief`'s.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from abm_pipeline.contracts import tables as T
from abm_pipeline.reports import _page, _svg
from abm_pipeline.reports._brief import Brief, headline, next_step, read_briefs
from abm_pipeline.reports._format import is_missing, money, number, rows_of, signed, words
from abm_pipeline.reports._review import latest_day
from abm_pipeline.reports.explain import NotFoundError, find_account
from abm_pipeline.settings import Settings
from abm_pipeline.storage import engine
from abm_pipeline.storage.whole import write_whole

FOLDER = "account_briefs"


def refresh(settings: Settings, days: Sequence[date], run_id: str) -> Path:
    """Write the briefs of the accounts that are hot on the last of `days`, and their list; returns the list's path.

    `{home}/reports/account_briefs/index.html`, and a page beside it for each account; pages of accounts that are no
    longer hot stay as they were last written. Depends on the lake alone. Raises ConfigError for a wrong configuration.
    """
    day, folder = max(days), settings.reports_path / FOLDER
    found = read_briefs(settings, day)
    for brief in found:
        write_whole(_path(settings, brief), render(brief))
    cards = [
        {
            "headline": headline(brief),
            "name": brief.name,
            "file": _path(settings, brief).name,
            "is_new": bool(brief.row.is_new),
            "next_step": next_step(brief),
        }
        for brief in found
    ]
    return write_whole(folder / "index.html", _page.render("briefs.html.j2", day=day, briefs=cards))


def write(settings: Settings, account: str, day: date | None = None) -> Path:
    """Write the brief of one account, given by id, name, domain or record, hot or not; returns its path.

    Raises NotFoundError for an account that there is not, or that has no metrics on the day.
    """
    account_id, name = find_account(settings, account)
    day = day or latest_day(settings)
    found = [] if day is None else read_briefs(settings, day, [account_id])
    if not found:
        raise NotFoundError(f"{name} has no metrics {f'on {day}' if day else 'yet'}: not listed, no score, no deal")
    return write_whole(_path(settings, found[0]), render(found[0]))


def render(brief: Brief) -> str:
    """The page as HTML."""
    row, trend = brief.row, brief.trend.dropna(subset=["value"])
    low, high = row.committee_low, row.committee_high
    label = f"Engagement score over {len(trend)} days, from {trend['value'].min():.0f} to {trend['value'].max():.0f}"
    return _page.render(
        "brief.html.j2",
        brief=brief,
        row=row,
        headline=headline(brief),
        next_step=next_step(brief),
        score=number(row.engagement_score),
        change=signed(row.score_change_7d, "points", ""),
        spark=_svg.sparkline(trend["day"], trend["value"], label),
        range=f"{trend['value'].min():.0f} to {trend['value'].max():.0f} in {len(trend)} days"
        if len(trend) > 1
        else "",
        parts=_parts(brief),
        committee="" if is_missing(low) else number(low) if low == high else f"{number(low)}–{number(high)}",
        people=rows_of(brief.people),
        topics=rows_of(brief.topics),
        touches=rows_of(brief.touches),
        deals=[each | {"amount": money(each["amount_reporting"], brief.currency)} for each in rows_of(brief.deals)],
        pipeline=money(row.open_pipeline, brief.currency) if row.open_pipeline else "",
    )


def turned_hot(settings: Settings, after: date | None) -> tuple[date | None, list[str]]:
    """The newest day with metrics, and a line for each target account that is hot on it and was not the day before.

    Nothing when that day is not later than `after`, the one told of last.
    """
    day = latest_day(settings)
    if day is None or (after is not None and day <= after):
        return after, []
    with engine.connect(memory_limit=settings.memory_limit, threads=settings.threads) as con:
        settings.open_lake.attach(con, T.ACCOUNT_METRICS_DAILY, day - timedelta(days=1), day)
        rows = con.execute(
            """
            SELECT account_id FROM metrics.account_metrics_daily
            WHERE program = 'abm' AND band = 'hot' GROUP BY account_id
            HAVING bool_and(day = $day) AND EXISTS (SELECT 1 FROM metrics.account_metrics_daily WHERE day < $day)""",
            {"day": day},
        ).fetchall()
    if not rows:
        return day, []
    found = read_briefs(settings, day, [account for (account,) in rows])
    return day, [f"{headline(brief)} {next_step(brief)}" for brief in found]


def _path(settings: Settings, brief: Brief) -> Path:
    return settings.reports_path / FOLDER / f"{brief.row.account_id}.html"


def _parts(brief: Brief) -> list[dict[str, Any]]:
    most = max(brief.parts["points"], default=0) or 1
    return [
        {
            "part": words(part["part"]),
            "points": number(part["points"]),
            "touches": "" if is_missing(part["touches"]) else f"{int(part['touches'])}×",
            "width": round(100 * part["points"] / most, 1),
        }
        for part in rows_of(brief.parts)
    ]
