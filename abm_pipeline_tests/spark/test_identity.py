"""Who is who on Spark is who is who on DuckDB: every step's rows, the accounts, and their ids.

Not compared: numbers that stand for keys, by which steps find what is equal; each engine makes its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pandas as pd
import pytest

from abm_pipeline.contracts import tables as t
from abm_pipeline.contracts.tables import Table
from abm_pipeline.identity import compare, diff, evidence, refresh, resolve, rounds
from abm_pipeline.identity.decisions import decide
from abm_pipeline.sandbox.company_records import make
from abm_pipeline.settings import Settings
from abm_pipeline.storage.engine import Step
from abm_pipeline_tests.identity import test_jobs
from abm_pipeline_tests.identity.people import contact
from abm_pipeline_tests.identity.staged import Row, at, company, read, settings_of, stage
from abm_pipeline_tests.spark.compare import Rows, assert_same, copied, recorded

NUMBERS = frozenset({
    "key", "block", "domains", "lone_domains", "weak_domains", "fit_domains", "mails", "main_mails", "stray_keys",
    "pages", "duns", "phones", "weak_phones", "stems",
})  # fmt: skip
RUNNING = (refresh, resolve, rounds, evidence)
TOLD = ["name", "website", "domain", "linkedin_id", "phone", "region", "city", "industry", "employee_count"]


def _steps(*holders: Any) -> Iterator[Step]:
    """The steps that hang on modules, alone or in tuples."""
    for holder in holders:
        for value in vars(holder).values():
            yield from (step for step in (value if isinstance(value, tuple) else (value,)) if isinstance(step, Step))


STEPS = {step.name: step.about for step in _steps(*RUNNING, compare, diff)}


def simulated() -> tuple[list[Row], list[Row]]:
    """Companies of 200 brands in six systems, with all that goes wrong there; a contact for each mail domain."""
    (records,) = make(200, 3, 1).records
    companies, contacts = [], []
    for row in records.astype(object).where(records.notna(), None).to_dict("records"):
        source, key = row["source"], row["source_id"]
        told = {name: row[name] for name in TOLD}
        if (parent := row["parent"] or "").startswith(f"{source}:"):
            told["parent_source_id"] = parent.partition(":")[2]
        if row["xref"] is not None and len(row["xref"]):
            told["same_as"] = row["xref"][0]
        made = at("2024-01-01") if row["created_at"] is None else pd.Timestamp(row["created_at"]).to_pydatetime()
        companies.append({"source": source, "source_id": key, "country_code": row["country"], "created_at": made,
                          "modified_at": at("2025-01-01")} | told)  # fmt: skip
        if row["email_domains"] is not None and len(row["email_domains"]):
            domain = row["email_domains"][0].partition(":")[0]
            person = contact(f"{source}:p{key}", f"Kim {key}", f"kim@{domain}", company_source_id=key)
            contacts.append(person | {"modified_at": at("2025-01-01")})
    return companies, contacts


def people() -> list[Row]:
    """At Acme: an address of two, a name of two, a name in short and in full; and one who is nowhere but in what they
    did."""
    told = [
        ("q1", "Ann Lee", "info@acme.com"),
        ("q2", "Bob Ray", "info@acme.com"),
        ("t1", "Joe Park", "joe1@acme.com"),
        ("t2", "Joe Park", "joe2@acme.com"),
        ("n1", "Kim Stone", "kim@acme.com"),
        ("n2", "K Stone", None),
    ]
    lost = contact("x", "Uma Voss", "uma@gmail.com", company_source_id=None)
    return [row | {"modified_at": at("2025-01-02")} for row in (*(contact(*each) for each in told), lost)]


def history() -> list[Row]:
    """Versions of a record whose tier changed, and one that its system merged into it after the first run."""
    listed = {"is_target": True, "domain": "tier.com"}
    return [
        company("20", name="Tier Co", tier="one_to_many", **listed),
        company("20", name="Tier Co", tier="one_to_one", modified_at=at("2025-02-10 15:00"), **listed),
        company("21", name="Tiers and Levels", domain="levels.com"),
    ]


@dataclass
class Both:
    """Each step's rows by both engines, and the settings of both lakes."""

    duckdb: dict[str, list[Rows]]
    spark: dict[str, list[Rows]]
    settings: Settings
    on_spark: Settings


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory, master: str) -> Both:
    """A second run after people decided and a record was merged, in one lake by DuckDB, in its copy by Spark."""
    settings = settings_of(tmp_path_factory.mktemp("identity"), "reporting_timezone: Europe/Berlin\n")
    companies, contacts = simulated()
    stage(settings.open_lake, t.COMPANY, [*test_jobs.FIRMS, *history(), *companies])
    stage(settings.open_lake, t.CONTACT, [*test_jobs.STAGED, *people(), *contacts])
    moved = {"source_id": "c", "company_source_id": "20", "column": "tier", "entered_at": at("2025-02-20")}
    stage(settings.open_lake, t.COMPANY_CHANGE, [moved | {"value_first": "one_to_one", "value_now": "one_to_few"}])
    did = {"source_id": "a", "contact_source_id": "x", "company_source_id": "1", "modified_at": at("2025-01-03")}
    stage(
        settings.open_lake,
        t.ACTIVITY,
        [did | {"touch_type": "call", "channel": "call", "occurred_at": at("2025-01-03")}],
    )
    refresh.refresh(settings, [], "run")
    merged = company("21", name="Tiers and Levels", modified_at=at("2025-03-01"), is_deleted=True)
    stage(settings.open_lake, t.COMPANY, [merged | {"merged_into_source_id": "20"}])
    decide(settings, "never_merge", "salesforce:1", "salesforce:2", why="rivals")
    decide(settings, "set_parent", "salesforce:3", "salesforce:2", why="bought")
    decide(settings, "pin_domain", "salesforce:3", "domain:zulu.pt", why="theirs")
    of_spark = copied(settings, master)
    with pytest.MonkeyPatch.context() as patch:
        # One round of each stage, for each is dozens of jobs.
        patch.setattr(rounds, "ROUNDS", rounds.ROUNDS[:5:2])
        with recorded(*RUNNING, without=NUMBERS) as on_duckdb:
            refresh.refresh(settings, [], "run")
        with recorded(*RUNNING, without=NUMBERS) as on_spark:
            refresh.refresh(of_spark, [], "run")
    return Both(on_duckdb, on_spark, settings, of_spark)


@pytest.mark.parametrize("step", STEPS)
def test_a_step_gives_the_same_rows(both: Both, step: str) -> None:
    """Every step of the layer, a new one too, has rows in this world, and the same on both engines."""
    assert_same(both.duckdb[step], both.spark[step])


@pytest.mark.parametrize("table", [table for table, _ in refresh.OUTPUTS], ids=str)
def test_the_tables_are_the_same(both: Both, table: Table) -> None:
    """Accounts by the same ids, members, people, tiers, links with their evidence: all that is kept."""
    ours, theirs = (read(settings.open_lake, table) for settings in (both.settings, both.on_spark))
    assert ours
    assert ours == theirs
