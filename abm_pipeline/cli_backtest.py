"""`abm model backtest` and `abm model fit`: does a model predict, and which weights would.

Belongs here: options, help and printing. What a backtest is, is `scoring.backtest`'s; a fit, `scoring.fit`'s.
"""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from abm_pipeline.scoring.backtest import Backtest
    from abm_pipeline.scoring.discrimination import Estimate, Judged
    from abm_pipeline.settings import Settings

TITLES = {"opportunity": "opened a deal (accounts without an open one)", "won": "won a deal"}
AS_OF = click.option(
    "--as-of",
    metavar="DAYS",
    multiple=True,
    help="Judge the scores of this day; of several with commas between them, or the option given again.",
)
EVERY = click.option(
    "--every",
    type=click.Choice(["week", "month", "quarter"]),
    default="month",
    show_default=True,
    help="Without --as-of: twelve days so far apart, back from the last whose outcomes are known.",
)
HORIZON = click.option(
    "--horizon", type=click.IntRange(1, 730), default=90, show_default=True, help="Days in which the outcome must come."
)


@click.command()
@click.argument("models", nargs=-1, metavar="[MODEL|MODEL@VERSION|FILE.yaml]...")
@click.option("--champion-vs", is_flag=True, help="Compare the champion with the MODELs named.")
@AS_OF
@EVERY
@HORIZON
def backtest(models: tuple[str, ...], champion_vs: bool, as_of: tuple[str, ...], every: Any, horizon: int) -> None:
    """Judge models on earlier days: did the accounts that scored high open and win more deals afterwards?

    Scores are those of the day, from what was known by then; outcomes are looked for in the days after it. Without
    MODELs, all that the YAML declares are judged. A FILE need not be installed: nothing is written. All models are
    judged on the same accounts and days; the first (the champion, if it is among them) is what the others are compared
    with.

    \b
    abm model backtest                                       the declared models, on twelve months
    abm model backtest draft.yaml --champion-vs              a draft against the champion
    abm model backtest --as-of 2026-01-31,2026-02-28 --horizon 60

    Intervals are 95 %, by account: lift on the log scale (Katz 1978), AUC by Obuchowski (1997), which is DeLong's where
    each account is asked about once; rates are Wilson's. (!) marks what rests on fewer accounts than min_sample.
    """
    from abm_pipeline.scoring import backtest as judged_by

    settings = _settings()
    chosen = judged_by.candidates(settings, models, champion_vs)
    days = judged_by.days_to_ask(settings, chosen, horizon, _days(as_of), every)
    click.echo(f"Scoring {len(days)} days under {len(chosen)} models …", err=True)
    _report(judged_by.backtest(settings, chosen, days, horizon), settings.programme.min_sample)


@click.command()
@click.option("--base", default="champion", show_default=True, help="Model whose touch types get other weights.")
@click.option(
    "--out",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="YAML to write; its name is the model's. Under ABM_CONFIG/scoring_models it is scored as a challenger.",
)
@click.option(
    "--outcome",
    type=click.Choice(["opportunity", "won"]),
    default="opportunity",
    show_default=True,
    help="What the weights shall tell: who opens a deal, or who wins one.",
)
@AS_OF
@EVERY
@HORIZON
def fit(base: str, out: Path, outcome: str, as_of: tuple[str, ...], every: Any, horizon: int) -> None:
    """Learn a model's weights from what happened, and write them as YAML to read, edit and try.

    A logistic regression, pulled towards the base's proportions and with no weight below 0, learns on earlier days
    and is judged on later ones, beside the base. Roles, caps, recency and breadth stay the base's.

    \b
    abm model fit --out config/scoring_models/fitted.yaml
    abm model check fitted
    abm model backtest fitted --champion-vs
    """
    from abm_pipeline.scoring import fitted
    from abm_pipeline.scoring.backtest import candidates

    if out.exists():
        raise click.UsageError(f"{out} is there already; name another file, or remove it.")
    settings = _settings()
    chosen = candidates(settings, [] if base == "champion" else [base], with_champion=base == "champion")[0]
    click.echo("Scoring earlier days, learning, and judging on later ones …", err=True)
    made = fitted.fit_model(
        settings, chosen, out.stem, horizon=horizon, outcome=outcome, every=every, asked=_days(as_of)
    )
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(made.text, encoding="utf-8")
    for line in made.text.splitlines():
        if not line.startswith("#"):
            break
        click.echo(line.removeprefix("# "))
    click.echo()
    for part, factor in sorted(made.fit.factor.items(), key=lambda each: -each[1]):
        click.echo(f"  {part:<24} ×{factor:5.2f}  in {made.fit.accounts_with[part]:,} rows")
    click.echo(f"\nWritten to {out}.")


def _report(found: Backtest, min_sample: int) -> None:
    days = found.days
    click.echo(
        f"Scores of {len(days)} day{'s' if len(days) > 1 else ''} from {days[0]} to {days[-1]}; outcomes of the "
        f"{found.horizon} days after each."
    )
    for outcome, title in TITLES.items():
        click.echo(f"\n{click.style(title[0].upper() + title[1:], bold=True)}")
        for position, candidate in enumerate(found.models):
            judged = found.of(position, outcome)
            if judged is None:
                click.echo(f"{candidate.label}: nobody to ask about")
            else:
                _say(candidate.label, judged, min_sample)
    click.echo(f"\n{click.style('Thresholds and drift', bold=True)}")
    for candidate, proposal, drift in zip(found.models, found.proposals, found.drifts, strict=True):
        index = "unknown" if drift.index is None else f"{drift.index:.2f}"
        click.echo(f"{candidate.label}: drift of scores to {found.today} (PSI) {index}")
        if proposal.yaml:
            click.echo("  from its opportunity rates, in its YAML:")
            for line in proposal.yaml.splitlines():
                click.echo(f"    {line}")
        else:
            click.echo(f"  no thresholds proposed: {proposal.reason}")


def _say(label: str, judged: Judged, min_sample: int) -> None:
    flag = f" (!) fewer than {min_sample} accounts on a side" if judged.is_low_sample else ""
    click.echo(
        f"{label}: lift {_estimate(judged.lift)}, AUC {_estimate(judged.auc)}; {judged.x:,} of {judged.n:,} rows, "
        f"{judged.yes:,} accounts{flag}"
    )
    if judged.lift_difference and judged.auc_difference:
        area = _estimate(judged.auc_difference, "+")
        click.echo(f"  against the first: lift ×{_estimate(judged.lift_difference)}, AUC {area}")
    whole = judged.x / judged.n
    for dimension, names in (("quintile", None), ("band", ("none", "cold", "cool", "warm", "hot"))):
        groups = judged.of(dimension)
        if names:
            groups = sorted(groups, key=lambda group: names.index(group.value))
        for group in groups:
            times = f"×{(group.rate.value or 0) / whole:.2f}" if whole else "–"
            low, high = group.rate.low or 0, group.rate.high or 0
            click.echo(
                f"  {dimension} {group.value:<5} {group.rate.value:7.1%} ({low:.1%} to {high:.1%}) {times:>6} of "
                f"average; {group.x:,} of {group.n:,}, score {group.lowest:.1f} to {group.highest:.1f}"
                f"{' (!)' if group.is_low_sample else ''}"
            )


def _estimate(found: Estimate, sign: str = "") -> str:
    if found.value is None:
        return "–"
    if found.low is None or found.high is None:
        return format(found.value, f"{sign}.2f")
    return f"{found.value:{sign}.2f} ({found.low:{sign}.2f} to {found.high:{sign}.2f})"


def _days(texts: tuple[str, ...]) -> list[date]:
    out = []
    for text in (part.strip() for each in texts for part in each.split(",")):
        try:
            out.append(datetime.strptime(text, "%Y-%m-%d").date())
        except ValueError:
            raise click.BadParameter(f"{text!r} is no day; write YYYY-MM-DD.", param_hint="--as-of") from None
    return out


def _settings() -> Settings:
    from abm_pipeline.cli import _settings as read_settings

    return read_settings()
