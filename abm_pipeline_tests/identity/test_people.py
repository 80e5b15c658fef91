"""Which account a person record belongs to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from abm_pipeline.contracts import tables as t
from abm_pipeline.identity.refresh import refresh
from abm_pipeline_tests.identity.people import Firms, Placed, contact, people
from abm_pipeline_tests.identity.staged import Row, accounts_of, at, company, read, settings_of, stage

FIRMS = Firms()


def place(*contacts: Row, firms: Firms = FIRMS, activities: tuple[Row, ...] = ()) -> dict[str, Any]:
    """Account and rule by record, for accounts A (company 1, acme.com) and B (company 2, b.co.uk)."""
    return {key: (who.account, who.rule) for key, who in people(contacts, firms, activities).items()}


def test_contact_by_company_then_by_mail_domain() -> None:
    """A contact's company counts where its e-mail says nothing against it; without one eu.mail.acme.com is acme.com;
    co.uk is nobody's, gmail.com says nothing."""
    rows = [
        contact("a", mail="a@gmail.com", company_source_id="2"),
        contact("b", mail="b@eu.mail.acme.com", company_source_id=None),
        contact("c", mail="c@other.co.uk", company_source_id=None),
        contact("d", mail="d@gmail.com", company_source_id=None),
    ]
    expected = {"a": ("B", "company"), "b": ("A", "email_domain"), "c": (None, None), "d": (None, None)}
    assert expected == place(*rows)


def test_an_address_elsewhere_contradicts_the_company() -> None:
    """a is kept at company 2, which is b.co.uk, with an address at acme.com: A. b is kept at company 3, of which no
    domain is known that could be another: C. With B below A the address of the parent is none of another company: B."""
    rows = [
        contact("a", mail="a@acme.com", company_source_id="2"),
        contact("b", mail="b@acme.com", company_source_id="3"),
    ]
    firms = Firms({"salesforce:1": "A", "salesforce:2": "B", "salesforce:3": "C"})
    assert {"a": ("A", "email_domain"), "b": ("C", "company")} == place(*rows, firms=firms)
    assert {"a": ("B", "company")} == place(rows[0], firms=Firms(parents={"B": "A"}))


def test_lead_by_mail_domain_then_by_conversion() -> None:
    """A lead's e-mail counts before the account it was converted to, which counts if the e-mail says nothing; a
    website comes between the two."""
    lead = {"person_type": "lead", "company_source_id": "2"}
    rows = [
        contact("a", mail="a@acme.com", **lead),
        contact("b", mail="b@gmail.com", **lead),
        contact("c", mail="c@gmail.com", domain="acme.com", **lead),
    ]
    assert {"a": ("A", "email_domain"), "b": ("B", "converted"), "c": ("A", "website")} == place(*rows)


def test_merged_contacts_follow_the_survivor() -> None:
    """a → b → c: all are where c is. d and e are merged into each other: each stays where it says itself."""
    rows = [
        contact("a", is_deleted=True, merged_into_source_id="b"),
        contact("b", is_deleted=True, merged_into_source_id="c", company_source_id=None),
        contact("c", company_source_id="2"),
        contact("d", merged_into_source_id="e"),
        contact("e", merged_into_source_id="d", company_source_id=None),
    ]
    expected = {"a": ("B", "merged"), "b": ("B", "merged"), "c": ("B", "company")}
    assert expected | {"d": ("A", "company"), "e": (None, None)} == place(*rows)


def test_a_converted_lead_is_where_its_contact_is() -> None:
    """The lead's e-mail is of A, but it became a contact of company 2, whose address is not known: both are at B."""
    rows = [
        contact("q", mail="q@acme.com", person_type="lead", merged_into_source_id="c", company_source_id=None),
        contact("c", company_source_id="2"),
    ]
    assert {"q": ("B", "converted"), "c": ("B", "company")} == place(*rows)


def test_the_record_of_an_earlier_job_stays_there() -> None:
    """Ann's record at A, with an address there, was merged into her record at B, with an address there: one human with
    a record at each account. With the same address on both, the older record was a mistake, and follows."""
    old = contact("old", "Ann Berg", "ann@acme.com", merged_into_source_id="new", is_deleted=True)
    new = contact("new", "Ann Berg", "ann@b.co.uk", company_source_id="2")
    assert {"old": Placed("new", "A", "company"), "new": Placed("new", "B", "company")} == people([old, new])
    same = old | {"email_hash": "ann@b.co.uk", "email_domain": "b.co.uk"}
    assert {"old": ("B", "merged"), "new": ("B", "company")} == place(same, new)


def test_free_mail_by_most_records_of_the_human() -> None:
    """x@gmail.com is on two live contacts of A and one of B: the record of it that says nothing is at A. y@gmail.com is
    on one of each: nobody knows. z@gmail.com is on a deleted record only, which says nothing of today."""
    rows = [
        contact("1", mail="x@gmail.com"),
        contact("2", mail="x@gmail.com"),
        contact("3", mail="x@gmail.com", company_source_id="2"),
        contact("x", mail="x@gmail.com", company_source_id=None),
        contact("4", mail="y@gmail.com"),
        contact("5", mail="y@gmail.com", company_source_id="2"),
        contact("y", mail="y@gmail.com", company_source_id=None),
        contact("6", mail="z@gmail.com", is_deleted=True),
        contact("z", mail="z@gmail.com", company_source_id=None),
    ]
    found = place(*rows)
    assert {"x": ("A", "email"), "y": (None, None), "z": (None, None)} == {key: found[key] for key in "xyz"}


def test_free_mail_by_what_the_human_did() -> None:
    """Of x's activities two are with company 1, one is on a page seen from b.co.uk, one names nobody, and one with
    company 2 was deleted: 2 of 3 say A. y's two activities say A and B: nobody knows."""
    rows = [contact(key, mail=f"{key}@gmail.com", company_source_id=None) for key in "xy"]
    meeting = {"occurred_at": at("2025-01-01"), "touch_type": "meeting", "channel": "meeting"}
    activities = [
        meeting | {"source_id": str(i), "contact_source_id": who, **where}
        for i, (who, where) in enumerate(
            [
                ("x", {"company_source_id": "1"}),
                ("x", {"company_source_id": "1"}),
                ("x", {"domain": "b.co.uk"}),
                ("x", {}),
                ("x", {"company_source_id": "2", "is_deleted": True}),
                ("y", {"company_source_id": "1"}),
                ("y", {"company_source_id": "2"}),
            ]
        )
    ]
    assert {"x": ("A", "activity"), "y": (None, None)} == place(*rows, activities=tuple(activities))


def test_days_are_the_range(tmp_path: Path) -> None:
    """Staged and resolved in two parts, the newer first, ends as all at once. John's record moved from company 1 to 2
    with a new address; the e-mail tool knows him by the old one, by which he did things: one human, two accounts."""
    config, parts = settings_of(tmp_path / "whole"), settings_of(tmp_path / "parts")
    firms = [company("1", name="Acme", domain="acme.com"), company("2", name="Bee", domain="b.co.uk")]
    john = contact("j", "John Smith", "j@acme.com", created_at=at("2024-01-01"), modified_at=at("2025-01-02"))
    moved = contact("j", "John Smith", "j@b.co.uk", created_at=at("2024-01-01"), modified_at=at("2025-01-03"))
    moved |= {"company_source_id": "2"}
    tool = contact("marketo:7", "Smith, John", "j@acme.com", company_source_id=None, same_as="salesforce:j")
    stage(config.open_lake, t.COMPANY, firms)
    stage(config.open_lake, t.CONTACT, [john, moved, tool])
    refresh(config, [], "run")
    stage(parts.open_lake, t.COMPANY, firms)
    for rows in ([moved], [john, tool]):
        stage(parts.open_lake, t.CONTACT, rows)
        refresh(parts, [], "run")
    assert read(config.open_lake, t.PERSON) == read(parts.open_lake, t.PERSON)
    account = accounts_of(config.open_lake)
    assert [
        ("marketo", "salesforce:j", account["salesforce:1"]),
        ("salesforce", "salesforce:j", account["salesforce:2"]),
    ] == read(config.open_lake, t.PERSON, "source person_id account_id")
