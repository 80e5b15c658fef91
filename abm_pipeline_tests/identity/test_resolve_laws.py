"""What holds for whatever records: order does not matter, ids last, decisions stand. On 300 simulated companies."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from abm_pipeline.identity.resolve import Level, resolve_file
from abm_pipeline.sandbox.company_records import make

KEY = ["source", "source_id"]
HEAD = "kind,source_a,source_id_a,source_b,source_id_b\n"


@pytest.fixture(scope="module")
def records() -> pa.Table:
    """About 1,300 records of six sources, some of them there twice."""
    frame = make(300, 5, 1).records[0]
    twice = frame.head(40).assign(phone=[f"+1 617 555 2{n:03}" for n in range(40)])
    both = pd.concat([frame, twice])
    return pa.Table.from_pandas(both, preserve_index=False).replace_schema_metadata(None)


@pytest.fixture(scope="module")
def resolved(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., pd.DataFrame]:
    """Resolve records, after members and under decisions if given; members, sorted, in `parents` the families."""
    folder = tmp_path_factory.mktemp("laws")

    def run(
        records: pa.Table,
        previous: pd.DataFrame | None = None,
        decisions: Iterable[str] = (),
        level: Level = "account",
    ) -> pd.DataFrame:
        pq.write_table(records, folder / "records.parquet")
        if previous is not None:
            previous.to_parquet(folder / "previous.parquet")
        (folder / "decisions.csv").write_text(HEAD + "\n".join(decisions))
        resolve_file(
            folder / "records.parquet",
            folder / "members.parquet",
            previous=None if previous is None else folder / "previous.parquet",
            decisions=folder / "decisions.csv" if decisions else None,
            parents=folder / "parents.parquet",
            level=level,
        )
        members = pd.read_parquet(folder / "members.parquet")
        members.attrs["parents"] = pd.read_parquet(folder / "parents.parquet").to_numpy().tolist()
        return members

    return run


@pytest.fixture(scope="module")
def once(records: pa.Table, resolved: Callable[..., pd.DataFrame]) -> pd.DataFrame:
    """All records, resolved for the first time."""
    return resolved(records)


def sets(members: pd.DataFrame) -> dict[str, frozenset[str]]:
    """The records of each account."""
    keys = members["source"] + ":" + members["source_id"]
    return keys.groupby(members["account_id"]).agg(frozenset).to_dict()


def account_of(members: pd.DataFrame) -> dict[str, str]:
    """The account of each record."""
    return {key: account for account, keys in sets(members).items() for key in keys}


def test_order_does_not_matter(records: pa.Table, once: pd.DataFrame, resolved: Callable[..., pd.DataFrame]) -> None:
    """Rows shuffled and columns reversed: the same members, rules and probabilities, and the same parents.

    Rows that stand there twice with the same stamp and different telephone numbers are among them.
    """
    shuffled = records.take(np.random.default_rng(1).permutation(len(records))).select(records.column_names[::-1])
    again = resolved(shuffled)
    pd.testing.assert_frame_equal(once, again)
    assert once.attrs["parents"] == again.attrs["parents"]


def test_a_second_run_changes_nothing(
    records: pa.Table, once: pd.DataFrame, resolved: Callable[..., pd.DataFrame]
) -> None:
    """With its own output as previous: the same output."""
    pd.testing.assert_frame_equal(once, resolved(records, once))


def older_half(records: pa.Table) -> list[bool]:
    """The records that were made first, as they come from day to day."""
    made = records["created_at"].to_pandas()
    return (made <= made.median()).tolist()


def all_but_a_source(records: pa.Table) -> list[bool]:
    """Everything but LinkedIn, a source added later."""
    return [source != "linkedin" for source in records["source"].to_pylist()]


@pytest.mark.parametrize("first", [older_half, all_but_a_source])
def test_more_records_change_no_id_that_need_not(
    first: Callable[[pa.Table], list[bool]],
    records: pa.Table,
    once: pd.DataFrame,
    resolved: Callable[..., pd.DataFrame],
) -> None:
    """Part of the records, then all of them with the members of before.

    The accounts are those of all records at once. One that has the same records as before, or more that had no account,
    keeps its id; and an id that was given before stays with some of its records, never goes to others.
    """
    before = sets(resolved(records.filter(pa.array(first(records))), None))
    members = resolved(records, _members(before))
    after, home = sets(members), account_of(members)
    known = frozenset().union(*before.values())
    grown = [account for account, keys in before.items() if after[home[min(keys)]] & known == keys]
    assert len(grown) > len(before) / 2
    assert [] == [account for account in grown if not after.get(account, frozenset()) >= before[account]]
    assert all(after[account] & keys for account, keys in before.items() if account in after)
    assert set(sets(once).values()) == set(after.values())


def test_no_id_is_given_twice(records: pa.Table, once: pd.DataFrame, resolved: Callable[..., pd.DataFrame]) -> None:
    """Even if before every other account had the id that its neighbour would be given: as many accounts as ever, each
    of those keeps the id that its records had.
    """  # fmt: skip
    given = sets(once)
    accounts = list(given)
    taken = {accounts[place + 1]: given[accounts[place]] for place in range(0, len(accounts) - 1, 2)}
    after = sets(resolved(records, _members(taken)))
    assert set(given.values()) == set(after.values())
    assert taken == {account: after[account] for account in taken}


def test_decisions_stand_until_taken_back(
    records: pa.Table, once: pd.DataFrame, resolved: Callable[..., pd.DataFrame]
) -> None:
    """The two largest accounts are merged. Two records of the third largest, of at least ten, must stay apart, and two
    that a key and a name join, and that is all that changes; each other account is what it was, with its id.

    Without the decisions, everything is as it was, ids and all, also after the run that had them.
    """  # fmt: skip
    given = sets(once)
    largest = sorted(given, key=lambda account: (-len(given[account]), account))
    one, two, torn = (sorted(given[account]) for account in largest[:3])
    by_key = [(row.source, row.source_id, row.account_id) for row in once.itertuples() if row.match_rule == "domain"]
    near = next(key for key in by_key if key[2] not in largest[:3])
    beside = next(key for key in given[near[2]] if key != f"{near[0]}:{near[1]}" and len(given[near[2]]) > 2)
    decided = resolved(
        records,
        once,
        [
            _line("merge", one[0], two[-1]),
            _line("never_merge", torn[0], torn[-1]),
            _line("never_merge", f"{near[0]}:{near[1]}", beside),
        ],
    )
    home, after = account_of(decided), sets(decided)
    assert len(torn) >= 10
    assert after[home[one[0]]] >= {one[0], two[-1]}
    assert home[torn[0]] != home[torn[-1]]
    assert home[f"{near[0]}:{near[1]}"] != home[beside]
    touched = {*largest[:3], near[2]}
    moved = [account for account in given if account not in touched and after.get(account) != given[account]]
    assert [] == moved
    pd.testing.assert_frame_equal(once, resolved(records, decided))


def test_a_decision_outranks_every_key(resolved: Callable[..., pd.DataFrame]) -> None:
    """Twelve records of one name on one domain, page and number, two of which must stay apart: two accounts, all the
    others in one or the other.
    """  # fmt: skip
    table = pa.table(
        {"source": ["crm"] * 12, "source_id": [f"{n}" for n in range(12)], "name": ["Acme"] * 12}
        | {"domain": ["acme.com"] * 12, "linkedin_id": ["4711"] * 12, "duns": ["804735132"] * 12}
    )
    after = account_of(resolved(table, None, [_line("never_merge", "crm:0", "crm:11")]))
    assert 2 == len(set(after.values()))
    assert after["crm:0"] != after["crm:11"]
    assert 1 == len(set(account_of(resolved(table)).values()))


def test_levels_are_nested(records: pa.Table, once: pd.DataFrame, resolved: Callable[..., pd.DataFrame]) -> None:
    """Every entity lies within an account, every account within a group; each level has fewer than the one below.

    A group is what has no parent, and every account's parent is in its group.
    """
    entity, group = account_of(resolved(records, level="entity")), account_of(resolved(records, level="group"))
    account = account_of(once)
    for lower, upper in ((entity, account), (account, group)):
        pairs = {(lower[key], upper[key]) for key in lower}
        assert len(pairs) == len(set(lower.values())) > len(set(upper.values()))
    group_of = {account[key]: group[key] for key in account}
    assert once.attrs["parents"]
    assert all(group_of[child] == group_of[parent] for child, parent in once.attrs["parents"])


def _members(accounts: dict[str, frozenset[str]]) -> pd.DataFrame:
    rows = [(account, *key.split(":", 1)) for account, keys in accounts.items() for key in sorted(keys)]
    return pd.DataFrame(rows, columns=["account_id", *KEY])


def _line(kind: str, left: str, right: str) -> str:
    return ",".join([kind, *left.split(":", 1), *right.split(":", 1)])
