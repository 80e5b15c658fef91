"""`abm attribution`: the attribution models on a file of paths.

Belongs here: options, help, printing. What is computed is `metrics.path_file`'s, imported when the command runs.
"""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.argument("paths", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--model", "models", multiple=True, default=("all",), show_default=True, help="May be repeated.")
@click.option(
    "--preset",
    type=click.Choice(["guide", "marketo_measure", "hubspot"]),
    default="guide",
    show_default=True,
    help="Whose milestones the U, the W and the full path have.",
)
@click.option("--half-life", default=7.0, show_default=True, help="Time decay: steps back that halve a touch's weight.")
@click.option("--order", type=click.IntRange(1), default=1, show_default=True, help="Markov: channels looked back on.")
@click.option(
    "--worth",
    type=click.Choice(["subsets", "given"]),
    default="subsets",
    show_default=True,
    help="Shapley: what a set of channels is worth: the conversions of paths within it, or its own row's.",
)
@click.option("--format", "form", type=click.Choice(["table", "csv", "json"]), default="table", show_default=True)
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="Write the CSV here instead.")
def attribution(
    paths: Path,
    models: tuple[str, ...],
    preset: str,
    half_life: float,
    order: int,
    worth: str,
    form: str,
    output: Path | None,
) -> None:
    """Share the conversions of PATHS among channels; needs no lake and no settings.

    PATHS is a CSV with the columns path (a > b > c) and conversions, and maybe value and nulls (paths like this without
    a conversion). Columns lead, sql, opportunity and won hold the position of that milestone's touch, from 1; untold,
    opportunity and won are the last touch. Models:
    first, last, last_non_direct, linear, u_shaped, w_shaped, full_path, time_decay, markov, shapley, or all.

    \b
    abm attribution paths.csv --model all
    abm attribution paths.csv --model markov --order 2 --format csv > credit.csv
    """
    from pydantic import ValidationError

    from abm_pipeline.metrics._credit_models import MODELS
    from abm_pipeline.metrics._markov import TooLargeError
    from abm_pipeline.metrics.path_file import PathFileError, attribute
    from abm_pipeline.programme import Attribution

    chosen = MODELS if "all" in models else tuple(dict.fromkeys(models))
    if unknown := [model for model in chosen if model not in MODELS]:
        raise click.BadParameter(
            f"{unknown[0]!r} is no model; known are {', '.join(MODELS)}, all.", param_hint="--model"
        )
    try:
        choice = Attribution.model_validate({"preset": preset, "half_life_days": half_life})
        credit = attribute(paths, chosen, choice, order=order, worth_is_given=worth == "given")
    except ValidationError:
        raise click.BadParameter(
            f"{half_life:g} is no half-life; take one above 0.", param_hint="--half-life"
        ) from None
    except (PathFileError, TooLargeError) as error:
        raise click.UsageError(str(error)) from None
    if output is not None:
        credit.to_csv(output, index=False)
        click.echo(output)
    elif form == "csv":
        click.echo(credit.to_csv(index=False), nl=False)
    elif form == "json":
        click.echo(credit.to_json(orient="records", indent=2, double_precision=12))
    else:
        click.echo(credit.to_string(index=False, na_rep="", float_format=lambda number: f"{number:.6f}"))
