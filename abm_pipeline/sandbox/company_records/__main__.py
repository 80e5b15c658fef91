"""`python -m abm_pipeline.sandbox.company_records --companies N --seed S --output DIR [--snapshots 3] [--describe]`."""

from __future__ import annotations

from pathlib import Path

import click

from abm_pipeline.sandbox.company_records.describe import describe
from abm_pipeline.sandbox.company_records.recordset import make


@click.command()
@click.option("--companies", type=int, required=True, help="Brands; about 4.5 records each in the last snapshot.")
@click.option("--seed", type=int, default=1, show_default=True)
@click.option("--snapshots", type=int, default=3, show_default=True)
@click.option("--output", type=click.Path(path_type=Path, file_okay=False), required=True)
@click.option("--describe", "tell", is_flag=True, help="Print what was made and how badly naive keys chain.")
def main(companies: int, seed: int, snapshots: int, output: Path, tell: bool) -> None:
    """Write records_k, truth_k and parents_k.parquet."""
    made = make(companies, seed, snapshots)
    made.write(output)
    if tell:
        click.echo(describe(made))


if __name__ == "__main__":
    main()
