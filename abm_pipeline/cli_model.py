"""`abm model`: scoring models, their versions, and which of them counts.

Belongs here: options, help and printing. What a command does is `scoring.lifecycle`'s, imported when it runs.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from abm_pipeline.cli_backtest import backtest, fit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from abm_pipeline.scoring.lifecycle import Plan, Promotion, Version
    from abm_pipeline.settings import Settings

WHY = click.option("--why", metavar="TEXT", help="Why; asked for on a terminal, needed elsewhere.")
VERSION = "NAME (what the YAML says now), NAME@VERSION or VERSION; the beginning of a version will do"


@click.group()
def model() -> None:
    """Scoring models: data under config/scoring_models, scored side by side; one is the champion, whose scores count.

    \b
    abm model list                                  versions, and the days scored under each
    abm model check                                 are the YAML files right, and what would they compute?
    abm model diff default challenger               what differs
    abm model backtest                              do their scores tell who opens and wins deals?
    abm model fit --out FILE                        learn weights from what happened
    abm model moved default challenger              whose scores differ, and why
    abm model promote challenger --why TEXT         make it the champion
    abm model rollback --why TEXT                   make the one before it the champion again
    """


model.add_command(backtest)
model.add_command(fit)


@model.command("list")
def list_() -> None:
    """List every version that is declared or has scores: ● champion, ○ declared, · only scores."""
    from abm_pipeline.scoring.lifecycle import versions

    for each in versions(_settings()):
        mark = "●" if each.is_champion else "○" if each.is_present else "·"
        days = f"{len(each.days)} days, {each.days[0]} to {each.days[-1]}" if each.days else "no day scored"
        click.echo(f"{mark} {each.label:<32} {days}")


@model.command()
@click.argument("name", required=False)
def check(name: str | None) -> None:
    """Check the YAML of every model (or NAME, or a FILE), and say what taking each up would compute."""
    from abm_pipeline.scoring.lifecycle import find, plan, versions
    from abm_pipeline.scoring.model import load_model

    settings = _settings()
    if name and name.endswith((".yaml", ".yml")):
        found = load_model(Path(name))
        click.echo(f"{name} is right: {found.name}@{found.model_version}.")
        return
    chosen = [find(settings, name)] if name else [each for each in versions(settings) if each.is_present]
    for each in chosen:
        click.echo(f"{each.label} is right{', and the champion' if each.is_champion else ''}.")
        _show_plan(plan(settings, each))


@model.command()
@click.argument("a")
@click.argument("b")
def diff(a: str, b: str) -> None:
    """Say what differs between the versions A and B."""
    from abm_pipeline.scoring.lifecycle import differences, find

    settings = _settings()
    left, right = find(settings, a), find(settings, b)
    for each in (left, right):
        if each.model is None:
            raise click.UsageError(f"what {each.label} said is not known any more, only its scores are there.")
    assert left.model is not None
    assert right.model is not None
    found = differences(left.model, right.model)
    width = max((len(key) for key, _, _ in found), default=0)
    for key, before, after in found:
        click.echo(f"{key:<{width}}  {_shown(before)} → {_shown(after)}")
    if not found:
        click.echo("They say the same.")


@model.command()
@click.argument("a")
@click.argument("b")
@click.option("--most", default=20, show_default=True, type=click.IntRange(1), help="How many accounts to show.")
def moved(a: str, b: str, most: int) -> None:
    """Say what re-scoring did: which rows differ between the versions A and B, whose most, and why. Writes the page."""
    from abm_pipeline.reports import rescored
    from abm_pipeline.reports._format import rows_of
    from abm_pipeline.reports.moved import compare
    from abm_pipeline.scoring.lifecycle import find

    settings = _settings()
    before, after = find(settings, a), find(settings, b)
    found = compare(settings, before, after)
    rows, changed = int(found.by_day["rows"].sum()), int(found.by_day["moved"].sum())
    click.echo(f"{changed:,} of {rows:,} scores moved, on {len(found.common)} days. On {found.last} most:")
    for row in rows_of(found.accounts.head(most)):
        bands = f"{row['band_before']:>4} → {row['band_after']:<4}"
        click.echo(f"  {row['change']:+9.1f}  {row['name'][:34]:<34} {bands} {row['why']}")
    click.echo(rescored.write(settings, before, after))


@model.command()
@click.argument("version")
@WHY
@click.option("--dry-run", is_flag=True, help="Only say what that would compute, and about how long it takes.")
def promote(version: str, why: str | None, dry_run: bool) -> None:
    """Make VERSION the champion: one edit of the YAML in ABM_CONFIG, logged.

    The scoring_model_changed sensor (or `abm run`) then computes what is missing; scores of other versions stay.
    """
    from abm_pipeline.scoring.lifecycle import find, plan
    from abm_pipeline.scoring.lifecycle import promote as take_up

    settings = _settings()
    if dry_run:
        click.echo(f"Taking up {find(settings, version).label} would compute:")
        _show_plan(plan(settings, find(settings, version)))
        return
    _say(settings, take_up(settings, found := find(settings, version), _why(why)), found)


@model.command()
@WHY
def rollback(why: str | None) -> None:
    """Make the champion before the last promotion the champion again."""
    from abm_pipeline.scoring.lifecycle import find
    from abm_pipeline.scoring.lifecycle import rollback as take_back

    settings = _settings()
    made = take_back(settings, _why(why))
    _say(settings, made, find(settings, made.champion))


@model.command()
def history() -> None:
    """List the promotions: who, when, which, why."""
    from abm_pipeline.scoring.lifecycle import promotions

    log = promotions(_settings())
    for each in log:
        click.echo(
            f"{each.at:%Y-%m-%d %H:%M}  {each.who}: {each.champion_before or 'none'} → {each.champion}: {each.why}"
        )
    if not log:
        click.echo("Nothing has been promoted yet.")


def _say(settings: Settings, made: Promotion, version: Version) -> None:
    from abm_pipeline.contracts.tables import ENGAGEMENT_SCORE

    click.echo(f"{made.champion} is the champion, {made.champion_before or 'none'} was. Commit {settings.config}.")
    known = settings.open_lake.days(ENGAGEMENT_SCORE)
    missing = len(set(known) - set(version.days))
    if not missing:
        click.echo("All its scores are there: only the metrics that read them are computed again.")
    else:
        click.echo(f"{missing} of {len(known)} days are to be scored, by the sensor or by `abm run`.")


def _show_plan(lines: Sequence[Plan]) -> None:
    from abm_pipeline.storage.durations import in_words

    for line in lines:
        if line.days:
            about = f", about {line.rows:,} rows" if line.rows else ""
            click.echo(f"  {line.table}: {line.days} days to compute, {line.first} to {line.last}{about}")
    layers = {line.table.split(".")[0]: line.seconds for line in lines if line.days}
    for layer, seconds in layers.items():
        click.echo(f"  {layer}: {in_words(seconds)}")
    if not layers:
        click.echo("  nothing to compute")


def _why(why: str | None) -> str:
    if why is None and not sys.stdin.isatty():
        raise click.UsageError("say why: --why TEXT.")
    return why or str(click.prompt("Why"))


def _shown(value: object) -> str:
    return "–" if value is None else str(value)


def _settings() -> Settings:
    from abm_pipeline.cli import _settings as read_settings

    return read_settings()
