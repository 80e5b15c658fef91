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

from abm_pipeline.defs.raw import specs
from abm_pipeline.sandbox.serve import vendors

STOP_SECONDS = 10


@contextmanager
def sandbox(scale: str, seed: int, until: date) -> Iterator[str]:
    """A sandbox in a process of its own on a free port of the loopback; yields its URL. Raises RuntimeError."""
    command = ["sandbox", "--port", "0", "--scale", scale, "--seed", str(seed), "--until", until.isoformat()]
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


def credentials(url: str) -> dict[str, str]:
    """Variables that make every vendor the sandbox at `url`; those of a real account are emptied."""
    out = {credential.env: "" for spec in specs() for credential in (*spec.credentials, spec.base_url)}
    for vendor in vendors().values():
        out |= {name: value.replace("{url}", url) for name, value in vendor.environment.items()}
    return out


def set_clock(url: str, until: date) -> None:
    """Move the sandbox's clock. Raises URLError."""
    body = json.dumps({"until": until.isoformat()}).encode()
    request = urllib.request.Request(f"{url}/_sandbox/clock", body, {"Content-Type": "application/json"}, method="POST")
    urllib.request.urlopen(request, timeout=60).close()


def use(url: str) -> None:
    """Make every vendor of this process and its children the sandbox."""
    os.environ.update(credentials(url))
