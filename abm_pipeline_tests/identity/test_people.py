"""Which account a person belongs to, and which records are the same person."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from abm_pipeline.contracts import tables as t
from abm_pipeline.identity.refresh import refresh
from abm_pipeline_tests.identity.staged import accounts_of, at, company, read, settings_of, stage


def place(tmp_path: Path, *people: dict[str, Any]) -> dict[str, tuple[str | None, str | None]]:
    """Company record (or None) and rule by person id, for two companies 1 (acme.com) and 2 (b.co.uk)."""
    config = settings_of(tmp_path)
    lake = config.open_lake
    stage(lake, t.COMPANY, [company("1", name="Acme", domain="acme.com"), company("2", name="Bee", domain="b.co.uk")])
    stage(lake, t.CONTACT, people)
    refresh(config, [], "run")
    names = {account: key[-1] for key, account in accounts_of(lake).items() if key.startswith("salesforce:")}
    rows = read(lake, t.PERSON, "source_id account_id match_rule")
    return {key: (names.get(account), rule) for key, account, rule in rows}


def test_contact_by_company_then_by_mail_domain(tmp_path: Path) -> None:
    """A contact's own company counts before its e-mail; else eu.mail.acme.com is acme.com; co.uk is nobody's."""
    people = [
        {"source_id": "a", "company_source_id": "2", "email_domain": "acme.com"},
        {"source_id": "b", "email_domain": "eu.mail.acme.com"},
        {"source_id": "c", "email_domain": "other.co.uk"},
        {"source_id": "d", "email_domain": "gmail.com"},
    ]
    expected = {"a": ("2", "company"), "b": ("1", "email_domain"), "c": (None, None), "d": (None, None)}
    assert expected == place(tmp_path, *people)


def test_lead_by_mail_domain_then_by_conversion(tmp_path: Path) -> None:
    """A lead's e-mail counts before the account it was converted to, which counts if the e-mail says nothing."""
    people = [
        {"source_id": "a", "person_type": "lead", "email_domain": "acme.com", "company_source_id": "2"},
        {"source_id": "b", "person_type": "lead", "email_domain": "gmail.com", "company_source_id": "2"},
    ]
    assert {"a": ("1", "email_domain"), "b": ("2", "converted")} == place(tmp_path, *people)


def test_merged_contacts_follow_the_survivor(tmp_path: Path) -> None:
    """a → b → c: all are where c is. d and e are merged into each other: each stays where it says itself."""
    people = [
        {"source_id": "a", "is_deleted": True, "merged_into_source_id": "b", "company_source_id": "1"},
        {"source_id": "b", "is_deleted": True, "merged_into_source_id": "c"},
        {"source_id": "c", "company_source_id": "2"},
        {"source_id": "d", "merged_into_source_id": "e", "company_source_id": "1"},
        {"source_id": "e", "merged_into_source_id": "d"},
    ]
    expected = {"a": ("2", "merged"), "b": ("2", "merged"), "c": ("2", "company")}
    assert expected | {"d": ("1", "company"), "e": (None, None)} == place(tmp_path, *people)


def test_a_converted_lead_is_where_its_contact_is(tmp_path: Path) -> None:
    """The lead's e-mail is of company 1, but it became a contact of company 2: both are at 2."""
    people = [
        {"source_id": "q", "person_type": "lead", "email_domain": "acme.com", "merged_into_source_id": "c"},
        {"source_id": "c", "company_source_id": "2"},
    ]
    assert {"q": ("2", "converted"), "c": ("2", "company")} == place(tmp_path, *people)


def persons(tmp_path: Path, *people: dict[str, Any]) -> dict[str, str]:
    """The record that stands for each person record, by id."""
    place(tmp_path, *people)
    rows = read(settings_of(tmp_path).open_lake, t.PERSON, "source_id person_id")
    return {key: person.removeprefix("salesforce:") for key, person in rows}


def test_chains_of_merges_and_conversions_are_one_person(tmp_path: Path) -> None:
    """Lead q became a, a was merged into b, b into c: all are c. x was merged into an unknown record: itself, and y,
    merged into x, is x. d and e are merged into each other, f into d: each is itself."""
    links = {"q": "a", "a": "b", "b": "c", "c": None, "x": "gone", "y": "x", "d": "e", "e": "d", "f": "d"}
    people = [{"source_id": key, "merged_into_source_id": into} for key, into in links.items()]
    people[0] |= {"person_type": "lead"}
    expected = {"q": "c", "a": "c", "b": "c", "c": "c", "x": "x", "y": "x", "d": "d", "e": "e", "f": "f"}
    assert expected == persons(tmp_path, *people)


def test_one_address_in_one_account_is_one_person(tmp_path: Path) -> None:
    """Address h in company 1: a deleted contact, an old lead, and contacts of January and March: January's stands for
    all, and for z, which was merged into March's. At company 2 and without a company h is somebody else; records
    without an address are nobody else."""
    one = {"company_source_id": "1", "email_hash": "h"}
    people = [
        {"source_id": "gone", "is_deleted": True, "created_at": at("2024-01-01"), **one},
        {"source_id": "lead", "person_type": "lead", "created_at": at("2024-02-01"), **one},
        {"source_id": "march", "created_at": at("2025-03-01"), **one},
        {"source_id": "january", "created_at": at("2025-01-01"), **one},
        {"source_id": "z", "merged_into_source_id": "march"},
        {"source_id": "two", "company_source_id": "2", "email_hash": "h"},
        {"source_id": "nowhere", "email_hash": "h"},
        {"source_id": "m", "company_source_id": "1"},
        {"source_id": "n", "company_source_id": "1"},
    ]
    alone = {key: key for key in ("two", "nowhere", "m", "n")}
    expected = dict.fromkeys(("gone", "lead", "march", "january", "z"), "january")
    assert expected | alone == persons(tmp_path, *people)


LINKS = st.lists(st.tuples(st.one_of(st.none(), st.integers(0, 9)), st.sampled_from("123")), min_size=1, max_size=8)


@settings(max_examples=15, deadline=None)
@given(LINKS)
def test_chains_agree_with_a_plain_walk(links: list[tuple[int | None, str]]) -> None:
    """Any links, circles and unknown targets (8 and 9) among them: walking on from a record while there is one to go to
    ends at its person, or back where it was before."""

    def walk(place: int) -> int:
        seen, here = set(), place
        while (into := links[here][0]) is not None and into < len(links):
            if here in seen:
                return place
            seen.add(here)
            here = into
        return here

    people = [
        {
            "source_id": str(i),
            "merged_into_source_id": None if into is None else str(into),
            "company_source_id": company,
        }
        for i, (into, company) in enumerate(links)
    ]
    with TemporaryDirectory() as folder:
        assert {str(i): str(walk(i)) for i in range(len(links))} == persons(Path(folder), *people)
