"""One tiny sandbox, and one pipeline that has run twenty days through Dagster, for the tests that only look at it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from datetime import date

import pytest
import sqlalchemy as sa

from abm_pipeline.contracts import tables as t
from abm_pipeline.defs import jobs, sandboxed
from abm_pipeline.defs.raw import specs
from abm_pipeline.defs.run import run
from abm_pipeline.sandbox.serve import running_sandbox
from abm_pipeline.settings import Settings
from abm_pipeline.sources import _http
from abm_pipeline_tests.conftest import own_pipeline
from abm_pipeline_tests.sources.suite import calm

START, END = date(2026, 6, 11), date(2026, 6, 30)
# When something was noticed differs between two runs; everything else has to be the same.
CLOCKS = {"noticed_at"}


# Vendors that most tests here run with: what is tested is the running, whoever is pulled.
FEW = ("salesforce", "linkedin", "bombora", "hubspot")
# What most runs here select: pages are drawn by the one run of `pipeline`, and by none whose rows are looked at.
ROWS = ("raw", *(group for group in jobs.REFRESH_GROUPS if group != "reports"))


def switch_on(sandbox: running_sandbox, *only: str) -> None:
    """Make the sandbox all vendors of this process and its children, or only some of them."""
    sandboxed.use(sandbox.url, sandbox.files)
    if only:
        off = [spec for spec in specs() if spec.vendor not in only]
        os.environ.update({c.env: "" for spec in off for c in (*spec.credentials, spec.base_url)})


@pytest.fixture(scope="package")
def vendors() -> Iterator[running_sandbox]:
    """The sandbox, as a few vendors of this process and its children, with short waits between retries."""
    before, cap = dict(os.environ), _http.WAIT_CAP_SECONDS
    with running_sandbox("tiny", until=END) as sandbox:
        switch_on(sandbox, *FEW)
        calm(sandbox)
        _http.WAIT_CAP_SECONDS = 0.01
        yield sandbox
    os.environ.clear()
    os.environ.update(before)
    _http.WAIT_CAP_SECONDS = cap


@pytest.fixture(scope="package")
def pipeline(
    vendors: running_sandbox, postgres_server: Settings, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Settings]:
    """A pipeline after one undisturbed run of START to END. Tests must not change it."""
    with own_pipeline(postgres_server, tmp_path_factory.mktemp("pipeline") / "home") as settings:
        assert run(settings, START, END) == 0
        yield settings


def served(settings: Settings, *, by_records: bool = False) -> dict[str, list[str]]:
    """Every row of every published table, as text, in order; of restatements those by sources: what a recomputation
    changed tells when days were computed, and so differs between histories that end in the same numbers.

    `by_records`: accounts are called by the first of their records. Their ids remember what was served before, which
    differs where records arrived at other times (decision 0005).
    """
    assert settings.postgres_url is not None
    engine = sa.create_engine(settings.postgres_url.get_secret_value(), poolclass=sa.pool.NullPool)
    out = {}
    with engine.connect() as con:
        for table in t.PUBLISHED:
            columns = ", ".join(f'"{column}"' for column in table.columns if column not in CLOCKS)
            where = "WHERE \"table\" LIKE 'staged.%'" if table is t.RESTATEMENT else ""
            rows = con.execute(sa.text(f"SELECT {columns} FROM abm.{table.published} {where}"))
            out[str(table.published)] = sorted(str(tuple(row)) for row in rows)
        if not by_records:
            return out
        members = con.execute(
            sa.text("SELECT account_id, min(source || ':' || source_id) FROM abm.account_members GROUP BY 1")
        )
        called = {row[0]: row[1] for row in members}
    ids = re.compile(r"acc_[0-9a-f]{16}|snap_[0-9a-f]{16}")
    return {
        table: sorted(ids.sub(lambda found: called.get(found[0], "snapshot"), row) for row in rows)
        for table, rows in out.items()
    }
