"""`abm identity`: who is who, and what people decide about it.

Belongs here: options, help, printing, and finding out which records are meant. Decisions, the review queue and stories
are `identity`'s; everything heavy is imported when a command runs.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

if TYPE_CHECKING:
    from abm_pipeline.identity.decisions import Kind
    from abm_pipeline.settings import Settings

LEVELS = ("entity", "account", "group")
# What `refresh` computes again: everything from identity on.
GROUPS = ("identity", "facts", "scoring", "metrics", "published", "reports")
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
WHY = click.option("--why", metavar="TEXT", help="Why; asked for on a terminal, needed elsewhere.")


@click.group()
def identity() -> None:
    """Which records are one account, why, and what people decide about it.

    \b
    abm identity review                              what waits for an answer, the most important first
    abm identity merge salesforce:001A hubspot:77    these are one account
    abm identity explain acme.com                    why each record is a member
    abm identity diff                                what the last change did, and to which numbers
    abm identity health                              match rates, sizes, shared domains, what waits
    """


@identity.command()
@click.argument("a")
@click.argument("b")
@WHY
def merge(a: str, b: str, why: str | None) -> None:
    """Decide that A and B are one account.

    A and B are records (`salesforce:001A`, or the id alone), or accounts by id, name or domain; an account stands for
    its oldest record.
    """
    _pair("merge", a, b, why)


@identity.command()
@click.argument("a")
@click.argument("b")
@WHY
def split(a: str, b: str, why: str | None) -> None:
    """Decide that A and B are never one account. To part one account, name two of its records."""
    _pair("never_merge", a, b, why)


@identity.command()
@click.argument("record_or_account")
@click.argument("domain")
@WHY
def pin(record_or_account: str, domain: str, why: str | None) -> None:
    """Decide that DOMAIN belongs to the account of a record."""
    from abm_pipeline.staging.domains import registrable_domain

    known = registrable_domain(domain)
    if known is None:
        raise click.UsageError(f"{domain!r} is no domain.")
    settings = _settings()
    _decide(settings, "pin_domain", _record(settings, record_or_account), f"domain:{known}", why)


@identity.command()
@click.argument("child")
@click.argument("parent")
@WHY
def parent(child: str, parent: str, why: str | None) -> None:
    """Decide that the account PARENT is the parent of CHILD; `none` for no parent."""
    settings = _settings()
    above = "" if parent.lower() == "none" else _record(settings, parent)
    _decide(settings, "set_parent", _record(settings, child), above, why)


@identity.command()
@click.argument("decision_id")
@WHY
def undo(decision_id: str, why: str | None) -> None:
    """End a decision; `abm identity history` tells their ids. An undo can be undone too."""
    _decide(_settings(), "undo", "", "", why, undoes=decision_id)


@identity.command()
@click.argument("account_or_record", required=False)
def history(account_or_record: str | None) -> None:
    """Show the decisions about an account (its earlier ids too), or all decisions; the newest last."""
    from abm_pipeline.identity.decisions import decisions_path
    from abm_pipeline.identity.story import history as told
    from abm_pipeline.identity.wording import past

    settings = _settings()
    entries, former = told(settings, None if account_or_record is None else _account(settings, account_or_record))
    said = past(entries, former)
    click.echo("\n".join(said[1:]) if said else f"No decision in {decisions_path(settings)}.")


@identity.command()
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1), help="How many pairs to show.")
@click.option("--html", type=click.Path(dir_okay=False, path_type=Path), help="Write a page with pictures here.")
def review(limit: int, html: Path | None) -> None:
    """Show the pairs that wait for an answer; first those on whose answer most pipeline, score and spend hang."""
    from abm_pipeline.identity.review import queue
    from abm_pipeline.reports import _terminal, identity_page

    settings = _settings()
    found = queue(settings, limit)
    if html is None:
        _terminal.show_review(settings, found)
        return
    html.parent.mkdir(parents=True, exist_ok=True)
    html.write_text(identity_page.render(found, settings.programme.reporting_currency), encoding="utf-8")
    click.echo(f"{html}: {len(found.pairs)} of {found.waiting} pairs")


@identity.command()
@click.option("--limit", default=1, show_default=True, type=click.IntRange(1), help="How many of the last runs.")
def diff(limit: int) -> None:
    """Show what the last runs changed of who is who: what merged, split and moved, and which numbers by how much."""
    from abm_pipeline.reports import _terminal
    from abm_pipeline.reports.restated import resolutions

    settings = _settings()
    _terminal.show_resolutions(resolutions(settings, limit))


@identity.command()
@click.option("--html", type=click.Path(dir_okay=False, path_type=Path), help="Write a page here.")
def health(html: Path | None) -> None:
    """Show how well records find their accounts: match rates, sizes, weak keys, what waits for an answer."""
    from abm_pipeline.identity.health import health as examined
    from abm_pipeline.reports import _terminal, identity_page
    from abm_pipeline.storage.whole import write_whole

    settings = _settings()
    if html is None:
        _terminal.show_health(settings, examined(settings))
        return
    click.echo(write_whole(html, identity_page.render_health(settings)))


@identity.command()
@click.argument("account")
def explain(account: str) -> None:
    """Tell why each record is a member of ACCOUNT (its id, name, domain, or a record)."""
    from abm_pipeline.identity.story import tell
    from abm_pipeline.identity.wording import lines

    settings = _settings()
    click.echo("\n".join(lines(tell(settings, _account(settings, account)))))


@identity.command()
def refresh() -> None:
    """Work out accounts again, and whatever that touches. Nothing is fetched."""
    from abm_pipeline.defs.run import run
    from abm_pipeline.reports.explain import newest_day
    from abm_pipeline.storage import postgres

    settings = _settings()
    day = newest_day(settings)
    with postgres.running(settings):
        code = run(settings, day, day, GROUPS)
    sys.exit(code)


@identity.command()
@click.option("--input", "source", type=FILE, required=True, help="Company records, Parquet or CSV.")
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), required=True, help="Where members go.")
@click.option("--previous", type=FILE, help="Members of an earlier run, whose ids are carried on.")
@click.option("--decisions", type=FILE, help="CSV of merge and never_merge decisions.")
@click.option("--parents", type=click.Path(dir_okay=False, path_type=Path), help="Where parents of accounts go.")
@click.option("--level", type=click.Choice(LEVELS), default="account", show_default=True, help="What an account is.")
@click.option("--state", type=click.Path(file_okay=False, path_type=Path), help="Where runs keep work for the next.")
@click.option("--memory-limit", default="4GB", show_default=True, help="Memory of one SQL step before it spills.")
def resolve(
    source: Path,
    output: Path,
    previous: Path | None,
    decisions: Path | None,
    parents: Path | None,
    level: Literal["entity", "account", "group"],
    state: Path | None,
    memory_limit: str,
) -> None:
    """Resolve a file of company records into accounts; needs no lake and no settings.

    \b
    abm identity resolve --input records.parquet --output members.parquet
    abm identity resolve --input new.parquet --output members.parquet --previous old_members.parquet
    """
    from abm_pipeline.identity.resolve import resolve_file

    summary = resolve_file(
        input=source,
        output=output,
        previous=previous,
        decisions=decisions,
        parents=parents,
        level=level,
        state=state,
        memory_limit=memory_limit,
        progress=lambda text: click.echo(text, err=True),
    )
    click.echo("\n".join(summary.lines()))


def _pair(kind: Kind, a: str, b: str, why: str | None) -> None:
    settings = _settings()
    left, right = _record(settings, a), _record(settings, b)
    if left == right:
        raise click.UsageError(f"{a} and {b} are both {left}; name two records.")
    _decide(settings, kind, left, right, why)


def _decide(settings: Settings, kind: Kind, left: str, right: str, why: str | None, undoes: str = "") -> None:
    """Write a decision down, and say what was written and when it takes effect."""
    from abm_pipeline.contracts.tables import ENGAGEMENT_SCORE
    from abm_pipeline.identity.decisions import decide, decisions_path
    from abm_pipeline.identity.wording import said

    if why is None:
        if not sys.stdin.isatty():
            raise click.UsageError("say why: --why TEXT.")
        why = click.prompt("Why")
    made, is_new = decide(settings, kind, left, right, why=why, undoes=undoes)
    if not is_new:
        click.echo(f"Already decided by {made.by}: {said(made)} ({made.decision_id}).")
        return
    click.echo(f"{made.decision_id}: {said(made)}. Written to {decisions_path(settings)}.")
    day = max(settings.open_lake.days(ENGAGEMENT_SCORE), default=None) or "DAY"
    click.echo(
        f"It takes effect at the next run, which computes again what it touches: `abm run --start {day} --end {day}`, "
        f"or `abm identity refresh` without fetching. `abm identity undo {made.decision_id}` takes it back."
    )


def _record(settings: Settings, text: str) -> str:
    """The key of the record that is meant; of an account, the record that stands for it."""
    from abm_pipeline.identity import reading

    with reading.opened(settings) as con:
        found = reading.keys_called(con, text.strip())
        if len(found) > 1:
            raise click.UsageError(f"several records are called {text!r}: {', '.join(found)}. Name one so.")
        key = found[0] if found else reading.standing_for(con, _account(settings, text))
    if key is None:
        raise click.UsageError(f"the account {text!r} has no record, only domains.")
    return key


def _account(settings: Settings, text: str) -> str:
    """The account that is meant by a record, id, name or domain."""
    from abm_pipeline.identity import reading
    from abm_pipeline.reports.explain import find_account

    with reading.opened(settings) as con:
        found = {reading.account_of(con, key) for key in reading.keys_called(con, text.strip())}
    return found.pop() if len(found) == 1 else find_account(settings, text)[0]


def _settings() -> Settings:
    from abm_pipeline.cli import _settings as read_settings

    return read_settings()
