"""Identity of people against the planted truth of the sandbox: which records, of all tools, are the same human."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import pandas as pd
import pytest

from abm_pipeline.contracts import tables as t
from abm_pipeline.defs.sandboxed import credentials
from abm_pipeline.identity.refresh import refresh as identify
from abm_pipeline.identity.text import register_text_functions
from abm_pipeline.identity.versions import latest
from abm_pipeline.registry import collect
from abm_pipeline.sandbox.serve import running_sandbox
from abm_pipeline.sandbox.world.guests import STRANGERS
from abm_pipeline.settings import Settings
from abm_pipeline.sources._spec import SourceSpec
from abm_pipeline.sources.extract import extract
from abm_pipeline.staging.refresh import refresh as stage
from abm_pipeline.storage.engine import connect, run_steps
from abm_pipeline_tests.identity.people import run_people
from abm_pipeline_tests.identity.staged import accounts_of, at, frame, settings_of
from abm_pipeline_tests.identity.staged import stage as stage_rows
from abm_pipeline_tests.sources.suite import calm

END = date(2026, 6, 30)


@dataclass(frozen=True)
class Known:
    """The tiny world, pulled from every tool that knows people, staged and resolved; and who each record is."""

    settings: Settings
    truth: pd.DataFrame

    def agreement(self, found: pd.DataFrame) -> tuple[float, float]:
        """Precision and recall of pairs of records said to be one human; those that the truth names."""
        rows = found.merge(self.truth, on=["source", "source_id"])

        def pairs(*by: str) -> int:
            size = rows.groupby(list(by)).size()
            return int((size * (size - 1) // 2).sum())

        both = pairs("person_id", "human")
        return both / pairs("person_id"), both / pairs("human")


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Known]:
    """Pulled on the last day, so that the tools tell all they have."""
    settings = settings_of(tmp_path_factory.mktemp("people"))
    with pytest.MonkeyPatch.context() as patch, running_sandbox("tiny", until=END) as sandbox:
        for name, value in credentials(sandbox.url, sandbox.files).items():
            patch.setenv(name, value)
        calm(sandbox)
        people = sandbox.world.truth["contact"].query("person >= 0").rename(columns={"contact_id": "source_id"})
        for spec in collect("abm_pipeline.sources", SourceSpec):
            if spec.vendor in set(people.source):
                extract(spec, settings, [END], "run")
        # Strangers to the CRM are numbered apart for every tool.
        tool = people.source.where(people.person >= STRANGERS, "")
        people["human"] = people.person.astype(str) + " " + tool
        stage(settings, [END], "run")
        identify(settings, [END], "run")
        yield Known(settings, people[["source", "source_id", "human"]].drop_duplicates(["source", "source_id"]))


def test_every_human_of_all_tools_is_one_person(known: Known) -> None:
    """Fourteen tools, leads that were converted, merged contacts, duplicates and browsers among the records: the demo
    world reaches 0.999 and 0.999, where humans of one name share an address and a few records name nobody."""
    found = frame(known.settings.open_lake, t.PERSON)
    precision, recall = known.agreement(found)
    print(f"people: precision {precision:.4f}, recall {recall:.4f} of pairs of {len(found)} records")
    assert precision >= 0.998
    assert recall >= 0.995
    assert found.merge(known.truth, on=["source", "source_id"]).human.nunique() > 100


def test_names_find_who_hides_the_address(known: Known) -> None:
    """A third of the records that have a name without address, copy and conversion, a quarter of them with an initial
    for a given name: names within the account bring nearly all back, and join none who are two. What stays apart is
    two records of which one has a name alone and the other an address alone."""
    settings = known.settings
    outcome = {}
    with connect() as con:
        register_text_functions(con)
        for table in (t.CONTACT, t.ACTIVITY, t.MEMBER, t.ACCOUNT):
            settings.open_lake.attach(con, table)
        run_steps(con, [latest(t.CONTACT)])
        con.execute("ALTER TABLE latest_contact RENAME TO told")
        con.execute("CREATE TEMP TABLE new_member AS FROM identity.member")
        con.execute(
            "CREATE TEMP TABLE ultimate AS SELECT account_id, ultimate_parent_id FROM identity.account "
            "WHERE account_id <> ultimate_parent_id"
        )
        for names in (False, True):
            con.execute(
                """
                CREATE OR REPLACE TEMP TABLE latest_contact AS
                SELECT * EXCLUDE (dice) REPLACE (
                    CASE WHEN dice % 3 > 0 OR full_name IS NULL THEN email_hash END AS email_hash,
                    CASE WHEN dice % 3 > 0 OR full_name IS NULL THEN same_as END AS same_as,
                    CASE WHEN dice % 3 > 0 OR full_name IS NULL THEN merged_into_source_id END AS merged_into_source_id,
                    CASE
                        WHEN dice % 12 = 0 AND $1 THEN full_name[1] || '. ' || split_part(full_name, ' ', -1)
                        WHEN $1 THEN full_name
                    END AS full_name
                )
                FROM (SELECT *, ('0x' || left(md5(source || source_id), 8))::UBIGINT AS dice FROM told)
                """,
                [names],
            )
            con.execute("DROP TABLE IF EXISTS params; DROP TABLE IF EXISTS snapshot")
            run_people(con)
            outcome[names] = known.agreement(con.sql("SELECT source, source_id, person_id FROM new_person").df())
    print("by address: precision {:.4f}, recall {:.4f}".format(*outcome[False]))
    print("and by name: precision {:.4f}, recall {:.4f}".format(*outcome[True]))
    assert outcome[True][0] >= 0.995
    assert outcome[True][1] >= 0.96
    assert outcome[False][1] < 0.8


def test_planted_job_moves_are_recovered(known: Known, tmp_path: Path) -> None:
    """Forty CRM contacts are overwritten by their owners, each on a day of its own, with the company and an address of
    another account: what each did before is at the old account and what it does after at the new one, to the day; of
    nobody else a move is told, and the tools still know the same humans."""
    moved_home = tmp_path / "moved"
    shutil.copytree(known.settings.home, moved_home)
    settings = settings_of(moved_home)
    lake = settings.open_lake
    people = frame(lake, t.CONTACT)
    account = {key: name for key, name in accounts_of(lake).items() if key.startswith("salesforce:")}
    domains = {name: key.removeprefix("domain:") for key, name in sorted(accounts_of(lake).items()) if "domain:" in key}
    crm = people[(people.source == "salesforce") & (people.person_type == "contact") & ~people.is_deleted]
    crm = crm[crm.email_domain.isin(set(domains.values())) & crm.merged_into_source_id.isna()]
    crm = crm.drop_duplicates("source_id", keep=False).sort_values("source_id").head(40)
    homes = sorted(key for key, name in account.items() if name in domains)
    rows, expected = [], {}
    for place, row in enumerate(crm.to_dict("records")):
        old = account["salesforce:" + row["company_source_id"]]
        new = next(key for key in homes[place % len(homes) :] + homes if account[key] != old)
        day = date(2026, 7, 1) + timedelta(days=place)
        rows.append(
            {key: value for key, value in row.items() if not pd.isna(value)}
            | {"company_source_id": new.removeprefix("salesforce:"), "email_hash": f"new {place}", "run_id": "r"}
            | {"email_domain": domains[account[new]], "modified_at": at(f"{day} 12:00"), "day": day}
        )
        expected[row["source_id"]] = [(old, date(1900, 1, 1), day), (account[new], day, None)]
    before = frame(lake, t.PERSON_HISTORY)
    stage_rows(lake, t.CONTACT, rows)
    identify(settings, [END], "run")
    after = frame(lake, t.PERSON_HISTORY).query("source == 'salesforce'")
    found = {
        who: [(row.account_id, row.valid_from_day, row.valid_to_day) for row in jobs.itertuples()]
        for who, jobs in after.where(after.notna(), None).sort_values("valid_from_day").groupby("source_id")
        if who not in set(before.source_id)
    }
    assert 40 == len(expected)
    assert expected == found
    precision, recall = known.agreement(frame(lake, t.PERSON))
    assert precision >= 0.998
    assert recall >= 0.98
