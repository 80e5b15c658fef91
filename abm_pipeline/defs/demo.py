"""`abm demo` and `abm dev`: the whole pipeline on the sandbox, and the Dagster UI on the result.

Everything is started here and stopped here, by pid; what was made stays under `{home}` for `abm dev` to open.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from datetime import date, timedelta
from pathlib import Path

from rich.console import Console

from abm_pipeline.contracts import tables as t
from abm_pipeline.defs import instance as instances
from abm_pipeline.defs import sandboxed
from abm_pipeline.defs.build import build
from abm_pipeline.defs.raw import key_of_vendor, specs
from abm_pipeline.defs.run import QUIET, run
from abm_pipeline.settings import Settings
from abm_pipeline.storage import postgres

# The sandbox's world is the same for ever at a date and seed; so are the demo's numbers.
UNTIL, DAYS, SEED = date(2026, 6, 30), 180, 7
# The intent provider tells only this week's scores, landing on Tuesdays: history is what was collected in time.
# Thirteen weeks of trend, of a metric that looks back 30 days.
# What is printed of the catalogue at the end.
HEADLINES = (
    "target_accounts", "engaged_accounts", "coverage", "penetration_low", "penetration_high", "intent_coverage",
    "engagement_to_opportunity", "win_rate", "deal_size", "pipeline_velocity", "sourced_pipeline", "program_roi", "cac",
    "ltv_cac", "retention_rate", "nrr", "nps",
)  # fmt: skip
SNAPSHOT_WEEKS = 18
BY_COMPANY, RECENT_WEEKS = {"sixsense"}, 5
MARKER = "demo"
STOP_SECONDS = 30


def demo(settings: Settings, scale: str = "demo", console: Console | None = None) -> int:
    """Run 180 days of the sandbox's company through Dagster; returns the exit code. Again: the same numbers."""
    console = console or Console()
    marker = settings.home / MARKER
    if not marker.exists() and settings.lake_path.exists() and any(settings.lake_path.iterdir()):
        console.print(
            f"[red]The lake at {settings.lake_path} holds data that is not the demo's.[/red] "
            "Set ABM_HOME to another folder for the demo (and ABM_LAKE, if you set it)."
        )
        return 2
    with ExitStack() as stack:
        console.print(
            f"Starting Postgres and the sandbox ({len(specs())} sources on a simulated world) …", soft_wrap=True
        )
        settings.home.mkdir(parents=True, exist_ok=True)
        marker.touch()
        stack.enter_context(postgres.running(settings))
        files = (settings.home / "files").absolute()
        url = stack.enter_context(sandboxed.sandbox(scale, SEED, UNTIL, files))
        sandboxed.use(url, files)
        sandboxed.hurry(url)
        began = time.monotonic()
        console.print(f"Collecting {SNAPSHOT_WEEKS} weekly snapshots of intent, as a schedule would have …")
        ok = _collect_snapshots(settings, url)
        console.print(f"Running {DAYS} days to {UNTIL}: ingest, then refresh …")
        code = run(settings, UNTIL - timedelta(days=DAYS - 1), UNTIL, console=console)
        seconds = time.monotonic() - began
        _print_headlines(settings)
    console.print(f"\nPipeline: {seconds:.0f} s. Pages in {settings.reports_path}:")
    for page in sorted(settings.reports_path.glob("*/latest.html")) + sorted(
        settings.reports_path.glob("*/index.html")
    ):
        console.print(f"  {page}", soft_wrap=True)
    console.print("[bold]make dev[/bold] opens the Dagster UI on it.")
    return code if ok else code or 1


def _collect_snapshots(settings: Settings, url: str) -> bool:
    """Pull vendors that only tell what holds now, on each Tuesday of the last weeks, the sandbox's clock set to it.

    One that is asked company by company only for the weeks that a metric of thirty days looks back on.
    """
    tuesday = UNTIL - timedelta(days=(UNTIL.weekday() - 1) % 7)
    days = [tuesday - timedelta(weeks=week) for week in reversed(range(SNAPSHOT_WEEKS))]
    vendors = [
        spec.vendor
        for spec in specs()
        if all(stream.kind in ("snapshot", "reference") for stream in spec.streams(settings.programme))
    ]
    job = build(settings).resolve_job_def("ingest")
    succeeded = []
    try:
        with instances.instance(settings) as made:
            for weeks_left, day in zip(reversed(range(len(days))), days, strict=True):
                asked = [v for v in vendors if v not in BY_COMPANY or weeks_left < RECENT_WEEKS]
                sandboxed.set_clock(url, day)
                result = job.execute_in_process(
                    run_config=QUIET,
                    instance=made,
                    partition_key=day.isoformat(),
                    asset_selection=[key_of_vendor(vendor) for vendor in asked],
                    raise_on_error=False,
                )
                succeeded.append(result.success)
    finally:
        sandboxed.set_clock(url, UNTIL)
    return all(succeeded)


def _print_headlines(settings: Settings) -> None:
    """Some totals of the last day, as `abm metrics` prints them all."""
    from abm_pipeline.reports import _terminal, values

    if settings.open_lake.days(t.METRIC_VALUES):
        day, rows = values.metric_values(settings, None, UNTIL)
        _terminal.show_values(settings, day, rows[rows["metric"].isin(HEADLINES)], None)


def dev(settings: Settings, port: int = 3000, console: Console | None = None) -> int:
    """The Dagster UI and daemon on 127.0.0.1 until interrupted; on the demo's data, with the sandbox as the vendors."""
    console = console or Console()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    # Also when started in the background, where a shell lets interrupts be ignored, by what is started here too.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    with ExitStack() as stack:
        stack.enter_context(postgres.running(settings))
        os.environ.update(instances.environment(settings))
        os.environ["ABM_HOME"] = str(settings.home.absolute())
        with instances.instance(settings) as made:
            instances.fail_lost_runs(settings, made, also_launched=True)
        if (settings.home / MARKER).exists():
            console.print("Starting the sandbox, since the data here is the demo's …")
            files = (settings.home / "files").absolute()
            sandboxed.use(stack.enter_context(sandboxed.sandbox("demo", SEED, UNTIL, files)), files)
        workspace = instances.PACKAGE.parent / "workspace.yaml"
        command = ["dev", "-w", str(workspace), "--host", "127.0.0.1", "--port", str(port)]
        console.print(f"Dagster UI: http://127.0.0.1:{port} (stop with Ctrl-C)")
        return _until_stopped([str(Path(sys.executable).with_name("dg")), *command])


def _until_stopped(command: Sequence[str]) -> int:
    """Run the command in a process group of its own; at the end, none of the group is left."""
    process = subprocess.Popen(command, cwd=instances.PACKAGE.parent, start_new_session=True)
    try:
        return process.wait()
    except KeyboardInterrupt:
        return 0
    finally:
        # It passes an interrupt on to webserver, daemon and code server, but not a SIGTERM.
        with suppress(ProcessLookupError):
            process.send_signal(signal.SIGINT)
            with suppress(subprocess.TimeoutExpired):
                process.wait(STOP_SECONDS)
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
