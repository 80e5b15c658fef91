"""The walk-through of CONTRIBUTING.md works as it stands: its files are a source that passes the common suite."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
BLOCK = re.compile(r"^### \d+\. `([^`]+)`$.*?^```(?:python|json)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
# A few of the suite, as all of it has been run on every source there is.
CHOSEN = "podium and (contract or fault or range or twice or staging or documented or credentials)"


def test_the_files_of_the_walk_through_are_a_source(tmp_path: Path) -> None:
    """Seven files in a copy of the project; the suite finds the new source and passes."""
    files = BLOCK.findall((ROOT / "CONTRIBUTING.md").read_text())
    assert 7 == len(files)
    for package in ("abm_pipeline", "abm_pipeline_tests"):
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for name, text in files:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", CHOSEN]
    ran = subprocess.run(
        [*command, "abm_pipeline_tests/sources/test_every_stream.py"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert 0 == ran.returncode, ran.stdout[-3000:] + ran.stderr[-1000:]
    assert re.search(r"\b1\d passed", ran.stdout), ran.stdout[-300:]
