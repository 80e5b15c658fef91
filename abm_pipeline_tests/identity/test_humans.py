"""Which person records are the same human, by a rule each, and what holds for whatever records."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from abm_pipeline_tests.identity.people import Firms, contact, people, persons
from abm_pipeline_tests.identity.staged import at


def one(*keys: str) -> frozenset[str]:
    """The records of one human."""
    return frozenset(keys)


def test_chains_of_merges_and_conversions_are_one_person() -> None:
    """Lead q became a, a was merged into b, b into c: all are c. x was merged into an unknown record: itself, and y,
    merged into x, is x. d and e are merged into each other, f into d: each is itself."""
    links = {"q": "a", "a": "b", "b": "c", "c": None, "x": "gone", "y": "x", "d": "e", "e": "d", "f": "d"}
    rows = [contact(key, merged_into_source_id=into) for key, into in links.items()]
    expected = {"q": "c", "a": "c", "b": "c", "c": "c", "x": "x", "y": "x", "d": "d", "e": "e", "f": "f"}
    assert expected == {key: who.person for key, who in people(rows).items()}


def test_one_address_is_one_person() -> None:
    """Address h: a deleted contact, an old lead, contacts of January and March, one at another company and one without:
    January's stands for all, and for z, which was merged into March's. Records without an address are nobody else."""
    rows = [
        contact("gone", mail="h", is_deleted=True, created_at=at("2024-01-01")),
        contact("lead", mail="h", person_type="lead", created_at=at("2024-02-01")),
        contact("march", mail="h", created_at=at("2025-03-01")),
        contact("january", mail="h", created_at=at("2025-01-01")),
        contact("z", merged_into_source_id="march"),
        contact("two", mail="h", company_source_id="2", created_at=at("2025-06-01")),
        contact("nowhere", mail="h", company_source_id=None),
        contact("m"),
        contact("n"),
    ]
    found = {key: who.person for key, who in people(rows).items()}
    alone = {"m": "m", "n": "n"}
    assert alone | dict.fromkeys(("gone", "lead", "march", "january", "z", "two", "nowhere"), "january") == found


def test_every_address_of_a_chain_joins() -> None:
    """A lead with a private address became a contact with one at work. The web knows the first, the phone the second,
    and a survey has a third, of who is known to the web: all are one, though no address is on all of them."""
    rows = [
        contact("lead", mail="p@gmail.com", person_type="lead", merged_into_source_id="c"),
        contact("c", mail="w@acme.com"),
        contact("web:1", mail="p@gmail.com", company_source_id=None),
        contact("phone:1", mail="w@acme.com", company_source_id=None),
        contact("survey:1", mail="third@gmail.com", company_source_id=None, same_as="web:1"),
        contact("chat:1", mail="third@gmail.com", company_source_id=None),
    ]
    assert {one("lead", "c", "web:1", "phone:1", "survey:1", "chat:1")} == persons(rows)


def test_an_address_of_unlike_names_joins_only_like_ones() -> None:
    """info@acme.com is Ann's, Bob's and the office's: Ann's two records are one human, Robert is Bob, and nobody
    without a human's name is anybody."""
    rows = [
        contact("1", "Ann Berg", "info@acme.com"),
        contact("marketo:2", "Berg, Ann", "info@acme.com"),
        contact("3", "Bob Stone", "info@acme.com"),
        contact("marketo:4", "Robert Stone", "info@acme.com"),
        contact("5", "Sales Team", "info@acme.com"),
        contact("6", None, "info@acme.com"),
    ]
    assert {one("1", "marketo:2"), one("3", "marketo:4")} == persons(rows)


@pytest.mark.parametrize(
    ("names", "is_one"),
    [
        (("Ann Berg", "Peter Berg"), False),  # a family
        (("Ann Berg", "Ann Stone"), True),  # married
        (("Ann Berg", "A. Berg", "Berg", None), True),  # less said
        (("Jürgen Weiß", "Juergen Weiss"), True),
        (("Dr. Thomas Berg, MBA", "Tom Berg"), True),
        (("John Smith", "J. R. Smith"), True),
        (("John Smith", "J. Stone"), False),
        (("Katharina Berg", "Katarina Berg"), True),  # a slip
    ],
)
def test_like_names_on_one_address(names: tuple[str | None, ...], is_one: bool) -> None:
    """An address is one human's if one name on it is like all the others. Records of two accounts here, so that no name
    alone can join them."""
    rows = [contact(str(i), name, "h@gmail.com", company_source_id=str(i % 2 + 1)) for i, name in enumerate(names)]
    assert ({frozenset(map(str, range(len(names))))} if is_one else set()) == persons(rows)


def test_one_name_in_one_account_is_one_person() -> None:
    """John Smith of A is known to the CRM by his address at work, to the e-mail tool by a private one, to the phone by
    none: one. At B he is another. Whoever has one word for a name is nobody."""
    rows = [
        contact("1", "John Smith", "john@acme.com"),
        contact("2", "John Smith", company_source_id="2"),
        contact("marketo:3", "SMITH, John", "js@gmail.com", company_source_id="1"),
        contact("phone:4", "Dr. John A. Smith", company_source_id="1"),
        contact("5", "Smith"),
        contact("6", "Smith"),
    ]
    firms = Firms({f"{source}:1": "A" for source in ("salesforce", "marketo", "phone")} | {"salesforce:2": "B"})
    assert {one("1", "marketo:3", "phone:4")} == persons(rows, firms)


FIRMS = Firms({f"{source}:1": "A" for source in ("salesforce", "marketo", "phone")})


@pytest.mark.parametrize(
    ("other", "is_one"),
    [
        (contact("2", "John Smith", "j2@acme.com"), False),  # an employer gives everybody an address
        (contact("marketo:2", "John Smith", "j2@acme.com"), False),
        (contact("2", "John Smith", "j2@gmail.com"), False),  # two contacts of one CRM
        (contact("2", "John Smith", "j2@gmail.com", person_type="lead"), True),  # a lead beside the contact
        (contact("marketo:2", "John Smith", "j2@gmail.com"), True),
        (contact("2", "John Smith"), True),  # duplicates are the rule
        (contact("2", "John Smith", company_source_id=None), False),
    ],
)
def test_what_speaks_against_a_name(other: dict[str, Any], is_one: bool) -> None:
    """John Smith of A has an address at acme.com in the CRM. Another record of the name is he unless an address says
    that there are two, or nobody knows where it belongs."""
    first = contact("1", "John Smith", "john@acme.com")
    assert ({one("1", f"{other['source']}:2".removeprefix("salesforce:"))} if is_one else set()) == persons(
        [first, other], FIRMS
    )


def test_a_name_of_several_joins_nobody() -> None:
    """The CRM has two John Smiths, each with his address: the phone's could be either, and so could J. Smith."""
    rows = [
        contact("1", "John Smith", "john@acme.com"),
        contact("2", "John Smith", "smith@acme.com"),
        contact("phone:3", "John Smith"),
        contact("phone:4", "J. Smith"),
    ]
    assert set() == persons(rows, FIRMS)


def test_a_tool_that_knows_addresses_only_keeps_nobody_apart() -> None:
    """The records of a tool that has the address for an id can't but be two: John Smith's two private ones are his."""
    rows = [
        contact("1", "John Smith", "john@acme.com"),
        contact("phone:x@gmail.com", "John Smith", "x@gmail.com"),
        contact("phone:y@gmail.com", "John Smith", "y@gmail.com"),
    ]
    assert {one("1", "phone:x@gmail.com", "phone:y@gmail.com")} == persons(rows, FIRMS)


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (("J. Smith", "John Smith"), {one("0", "1")}),
        (("J. Smith", "John Smith", "Jane Smith"), set()),  # either
        (("J. Smith", "John Smith", "John Paul Smith"), {one("0", "1", "2")}),  # the fullest one
        (("J. P. Smith", "John Smith", "John Paul Smith"), {one("0", "1", "2")}),
        (("J. P. Smith", "John Smith"), set()),
        (("Ann Berg", "Ann Berg-Stone", "Ann Berg-Wood"), set()),
        (("J. S.", "John Smith"), set()),
    ],
)
def test_who_says_less(names: tuple[str, ...], expected: set[frozenset[str]]) -> None:
    """A name with less said stands for the only fullest name of the account that has all its words and initials."""
    assert expected == persons([contact(str(i), name) for i, name in enumerate(names)])


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

    rows = [
        contact(str(i), merged_into_source_id=None if into is None else str(into), company_source_id=company)
        for i, (into, company) in enumerate(links)
    ]
    found = {key: who.person for key, who in people(rows).items()}
    assert {str(i): str(walk(i)) for i in range(len(links))} == found


RECORDS = st.lists(
    st.fixed_dictionaries(
        {
            "source": st.sampled_from(["salesforce", "hubspot"]),
            "full_name": st.sampled_from([None, "John Smith", "J. Smith", "John Paul Smith", "Ann Berg", "Ann Stone"]),
            "mail": st.sampled_from([None, "a@acme.com", "b@acme.com", "x@gmail.com", "y@gmail.com"]),
            "company_source_id": st.sampled_from([None, "1", "2"]),
            "same_as": st.one_of(st.none(), st.none(), st.integers(0, 9)),
            "person_type": st.sampled_from(["contact", "lead"]),
            "is_deleted": st.booleans(),
        }
    ),
    min_size=1,
    max_size=10,
)
BOTH = Firms({f"{source}:{i}": account for source in ("salesforce", "hubspot") for i, account in ((1, "A"), (2, "B"))})


def rows_of(records: list[dict[str, Any]], swap: dict[str, str]) -> list[dict[str, Any]]:
    """Contacts made one a minute; ids are unique in all sources, so that sources can be swapped."""
    rows = []
    for place, record in enumerate(records):
        values = dict(record)
        other, source = values.pop("same_as"), values.pop("source")
        if other is not None and other < len(records):
            values["same_as"] = f"{swap[records[other]['source']]}:{other}"
        rows.append(
            contact(f"{swap[source]}:{place}", values.pop("full_name"), values.pop("mail"), **values)
            | {"created_at": at(f"2025-01-01 10:{place:02}")}
        )
    return rows


@settings(max_examples=25, deadline=None)
@given(RECORDS, st.randoms())
def test_neither_order_nor_the_name_of_a_source_matters(records: list[dict[str, Any]], random: Any) -> None:
    """Rows shuffled: the same persons, accounts and rules. Sources swapped: the same people under their new keys. The
    record that stands for a person is one of its own, and live if any end of its chains is."""
    same = {"salesforce": "salesforce", "hubspot": "hubspot"}
    rows = rows_of(records, same)
    found = people(rows, BOTH)
    assert found == people(random.sample(rows, len(rows)), BOTH)
    assert all(found[who.person].person == who.person for who in found.values())
    other = people(rows_of(records, {"salesforce": "hubspot", "hubspot": "salesforce"}), BOTH)
    assert {key.split(":")[-1]: who.person.split(":")[-1] for key, who in found.items()} == {
        key.split(":")[-1]: who.person.split(":")[-1] for key, who in other.items()
    }


@settings(max_examples=15, deadline=None)
@given(RECORDS)
def test_names_alone_join_nobody_across_accounts(records: list[dict[str, Any]]) -> None:
    """Without addresses and links all records of a person are in one account, and who has no account is alone."""
    rows = rows_of(
        [record | {"mail": None, "same_as": None} for record in records], {"salesforce": "s", "hubspot": "h"}
    )
    firms = Firms({f"{source}:{i}": account for source in "sh" for i, account in ((1, "A"), (2, "B"))})
    accounts: dict[str, list[str | None]] = {}
    for who in people(rows, firms).values():
        accounts.setdefault(who.person, []).append(who.account)
    assert all(len(set(placed)) == 1 and (placed[0] or len(placed) == 1) for placed in accounts.values())
