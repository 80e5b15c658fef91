"""SOQL: what the parser takes, what it refuses and with which code."""

from __future__ import annotations

import pytest

from abm_pipeline.sandbox.salesforce.soql import SoqlError, parse
from abm_pipeline.sandbox.salesforce.store import Store
from abm_pipeline.sandbox.world import World


def found(world: World, text: str, include_deleted: bool = False) -> list[str]:
    """Ids that a query returns."""
    query = parse(text)
    store = Store(world)
    return store.tables[query.object].columns["Id"][store.select(query, include_deleted)].tolist()


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("SELECT Id, FullName FROM Account", "INVALID_FIELD"),
        ("SELECT Id FROM Foo", "INVALID_TYPE"),
        ("SELECT Id Account", "MALFORMED_QUERY"),
        ("SELECT Id FROM Account WHERE", "MALFORMED_QUERY"),
        ("SELECT Id FROM Account WHERE CreatedDate > '2026-01-01'", "INVALID_FIELD"),
        ("SELECT Id FROM Account WHERE Name = 5", "INVALID_FIELD"),
        ("SELECT Id FROM Account WHERE CreatedDate > 2026-01-01", "INVALID_FIELD"),
        ("SELECT Id FROM Task WHERE Description = 'x'", "INVALID_FIELD"),
        ("SELECT Owner.Shoe FROM Account", "INVALID_FIELD"),
        ("SELECT Boss.Name FROM Account", "INVALID_FIELD"),
    ],
)
def test_refusals(text: str, code: str) -> None:
    """Each mistake gets the code of a real org."""
    with pytest.raises(SoqlError) as caught:
        parse(text)
    assert caught.value.code == code


def test_an_unknown_column_is_pointed_at() -> None:
    """The message names row and column and shows a caret under the field, as documented."""
    with pytest.raises(SoqlError) as caught:
        parse("SELECT Id, FullName FROM Account")
    assert "           ^\nERROR at Row:1:Column:12\nNo such column 'FullName' on entity 'Account'." in str(caught.value)


def test_conditions_agree_with_plain_python(tiny: World) -> None:
    """AND binds tighter than OR, NOT and parentheses work, text compares without case, null is its own."""
    table = tiny.tables["Opportunity"]
    rows = [r for r in table.visible(tiny.instant) if not table.columns["IsDeleted"][r]]
    c = table.columns

    def ids(keep) -> list[str]:  # type: ignore[no-untyped-def]
        return [c["Id"][r] for r in rows if keep(r)]

    cases = {
        "IsWon = true OR IsClosed = false AND Amount > 50000": lambda r: (
            c["IsWon"][r] or (not c["IsClosed"][r] and c["Amount"][r] > 50000)
        ),
        "(IsWon = true OR IsClosed = false) AND Amount > 50000": lambda r: (
            (c["IsWon"][r] or not c["IsClosed"][r]) and c["Amount"][r] > 50000
        ),
        "NOT (StageName IN ('closed won', 'Closed Lost'))": lambda r: not c["IsClosed"][r],
        "StageName NOT IN ('Closed Won')": lambda r: c["StageName"][r] != "Closed Won",
        "Name LIKE '%renewal'": lambda r: c["Name"][r].lower().endswith("renewal"),
        "LeadSource = null": lambda r: c["LeadSource"][r] is None,
        "LeadSource != 'Web'": lambda r: c["LeadSource"][r] != "Web",
        "CloseDate >= 2026-03-01 AND CloseDate < 2026-04-01": lambda r: 20513 <= c["CloseDate"][r] < 20544,
        "CreatedDate >= 2026-03-01T00:00:00Z": lambda r: c["CreatedDate"][r] >= 1772323200,
        "CreatedDate >= 2026-03-01T02:00:00+02:00": lambda r: c["CreatedDate"][r] >= 1772323200,
    }
    for where, keep in cases.items():
        assert ids(keep) == found(tiny, f"SELECT Id FROM Opportunity WHERE {where}")


def test_order_limit_and_offset(tiny: World) -> None:
    """Descending amount then id; the second page of three follows the first."""
    everything = found(tiny, "SELECT Id FROM Opportunity ORDER BY Amount DESC NULLS LAST, Id")
    assert everything[3:6] == found(
        tiny, "SELECT Id FROM Opportunity ORDER BY Amount DESC NULLS LAST, Id LIMIT 3 OFFSET 3"
    )


def test_short_and_parent_ids(tiny: World) -> None:
    """A 15-character id finds the record; a parent field filters."""
    ident = found(tiny, "SELECT Id FROM Account LIMIT 1")[0]
    assert [ident] == found(tiny, f"SELECT Id FROM Account WHERE Id = '{ident[:15]}'")
    by_parent = found(tiny, f"SELECT Id FROM Contact WHERE Account.Id = '{ident}'")
    assert by_parent == found(tiny, f"SELECT Id FROM Contact WHERE AccountId = '{ident}'")
