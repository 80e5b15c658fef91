"""All vendors on, each failing in one way after the other: runs say so, go on with the rest, and lose nothing."""

from __future__ import annotations

from abm_pipeline.defs.run import run
from abm_pipeline.sandbox.faults import KINDS
from abm_pipeline.sandbox.serve import running_sandbox
from abm_pipeline.sandbox.serve import vendors as simulated
from abm_pipeline.settings import Settings
from abm_pipeline_tests.orchestration.conftest import END, START, served

# A record that comes changed is, to a pipeline, a record: those kinds are in `sources/test_nothing_is_lost.py`.
ROUNDS = [kind for kind in KINDS if kind not in ("slow", "drop_field", "retype_field", "new_field")]


def test_runs_with_failing_vendors_lose_nothing_that_a_later_run_gets(
    vendors: running_sandbox, pipeline: Settings, settings: Settings
) -> None:
    """Three runs in which every vendor fails for good, each in another way and from its second request on; then a run
    in which none does. The published rows are those of a pipeline that never met a failure.
    """
    for number in range(3):
        for place, vendor in enumerate(simulated()):
            vendors.set_fault(f"/{vendor}/", ROUNDS[(place + 3 * number) % len(ROUNDS)], after=1)
        code = run(settings, START, END)
        vendors.clear_faults()
        assert code != 0
    assert run(settings, START, END) == 0
    undisturbed = served(pipeline)
    for table, rows in served(settings).items():
        assert undisturbed[table] == rows, table
