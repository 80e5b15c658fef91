"""However a range is cut, the published rows are the same; run again they are too: `test_run` does, after a kill."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from abm_pipeline.defs.run import run
from abm_pipeline.sandbox.serve import running_sandbox
from abm_pipeline.settings import Settings
from abm_pipeline_tests.conftest import own_pipeline
from abm_pipeline_tests.orchestration.conftest import END, ROWS, served

DAYS = [END - timedelta(days=back) for back in (2, 1, 0)]


def test_a_range_and_its_days_end_in_the_same_rows(
    vendors: running_sandbox, postgres_server: Settings, settings: Settings, tmp_path: Path
) -> None:
    """Three days as one run; and in another pipeline one by one, with what arrives late about days before."""
    assert run(settings, DAYS[0], DAYS[-1], ROWS) == 0
    at_once = served(settings)
    with own_pipeline(postgres_server, tmp_path / "days") as by_day:
        for day in DAYS:
            assert run(by_day, day, day, ROWS) == 0
        one_by_one = served(by_day)

    assert sum(len(rows) for rows in at_once.values()) > 1000
    for table, rows in at_once.items():
        assert rows == one_by_one[table], table
