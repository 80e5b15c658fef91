"""Company records with known truth: the same for a seed, as messy as declared, and consistent."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from abm_pipeline.sandbox.company_records import COLUMNS, RecordSet, make
from abm_pipeline.sandbox.company_records.__main__ import main
from abm_pipeline.sandbox.company_records.describe import components, naive_keys
from abm_pipeline.sandbox.company_records.families import make_accounts, make_entities, parents_at, roots
from abm_pipeline.sandbox.company_records.shares import DNB, JUNK, SALESFORCE, SHARES, SOURCES
from abm_pipeline.sandbox.company_records.words import DUNS_PLACEHOLDERS

KEY = ["source", "source_id"]


@pytest.fixture(scope="module")
def made() -> RecordSet:
    """Six thousand companies in three snapshots, about 27,000 records in the last."""
    return make(6000, 11)


def joined(made: RecordSet, snapshot: int) -> pd.DataFrame:
    """Records of a snapshot with their truth."""
    return made.records[snapshot - 1].merge(made.truth[snapshot - 1], on=KEY, validate="one_to_one")


def test_the_same_arguments_make_the_same_records() -> None:
    """Two calls agree in every frame; another seed gives other names."""
    one, two, other = make(300, 5), make(300, 5), make(300, 6)
    for field in ("records", "truth", "parents"):
        for left, right in zip(getattr(one, field), getattr(two, field), strict=True):
            pd.testing.assert_frame_equal(left, right)
    assert set(one.records[0]["name"].dropna()) != set(other.records[0]["name"].dropna())


def test_every_mess_is_planted_at_its_declared_share(made: RecordSet) -> None:
    """Planted counts lie within five standard deviations of eligible rows times share, and none is nought."""
    assert set(SHARES) == set(made.planted)
    for mess, (expected, variance, count) in made.planted.items():
        assert abs(count - expected) <= 5 * variance**0.5 + 1, mess
        assert count > 0, mess


def test_junk_is_counted_in_the_records(made: RecordSet) -> None:
    """JUNK is a share of the source's records about companies, over all snapshots."""
    all_time = pd.concat(made.truth).drop_duplicates(KEY)
    for code, share in enumerate(JUNK):
        mine = all_time[all_time["source"] == SOURCES[code]]
        junk = int((mine["kind"] == "junk").sum())
        assert abs(junk - share * (len(mine) - junk)) <= 0.03 * junk + 2


def test_shares_counted_in_the_records_themselves(made: RecordSet) -> None:
    """Placeholder DUNS in the CRM: 5% of those told; upper-case names at the bureau: 75%."""
    last = made.records[-1]
    crm = last.loc[last["source"] == SOURCES[SALESFORCE], "duns"].dropna()
    # A further 0.25% of records have a word for nothing there, which adds about 1.4% of those told.
    assert abs(crm.isin(DUNS_PLACEHOLDERS).mean() - SHARES["duns_placeholder"][SALESFORCE]) < 0.03
    latin = last.loc[last["source"] == SOURCES[DNB], "name"].dropna()
    latin = latin[latin.str.contains("[A-Za-z]{4}")]
    assert abs((latin == latin.str.upper()).mean() - SHARES["upper_case"][DNB]) < 0.05


def test_records_have_the_declared_columns(made: RecordSet) -> None:
    """Columns in order, no empty strings, lists null or with items, times in UTC and in order."""
    for records in made.records:
        assert list(records.columns) == COLUMNS
        texts = records.select_dtypes("string")
        assert not (texts == "").any().any()
        for name in ("additional_domains", "email_domains", "xref"):
            lengths = records[name].dropna().list.len()
            assert len(lengths) > 0
            assert lengths.min() >= 1
        assert str(records["created_at"].dt.tz) == "UTC"
        assert (records["created_at"] <= records["modified_at"]).all()


def test_every_record_has_one_truth(made: RecordSet) -> None:
    """Ids are unique in a source; records and truth name the same; an entity lies in one account, that in one group."""
    for records, truth in zip(made.records, made.truth, strict=True):
        assert not records[KEY].duplicated().any()
        assert records[KEY].equals(truth[KEY])
        assert truth.groupby("entity_id")["account_id"].nunique().max() == 1
        assert truth.groupby("account_id")["group_id"].nunique().max() == 1
        assert truth.notna().all().all()
        junk = truth[truth["kind"] == "junk"]
        assert not junk["account_id"].duplicated().any()


def test_parents_make_no_cycle_and_share_the_group(made: RecordSet) -> None:
    """An account has one parent at most; going up ends; both have the group of the top."""
    for truth, parents in zip(made.truth, made.parents, strict=True):
        assert not parents["child_account"].duplicated().any()
        above = dict(zip(parents["child_account"], parents["parent_account"], strict=True))
        group = dict(zip(truth["account_id"], truth["group_id"], strict=True))
        for child, parent in above.items():
            seen, at = {child}, parent
            while at in above:
                assert at not in seen
                seen.add(at)
                at = above[at]
            if child in group:
                assert "G" + at[1:] == group[child]


def test_roots_by_hand() -> None:
    """0 is the top of 1, and 1 of 2; 3 stands alone: roots 0, 0, 0, 3."""
    assert [0, 0, 0, 3] == roots(np.array([-1, 0, 1, -1])).tolist()


def test_snapshots_grow_and_remember(made: RecordSet) -> None:
    """More records each time, a few gone, the bureau in the third; a record keeps its account, some change name."""
    sizes = [len(records) for records in made.records]
    assert sizes == sorted(sizes)
    assert [False, False, True] == [bool((records["source"] == "dnb").any()) for records in made.records]
    both = joined(made, 1).merge(joined(made, 2), on=KEY, suffixes=("", "_later"))
    assert 0.95 * sizes[0] < len(both) < sizes[0]
    assert (both["account_id"] == both["account_id_later"]).all()
    assert (both["duns"].fillna("") == both["duns_later"].fillna("")).all()
    renamed = (both["name"].fillna("") != both["name_later"].fillna("")).mean()
    assert 0.01 < renamed < 0.10
    assert (both["group_id"] != both["group_id_later"]).any()


def test_acquisitions_add_parents(made: RecordSet) -> None:
    """Each snapshot has the parents of the one before and those of companies bought since."""
    pairs = [set(map(tuple, parents.to_numpy())) for parents in made.parents]
    assert pairs[0] < pairs[1] < pairs[2]


def test_families_have_all_kinds_and_entities_their_numbers() -> None:
    """Every kind of account is there; a DUNS stands for one entity; a child is bought or founded after its parent."""
    accounts = make_accounts(4000, 3, 3)
    entities = make_entities(accounts, 3)
    assert 9 == len(set(accounts.kind.tolist()))
    assert len(entities.duns) == len(set(entities.duns.tolist()))
    child = np.flatnonzero(parents_at(accounts, 3) >= 0)
    assert (accounts.parent[child] < child).all()
    assert (entities.account[entities.first] == np.arange(4000)).all()


def test_crm_has_duplicates_and_strangers_share_names(made: RecordSet) -> None:
    """Several CRM records of one entity are the rule, and one name stands for many accounts."""
    last = joined(made, 3)
    crm = last[last["source"] == "salesforce"]
    assert crm.groupby("entity_id").size().gt(1).mean() > 0.2
    assert last[last["kind"] == "stranger"].groupby("name")["account_id"].nunique().max() > 10


def test_a_brand_has_about_four_and_a_half_records(made: RecordSet) -> None:
    """Records in the last snapshot by company."""
    assert 4.0 < len(made.records[-1]) / 6000 < 5.0


def test_naive_keys_chain(made: RecordSet) -> None:
    """Joining on any shared domain makes one component of over a quarter of all records; no account is near that."""
    records = made.records[-1]
    largest = components(naive_keys(records)["domain"], len(records))[0]
    assert largest > 0.25 * len(records)
    assert made.truth[-1].groupby("account_id").size().max() < 0.03 * len(records)


def test_too_few_companies_are_refused() -> None:
    """Families and strangers need a hundred companies."""
    with pytest.raises(ValueError, match="at least 100"):
        make(99, 1)


def test_command_writes_parquet(tmp_path: Path) -> None:
    """Two snapshots give six files; lists are lists of strings; the description names the sources."""
    words = f"--companies 300 --seed 2 --snapshots 2 --describe --output {tmp_path}".split()
    result = CliRunner().invoke(main, words, catch_exceptions=False)
    assert 0 == result.exit_code
    assert "salesforce" in result.output
    assert 6 == len(list(tmp_path.glob("*.parquet")))
    schema = pq.read_schema(tmp_path / "records_2.parquet")
    assert COLUMNS == schema.names
    assert "list<" in str(schema.field("xref").type)
    assert "UTC" in str(schema.field("created_at").type)
    assert COLUMNS == list(pd.read_parquet(tmp_path / "records_2.parquet").columns)
