"""The Dagster instance that our commands use: its home, its database, and what killed runs left behind.

Belongs here: making an instance from settings, and telling a run whose process is gone from one that is under way.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg

from abm_pipeline.settings import Settings
from abm_pipeline.storage import postgres

PACKAGE = Path(__file__).parents[1]
UNDER_WAY = (
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
)
# Runs of `abm run` carry it: they live and die with that process, not with a code server.
OURS = "abm/command"


def environment(settings: Settings) -> dict[str, str]:
    """What Dagster's own processes read from the environment. Starts the embedded Postgres where it is needed."""
    home = prepare_home(settings)
    return {
        "DAGSTER_HOME": str(home),
        "ABM_DAGSTER_POSTGRES_URL": postgres.start(settings).dagster,
        # Events of many partitions are stored together rather than one by one.
        "DAGSTER_EVENT_BATCH_SIZE": os.environ.get("DAGSTER_EVENT_BATCH_SIZE", "1000"),
    }


def prepare_home(settings: Settings) -> Path:
    """`{home}/dagster` with the repository's dagster.yaml in it, which Dagster reads from DAGSTER_HOME only."""
    home = (settings.home / "dagster").absolute()
    home.mkdir(parents=True, exist_ok=True)
    # Beside the package in a checkout, inside it when installed from a wheel.
    source = next(path for path in (PACKAGE.parent / "dagster.yaml", PACKAGE / "dagster.yaml") if path.exists())
    beside = home / f"dagster.yaml.{os.getpid()}"
    shutil.copyfile(source, beside)
    beside.replace(home / "dagster.yaml")
    return home


@contextmanager
def instance(settings: Settings) -> Iterator[dg.DagsterInstance]:
    """The real instance, on Postgres, for the length of a block."""
    os.environ.update(environment(settings))
    home = settings.home / "dagster"
    with (home / "setup.lock").open("w") as handle:
        # Two processes that make Dagster's tables at once fail each other.
        fcntl.flock(handle, fcntl.LOCK_EX)
        opened = dg.DagsterInstance.from_config(str(home))
    with opened as made:
        yield made


@contextmanager
def alive(settings: Settings, run_id: str) -> Iterator[None]:
    """Hold the run's lock: the system frees it when the process dies, however it dies."""
    path = _lock_file(settings, run_id)
    with path.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        try:
            yield
        finally:
            path.unlink(missing_ok=True)


def fail_lost_runs(settings: Settings, made: dg.DagsterInstance, *, also_launched: bool = False) -> list[str]:
    """Report runs as failed whose process is gone; returns their ids.

    `also_launched`: those of a code server too, for when none can be running.
    """
    tags = {} if also_launched else {OURS: "run"}
    lost = []
    for run in made.get_runs(dg.RunsFilter(statuses=list(UNDER_WAY), tags=tags)):
        if OURS in run.tags and _is_held(_lock_file(settings, run.run_id)):
            continue
        made.report_run_failed(run, "The process of this run is gone. Run the same days again: nothing is lost.")
        _lock_file(settings, run.run_id).unlink(missing_ok=True)
        lost.append(run.run_id)
    return lost


def _lock_file(settings: Settings, run_id: str) -> Path:
    folder = settings.home / "dagster" / "running"
    folder.mkdir(parents=True, exist_ok=True)
    return folder / run_id


def _is_held(path: Path) -> bool:
    try:
        with path.open("r+") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False
