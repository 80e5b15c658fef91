"""The sandbox as the vendors: started beside the pipeline, its credentials in the environment, stopped by its pid."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from abm_pipeline.defs.raw import specs
from abm_pipeline.sandbox.serve import environment, vendors

STOP_SECONDS = 10
UNLIMITED = 1_000_000_000


@contextmanager
def sandbox(scale: str, seed: int, until: date, files: Path | None = None) -> Iterator[str]:
    """A sandbox in a process of its own on a free port of the loopback; yields its URL. Raises RuntimeError.

    What vendors deliver as files is written below `files`, by default a folder that goes with it.
    """
    command = ["sandbox", "--port", "0", "--scale", scale, "--seed", str(seed), "--until", until.isoformat()]
    command += ["--files", str(files)] if files is not None else []
    process = subprocess.Popen(
        [sys.executable, "-m", "abm_pipeline", *command], stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    try:
        assert process.stdout is not None
        told = re.search(r"http://\S+", process.stdout.readline())
        if told is None:
            raise RuntimeError(f"the sandbox did not start (exit code {process.wait(STOP_SECONDS)})")
        yield told.group()
    finally:
        stop(process)


def stop(process: subprocess.Popen[str]) -> None:
    """End the process, politely first."""
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def credentials(url: str, files: Path | None = None) -> dict[str, str]:
    """Variables that make every vendor the sandbox at `url`; those of a real account are emptied.

    Without the folder that files are delivered to, vendors that arrive as files are off.
    """
    out = {credential.env: "" for spec in specs() for credential in (*spec.credentials, spec.base_url)}
    places = {"{url}": url} | ({"{files}": str(files)} if files is not None else {})
    return out | environment(vendors().values(), places)


def hurry(url: str) -> None:
    """Let this process and the sandbox forget calls a minute: weeks pass in seconds there. Raises URLError."""
    from abm_pipeline.sources._http import Pace

    Pace.IS_KEPT = False
    rates = {
        vendor.name: {name: UNLIMITED for name in vendor.settings if "per_" in name or name == "points"}
        for vendor in vendors().values()
    }
    _post(f"{url}/_sandbox/config", {name: values for name, values in rates.items() if values})


def set_clock(url: str, until: date) -> None:
    """Move the sandbox's clock. Raises URLError."""
    _post(f"{url}/_sandbox/clock", {"until": until.isoformat()})


def _post(url: str, body: object) -> None:
    request = urllib.request.Request(
        url, json.dumps(body).encode(), {"Content-Type": "application/json"}, method="POST"
    )
    urllib.request.urlopen(request, timeout=60).close()


def use(url: str, files: Path | None = None) -> None:
    """Make every vendor of this process and its children the sandbox."""
    os.environ.update(credentials(url, files))
