"""Who is who on the sandbox's world, as its vendors' APIs tell it: what is pulled, staged and resolved, nothing more.

Belongs here: the feed and its measures, for the benchmark and for the floors in the tests. The sources come in two
batches, so that ids have something to outlast.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd

from abm_pipeline.contracts import tables as t
from abm_pipeline.contracts.tables import Table
from abm_pipeline.defs.sandboxed import credentials, hurry
from abm_pipeline.identity.refresh import refresh
from abm_pipeline.registry import collect
from abm_pipeline.sandbox.serve import running_sandbox
from abm_pipeline.settings import Settings
from abm_pipeline.sources._http import Pace
from abm_pipeline.sources._spec import SourceSpec
from abm_pipeline.sources.extract import extract
from abm_pipeline.staging.refresh import refresh as stage
from abm_pipeline.storage.engine import connect
from benchmarks._agreement import Agreement, agreement, parents_agreement

UNTIL = date(2026, 6, 30)
LATER = {"hubspot", "marketo", "zoominfo"}
_KEY = ["source", "source_id"]


@dataclass(frozen=True)
class Planted:
    """How the accounts found agree with the truth, and what else is promised of them.

    `parents`: precision and recall. `worked_split`: companies that the programme works which are several accounts.
    `questions`: pairs in review; `right`: those of them that are one company. `kept`: the share of records of the
    first batch whose id the second one left as it was, if there were two.
    """

    records: int
    ours: Agreement
    parents: tuple[float, float]
    worked_split: int
    questions: int
    right: int
    kept: float | None

    def __str__(self) -> str:
        kept = "" if self.kept is None else f"; {self.kept:.2%} of ids outlast new sources"
        return (
            f"{self.ours}; parents P {self.parents[0]:.3f} R {self.parents[1]:.3f}{kept}; {self.questions} questions, "
            f"{self.right} to be answered with yes"
        )


def planted(scale: str, seed: int) -> Planted:
    """Pull a world's last day, without some sources and then with them, and measure."""
    with (
        TemporaryDirectory() as home,
        running_sandbox(scale, seed=seed, until=UNTIL) as sandbox,
        _environment(sandbox.url, sandbox.files),
    ):
        settings = Settings(_env_file=None, home=Path(home))  # type: ignore[call-arg]
        tells = set(sandbox.world.truth["record_company"].source)
        specs = [spec for spec in collect("abm_pipeline.sources", SourceSpec) if spec.vendor in tells]
        batches = [[s for s in specs if s.vendor not in LATER], [s for s in specs if s.vendor in LATER]]
        members = []
        for batch in batches:
            for spec in batch:
                extract(spec, settings, [UNTIL], "run")
            stage(settings, [UNTIL], "run", (t.COMPANY, t.COMPANY_CHANGE, t.CONTACT))
            refresh(settings, [UNTIL], "run")
            members.append(_members(settings))
        ids = members[0].merge(members[1], on=_KEY)
        return measure(settings, sandbox.world.truth, kept=float((ids.account_id_x == ids.account_id_y).mean()))


def measure(settings: Settings, truth: dict[str, pd.DataFrame], kept: float | None = None) -> Planted:
    """What the lake's identity tables are worth against a world's truth."""
    told = truth["record_company"]
    told = told[told.object != "Lead"].drop_duplicates(_KEY)
    members = _members(settings)
    known = told[[*_KEY, "company_id"]].rename(columns={"company_id": "account_id"}).merge(members[_KEY], on=_KEY)
    found = members.merge(known[_KEY], on=_KEY)
    both = known.merge(found, on=_KEY, suffixes=("_true", "_found"))
    accounts = _table(settings, t.ACCOUNT, "account_id AS child_account_id, parent_account_id").dropna()
    families = truth["company"][["company_id", "parent"]].dropna()
    families.columns = ["child_account", "parent_account"]
    worked = both[both.account_id_true.str.match(r"C\d")]
    company = dict(zip(both.source + ":" + both.source_id, both.account_id_true, strict=True))
    asked = _table(settings, t.LINK_REVIEW, "left_key, right_key")
    return Planted(
        len(both),
        agreement(found, known),
        parents_agreement(accounts, found, families, known),
        int((worked.groupby("account_id_true").account_id_found.nunique() > 1).sum()),
        len(asked),
        int((asked.left_key.map(company) == asked.right_key.map(company)).sum()),
        kept,
    )


def _members(settings: Settings) -> pd.DataFrame:
    members = _table(settings, t.MEMBER, "source, source_id, account_id")
    return members[members.source != "domain"]


def _table(settings: Settings, table: Table, columns: str) -> pd.DataFrame:
    with connect() as con:
        settings.open_lake.attach(con, table)
        frame: pd.DataFrame = con.sql(f"SELECT {columns} FROM {table}").df()
        return frame


@contextmanager
def _environment(url: str, files: Path) -> Iterator[None]:
    """The sandbox's credentials in the environment, and none of its waits, for as long as it is needed."""
    before, paced = dict(os.environ), Pace.IS_KEPT
    os.environ.update({name: str(value) for name, value in credentials(url, files).items()})
    hurry(url)
    try:
        yield
    finally:
        Pace.IS_KEPT = paced
        os.environ.clear()
        os.environ.update(before)
