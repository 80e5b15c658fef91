"""What must hold for whatever records: every record in one account, ids that last, order that does not matter."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from abm_pipeline.contracts import tables as t
from abm_pipeline.identity.refresh import refresh
from abm_pipeline_tests.identity.staged import accounts_of, at, company, groups_of, read, settings_of, stage

NAMES = ("Acme", "Acme GmbH", "Borealis", "Cinder", "Dune", "Ember")
RECORDS = st.lists(
    st.fixed_dictionaries(
        {
            "name": st.sampled_from(NAMES),
            "domain": st.sampled_from([None, "a.com", "b.com", "gmail.com"]),
            "created": st.one_of(st.none(), st.integers(1, 9)),
            "merged_into": st.one_of(st.none(), st.integers(0, 7)),
            "parent": st.one_of(st.none(), st.integers(0, 7)),
            "linkedin_id": st.sampled_from([None, None, "L1"]),
        }
    ),
    min_size=1,
    max_size=8,
)


def rows_of(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Staged rows; record i is modified, and so staged, on day i + 1 of January 2025."""
    rows = []
    for place, record in enumerate(records):
        into = record["merged_into"]
        merged = into is not None and into != place
        rows.append(
            company(
                str(place),
                name=record["name"],
                domain=record["domain"],
                created_at=record["created"] and at(f"2024-01-0{record['created']}"),
                modified_at=at(f"2025-01-{place + 1:02}"),
                is_deleted=merged,
                merged_into_source_id=str(into) if merged else None,
                parent_source_id=None if record["parent"] is None else str(record["parent"]),
                linkedin_id=record["linkedin_id"],
            )
        )
    return rows


def outcome(folder: Path) -> list[list[tuple[Any, ...]]]:
    """Everything that identity says, accounts named by the first of their records: ids remember what was served."""
    lake = settings_of(folder).open_lake
    first: dict[str, str] = {}
    for account, source, source_id in sorted(read(lake, t.MEMBER, "account_id source source_id")):
        first.setdefault(account, f"{source}:{source_id}")
    return [
        sorted(
            (
                tuple(first.get(value, value) if isinstance(value, str) else value for value in row)
                for row in read(lake, table, " ".join(c for c in table.columns if c != "snapshot_id"))
            ),
            key=str,
        )
        for table in (t.ACCOUNT, t.MEMBER, t.PERSON, t.TIER_HISTORY)
    ]


@settings(max_examples=5, deadline=None, phases=[Phase.generate])
@given(RECORDS, st.randoms())
def test_range_equals_its_days_in_any_order(records: list[dict[str, Any]], random: Any) -> None:
    """Staged at once or in two parts in any order, with a refresh after each: the same accounts and ids.

    Every record is in exactly one account, every id served in between is in use or redirected, and running again
    changes nothing.
    """
    rows = rows_of(records)
    with tempfile.TemporaryDirectory() as whole, tempfile.TemporaryDirectory() as parts:
        at_once, piecewise = settings_of(Path(whole)), settings_of(Path(parts))
        stage(at_once.open_lake, t.COMPANY, rows)
        refresh(at_once, [], "run")

        served: set[str] = set()
        shuffled = random.sample(rows, len(rows))
        for part in (shuffled[::2], shuffled[1::2]):
            stage(piecewise.open_lake, t.COMPANY, part)
            refresh(piecewise, [], "run")
            served |= set(accounts_of(piecewise.open_lake).values())
        assert outcome(Path(whole)) == outcome(Path(parts))

        members = read(piecewise.open_lake, t.MEMBER, "source source_id")
        assert sorted(str(place) for place in range(len(rows))) == [
            key for source, key in members if source != "domain"
        ]
        in_use = {key for (key,) in read(piecewise.open_lake, t.ACCOUNT, "account_id")}
        redirects = dict(read(piecewise.open_lake, t.REDIRECT, "old_account_id account_id"))
        assert served - in_use == set(redirects)
        assert set(redirects.values()) <= in_use
        assert all(not report.changed for report in refresh(piecewise, [], "again"))


def test_an_older_record_changes_no_id(tmp_path: Path) -> None:
    """B is served first, then A of the same name and domain turns up, made earlier: the account keeps its id."""
    config = settings_of(tmp_path)
    lake = config.open_lake
    stage(lake, t.COMPANY, [company("B", name="Acme", domain="a.com", created_at=at("2025-01-05"))])
    refresh(config, [], "run")
    old = accounts_of(lake)["salesforce:B"]
    stage(lake, t.COMPANY, [company("A", name="Acme", domain="a.com", created_at=at("2025-01-01"))])
    notes = refresh(config, [], "run")[-1].notes
    assert [old] * 2 == [accounts_of(lake)[f"salesforce:{key}"] for key in "AB"]
    assert [] == read(lake, t.REDIRECT, "old_account_id account_id reason")
    assert (0, 0, 0) == (notes["accounts_new"], notes["accounts_merged"], notes["accounts_split"])


def test_a_merge_keeps_the_older_id_and_redirects_the_other(tmp_path: Path) -> None:
    """A and B are two accounts until the CRM merges B into A, the older: A's id stays, B's leads there."""
    config = settings_of(tmp_path)
    lake = config.open_lake
    first = company("A", name="Acme", domain="a.com", created_at=at("2025-01-01"))
    second = company("B", name="Bee", domain="b.com", created_at=at("2025-01-05"))
    stage(lake, t.COMPANY, [first, second])
    refresh(config, [], "run")
    before = accounts_of(lake)
    merged = second | {"is_deleted": True, "merged_into_source_id": "A", "modified_at": at("2025-02-01")}
    stage(lake, t.COMPANY, [merged])
    notes = refresh(config, [], "run")[-1].notes
    after = accounts_of(lake)
    assert before["salesforce:A"] == after["salesforce:A"] == after["salesforce:B"]
    assert [(before["salesforce:B"], before["salesforce:A"], "merged")] == read(
        lake, t.REDIRECT, "old_account_id account_id reason"
    )
    assert (0, 1, 0) == (notes["accounts_new"], notes["accounts_merged"], notes["accounts_split"])


def test_a_split_keeps_the_oldest_records_id(tmp_path: Path) -> None:
    """A and B are one by name and domain until B is renamed and moves to b.com: A keeps the id, B gets its own."""
    config = settings_of(tmp_path)
    lake = config.open_lake
    first = company("A", name="Acme", domain="a.com", created_at=at("2025-01-01"))
    second = company("B", name="Acme", domain="a.com", created_at=at("2025-01-05"))
    stage(lake, t.COMPANY, [first, second])
    refresh(config, [], "run")
    before = accounts_of(lake)
    stage(lake, t.COMPANY, [second | {"name": "Bee", "domain": "b.com", "modified_at": at("2025-02-01")}])
    notes = refresh(config, [], "run")[-1].notes
    after = accounts_of(lake)
    assert before["salesforce:A"] == before["salesforce:B"] == after["salesforce:A"] != after["salesforce:B"]
    assert (1, 1) == (notes["accounts_split"], notes["records_moved"])
    assert 2 == len(groups_of(lake))


def test_killed_before_members_are_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that dies after accounts but before members has lost no redirect: the next run writes it."""
    config = settings_of(tmp_path)
    lake = config.open_lake
    second = company("B", name="Bee", domain="b.com", created_at=at("2025-01-05"))
    stage(lake, t.COMPANY, [company("A", name="Acme", domain="a.com", created_at=at("2025-01-01")), second])
    refresh(config, [], "run")
    old = accounts_of(lake)["salesforce:B"]
    merged = second | {"is_deleted": True, "merged_into_source_id": "A", "modified_at": at("2025-02-01")}
    stage(lake, t.COMPANY, [merged])
    write = type(lake).write_table

    def dies(self: Any, con: Any, table: t.Table, query: str, **stamp: Any) -> bool:
        if table is t.MEMBER:
            raise KeyboardInterrupt
        return write(self, con, table, query, **stamp)

    with monkeypatch.context() as patch:
        patch.setattr(type(lake), "write_table", dies)
        with pytest.raises(KeyboardInterrupt):
            refresh(config, [], "run")
    refresh(config, [], "run")
    assert [old] == [key for (key,) in read(lake, t.REDIRECT, "old_account_id")]
