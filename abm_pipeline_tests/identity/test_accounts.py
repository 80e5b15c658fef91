"""Which records become one account, what it is called, and who its parent is."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from abm_pipeline.contracts import tables as t
from abm_pipeline.contracts.render import pandera_schema
from abm_pipeline.identity.refresh import OUTPUTS, refresh
from abm_pipeline.settings import Settings
from abm_pipeline_tests.identity.staged import (
    accounts_of,
    at,
    company,
    frame,
    groups_of,
    read,
    settings_of,
    stage,
)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A lake of the test's own."""
    return settings_of(tmp_path)


def resolve(settings: Settings, *rows: dict[str, object]) -> set[frozenset[str]]:
    """Stage the company records, refresh, and return the groups."""
    stage(settings.open_lake, t.COMPANY, rows)
    refresh(settings, [], "run")
    return groups_of(settings.open_lake)


def test_domain_joins_sources(settings: Settings) -> None:
    """Acme in the CRM, on LinkedIn and at Bombora share acme.com: one account; the other company stays alone."""
    groups = resolve(
        settings,
        company("001A", name="Acme Inc", domain="acme.com"),
        company("1035", source="linkedin", name="Acme", domain="acme.com", created_at=None),
        company("acme.com", source="bombora", domain="acme.com", created_at=None),
        company("001B", name="Borealis", domain="borealis.io"),
    )
    assert {
        frozenset({"salesforce:001A", "linkedin:1035", "bombora:acme.com"}),
        frozenset({"salesforce:001B"}),
    } == groups
    accounts = accounts_of(settings.open_lake)
    assert accounts["salesforce:001A"] == accounts["domain:acme.com"]


def test_merge_chain_is_followed(settings: Settings) -> None:
    """001A was merged into 001B, that into 001C, which nobody ever saw; 001D was merged into 001C too: one account."""
    groups = resolve(
        settings,
        company("001A", name="Acme", is_deleted=True, merged_into_source_id="001B"),
        company("001B", name="Acme AG", is_deleted=True, merged_into_source_id="001C"),
        company("001D", name="Akme", is_deleted=True, merged_into_source_id="001C"),
        company("001E", name="Gone", is_deleted=True),
    )
    assert {
        frozenset({"salesforce:001A", "salesforce:001B", "salesforce:001D"}),
        frozenset({"salesforce:001E"}),
    } == groups


def test_linkedin_id_joins_without_domain(settings: Settings) -> None:
    """The CRM record names LinkedIn organisation 1035 and has no website: one account by `linkedin_id`."""
    resolve(
        settings,
        company("001A", name="Acme", linkedin_id="1035"),
        company("1035", source="linkedin", name="Acme", domain="acme.com", created_at=None),
    )
    assert [
        ("domain", "acme.com", "domain"),
        ("linkedin", "1035", "linkedin_id"),
        ("salesforce", "001A", "own"),
    ] == read(settings.open_lake, t.MEMBER, "source source_id match_rule")


def test_free_mail_and_listed_hosts_join_nothing(settings: Settings) -> None:
    """Two companies on gmail.com, two on wordpress.com: four accounts, and neither domain belongs to any."""
    rows = [
        company("1", name="A", domain="gmail.com"),
        company("2", name="B", domain="gmail.com"),
        company("3", name="C", domain="wordpress.com"),
        company("4", name="D", domain="wordpress.com"),
    ]
    assert 4 == len(resolve(settings, *rows))
    assert not [key for key in accounts_of(settings.open_lake) if key.startswith("domain:")]


def test_domain_of_many_unlike_names_is_shared(settings: Settings) -> None:
    """An agency and three customers use agency.com: four unlike names; it joins only the agency's two records."""
    stage(
        settings.open_lake,
        t.COMPANY,
        [
            company("1", name="Bright Agency Ltd", domain="agency.com"),
            company("2", name="BRIGHT AGENCY", domain="agency.com"),
            company("3", name="Quarry Stone", domain="agency.com"),
            company("4", name="Novum Labs", domain="agency.com"),
            company("5", name="Fjord Fish", domain="agency.com"),
        ],
    )
    notes = refresh(settings, [], "run")[-1].notes
    groups = groups_of(settings.open_lake)
    assert {1, 2} == {len(group) for group in groups}
    assert frozenset({"salesforce:1", "salesforce:2"}) in groups
    assert (1, 0) == (notes["domains_shared"], notes["domains_ambiguous"])
    assert "domain:agency.com" not in accounts_of(settings.open_lake)


def test_unlike_subsidiary_on_the_parents_domain_stays_apart(settings: Settings) -> None:
    """Photogram belongs to Metacorp and uses its domain: an account with Metacorp as parent, which owns it.

    Metacorp GmbH is a child too, but by its name a duplicate: it joins.
    """
    groups = resolve(
        settings,
        company("1", name="Metacorp Inc.", domain="metacorp.com"),
        company("2", name="Photogram", domain="metacorp.com", parent_source_id="1"),
        company("3", name="Metacorp GmbH", domain="metacorp.com", parent_source_id="1"),
    )
    assert {frozenset({"salesforce:1", "salesforce:3"}), frozenset({"salesforce:2"})} == groups
    accounts = accounts_of(settings.open_lake)
    assert accounts["domain:metacorp.com"] == accounts["salesforce:1"]
    parents = dict(read(settings.open_lake, t.ACCOUNT, "account_id parent_account_id"))
    assert {accounts["salesforce:1"]: None, accounts["salesforce:2"]: accounts["salesforce:1"]} == parents


def test_attributes_come_from_the_best_record_that_has_them(settings: Settings) -> None:
    """Live CRM record: name and owner. It has no head count, so LinkedIn's 300 counts, not the deleted record's 9.

    First seen: 2024-06-30 23:30 UTC is 1 July in Berlin.
    """
    settings = settings_of(settings.home, "reporting_timezone: Europe/Berlin")
    resolve(
        settings,
        company(
            "1", name="Acme (old)", domain="a.com", employee_count=9, is_deleted=True, created_at=at("2024-06-30 23:30")
        ),
        company("2", name="Acme", domain="a.com", owner_name="Kim", committee_size=5, created_at=at("2025-01-02")),
        company("7", source="linkedin", name="ACME!", domain="a.com", employee_count=300, industry="Tools"),
    )
    columns = "name domain owner_name employee_count employee_band industry committee_size first_seen_day"
    assert [("Acme", "a.com", "Kim", 300, "250-999", "Tools", 5, date(2024, 7, 1))] == read(
        settings.open_lake, t.ACCOUNT, columns
    )


def test_ultimate_parent_and_a_circle(settings: Settings) -> None:
    """A → B → C has the top C; X → Y → Z → X is a circle whose top is its first record, also for W under it."""
    rows = {"A": "B", "B": "C", "C": None, "X": "Y", "Y": "Z", "Z": "X", "W": "X"}
    resolve(
        settings,
        *(company(key, name=key, domain=f"{key}.com", parent_source_id=above) for key, above in rows.items()),
    )
    accounts = accounts_of(settings.open_lake)
    tops = dict(read(settings.open_lake, t.ACCOUNT, "account_id ultimate_parent_id"))
    expected = dict.fromkeys("ABC", accounts["salesforce:C"]) | dict.fromkeys("XYZW", accounts["salesforce:X"])
    assert expected == {key: tops[accounts[f"salesforce:{key}"]] for key in rows}


def test_empty_lake_makes_empty_tables(settings: Settings) -> None:
    """Nothing staged: every table is there, typed and empty."""
    reports = refresh(settings, [], "run")
    assert [0] * len(OUTPUTS) == [report.rows[None] for report in reports]
    for report in reports:
        assert frame(settings.open_lake, report.table).empty


def test_outputs_keep_their_contracts(settings: Settings) -> None:
    """What is written passes the Pandera schema of its table, and its key is unique."""
    resolve(
        settings,
        company("1", name="A", domain="a.com", tier="one_to_one", is_target=True),
        company("2", name="A", domain="a.com"),
    )
    stage(settings.open_lake, t.CONTACT, [{"source_id": "003", "company_source_id": "1", "role": "champion"}])
    for report in refresh(settings, [], "run"):
        found = frame(settings.open_lake, report.table)
        pandera_schema(report.table).validate(found, lazy=True)
        assert not found.duplicated(list(report.table.key)).any()
