"""A file of records resolved: an idea a table of a few rows, bad input, and the command line."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from abm_pipeline.identity.resolve import resolve_file
from abm_pipeline.programme import ConfigError
from abm_pipeline_tests.identity.files import resolved, row, together, write

SCHEMA = {
    "account_id": pa.string(),
    "source": pa.string(),
    "source_id": pa.string(),
    "match_rule": pa.string(),
    "match_probability": pa.float64(),
}
UNLIKE = ("Miller Bakery", "Harbor Dental", "Nova Fitness", "Orchid Travel", "Tundra Logistics", "Velvet Salon")


# -- who is one


def test_country_entities_of_one_domain_join(tmp_path: Path) -> None:
    """Acme in three countries, each with its legal form and acme.com: one account of three records."""
    rows = [
        row("crm:1", "Acme Deutschland GmbH", domain="acme.com", country="DE"),
        row("crm:2", "Acme France SAS", website="http://www.acme.com/fr", country="France"),
        row("dnb:3", "Acme Inc", domain="acme.com", country="USA"),
    ]
    assert [{"crm:1", "crm:2", "dnb:3"}] == together(resolved(tmp_path, rows)[0])


def test_country_entities_of_one_page_join(tmp_path: Path) -> None:
    """A domain a country, but one brand in all of them and one LinkedIn page: one account."""
    rows = [
        row("crm:1", "Acme Robotics GmbH", domain="acmerobotics.de", country="DE", linkedin_id="77"),
        row("crm:2", "Acme Robotics SAS", domain="acmerobotics.fr", country="FR", linkedin_id="urn:li:organization:77"),
        row("dnb:3", "Acme Robotics Inc.", website="www.acmerobotics.com", country="US", linkedin_id="77"),
    ]
    assert [{"crm:1", "crm:2", "dnb:3"}] == together(resolved(tmp_path, rows)[0])


def test_a_division_on_its_parents_domain_stays_apart(tmp_path: Path) -> None:
    """Acme Robotics has two records on acme.com, as Acme has: two accounts, Acme the parent by name and domain."""
    rows = [
        row("crm:1", "Acme Inc", domain="acme.com"),
        row("dnb:1", "Acme", website="acme.com"),
        row("crm:2", "Acme Robotics", domain="acme.com"),
        row("dnb:2", "Acme Robotics", website="acme.com"),
    ]
    account, parent = resolved(tmp_path, rows)
    assert [{"crm:1", "dnb:1"}, {"crm:2", "dnb:2"}] == together(account)
    assert {account["crm:2"]: account["crm:1"]} == parent


def test_sister_brands_stay_apart_with_one_parent(tmp_path: Path) -> None:
    """Two brands that name one parent, one by its id and one by its name: three accounts, the parent above both."""
    rows = [
        row("crm:1", "Sapphire Bank", domain="sapphire.com", parent="crm:3"),
        row("crm:2", "Ruby Insurance", domain="ruby.com", parent="Jewel Group Ltd"),
        row("crm:3", "Jewel Group", domain="jewel.com"),
    ]
    account, parent = resolved(tmp_path, rows)
    assert [{"crm:1"}, {"crm:2"}, {"crm:3"}] == together(account)
    assert {account["crm:1"]: account["crm:3"], account["crm:2"]: account["crm:3"]} == parent


def test_a_child_on_its_parents_switchboard_stays_apart(tmp_path: Path) -> None:
    """One telephone number, a parent and a child of another name: two accounts."""
    rows = [
        row("crm:1", "Jewel Group", domain="jewel.com", phone="+44 20 7946 0958"),
        row("crm:2", "Ruby Insurance", domain="ruby.com", phone="020 7946 0958", parent="crm:1"),
    ]
    account, parent = resolved(tmp_path, rows)
    assert [{"crm:1"}, {"crm:2"}] == together(account)
    assert {account["crm:2"]: account["crm:1"]} == parent


def test_strangers_of_one_name_stay_apart(tmp_path: Path) -> None:
    """Summit Partners, finance in the USA, and Summit Partners, real estate in Germany, on domains of their own."""
    rows = [
        row("crm:1", "Summit Partners", domain="summitpartners.com", country="US", industry="Finance"),
        row("crm:2", "Summit Partners", domain="summit-immobilien.de", country="DE", industry="Real estate"),
    ]
    assert [{"crm:1"}, {"crm:2"}] == together(resolved(tmp_path, rows)[0])


def test_a_renamed_company_is_found_by_its_page(tmp_path: Path) -> None:
    """The CRM has the old name and no website, LinkedIn the new one: page, city and industry are the same."""
    known = {"country": "US", "city": "Boston", "industry": "Software"}
    rows = [
        row("crm:1", "Oldco Systems", linkedin_id="https://www.linkedin.com/company/4711", **known),
        row("ads:4711", "Brightwave", linkedin_id="urn:li:organization:4711", website="brightwave.com", **known),
    ]
    assert [{"ads:4711", "crm:1"}] == together(resolved(tmp_path, rows)[0])


def test_a_renamed_company_is_found_by_its_numbers(tmp_path: Path) -> None:
    """Another name and another domain, but one DUNS, telephone number, city and industry."""
    known = {"duns": "804735132", "country": "US", "city": "Boston", "industry": "Software"}
    rows = [
        row("crm:1", "Oldco Systems", domain="oldco.com", phone="+1 617 555 2368", **known),
        row("dnb:2", "Brightwave", website="brightwave.com", phone="617-555-2368", **known),
    ]
    assert [{"crm:1", "dnb:2"}] == together(resolved(tmp_path, rows)[0])


def test_a_renamed_company_is_found_by_its_former_name(tmp_path: Path) -> None:
    """Both sides of `formerly` lead to it: the first record has the old name, the third the new on the old domain."""
    rows = [
        row("crm:1", "Oldco Systems", domain="oldco.com", country="US", city="Boston"),
        row("dnb:2", "Brightwave Inc (formerly Oldco Systems)", country="US", city="Boston"),
        row("hub:3", "Brightwave", website="oldco.com"),
    ]
    assert [{"crm:1", "dnb:2", "hub:3"}] == together(resolved(tmp_path, rows)[0])


def test_one_telephone_exchange_joins_nobody(tmp_path: Path) -> None:
    """Two restaurants of one city whose numbers begin alike, as a thousand others' do: two accounts. With one name on
    both numbers, and nothing else in common but the city, it is a switchboard: one account."""
    known = {"country": "US", "city": "Los Angeles", "industry": "Restaurants"}
    numbers = ("213-933-0358", "213-933-0773")
    apart = [row(f"crm:{n}", name, phone=numbers[n], **known) for n, name in enumerate(("Gumbo Pot", "Kokomo Cafe"))]
    same = [row(f"crm:{n}", "Kokomo Cafe", phone=numbers[n], **known) for n in range(2)]
    assert [{"crm:0"}, {"crm:1"}] == together(resolved(tmp_path, apart)[0])
    assert [{"crm:0", "crm:1"}] == together(resolved(tmp_path, same)[0])


@pytest.mark.parametrize("shared", [{"website": "brandagency.com"}, {"phone": "+49 30 5557890"}, {"duns": "804735132"}])
def test_what_strangers_share_joins_nobody(tmp_path: Path, shared: dict[str, str]) -> None:
    """Six companies of unlike names on their agency's domain, switchboard or number: six accounts."""
    rows = [row(f"crm:{place}", name, **shared) for place, name in enumerate(UNLIKE)]
    assert [{f"crm:{place}"} for place in range(6)] == together(resolved(tmp_path, rows)[0])


def test_placeholders_join_nobody(tmp_path: Path) -> None:
    """Values that only stand for missing ones are no keys, and records without a name or key are accounts of their own.

    The last two have the same name, which is a name, and are in one country: they are one. The two before have no more
    than a name each.
    """
    known = {
        "duns": "999999999",
        "phone": "000-000-0000",
        "linkedin_id": "n/a",
        "website": "n/a",
        "domain": "gmail.com",
    }
    names = ["n/a", "n/a", "test", "TEST", None, None, "Miller Bakery", "Harbor Dental", "Nova Fitness", "Nova Fitness"]
    rows = [row(f"crm:{place}", name, **known) for place, name in enumerate(names)]
    rows[8:] = [{**each, "country": "US"} for each in rows[8:]]
    assert [*({f"crm:{place}"} for place in range(8)), {"crm:8", "crm:9"}] == together(resolved(tmp_path, rows)[0])


@pytest.mark.parametrize(
    ("names", "key"),
    [
        (("Müller Maschinenbau GmbH", "Mueller Maschinenbau", "MULLER MASCHINENBAU"), {"domain": "company.com"}),
        (("株式会社サイバー", "サイバー株式会社", "(株)サイバー"), {"phone": "+81 3 4455 6679"}),
        (("Borealis S.p.A.", "BOREALIS SPA", "Borealis GmbH & Co. KG"), {"duns": "80-473-5132"}),
        (("ООО Ромашка", "Romashka OOO", "Ромашка"), {"linkedin_id": "4711"}),
    ],
)
def test_spellings_of_one_name_join(tmp_path: Path, names: tuple[str, ...], key: dict[str, str]) -> None:
    """A name in three spellings, transliterations and legal forms, on one key: one account."""
    rows = [row(f"crm:{place}", name, **key) for place, name in enumerate(names)]
    assert [{"crm:0", "crm:1", "crm:2"}] == together(resolved(tmp_path, rows)[0])


def test_a_record_with_a_domain_only_joins_its_owner(tmp_path: Path) -> None:
    """Intent and a form know acme.com and nothing else: Acme's."""
    rows = [
        row("crm:1", "Acme", domain="acme.com"),
        row("intent:2", None, domain="acme.com"),
        row("hub:3", None, website="www.acme.com/products"),
    ]
    assert [{"crm:1", "hub:3", "intent:2"}] == together(resolved(tmp_path, rows)[0])


def test_initials_on_one_domain_join(tmp_path: Path) -> None:
    """IBM and International Business Machines, both on ibm.com."""
    rows = [row("crm:1", "International Business Machines", domain="ibm.com"), row("ads:2", "IBM", website="ibm.com")]
    assert [{"ads:2", "crm:1"}] == together(resolved(tmp_path, rows)[0])


def test_a_chain_of_merges_in_the_crm_joins(tmp_path: Path) -> None:
    """1 was merged into 2 and 2 into 3, whatever their names: one account. The ids are of the same source."""
    rows = [
        row("crm:1", "Acme", merged_into="2", is_deleted=True),
        row("crm:2", "Beta", merged_into="3", is_deleted=True),
        row("crm:3", "Zeta", domain="zeta.com", is_deleted=False),
        row("hub:3", "Else", domain="else.com"),
    ]
    assert [{"crm:1", "crm:2", "crm:3"}, {"hub:3"}] == together(resolved(tmp_path, rows)[0])


def test_a_true_reference_joins(tmp_path: Path) -> None:
    """A record without a name, and one with almost the same, that say which record of the CRM they are."""
    rows = [
        row("crm:1", "Acme Robotics", domain="acme.com", country="US"),
        row("hub:2", None, xref=["crm:1"]),
        row("map:3", "Acme Robotic", xref=["hub:none", "crm:1"], country="US"),
    ]
    assert [{"crm:1", "hub:2", "map:3"}] == together(resolved(tmp_path, rows)[0])


def test_a_wrong_reference_joins_nobody(tmp_path: Path) -> None:
    """Zebra Foods in Germany says that it is Acme of the CRM: name, domain, page and country say no."""
    rows = [
        row("crm:1", "Acme", domain="acme.com", country="US", linkedin_id="1111"),
        row("hub:2", "Zebra Foods", domain="zebrafoods.de", country="DE", linkedin_id="2222", xref=["crm:1"]),
    ]
    assert [{"crm:1"}, {"hub:2"}] == together(resolved(tmp_path, rows)[0])


def test_levels(tmp_path: Path) -> None:
    """Jewel in Germany and France, and its child Ruby: three entities, two accounts, one group.

    The part at home keeps the account's id; the other part, and the child, belong to it.
    """
    rows = [
        row("crm:1", "Jewel GmbH", domain="jewel.com", country="DE"),
        row("crm:2", "Jewel GmbH", domain="jewel.com", country="DE"),
        row("crm:3", "Jewel SAS", domain="jewel.com", country="FR"),
        row("crm:4", "Ruby Insurance", domain="ruby.com", country="DE", parent="crm:1"),
    ]
    account, parent = resolved(tmp_path, rows)
    entity, above = resolved(tmp_path, rows, level="entity")
    group, none = resolved(tmp_path, rows, level="group")
    assert [{"crm:1", "crm:2", "crm:3"}, {"crm:4"}] == together(account)
    assert [{"crm:1", "crm:2"}, {"crm:3"}, {"crm:4"}] == together(entity)
    assert [{"crm:1", "crm:2", "crm:3", "crm:4"}] == together(group)
    assert {account["crm:4"]: account["crm:1"]} == parent
    assert {entity["crm:3"]: account["crm:1"], entity["crm:4"]: account["crm:1"]} == above
    assert {} == none


def test_the_oldest_record_names_an_account(tmp_path: Path) -> None:
    """The id is that of the record made first; a later record changes nothing, an earlier one does."""

    def made(key: str, year: int | None) -> dict[str, Any]:
        at = None if year is None else datetime(year, 1, 1, tzinfo=UTC)
        return row(key, "Acme", domain="acme.com", created_at=at)

    alone = resolved(tmp_path, [made("crm:2", 2020)])[0]["crm:2"]
    later = resolved(tmp_path, [made("crm:2", 2020), made("crm:1", 2021), made("crm:0", None)])[0]
    earlier = resolved(tmp_path, [made("crm:2", 2020), made("crm:9", 2019)])[0]
    assert {alone} == set(later.values())
    assert alone != earlier["crm:2"]


# -- what comes in and out


def test_output(tmp_path: Path) -> None:
    """Columns and types are those that are promised, a row a record, sorted by account and record."""
    rows = [row("crm:1", "Acme", domain="acme.com"), row("ads:2", "Acme", domain="acme.com"), row("crm:3", "Zeta")]
    source, output, parents = (
        write(tmp_path / "in.parquet", rows), tmp_path / "out.parquet", tmp_path / "parents.parquet"
    )  # fmt: skip
    summary = resolve_file(source, output, parents=parents)
    members, family = pq.read_table(output), pq.read_table(parents)
    assert SCHEMA == dict(zip(members.schema.names, members.schema.types, strict=True))
    assert {"child_account_id": pa.string(), "parent_account_id": pa.string()} == dict(
        zip(family.schema.names, family.schema.types, strict=True)
    )
    frame = members.to_pandas()
    assert [("ads", "2"), ("crm", "1"), ("crm", "3")] == sorted(zip(frame["source"], frame["source_id"], strict=True))
    assert frame.equals(frame.sort_values(["account_id", "source", "source_id"]))
    assert frame["match_probability"].between(0, 1).all()
    assert (3, 2, 0, 0, 0) == (
        summary.records, summary.accounts, summary.rejected, summary.repeated, summary.unreadable
    )  # fmt: skip
    assert [] == list(tmp_path.glob(".*"))


@pytest.mark.parametrize("missing", ["source", "source_id", "name"])
def test_a_missing_column_is_named(tmp_path: Path, missing: str) -> None:
    """Without source, source_id or name nothing can be done; the message names the column and what is there."""
    rows = [{name: value for name, value in row("crm:1", "Acme").items() if name != missing}]
    with pytest.raises(ConfigError, match=f"no column {missing};") as found:
        resolve_file(write(tmp_path / "in.parquet", rows), tmp_path / "out.parquet")
    assert all(name in str(found.value) for name in rows[0])
    assert not (tmp_path / "out.parquet").exists()


@pytest.mark.parametrize("content", [b"source,source_id,name\ncrm,1,Acme\n", b""])
def test_a_file_that_is_no_parquet_is_named(tmp_path: Path, content: bytes) -> None:
    """A CSV file and an empty one can't be read; the message says which file."""
    source = tmp_path / "it's.csv"
    source.write_bytes(content)
    with pytest.raises(ConfigError, match=r"it's.csv is no Parquet file that can be read \(records\)"):
        resolve_file(source, tmp_path / "out.parquet")


def test_rows_that_name_no_record(tmp_path: Path) -> None:
    """Rows without source or id, null or empty, are left out and counted; they pull nobody together."""
    rows = [
        row("crm:1", "Acme", domain="acme.com"),
        {"source": None, "source_id": "2", "name": "Acme", "domain": "acme.com"},
        {"source": "crm", "source_id": None, "name": "Acme", "domain": "acme.com"},
        {"source": "", "source_id": " ", "name": "Acme", "domain": "acme.com"},
    ]
    summary = resolve_file(write(tmp_path / "in.parquet", rows), tmp_path / "out.parquet")
    assert (1, 3, 0) == (summary.records, summary.rejected, summary.repeated)
    assert 1 == len(pd.read_parquet(tmp_path / "out.parquet"))


def test_the_latest_of_a_records_rows_counts(tmp_path: Path) -> None:
    """crm:1 was Zeta and is Acme by its later stamp, wherever that row stands; the other row is counted."""
    days = [datetime(2025, 1, day, tzinfo=UTC) for day in (1, 2)]
    rows = [
        row("crm:1", "Acme", domain="acme.com", modified_at=days[1]),
        row("crm:1", "Zeta", domain="zeta.com", modified_at=days[0]),
        row("crm:1", "Zeta", domain="zeta.com", modified_at=None),
        row("hub:2", "Acme", domain="acme.com", modified_at=None),
        row("hub:3", "Zeta", domain="zeta.com", modified_at=None),
    ]
    for given in (rows, rows[::-1]):
        assert [{"crm:1", "hub:2"}, {"hub:3"}] == together(resolved(tmp_path, given)[0])
    summary = resolve_file(tmp_path / "records.parquet", tmp_path / "out.parquet")
    assert (3, 2) == (summary.records, summary.repeated)


def test_values_of_the_wrong_type_are_missing(tmp_path: Path) -> None:
    """Text where a number or a time belongs counts as missing and is counted; numbers as ids and DUNS are texts.

    Wrong are "many" and "yesterday". What can be read is: "50", "2024-01-01".
    """
    rows = [
        {
            "source": "crm", "source_id": 1, "name": "Acme", "duns": 804735132,
            "employee_count": "many", "created_at": "2024-01-01",
        },
        {
            "source": "crm", "source_id": 2, "name": "Acme", "duns": 804735132,
            "employee_count": "50", "created_at": "yesterday",
        },
    ]  # fmt: skip
    summary = resolve_file(write(tmp_path / "in.parquet", rows), tmp_path / "out.parquet")
    members = pd.read_parquet(tmp_path / "out.parquet")
    assert 2 == summary.unreadable
    assert ["1", "2"] == sorted(members["source_id"])
    assert 1 == members["account_id"].nunique()


@pytest.mark.parametrize(
    "told",
    ["acme.com, acme.io", '["acme.com", "acme.io"]', "acme.com;acme.io", "acme.com|acme.io", ["acme.com", "acme.io"]],
)
def test_lists_may_come_as_text(tmp_path: Path, told: str | list[str]) -> None:
    """Further domains as a list, as JSON or with any separator: the record joins the one on acme.io."""
    table = {
        "source": ["crm", "ads"],
        "source_id": ["1", "2"],
        "name": ["Acme", "Acme"],
        "domain": [None, "acme.io"],
        "additional_domains": [told, None],
    }
    pq.write_table(pa.table(table), tmp_path / "in.parquet")
    resolve_file(tmp_path / "in.parquet", tmp_path / "out.parquet")
    assert 1 == pd.read_parquet(tmp_path / "out.parquet")["account_id"].nunique()


def test_references_may_come_as_text(tmp_path: Path) -> None:
    """Of two references in one text the second is that of a record that is there."""
    rows = [
        {"source": "crm", "source_id": "1", "name": "Acme", "xref": None},
        {"source": "hub", "source_id": "2", "name": None, "xref": "map:9, crm:1"},
    ]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "in.parquet")
    resolve_file(tmp_path / "in.parquet", tmp_path / "out.parquet")
    assert 1 == pd.read_parquet(tmp_path / "out.parquet")["account_id"].nunique()


def test_no_rows(tmp_path: Path) -> None:
    """A file of no rows gives files of no rows, with all columns."""
    source = tmp_path / "in.parquet"
    text = pa.array([], pa.string())
    pq.write_table(pa.table({"source": text, "source_id": text, "name": text}), source)
    summary = resolve_file(source, tmp_path / "out.parquet", parents=tmp_path / "parents.parquet")
    assert (0, 0) == (summary.records, summary.accounts)
    assert list(SCHEMA) == pq.read_table(tmp_path / "out.parquet").column_names
    assert 0 == pq.read_table(tmp_path / "out.parquet").num_rows
    assert 0 == pq.read_table(tmp_path / "parents.parquet").num_rows


def test_one_row(tmp_path: Path) -> None:
    """A record alone is an account by itself, for certain."""
    resolve_file(write(tmp_path / "in.parquet", [row("crm:1", "Acme")]), tmp_path / "out.parquet")
    members = pd.read_parquet(tmp_path / "out.parquet")
    assert [("crm", "1", "own", 1.0)] == list(members.drop(columns="account_id").itertuples(index=False, name=None))


def test_columns_of_nulls_and_columns_nobody_knows(tmp_path: Path) -> None:
    """Columns without a value, of type null even, and unknown ones change nothing."""
    rows = [row("crm:1", "Acme", domain="acme.com"), row("ads:2", "Acme", domain="acme.com"), row("ads:3", "Zeta")]
    empty = dict.fromkeys(
        ("website", "additional_domains", "email_domains", "linkedin_id", "xref", "phone", "duns", "country", "region",
         "city", "industry", "employee_count", "parent", "created_at", "modified_at", "is_deleted", "merged_into")
    )  # fmt: skip
    plain = resolved(tmp_path, rows)
    assert plain == resolved(tmp_path, [each | empty for each in rows])
    assert plain == resolved(tmp_path, [each | {"shoe size": 43, "account_id": "acc_mine"} for each in rows])


def test_previous_without_its_columns(tmp_path: Path) -> None:
    """The file of earlier members must have ids and records; the message says what it lacks."""
    source = write(tmp_path / "in.parquet", [row("crm:1", "Acme")])
    with pytest.raises(ConfigError, match=r"in.parquet has no column account_id"):
        resolve_file(source, tmp_path / "out.parquet", previous=source)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("kind,source_a\nmerge,crm\n", "no column source_id_a"),
        ("kind,source_a,source_id_a,source_b,source_id_b\nmarry,crm,1,crm,2\n", "marry"),
        (
            "kind,source_a,source_id_a,source_b,source_id_b\nmerge,crm,1,crm,2\nmerge,crm,2,crm,3\n"
            "never_merge,crm,1,crm,3\n",
            "crm:1",
        ),
    ],
)
def test_decisions_that_cannot_be(tmp_path: Path, text: str, says: str) -> None:
    """A missing column, an unknown kind, or decisions that contradict each other: an error that says which."""
    source = write(tmp_path / "in.parquet", [row("crm:1", "Acme")])
    decisions = tmp_path / "decisions.csv"
    decisions.write_text(text)
    with pytest.raises(ConfigError, match=says):
        resolve_file(source, tmp_path / "out.parquet", decisions=decisions)


# -- the command line


def test_command_line(tmp_path: Path) -> None:
    """`abm identity resolve` with all its files: progress goes to stderr, the summary to stdout.

    Decided is that Ruby and Opal are one and the two records of Jewel are not. Of the ids that the four records had
    before, Jewel's goes to one half of it and either Ruby's or Opal's to both: all accounts are known ones but one.
    """
    rows = [
        row("crm:1", "Jewel", domain="jewel.com"),
        row("ads:2", "Jewel Inc", domain="jewel.com"),
        row("crm:3", "Ruby Insurance", domain="ruby.com", parent="crm:1"),
        row("ads:4", "Opal Freight", domain="opal.com"),
    ]
    before, _ = resolved(tmp_path, rows)
    (tmp_path / "decisions.csv").write_text(
        "kind,source_a,source_id_a,source_b,source_id_b\nmerge,crm,3,ads,4\nnever_merge,crm,1,ads,2\n"
    )
    ran = _abm(
        tmp_path,
        *("--input", "records.parquet", "--output", "out.parquet", "--parents", "above.parquet"),
        *("--previous", "members.parquet", "--decisions", "decisions.csv"),
    )
    assert 0 == ran.returncode
    assert "4 records, their keys found" in ran.stderr
    assert "4 records are 3 accounts" in ran.stdout
    members, above = pd.read_parquet(tmp_path / "out.parquet"), pd.read_parquet(tmp_path / "above.parquet")
    after = dict(zip(members["source"] + ":" + members["source_id"], members["account_id"], strict=True))
    assert [{"ads:2", "crm:1"}, {"ads:4"}, {"crm:3"}] == together(before)
    assert [{"ads:2"}, {"ads:4", "crm:3"}, {"crm:1"}] == together(after)
    assert 2 == len(set(before.values()) & set(after.values()))
    assert [(after["crm:3"], after["crm:1"])] == list(above.itertuples(index=False, name=None))


def test_command_line_says_what_is_wrong(tmp_path: Path) -> None:
    """A file without a name column: exit code not 0, the message, no traceback, no output."""
    pq.write_table(pa.table({"source": ["crm"], "source_id": ["1"]}), tmp_path / "records.parquet")
    ran = _abm(tmp_path, "--input", "records.parquet", "--output", "members.parquet")
    assert 0 != ran.returncode
    assert "no column name" in ran.stderr
    assert "Traceback" not in ran.stderr
    assert not (tmp_path / "members.parquet").exists()


def _abm(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [Path(sys.executable).with_name("abm"), "identity", "resolve", *arguments],
        cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip
