"""The sensor on files: one request for the file's own day and its vendor only, when two looks found it the same."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
import pytest

from abm_pipeline.defs import jobs
from abm_pipeline.defs.build import build
from abm_pipeline.settings import Settings


def test_a_new_file_is_taken_in_on_its_day(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Costs of 2 June: seen, then asked for, then not again; a file named `.part` is never asked for."""
    folder = tmp_path / "files"
    folder.mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ABM_FILES_PATH", str(folder))
    sensor = build(Settings(_env_file=None, home=tmp_path / "home")).get_sensor_def("files_arrived")
    assert jobs.INGEST == sensor.job_name
    for name in ("costs_2026-06.csv", "costs_2026-07.csv.part"):
        (folder / name).write_text("Datum\n")
        at = datetime(2026, 6, 2, 12, tzinfo=UTC).timestamp()
        os.utime(folder / name, (at, at))
    cursor, asked = None, []
    with dg.DagsterInstance.ephemeral() as instance:
        for _ in range(3):
            found = sensor(dg.build_sensor_context(instance=instance, cursor=cursor))
            assert isinstance(found, dg.SensorResult)
            cursor = found.cursor
            asked.append(list(found.run_requests or []))
    assert [0, 1, 0] == [len(requests) for requests in asked]
    (request,) = asked[1]
    assert [dg.AssetKey(["raw", "files"])] == list(request.asset_selection or [])
    assert {"2026-06-02"} == set(request.tags.values())


def test_without_a_folder_it_is_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A vendor that is off is skipped and says so."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ABM_FILES_PATH", raising=False)
    sensor = build(Settings(_env_file=None, home=tmp_path / "home")).get_sensor_def("files_arrived")
    with dg.DagsterInstance.ephemeral() as instance:
        found = sensor(dg.build_sensor_context(instance=instance))
    assert isinstance(found, dg.SkipReason)
    assert "files is off" in str(found.skip_message)
