"""Every source, failing in every way the sandbox can fail: what a later run can get is got, and nothing is doubled."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta

import duckdb
import pytest

from abm_pipeline.contracts.render import quoted
from abm_pipeline.contracts.tables import STAGED
from abm_pipeline.sandbox.faults import KINDS
from abm_pipeline.sandbox.serve import running_sandbox
from abm_pipeline.settings import Settings
from abm_pipeline.sources._errors import SourceError
from abm_pipeline.sources._spec import SourceSpec
from abm_pipeline.sources.extract import ExtractError, extract
from abm_pipeline.staging.refresh import refresh
from abm_pipeline_tests.sources.conftest import OVER_HTTP, SUITES, UNTIL

DAYS = [UNTIL - timedelta(days=back) for back in range(2)]


@pytest.mark.parametrize("spec", OVER_HTTP.values(), ids=OVER_HTTP)
def test_a_later_run_gets_what_failures_kept_away(
    sandbox: running_sandbox, tmp_path_factory: pytest.TempPathFactory, spec: SourceSpec
) -> None:
    """One run after the other meets a fault that does not end, from its second request on; then one meets none.

    Every record then has the last version that it has without all that. What came under a changed id, or broken, stays
    beside it: that it never existed is not for a pipeline to say.
    """
    clean = Settings(_env_file=None, home=tmp_path_factory.mktemp("clean"))
    extract(spec, clean, DAYS, "run")
    refresh(clean, DAYS, "run")
    struck = Settings(_env_file=None, home=tmp_path_factory.mktemp("struck"))
    field = SUITES[spec.vendor].schema[0][1]
    for kind in KINDS:
        sandbox.set_fault(f"/{spec.vendor}/", kind, after=1, field=None if kind == "new_field" else field, seconds=0)
        with suppress(SourceError, ExtractError):
            extract(spec, struck, DAYS, kind)
        sandbox.clear_faults()
    refresh(struck, DAYS, "between")
    extract(spec, struck, DAYS, "after")
    refresh(struck, DAYS, "after")
    wanted, got = _staged(clean), _staged(struck)
    assert any(wanted.values())
    for table, rows in wanted.items():
        known = {row[:3] for row in rows}
        assert rows == [row for row in got[table] if row[:3] in known], table


def _staged(settings: Settings) -> dict[str, list[tuple[object, ...]]]:
    """The last version of every staged record, by table; when and by which run it was captured left out."""
    out = {}
    with duckdb.connect() as con:
        con.execute("SET TimeZone = 'UTC'")
        for table in STAGED:
            settings.open_lake.attach(con, table)
            assert table.columns[:3] == ("day", "source", "source_id")
            columns = ", ".join(quoted(c) for c in table.columns if c not in ("captured_at", "run_id"))
            out[str(table)] = con.execute(
                f"SELECT {columns} FROM {table} QUALIFY row_number() OVER "
                "(PARTITION BY day, source, source_id ORDER BY modified_at DESC, captured_at DESC) = 1 ORDER BY ALL"
            ).fetchall()
    return out
