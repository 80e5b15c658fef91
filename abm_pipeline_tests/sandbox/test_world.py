"""The world: same seed same world, an earlier clock is a prefix, planted effects and mess are there."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from abm_pipeline.sandbox.salesforce.objects import OBJECTS
from abm_pipeline.sandbox.salesforce.soql import parse
from abm_pipeline.sandbox.salesforce.store import Store, long_id
from abm_pipeline.sandbox.world import World, build_world, write_truth
from abm_pipeline.sandbox.world.tables import salesforce_ids
from abm_pipeline_tests.sandbox.conftest import UNTIL


def served(world: World, name: str) -> dict[str, str]:
    """Every record of an object as JSON text by id, `IsArchived` (which ages by itself) left out."""
    fields = [field for field in OBJECTS[name] if field != "IsArchived"]
    store = Store(world)
    query = parse(f"SELECT {', '.join(fields)} FROM {name}")
    rows = store.select(query, include_deleted=True)
    ids = store.tables[name].columns["Id"][rows].tolist()
    return dict(zip(ids, store.records(query, rows, "62.0"), strict=True))


def test_same_arguments_make_the_same_world(tiny: World) -> None:
    """Two builds with one seed serve the same bytes; another seed serves others."""
    again, other = build_world("tiny", 7, UNTIL), build_world("tiny", 8, UNTIL)
    for name in OBJECTS:
        assert served(tiny, name) == served(again, name)
    assert served(tiny, "Account") != served(other, "Account")
    assert np.array_equal(tiny.ads.delivery.cost, again.ads.delivery.cost)


@pytest.mark.parametrize("days", [1, 20, 75])
def test_an_earlier_clock_is_a_prefix(tiny: World, days: int) -> None:
    """Untouched since D1: the same at D2. What was there at D1 is still there unless purged or hard-deleted."""
    later = {name: served(tiny, name) for name in OBJECTS}
    past = build_world("tiny", 7, UNTIL)
    past.set_clock(UNTIL - dt.timedelta(days=days))
    for name in OBJECTS:
        earlier = served(past, name)
        table, seen = tiny.tables[name], tiny.tables[name].visible(tiny.instant)
        old = seen[table.valid_from[seen] <= past.instant]
        for ident in table.columns["Id"][old]:
            assert earlier[ident] == later[name][ident]
        vanished = set(earlier) - set(later[name])
        gone = np.isin(table.columns["Id"].astype(str), list(vanished))
        assert all(table.valid_to[gone].reshape(-1) <= tiny.instant)


def test_the_clock_stays_in_the_timeline(tiny: World) -> None:
    """Sixty days ahead is the horizon; a day more is refused."""
    with pytest.raises(ValueError, match="the clock of this world"):
        build_world("tiny", 7, UNTIL).set_clock(UNTIL + dt.timedelta(days=61))


def test_planted_effects_show_in_the_demo(demo: World) -> None:
    """Closed deals: listed win about 0.38 against 0.22, for about 2.3 times the money."""
    deals = demo.truth["deal"]
    deals = deals[deals["is_closed"] & ~deals["is_deleted"]]
    listed = deals["is_listed_at_creation"]
    assert deals.loc[listed, "is_won"].mean() == pytest.approx(0.38, abs=0.05)
    assert deals.loc[~listed, "is_won"].mean() == pytest.approx(0.22, abs=0.05)
    won = deals[deals["is_won"]].groupby("is_listed_at_creation")["amount_usd"].mean()
    assert won[True] / won[False] == pytest.approx(2.3, abs=0.4)


def test_the_demo_has_the_promised_size(demo: World) -> None:
    """About 400 target accounts of 1,600 companies, 7.5 to 10 thousand contacts, 45 to 95 thousand activities."""
    count = {name: len(table.visible(demo.instant)) for name, table in demo.tables.items()}
    targets = demo.truth["tier"]
    assert 340 <= targets[targets["valid_to"].isna()]["company_id"].nunique() <= 400
    assert 7_500 <= count["Contact"] <= 10_000
    assert 45_000 <= count["Task"] + count["Event"] + count["CampaignMember"] <= 95_000
    assert 1_200 <= count["Opportunity"] <= 1_800
    assert 4_000 <= count["OpportunityHistory"] <= 7_000


def test_what_the_programme_does_follows_its_reach(demo: World) -> None:
    """Nobody touches a company that it does not get to; every source touches those of more reach more, a company."""
    touch = demo.truth["touch"]
    reach = pd.Series(demo.companies.reach, demo.companies.company_id)
    each = touch.groupby(["source", touch.company_id.map(reach)]).size().unstack(fill_value=0)

    assert sorted(reach[reach > 0].unique()) == each.columns.tolist()
    assert (each / reach.value_counts()[each.columns]).T.apply(lambda rate: rate.is_monotonic_increasing).all()


def test_the_mess_is_there(demo: World) -> None:
    """Merges, deletions, late edits, an unknown currency, a close before create, useless websites, shared domains."""
    accounts, deals = demo.tables["Account"], demo.tables["Opportunity"]
    seen = accounts.visible(demo.instant)
    assert any(winner is not None for winner in accounts.columns["MasterRecordId"][seen])
    assert {"n/a", "localhost"} & set(accounts.columns["Website"][seen].tolist())
    assert sum(site is None for site in accounts.columns["Website"][seen]) > 20
    assert (demo.companies.agency >= 0).sum() == 9
    seen = deals.visible(demo.instant)
    columns = {name: values[seen] for name, values in deals.columns.items()}
    assert list(columns["CurrencyIsoCode"]).count("XTS") == 1
    early = columns["IsClosed"] & (columns["CloseDate"] < columns["CreatedDate"] // 86_400)
    assert early.sum() == 1
    # the recycle bin holds a deal for 15 days only
    bins = [deals.columns["IsDeleted"][deals.visible(demo.instant - days * 86_400)] for days in range(0, 120, 10)]
    assert any(deleted.any() for deleted in bins)
    tasks = demo.tables["Task"]
    seen = tasks.visible(demo.instant)
    late = tasks.columns["SystemModstamp"][seen] // 86_400 > tasks.columns["ActivityDate"][seen] + 1
    assert 0.03 < late.mean() < 0.12


def test_hard_records_touch_nothing_that_is_measured(demo: World) -> None:
    """Records of CRMs and LinkedIn that share no key belong only to companies never listed and without deals.

    What bills, supports or lists by name only adds nothing to what is measured of an account.
    """
    records, deals = demo.truth["record_company"], demo.truth["deal"]
    records = records[records.source.isin(["salesforce", "hubspot", "linkedin"])]
    hard = set(records.loc[records["is_hard"] & (records["object"] != "domain"), "company_id"])
    companies = demo.truth["company"]
    measured = set(companies.loc[companies["is_ever_target"], "company_id"])
    accounts = records[records["is_hard"] & (records["object"] == "Account")]
    assert not measured & hard
    assert not set(accounts["company_id"]) & set(deals["company_id"])


def test_truth_is_written(tiny: World, tmp_path) -> None:  # type: ignore[no-untyped-def]
    """Every table as Parquet, the parameters as JSON too."""
    write_truth(tiny, tmp_path)
    assert (tmp_path / "planted.json").exists()
    assert {path.stem for path in tmp_path.glob("*.parquet")} == set(tiny.truth)


def test_ids_carry_the_right_checksum() -> None:
    """0010000000000Aa has capitals only in its third block (bit 3): marks A, A, I."""
    assert long_id("0010000000000Aa") == "0010000000000AaAAI"
    made = salesforce_ids("001", np.array([0, 61, 62, 12_345]))
    assert all(long_id(ident[:15]) == ident for ident in made)


def test_another_until_of_the_same_half_year_is_the_same_world() -> None:
    """A sandbox started again a month later shows what it showed, and a month more."""
    earlier, later = (build_world("tiny", 7, until) for until in (dt.date(2026, 5, 31), dt.date(2026, 6, 30)))

    later.set_clock(dt.date(2026, 5, 31))
    pd.testing.assert_frame_equal(earlier.truth["touch"], later.truth["touch"])
    pd.testing.assert_frame_equal(earlier.truth["deal"], later.truth["deal"])
