"""`abm run`: materialise a range of days through Dagster, in this process, on the real instance.

Belongs here: choosing what to run, running ingest and then refresh, showing progress, and saying what failed.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import dagster as dg
from rich.console import Console
from rich.markup import escape
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from abm_pipeline.defs import _pulls, jobs
from abm_pipeline.defs import instance as instances
from abm_pipeline.defs._decisions import range_tags, user_error
from abm_pipeline.defs.build import build
from abm_pipeline.settings import Settings

QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
FAILED, UNUSABLE = 1, 2


class SelectionError(ValueError):
    """A range or selection that can't be run; the message says what can."""


def run(
    settings: Settings, start: date, end: date, select: Sequence[str] | None = None, console: Console | None = None
) -> int:
    """Fetch and compute the days from `start` to `end` (inclusive); returns the exit code, 0 if all succeeded.

    `select`: groups (`facts`) or asset keys (`facts/touch`); default everything. Refresh goes on with what is there
    when a vendor failed, and the exit code tells. Code 2: nothing was run, the range or the selection is unusable.
    """
    console = console or Console(stderr=True)
    definitions = build(settings)
    try:
        check_range(settings, start, end)
        keys = selected_keys(definitions, select)
    except SelectionError as error:
        console.print(f"[red]{escape(str(error))}[/red]")
        return UNUSABLE
    with instances.instance(settings) as made:
        for run_id in instances.fail_lost_runs(settings, made):
            console.print(f"Run {run_id[:8]} was killed earlier; marked as failed.")
        ok = [
            _run_job(
                settings,
                definitions,
                made,
                name,
                [key for key in keys if (key.path[0] == "raw") == is_raw],
                start,
                end,
                console,
            )
            for name, is_raw in ((jobs.INGEST, True), (jobs.REFRESH, False))
        ]
    return 0 if all(ok) else FAILED


def check_range(settings: Settings, start: date, end: date) -> None:
    """Raises SelectionError for days that have no partition."""
    first = settings.programme.history_start
    last = datetime.now(ZoneInfo(settings.programme.reporting_timezone)).date() - timedelta(days=1)
    if start > end:
        raise SelectionError(f"--start {start} is after --end {end}.")
    if start < first or end > last:
        raise SelectionError(
            f"{start} to {end}: days go from {first} (history_start in programme.yaml) to {last} (the last whole day)."
        )


def selected_keys(definitions: dg.Definitions, select: Sequence[str] | None) -> list[dg.AssetKey]:
    """The keys that groups and keys as written stand for. Raises SelectionError for a name that is neither."""
    graph = definitions.resolve_asset_graph()
    everything = sorted(graph.materializable_asset_keys)
    if not select:
        return everything
    chosen: set[dg.AssetKey] = set()
    for name in select:
        found = [key for key in everything if name in (key.to_user_string(), graph.get(key).group_name)]
        if not found:
            groups = sorted({str(graph.get(key).group_name) for key in everything})
            raise SelectionError(
                f"{name!r} is neither a group ({', '.join(groups)}) nor an asset key such as facts/touch."
            )
        chosen.update(found)
    return sorted(chosen)


def _run_job(
    settings: Settings,
    definitions: dg.Definitions,
    made: dg.DagsterInstance,
    name: str,
    keys: Sequence[dg.AssetKey],
    start: date,
    end: date,
    console: Console,
) -> bool:
    if not keys:
        return True
    run_id = str(uuid.uuid4())
    progress = Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        TimeElapsedColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )
    with progress, instances.alive(settings, run_id):
        shown = _Shown(progress, name, run_id)
        made.add_event_listener(run_id, shown.event)
        result = definitions.resolve_job_def(name).execute_in_process(
            run_config=QUIET,
            instance=made,
            tags={**range_tags(start, end), instances.OURS: "run"},
            asset_selection=list(keys),
            raise_on_error=False,
            run_id=run_id,
        )
    shown.end()
    if not result.success:
        _tell_failures(console, name, result.all_events, run_id)
    return bool(result.success)


class _Shown:
    """A line with a clock for the step that runs, a line with its time for each that ended.

    Vendors are pulled side by side: the time of each is that of its own pull, and a last line tells that of them all.
    """

    def __init__(self, progress: Progress, job: str, run_id: str) -> None:
        self._progress, self._job, self._run_id = progress, job, run_id
        self._task = progress.add_task(f"{job}: getting ready")
        self._began = self._first = time.monotonic()
        self._pulled: dict[str, float] = {}

    def event(self, entry: dg.EventLogEntry) -> None:
        """Called by Dagster for every event of the run, in the order in which they happen."""
        event = entry.dagster_event
        if event is None or event.step_key is None:
            return
        step = event.step_key
        if event.event_type == dg.DagsterEventType.STEP_START:
            self._progress.reset(self._task, description=f"{self._job}: {step}")
            self._began = time.monotonic()
        elif event.event_type in (dg.DagsterEventType.STEP_SUCCESS, dg.DagsterEventType.STEP_FAILURE):
            mark = (
                "[green]done[/green]" if event.event_type == dg.DagsterEventType.STEP_SUCCESS else "[red]failed[/red]"
            )
            vendor = step.removeprefix("raw_")
            seconds = _pulls.seconds(self._run_id, vendor)
            if seconds is None:
                seconds = time.monotonic() - self._began
            else:
                self._pulled[vendor] = seconds
            self._progress.console.print(f"  {self._job}: {step:<34} {mark} {seconds:6.1f} s")

    def end(self) -> None:
        """Called when the run is over."""
        if len(self._pulled) > 1:
            slowest = max(self._pulled, key=self._pulled.__getitem__)
            self._progress.console.print(
                f"  {self._job}: {len(self._pulled)} sources side by side took {time.monotonic() - self._first:.1f} s, "
                f"the longest {slowest} {self._pulled[slowest]:.1f} s"
            )


def _tell_failures(console: Console, job: str, events: Iterable[dg.DagsterEvent], run_id: str) -> None:
    for event in events:
        if event.is_step_failure:
            error = user_error(event.step_failure_data.error)
            told = escape(error.message.strip()) if error else "no error given"
            console.print(f"[red]{job}: {event.step_key} failed:[/red] {told}", soft_wrap=True)
    console.print(
        f"{job} run {run_id[:8]} failed; what succeeded is kept. Mend the cause (`abm doctor` helps) and run the same "
        "days again.",
        soft_wrap=True,
    )
