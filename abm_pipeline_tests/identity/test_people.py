"""Which account a person belongs to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from abm_pipeline.contracts import tables as t
from abm_pipeline.identity.refresh import refresh
from abm_pipeline_tests.identity.staged import accounts_of, company, read, settings_of, stage


def place(tmp_path: Path, *people: dict[str, Any]) -> dict[str, tuple[str | None, str | None]]:
    """Company record (or None) and rule by person id, for two companies 1 (acme.com) and 2 (b.co.uk)."""
    settings = settings_of(tmp_path)
    lake = settings.open_lake
    stage(lake, t.COMPANY, [company("1", name="Acme", domain="acme.com"), company("2", name="Bee", domain="b.co.uk")])
    stage(lake, t.CONTACT, people)
    refresh(settings, [], "run")
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
