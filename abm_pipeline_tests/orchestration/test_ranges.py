"""However a range is cut, and however often it is run, the published rows are the same."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from abm_pipeline.defs.run import run
from abm_pipeline.sandbox.serve import running_sandbox
from abm_pipeline.settings import Settings
from abm_pipeline_tests.conftest import own_pipeline
from abm_pipeline_tests.orchestration.conftest import END, served

DAYS = [END - timedelta(days=back) for back in (2, 1, 0)]


def test_a_range_its_days_and_a_second_run_end_in_the_same_rows(
    vendors: running_sandbox, postgres_server: Settings, settings: Settings, tmp_path: Path
) -> None:
    """Three days as one run; again; and in another pipeline one by one, with what arrives late about days before."""
    assert run(settings, DAYS[0], DAYS[-1]) == 0
    at_once = served(settings)
    assert run(settings, DAYS[0], DAYS[-1]) == 0
    again = served(settings)
    with own_pipeline(postgres_server, tmp_path / "days") as by_day:
        for day in DAYS:
            assert run(by_day, day, day) == 0
        one_by_one = served(by_day)

    assert sum(len(rows) for rows in at_once.values()) > 1000
    for table, rows in at_once.items():
        assert rows == again[table], table
        assert rows == one_by_one[table], table
