"""The command line: `abm`, also `python -m abm_pipeline`.

Belongs here: options, help, and printing. What a command does lives in the package that knows about it and is imported
when the command runs, so that `abm --help` answers at once. A user's mistake is one clear sentence and exit code 2; a
failed run or a wrong installation is exit code 1.
"""

from __future__ import annotations

import os
import sys
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from abm_pipeline.cli_attribution import attribution
from abm_pipeline.cli_identity import identity
from abm_pipeline.cli_model import model

if TYPE_CHECKING:
    from abm_pipeline.settings import Settings

SCALES = ("tiny", "demo", "large")


class _Day(click.ParamType[date]):
    name = "date"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        try:
            return value if isinstance(value, date) else datetime.strptime(str(value), "%Y-%m-%d").date()
        except ValueError:
            self.fail(f"{value!r} is no day; write YYYY-MM-DD, such as 2026-06-30.", param, ctx)


DAY = _Day()


class _Group(click.Group):
    """Turns expected errors into one sentence; `--debug` lets them through with their traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except Exception as error:
            if ctx.params.get("debug") or not isinstance(error, _expected()):
                raise
            click.echo(f"abm: {error}", err=True)
            ctx.exit(2)


def _expected() -> tuple[type[Exception], ...]:
    """Errors whose message tells a user what to do."""
    from abm_pipeline.programme import ConfigError
    from abm_pipeline.reports.explain import NotFoundError
    from abm_pipeline.sources._errors import SourceError
    from abm_pipeline.storage.engine import EngineError
    from abm_pipeline.storage.postgres import PostgresError
    from abm_pipeline.storage.warehouse import WarehouseError

    return (ConfigError, EngineError, NotFoundError, SourceError, PostgresError, WarehouseError, OSError)


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
@click.version_option(package_name="abm-pipeline")
def main(debug: bool) -> None:
    """Account-based marketing metrics, from vendors' APIs to published, explainable numbers.

    \b
    abm demo                                         try it on a simulated company
    abm doctor                                       what works, what is off, what is wrong
    abm run --start 2026-01-01 --end 2026-06-30      fetch and compute these days
    abm metrics                                      the newest headline numbers
    abm explain acme.com --date 2026-06-30           why an account has its score
    """


main.add_command(attribution)
main.add_command(identity)
main.add_command(model)


@main.command()
@click.option("--port", default=8077, show_default=True, help="Port on 127.0.0.1; 0 takes a free one.")
@click.option("--scale", type=click.Choice(SCALES), default="demo", show_default=True, help="Size of the world.")
@click.option("--seed", default=7, show_default=True, help="Another seed, another world.")
@click.option("--until", type=DAY, default="2026-06-30", show_default=True, help="The day that it is there.")
@click.option(
    "--files", type=click.Path(file_okay=False, path_type=Path), help="Folder for what vendors deliver as files."
)
def sandbox(port: int, scale: str, seed: int, until: date, files: Path | None) -> None:
    """Serve the vendors' APIs over a simulated world, until Ctrl-C.

    One port, a path prefix per vendor: /salesforce, /linkedin, /bombora. Same scale, seed and day, same bytes.
    """
    from abm_pipeline.sandbox.serve import run

    run(port, scale, seed, until, files=files)


@main.command()
@click.option("--start", type=DAY, required=True, help="First day.")
@click.option("--end", type=DAY, required=True, help="Last day.")
@click.option("--select", multiple=True, metavar="GROUP_OR_KEY", help="Only this group or asset; may be repeated.")
@click.option("--dry-run", is_flag=True, help="Only say what it would compute, and about how long that takes.")
def run(start: date, end: date, select: tuple[str, ...], dry_run: bool) -> None:
    """Fetch and compute a range of days through Dagster, and publish. Exit code 0 only if all of it succeeded.

    \b
    abm run --start 2026-01-01 --end 2026-06-30
    abm run --start 2026-06-30 --end 2026-06-30 --select metrics --select published
    abm run --start 2025-01-01 --end 2026-06-30 --select scoring --dry-run
    """
    if start > end:
        raise click.UsageError(f"--start {start} is after --end {end}.")
    from abm_pipeline.defs.run import run as run_days
    from abm_pipeline.storage import postgres, spark

    settings = _settings()
    if settings.engine == "spark":
        spark.check()  # before anything is fetched
    if dry_run:
        from abm_pipeline.defs.forecast import forecast, told
        from abm_pipeline.defs.run import SelectionError

        try:
            click.echo("\n".join(told(forecast(settings, start, end, list(select) or None))))
        except SelectionError as error:
            raise click.UsageError(str(error)) from None
        return
    with postgres.running(settings):
        code = run_days(settings, start, end, list(select) or None)
    sys.exit(code)


@main.command()
@click.argument("account")
@click.option("--date", "day", type=DAY, help="Day of the score; default: the newest.")
@click.option("--model", help="Scoring model; default: the champion.")
@click.option("--window", type=int, help="Window in days; default: the model's longest.")
@click.option("--touches", default=20, show_default=True, help="How many touches to show, by points; 0 for all.")
def explain(account: str, day: date | None, model: str | None, window: int | None, touches: int) -> None:
    """Take the score of ACCOUNT (its id, name or domain) apart, down to source records.

    \b
    abm explain acme.com --date 2026-06-30
    abm explain "Acme Corporation" --date 2026-06-30 --window 30 --touches 0
    """
    from abm_pipeline.reports import _terminal
    from abm_pipeline.reports.explain import explain as take_apart
    from abm_pipeline.reports.explain import newest_day

    settings = _settings()
    explanation = take_apart(settings, account, day or newest_day(settings), model, window)
    _terminal.show_explanation(settings, explanation, touches)
    if explanation.differs:
        sys.exit(1)


@main.command()
@click.option("--metric", metavar="ID", help="One metric, by segment; default: the totals of all.")
@click.option("--date", "day", type=DAY, help="Day as of whose end; default: the newest.")
@click.option(
    "--preset", metavar="NAME", help="With --metric: what another definition of it would say, worked out now."
)
@click.option("--list", "only_list", is_flag=True, help="What every metric means.")
@click.option("--format", "form", type=click.Choice(["table", "csv", "json"]), default="table", show_default=True)
def metrics(metric: str | None, day: date | None, preset: str | None, only_list: bool, form: str) -> None:
    """Show metric values with interval, sample size and benchmark.

    \b
    abm metrics
    abm metrics --metric win_rate --preset amount
    abm metrics --metric win_rate --date 2026-06-30
    abm metrics --metric coverage --format csv > coverage.csv
    abm metrics --list
    """
    from abm_pipeline.reports import _terminal, values

    if only_list:
        _terminal.show_definitions(values.definitions())
        return
    if preset and not metric:
        raise click.UsageError("--preset is of one metric: name it with --metric")
    settings = _settings()
    chosen, rows = values.metric_values(settings, metric, day)
    spec = values.definitions(settings.programme)[metric] if metric else None
    if metric and preset:
        other = values.preset_of(settings.programme, metric, preset)
        if form == "table":
            _terminal.show_values(settings, chosen, rows, spec)
        rows, spec = values.under(settings, other, chosen), other
    if form == "csv":
        click.echo(rows.to_csv(index=False), nl=False)
    elif form == "json":
        click.echo(rows.to_json(orient="records", date_format="iso", indent=2))
    else:
        _terminal.show_values(settings, chosen, rows, spec, preset)


@main.command()
@click.option("--table", help="One table: metric_values, account_metrics_daily, ad_delivery …; default: all.")
@click.option("--since", type=DAY, help="Noticed since this day.")
@click.option("--account", help="An account's numbers (its id, name, domain or former id).")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1), help="How many rows, newest first.")
def restatements(table: str | None, since: date | None, account: str | None, limit: int) -> None:
    """Show numbers that are others than when they were first published, and why.

    \b
    abm restatements --table metric_values --since 2026-06-01
    abm restatements --account acme.com
    """
    from abm_pipeline.reports import _terminal
    from abm_pipeline.reports.explain import find_account
    from abm_pipeline.reports.restated import moves

    settings = _settings()
    keys = None if account is None else tuple(dict.fromkeys((find_account(settings, account)[0], account)))
    _terminal.show_restatements(moves(settings, table=table, since=since, keys=keys, limit=limit))


@main.command()
def doctor() -> None:
    """Check settings, credentials (by logging in), databases and lake. Exit code 1 if something is wrong."""
    from abm_pipeline.reports import _terminal
    from abm_pipeline.reports.doctor import examine

    sys.exit(1 if _terminal.show_findings(examine(_settings())) else 0)


@main.command()
@click.option("--scale", type=click.Choice(SCALES), default="demo", show_default=True, help="Size of the world.")
def demo(scale: str) -> None:
    """Run 180 days of a simulated company through the pipeline and show what comes out. Needs no account."""
    from abm_pipeline.defs.demo import demo as run_demo

    sys.exit(run_demo(_settings(), scale))


@main.command()
@click.option("--port", default=3000, show_default=True, help="Port on 127.0.0.1.")
def dev(port: int) -> None:
    """Open the Dagster UI (with its daemon) on what has been run, until Ctrl-C."""
    from abm_pipeline.defs.demo import dev as serve

    sys.exit(serve(_settings(), port))


@main.group("postgres")
def postgres_group() -> None:
    """The embedded Postgres."""


@postgres_group.command()
def start() -> None:
    """Start it, and leave it running."""
    from abm_pipeline.storage import postgres

    click.echo(postgres.start_to_stay(_settings()).served)


@postgres_group.command()
def stop() -> None:
    """Stop it. What it keeps stays."""
    from abm_pipeline.storage import postgres

    click.echo("stopped" if postgres.stop(_settings()) else "it was not running")


@postgres_group.command()
@click.option("--dagster", is_flag=True, help="Dagster's own database instead of the served one.")
def url(dagster: bool) -> None:
    """Print the SQLAlchemy URL of the served database."""
    from abm_pipeline.storage import postgres

    urls = postgres.urls(_settings())
    click.echo(urls.dagster if dagster else urls.served)


@postgres_group.command(context_settings={"ignore_unknown_options": True})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def psql(arguments: tuple[str, ...]) -> None:
    """Open psql on the served database; ARGUMENTS are passed on.

    \b
    abm postgres psql -- -c "SELECT count(*) FROM abm.metric_values"
    """
    from abm_pipeline.storage import postgres

    address = postgres.start(_settings()).served.replace(postgres.DRIVER, "postgresql")
    program = postgres.binaries() / "psql"
    os.environ.setdefault("PGOPTIONS", "-c search_path=abm,public")
    os.execv(program, [str(program), address, *arguments])


@main.group()
def report() -> None:
    """Pages for people."""


@report.command()
@click.option("--date", "day", type=DAY, help="Last day of the week; default: the newest day with metrics.")
def weekly(day: date | None) -> None:
    """Write the weekly review and print its path."""
    from abm_pipeline.reports.weekly import write

    click.echo(write(_settings(), day))


@report.command()
@click.argument("name")
@click.option("--date", "day", type=DAY, help="A day after the period's end; default: the newest day with metrics.")
def pack(name: str, day: date | None) -> None:
    """Write a review pack of packs.yaml (monthly, quarterly …) for the last whole period, and print its path."""
    from abm_pipeline.reports.packs import write

    path = write(_settings(), name, day)
    if path is None:
        raise click.ClickException("nothing was computed for the last day of that period: `abm run` it first")
    click.echo(path)


@report.command()
@click.argument("account", required=False)
@click.option("--date", "day", type=DAY, help="Day as of whose end; default: the newest day with metrics.")
def brief(account: str | None, day: date | None) -> None:
    """Write the brief of ACCOUNT (id, name, domain or record); without one, of every hot account; print the path."""
    from abm_pipeline.reports import briefs
    from abm_pipeline.reports._review import latest_day

    settings = _settings()
    if account is not None:
        click.echo(briefs.write(settings, account, day))
    elif (chosen := day or latest_day(settings)) is None:
        raise click.ClickException("no metrics have been computed yet: `abm run --start DAY --end DAY` first")
    else:
        click.echo(briefs.refresh(settings, [chosen], ""))


@report.command()
@click.option("--date", "day", type=DAY, help="Day as of whose end; default: the newest day with metrics.")
def catalogue(day: date | None) -> None:
    """Write the page of what every metric means, with its live number, and print its path."""
    from abm_pipeline.reports.catalogue import write

    click.echo(write(_settings(), day))


@main.command()
def docs() -> None:
    """Write the pages that are made from the code: docs/data_dictionary.md, metrics.md, sources.md, .env.example."""
    from pathlib import Path

    from abm_pipeline.contracts.render import data_dictionary
    from abm_pipeline.programme import load_programme
    from abm_pipeline.registry import collect
    from abm_pipeline.reports.catalogue import markdown
    from abm_pipeline.sources._spec import SourceSpec
    from abm_pipeline.sources.catalogue import env_example, sources_page

    specs = collect("abm_pipeline.sources", SourceSpec)
    Path("docs").mkdir(exist_ok=True)
    pages = {
        "docs/data_dictionary.md": data_dictionary(),
        "docs/metrics.md": markdown(load_programme()),
        "docs/sources.md": sources_page(specs, load_programme()),
        ".env.example": env_example(specs),
    }
    for name, page in pages.items():
        Path(name).write_text(page, encoding="utf-8")
        click.echo(name)


def _settings() -> Settings:
    from pydantic import ValidationError

    from abm_pipeline.programme import ConfigError
    from abm_pipeline.settings import Settings

    try:
        return Settings()  # type: ignore[call-arg]
    except ValidationError as error:
        wrong = "; ".join(f"ABM_{str(e['loc'][0]).upper()}: {e['msg']}" for e in error.errors())
        raise ConfigError(f"the environment or .env is wrong: {wrong}") from None
