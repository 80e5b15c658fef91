"""All vendors on, each failing in one way after the other: runs say so, go on with the rest, and lose nothing."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from abm_pipeline.defs.run import run
from abm_pipeline.sandbox.faults import KINDS
from abm_pipeline.sandbox.serve import running_sandbox
from abm_pipeline.sandbox.serve import vendors as simulated
from abm_pipeline.settings import Settings
from abm_pipeline_tests.conftest import own_pipeline
from abm_pipeline_tests.orchestration.conftest import END, FEW, ROWS, served, switch_on

# A record that comes changed is, to a pipeline, a record: those kinds are in `sources/test_nothing_is_lost.py`.
ROUNDS = [kind for kind in KINDS if kind not in ("slow", "drop_field", "retype_field", "new_field")]


DAYS = [END - timedelta(days=1), END]


def test_runs_with_failing_vendors_lose_nothing_that_a_later_run_gets(
    vendors: running_sandbox, postgres_server: Settings, settings: Settings, tmp_path: Path
) -> None:
    """Every vendor fails for good, each in another way and from its second request on: in a run that goes on to the
    published rows, and in one that only fetches. Then a run in which none does: the published rows are those of a
    pipeline that never met a failure.
    """
    switch_on(vendors)
    try:
        with own_pipeline(postgres_server, tmp_path / "undisturbed") as other:
            assert run(other, DAYS[0], DAYS[-1], ROWS) == 0
            undisturbed = served(other, by_records=True)
        for number, selected in enumerate((ROWS, ["raw"])):
            for place, vendor in enumerate(simulated()):
                vendors.set_fault(f"/{vendor}/", ROUNDS[(place + 4 * number) % len(ROUNDS)], after=1)
            code = run(settings, DAYS[0], DAYS[-1], selected)
            vendors.clear_faults()
            assert code != 0
        assert run(settings, DAYS[0], DAYS[-1], ROWS) == 0
    finally:
        switch_on(vendors, *FEW)
    for table, rows in served(settings, by_records=True).items():
        assert undisturbed[table] == rows, table
