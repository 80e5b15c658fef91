"""Re-scoring against what others would do: dbt-duckdb, SQLMesh and a pandas loop, every row compared with ours.

The rivals' programs are looked for in `{home}/rivals/bin` and on PATH: they pin other releases of what the pipeline
uses, so they live in an environment of their own (see README.md). Without them their rows say so.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from abm_pipeline.scoring.refresh import refresh
from abm_pipeline.settings import Settings
from benchmarks import _rescore_rivals as rivals
from benchmarks._timing import Row, in_process
from benchmarks.rescore import START, make_facts


def _ours(settings: Settings, days: list[date]) -> None:
    refresh(settings, days, "bench")


def measure(home: Path, accounts: int, touches: int, day_count: int, of_days: int) -> Iterator[Row]:
    """Time each once on the same facts. The facts are of `of_days` days; the last `day_count` of them are scored."""
    folder = (home / f"{accounts}_{touches}_{of_days}").absolute()
    settings = Settings(_env_file=None, home=folder, lake=folder / "lake", memory_limit="3GB")
    make_facts(settings, accounts, touches, of_days)
    days = [START + timedelta(days=of_days - day_count + offset) for offset in range(day_count)]
    shutil.rmtree(settings.lake_path / "scoring", ignore_errors=True)
    shutil.rmtree(folder / "kept", ignore_errors=True)
    ours = in_process(_ours, settings, days)
    size = f"{day_count} days, {accounts:,} accounts, {touches:,} touches in {of_days} days"
    yield Row(f"re-score {size}: ours, without Dagster", ours, "1")
    found = {name: shutil.which(name, path=f"{home.absolute()}/rivals/bin") or shutil.which(name) for name in _NEEDS}
    for title, needs, work in _RIVALS:
        program = found.get(needs) if needs else ""
        if program is None:
            yield Row(f"{title}: {needs} is not installed", None, "")
            continue
        out = folder / "rivals" / title.replace(" ", "_")
        shutil.rmtree(out, ignore_errors=True)
        timed = in_process(work, settings, days, Path(program), out)
        said = rivals.disagreement(settings, days, _made(out, needs)) or "same rows"
        ratio = f"{timed.seconds / ours.seconds:.1f} × ours, {timed.cpu / ours.cpu:.1f} × its processor seconds; {said}"
        yield Row(title, timed, ratio)


def _pandas(settings: Settings, days: list[date], program: Path, out: Path, given: str) -> None:
    rivals.pandas_loop(settings, days, out, given)


_NEEDS = ("dbt", "sqlmesh")
_RIVALS: tuple[tuple[str, str, Callable[..., Any]], ...] = (
    ("a pandas loop over the days, each reading its windows", "", partial(_pandas, given="days")),
    ("a pandas loop over the days, touches in memory", "", partial(_pandas, given="touches")),
    ("a pandas loop over the days, capped points by contact and day in memory", "", partial(_pandas, given="points")),
    ("dbt-duckdb, microbatch, a day a batch", "dbt", partial(rivals.dbt, microbatch=True)),
    ("dbt-duckdb, full refresh", "dbt", partial(rivals.dbt, microbatch=False)),
    ("SQLMesh, a day a batch", "sqlmesh", partial(rivals.sqlmesh, by_day=True)),
    ("SQLMesh, one batch", "sqlmesh", partial(rivals.sqlmesh, by_day=False)),
)


def _made(out: Path, needs: str) -> dict[str, str]:
    if not needs:
        return {name: f"'{out}/{name}/*.parquet'" for name in ("scores", "parts")}
    schema = {"dbt": "main", "sqlmesh": "rival"}[needs]
    return {"file": f"{out}/made.duckdb", "scores": f"made.{schema}.scores", "parts": f"made.{schema}.parts"}
