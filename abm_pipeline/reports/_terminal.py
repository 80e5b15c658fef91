"""Tables on the terminal. Belongs here: printing what the other modules here, and identity's review, found; nothing is
worked out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

import pandas as pd
from rich.console import Console
from rich.table import Table
from rich.text import Text

from abm_pipeline.identity.health import Health
from abm_pipeline.identity.review import Queue
from abm_pipeline.identity.wording import probability
from abm_pipeline.metrics._spec import MetricSpec
from abm_pipeline.reports._format import NOTHING, covered, is_missing, money, number, percent, size_of, value_of, words
from abm_pipeline.reports.doctor import Finding
from abm_pipeline.reports.explain import Explanation, payload_files
from abm_pipeline.reports.restated import Move, Resolution
from abm_pipeline.reports.values import for_people
from abm_pipeline.settings import Settings

_MARKS = {"ok": ("✓", "green"), "off": ("·", "dim"), "warning": ("!", "yellow"), "wrong": ("✗", "red")}
_STATUS = {"below": "red", "within": "green", "above": "green"}


def show_explanation(settings: Settings, found: Explanation, most: int) -> None:
    """Print a score, its parts, and its `most` heaviest touches (0: all) with their source records."""
    out = _console()
    version = found.model.model_version
    out.print(f"[bold]{found.name}[/bold]  {found.account_id}")
    out.print(f"{found.day}, {found.window_days} days, model {found.model.name} {version}")
    if found.published is None:
        out.print(
            f"[yellow]No score is published for it on this day under this model.[/yellow] Computed now: "
            f"[bold]{found.computed:.4f}[/bold]"
        )
    else:
        row = found.published
        place = "" if is_missing(row["rank"]) else f", rank {int(row['rank'])}"
        out.print(f"Score [bold]{row['score']:.4f}[/bold], {row['band']}{place}")
    out.print()
    parts = _table("part", "touches>", "points>", "published>", "share>")
    total = found.computed or 1.0
    for part in _each(found.parts):
        parts.add_row(
            words(part.part), number(part.touches), _points(part.points), _points(part.published_points),
            percent((0 if is_missing(part.points) else part.points) / total),
        )  # fmt: skip
    out.print(parts)
    out.print(
        f"Breadth: {found.contacts} engaged contacts multiply the points by {found.breadth_factor:g}. "
        f"Points halve every {found.model.half_life_days:g} days."
    )
    if found.published is not None:
        if found.differs:
            out.print(
                f"[red]The parts add up to {found.computed:.6f}, which misses the published score by "
                f"{found.differs:+.6f}.[/red] Its inputs changed since it was computed: run the day again."
            )
        else:
            out.print(f"[green]The parts add up to {found.computed:.6f}, the published score.[/green]")
    _show_touches(out, settings, found, most)
    if len(found.topics):
        topics = _table("surging topic", "intent score>", "points>", title="Intent on the day")
        for topic in _each(found.topics):
            topics.add_row(topic.topic, number(topic.score), _points(topic.points))
        out.print(topics)


def _show_touches(out: Console, settings: Settings, found: Explanation, most: int) -> None:
    heaviest = found.touches.sort_values(["points", "day", "touch_id"], ascending=[False, False, True])
    shown = heaviest if most == 0 else heaviest.head(most)
    if shown.empty:
        out.print("No engagement in the window.")
        return
    title = f"Touches ({len(shown)} of {len(heaviest)}): points × count × role × cap × recency"
    table = _table(
        "day", "touch", "role", "points>", "count>", "role>", "cap>", "recency>", "= points>", "source record",
        "payload in the lake", title=title,
    )  # fmt: skip
    kept = payload_files(settings, list(shown["record"]))
    for touch in _each(shown):
        what = words(touch.touch_type) + ("" if is_missing(touch.content_type) else f" ({words(touch.content_type)})")
        table.add_row(
            f"{touch.day:%Y-%m-%d}", what, words(touch.role), f"{touch.points_each:g}", number(touch.weight_count),
            f"{touch.role_weight:g}", f"{touch.cap_share:.3g}", f"{touch.recency:.3f}", _points(touch.points),
            touch.record, str(kept.get(touch.record, NOTHING)),
        )  # fmt: skip
    out.print(table)


def show_values(
    settings: Settings, day: date, rows: pd.DataFrame, spec: MetricSpec | None, preset: str | None = None
) -> None:
    """Print metric values as a table, with the definition if it is one metric's."""
    out = _console()
    title = f"As of {day}" + (f", by the preset {preset}: not published" if preset else "")
    shown = for_people(rows, settings.programme.reporting_currency)
    table = _table(
        "metric", "segment", "days>", "value>", "95 % interval>", "on 3 months before>", "n>", "benchmark", "status",
        title=title,
    )  # fmt: skip
    for row in shown:
        status = Text(row["status"], style=_STATUS.get(row["status"], ""))
        plain = [row[key] for key in ("metric", "segment", "days", "value", "interval", "change", "n", "benchmark")]
        table.add_row(*plain, status)
    out.print(table)
    if not shown:
        out.print("It has no value on this day.")
    if spec is not None:
        out.print(f"{spec.title}: {spec.formula} Definition {spec.definition_version}.")


def show_definitions(specs: Mapping[str, MetricSpec]) -> None:
    """Print what every metric means."""
    table = _table("id", "metric", "formula", "unit", "days>")
    for spec in specs.values():
        windows = ", ".join(map(str, spec.window_days)) or "model's"
        table.add_row(spec.id, spec.title, spec.formula, spec.unit, windows)
    _console().print(table)


def show_findings(findings: Iterable[Finding]) -> bool:
    """Print each finding as it comes; returns whether something is wrong."""
    out, is_wrong = _console(), False
    for finding in findings:
        mark, style = _MARKS[finding.state]
        line = Text.assemble((f"{mark} ", style), (finding.part, "bold"), f": {finding.text}")
        out.print(line, soft_wrap=True)
        if finding.remedy and finding.state != "ok":
            out.print(Text(f"    {finding.remedy}", style="dim"), soft_wrap=True)
        is_wrong |= finding.state == "wrong"
    return is_wrong


def show_review(settings: Settings, found: Queue) -> None:
    """Print the pairs that wait for an answer, and how to give it."""
    out, currency = _console(), settings.programme.reporting_currency
    if not found.pairs:
        out.print("Nothing waits for an answer.")
        return
    table = _table(
        "#>", "record", "and record", "probability>", "bits>", "pipeline>", "score>", "spend>", "because",
        title=f"{len(found.pairs)} of {found.waiting} pairs",
    )  # fmt: skip
    for number_, pair in enumerate(found.pairs, start=1):
        because = pair.reason or "; ".join(f"{piece.says} {piece.weight:+.1f}" for piece in pair.evidence)
        table.add_row(
            str(number_), *(Text(f"{side.name}\n{side.key}") for side in (pair.left, pair.right)),
            probability(pair.probability), f"{pair.weight:+.1f}", money(pair.pipeline, currency), number(pair.score),
            money(pair.spend, currency), Text(because),
        )  # fmt: skip
    out.print(table)
    out.print(
        "\nDecide with `abm identity merge RECORD RECORD` or `abm identity split RECORD RECORD`; "
        "`abm identity review --html FILE` shows the evidence.",
        soft_wrap=True,
    )


def show_restatements(found: Sequence[Move]) -> None:
    """Print rows of the restatement log."""
    out = _console()
    if not found:
        out.print("Nothing was restated.")
        return
    table = _table("noticed", "table", "day", "what", "column", "first>", "before>", "now>", "why")
    for move in found:
        table.add_row(
            f"{move.noticed_at:%Y-%m-%d %H:%M}", move.table, str(move.day), Text(move.key), move.column,
            *(value_of(value) for value in (move.first, move.before, move.now)), Text(move.reason),
        )  # fmt: skip
    out.print(table)


def show_resolutions(found: Sequence[Resolution]) -> None:
    """Print what runs changed of who is who, and the numbers that moved."""
    out = _console()
    if not found:
        out.print("Who is who has not changed since accounts were first worked out.")
    for run in found:
        out.print(Text(f"{run.at:%Y-%m-%d %H:%M}  {run.what}"), soft_wrap=True)
        if run.since is None or not run.days:
            out.print(
                "  No number moved." if run.since is None else f"  It matters from {run.since} on; none moved yet."
            )
            continue
        out.print(f"  It matters from {run.since} on; {run.days} days have other numbers. The most of the newest day:")
        for title, moves in (("metric", run.metrics), ("account", run.accounts)):
            if moves:
                table = _table(title, "number", "day", "before>", "after>", "change>")
                for move in moves:
                    change = "" if move.delta is None else f"{'+' if move.delta > 0 else ''}{number(move.delta)}"
                    before, now = value_of(move.before), value_of(move.now)
                    table.add_row(Text(move.key), move.column, str(move.day), before, now, change)
                out.print(table)


def show_health(settings: Settings, found: Health) -> None:
    """Print identity's own health."""
    out, currency = _console(), settings.programme.reporting_currency
    table = _table("source", "what", "matched>", "rows>", "unmatched>", "money>", "unmatched>", title="Match rate")
    for match in found.matches:
        table.add_row(
            match.source, match.what, covered(match.rate), f"{match.total:,}", f"{match.unmatched:,}",
            money(match.money, currency), money(match.money_unmatched, currency),
        )  # fmt: skip
    out.print(table)
    table = _table("records>", "accounts>", title="Size of accounts")
    for low, high, accounts, _ in found.sizes:
        table.add_row(size_of(low, high), f"{accounts:,}")
    out.print(table)
    table = _table("key", "value", "records>", "names>", title="Keys that say too little of whose they are")
    for key in found.weakest:
        table.add_row(key.kind, Text(key.value), str(key.records), str(key.names))
    out.print(table)
    out.print(
        f"{found.waiting} pairs wait for an answer; on them hangs {money(found.pipeline, currency)} of "
        f"{money(found.whole_pipeline, currency)} open pipeline.",
        soft_wrap=True,
    )


def _console() -> Console:
    """Wide when it is not a terminal, so that what is piped is not cut."""
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=200)


def _table(*columns: str, title: str | None = None) -> Table:
    """A table; a column whose name ends in > is aligned right."""
    table = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False, header_style="dim")
    for column in columns:
        is_right = column.endswith(">")
        table.add_column(column.rstrip(">"), justify="right" if is_right else "left", no_wrap=is_right)
    return table


def _points(value: Any) -> str:
    return NOTHING if is_missing(value) else f"{value:.4f}"


def _each(frame: pd.DataFrame) -> list[Any]:
    return list(frame.itertuples(index=False))
