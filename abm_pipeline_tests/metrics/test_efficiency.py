"""Efficiency: hand-worked tables, the worked numbers of the catalogue, and the classic mistakes."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from abm_pipeline.contracts import tables as T
from abm_pipeline_tests.metrics.money import allocated, paid
from abm_pipeline_tests.metrics.world import D, World, at, day
from abm_pipeline_tests.metrics.world_pipeline import campaign, line

VALUES = (T.METRIC_VALUES, T.ACCOUNT_METRICS_DAILY)


@pytest.fixture(scope="module")
def returns(tmp_path_factory: pytest.TempPathFactory) -> World:
    """won.com cost 50 and bought for 200; open.com and lost.com cost 50 000 each and bought nothing; free.com bought
    for 1 000 and cost nothing. 30 more of cost are nobody's."""
    world = World(tmp_path_factory.mktemp("returns"))
    for name in ("won.com", "open.com", "lost.com", "free.com"):
        world.account(name, "one_to_one")
    world.deal("w", "won.com", "05-01", "06-01", won=True, amount=200)
    world.deal("o", "open.com", "05-01")
    world.deal("l", "lost.com", "05-01", "06-01")
    world.deal("f", "free.com", "05-01", "06-10", won=True, amount=1000)
    allocated(world, "05-01", 20, "won.com", tier="one_to_one")
    allocated(world, "05-02", 30, "won.com", tier="one_to_one", cost_category="event")
    allocated(world, "05-02", 50_000, "open.com", tier="one_to_one")
    allocated(world, "05-02", 50_000, "lost.com", tier="one_to_one")
    allocated(world, "05-02", 30)
    world.refresh(day("05-01"), D, tables=VALUES)
    return world


def test_return_of_accounts(returns: World) -> None:
    """(200 − 50) ÷ 50 = 300 %; 50 000 with nothing won is −100 %, open or lost; cost 0 has no return, not an endless
    one, and is in no sum: all (200 − 100 050) ÷ 100 050."""
    rows = {name: returns.account_row(f"{name}.com") for name in ("won", "open", "lost", "free")}
    assert [3, -1, -1, None] == [row["roi"] for row in rows.values()]
    assert [50, 50_000, 50_000, 0] == [row["cost_allocated"] for row in rows.values()]
    assert [3, -1, -1] == [returns.parts("account_roi", "outcome", o)[2] for o in ("won", "open", "lost")]
    assert (-99_850, 100_050) == returns.parts("account_roi")[:2]
    assert 3 == returns.cell("account_roi")["n"]


def test_cost_is_that_up_to_the_day(returns: World) -> None:
    """On 1 May won.com had cost 20, and had bought nothing yet: −100 %."""
    row = returns.account_row("won.com", day("05-01"))
    assert (20, -1) == (row["cost_allocated"], row["roi"])


def test_return_of_the_programme(returns: World) -> None:
    """Last 90 days: won 1 200 for 100 050 by listed accounts; with the 30 of nobody 100 080 in all."""
    assert (1200 - 100_050, 100_050) == returns.parts("program_roi", "program", "abm", window_days=90)[:2]
    assert (1200 - 100_080, 100_080) == returns.parts("program_roi", window_days=90)[:2]
    assert (-30, 30, -1) == returns.parts("program_roi", "program", "non_abm", window_days=90)
    assert 100_080 == returns.parts("allocated_cost", window_days=90)[2]
    assert 30 == returns.parts("allocated_cost", "cost_category", "event", window_days=90)[2]


def test_programme_roi_of_the_catalogue(world: World) -> None:
    """Won 200 000 in a year that cost 50 000: 300 %; cost and sale of the year before are in neither, and the quarter
    without any cost has no value."""
    world.account("a.com", "one_to_one")
    world.deal("d", "a.com", "2025-08-01", "2025-09-01", won=True, amount=200_000)
    world.deal("old", "a.com", "2025-01-01", "2025-06-30", won=True, amount=7)
    allocated(world, "2025-07-01", 50_000, "a.com", tier="one_to_one")
    allocated(world, "2025-06-30", 9, "a.com", tier="one_to_one")
    world.refresh(tables=VALUES)
    assert (150_000, 50_000, 3) == world.parts("program_roi", window_days=365)
    assert (0, 0, None) == world.parts("program_roi", window_days=90)


def test_acquisition_cost_of_the_catalogue(world: World) -> None:
    """500 000 in a year with 10 new customers is 50 000, above no benchmark of all. ABM only: 400 000 of it on listed
    accounts, 8 of them listed 1:1: 50 000, within 40 to 100 k.

    An account that has paid since 2024 and buys again is no new customer; nor is one with two first deals two.
    """
    for i in range(10):
        name = world.account(f"a{i}.com", "one_to_one" if i < 8 else None)
        world.deal(f"d{i}", name, "2025-08-01", "2025-09-01", won=True)
        world.deal(f"e{i}", name, "2025-08-01", "2025-09-02", won=True)
    world.account("old.com")
    paid(world, "old.com", 100, "2024-01-01")
    world.deal("old", "old.com", "2025-08-01", "2025-09-01", won=True)
    allocated(world, "2025-07-01", 400_000, "a0.com", tier="one_to_one")
    allocated(world, "2025-07-02", 100_000)
    world.refresh(tables=VALUES)
    assert (500_000, 10, 50_000) == world.parts("cac", window_days=365)
    assert (400_000, 8, 50_000) == world.parts("cac", "program", "abm", window_days=365)
    assert "within" == world.cell("cac", "tier", "one_to_one", window_days=365)["status"]
    assert (0, 0, None) == world.parts("cac", window_days=90)


def test_lagged_acquisition_cost(world: World) -> None:
    """A deal won in 10 days: the window of cost ends 10 days before the day, so the 5 000 of 25 June are not in it and
    the 300 of 2 days before the window are."""
    world.account("a.com", "one_to_one")
    world.deal("d", "a.com", "06-01", "06-11", won=True)
    allocated(world, "06-25", 5000, "a.com", tier="one_to_one")
    allocated(world, "2026-03-31", 300, "a.com", tier="one_to_one")
    world.refresh(tables=VALUES)
    assert (5000, 1, 5000) == world.parts("cac", window_days=90)
    assert (300, 1, 300) == world.parts("cac", "cost_timing", "lagged", window_days=90)


def test_lifetime_value_to_cost_and_payback(tmp_path: Path) -> None:
    """One customer since 1 July 2025 pays 1 000 a month; as of 30 June 364 days = 11.967 months so far, so a value of
    11 967.12. It cost 12 000 to win: 0.997, below 3, and 12 months to repay. With a margin of 0.5: 24 months.

    By sales: one deal of 700 in the year, one customer, 0.997 years: 698.08.
    """
    by_sales = "presets: {clv: transactional}"
    plain, halved = World(tmp_path / "a"), World(tmp_path / "b", "customers: {gross_margin: 0.5}\n" + by_sales)
    for world in (plain, halved):
        world.account("a.com", "one_to_one")
        paid(world, "a.com", 1000, "2025-07-01")
        world.deal("d", "a.com", "2025-07-01", "2025-07-02", won=True, amount=700)
        allocated(world, "2025-07-01", 12_000, "a.com", tier="one_to_one")
        world.refresh(tables=VALUES)
    assert 11_967.1233 == round(plain.parts("clv")[2], 4)
    assert (0.9973, "below") == (round(plain.parts("ltv_cac")[2], 4), plain.cell("ltv_cac")["status"])
    assert [12, 24] == [world.parts("payback")[2] for world in (plain, halved)]
    assert 698.0822 == round(halved.parts("clv")[2] * 2, 4)


def test_cost_for_an_engaged_account(world: World) -> None:
    """9 000 on listed accounts in 90 days, 3 of 4 engaged: 3 000; cost on others, and engaged ones off the list, are
    not in it. By tier 6 000 ÷ 2 and 3 000 ÷ 1."""
    for name, tier in (("a", "one_to_one"), ("b", "one_to_one"), ("c", "one_to_few"), ("d", "one_to_few"), ("e", None)):
        world.score(world.account(f"{name}.com", tier), "06-30", 5 if name == "d" else 50)
    allocated(world, "06-01", 6000, "a.com", tier="one_to_one")
    allocated(world, "06-01", 3000, "d.com", tier="one_to_few")
    allocated(world, "06-01", 777, "e.com")
    allocated(world, "2026-04-01", 5, "a.com", tier="one_to_one")
    world.refresh(tables=VALUES)
    assert (9000, 3, 3000) == world.parts("cost_per_engaged_account")
    assert (3000, 1, 3000) == world.parts("cost_per_engaged_account", "tier", "one_to_few")


def test_lift_of_personal_campaigns(world: World) -> None:
    """6 of 10 deals won that were reached by campaigns for the account, 3 of 10 by generic ones: +30 points, interval
    −12 to +60 (Newcombe); deals reached by none count in neither. The 10 accounts cost 900 each against 400: 500."""
    for level in ("account", "generic"):
        known = {"campaign_id": f"crm:{level}", "source": "crm", "campaign_name": level, "personalisation": level}
        world.rows["facts.campaign"].append({**known, "channel": "email"})
    for i in range(20):
        name = world.account(f"a{i}.com", "one_to_one")
        level = "account" if i < 10 else "generic"
        world.touch(name, "05-20", campaign_id=f"crm:{level}")
        world.deal(f"d{i}", name, "06-01", "06-10", won=i < 6 or i in (11, 12, 13))
        allocated(world, "05-20", 900 if i < 10 else 400, name, tier="one_to_one")
    world.deal("x", world.account("none.com", "one_to_one"), "06-01", "06-10", won=True)
    world.refresh(tables=VALUES)
    row = world.cell("personalisation_lift", "personalisation", "account")
    assert [0.3, -0.1177, 0.6011, 10] == [round(row[c], 4) for c in ("value", "ci_low", "ci_high", "n")]
    assert (900, 400, 500) == world.parts("personalisation_cost")


def test_expansion_against_cost(world: World) -> None:
    """An upsell of 3 000 and a cross-sell of 2 000 won in June, a renewal of 9 000 and one of a year ago: 5 000. Of 4
    won deals in 90 days 2 are add-ons, and 2 are of an account that had bought before. ABM cost 10 000: 0.5."""
    world.account("a.com", "one_to_one")
    world.account("b.com", "one_to_one")
    world.deal("first", "a.com", "2025-01-01", "2025-02-01", won=True)
    more = {"deal_type": "expansion"}
    world.deal("up", "a.com", "06-01", "06-10", won=True, amount=3000, kind="upsell", **more)
    world.deal("cross", "a.com", "06-01", "06-11", won=True, amount=2000, kind="cross_sell", **more)
    world.deal("lost", "a.com", "06-01", "06-11", amount=99, kind="upsell", **more)
    world.deal("old", "b.com", "2025-04-01", "2025-06-30", won=True, amount=70, kind="upsell", **more)
    world.deal("new", world.account("c.com", "one_to_one"), "06-01", "06-10", won=True, amount=9000)
    world.deal("renewal", world.account("d.com", "one_to_one"), "06-01", "06-10", won=True, deal_type="renewal")
    allocated(world, "06-01", 10_000, "a.com", tier="one_to_one")
    world.refresh(tables=VALUES)
    assert 5000 == world.parts("expansion_revenue", window_days=90)[2]
    kinds = [world.parts("expansion_revenue", "kind", kind, window_days=90)[2] for kind in ("upsell", "cross_sell")]
    assert [3000, 2000] == kinds
    assert (2, 4, 0.5) == world.parts("add_on_share") == world.parts("repeat_rate")
    assert (5000, 10_000, 0.5) == world.parts("expansion_to_cost", window_days=90)


def test_kind_of_expansion_by_what_was_sold(world: World) -> None:
    """Platform was bought in 2025. In June more of it for 30 is an upsell, Platform with Services for 50 a cross-sell,
    and a deal of 7 without lines neither. The services line was told on 20 June: on the 15th the 50 have no kind."""
    world.account("a.com", "one_to_one")
    sold = {"first": ("Platform",), "more": ("Platform",), "services": ("Platform", "Services"), "bare": ()}
    for name, amount in (("first", 900), ("more", 30), ("services", 50), ("bare", 7)):
        created, closed = ("2025-01-01", "2025-02-01") if name == "first" else ("06-01", "06-10")
        deal_type = "new" if name == "first" else "expansion"
        world.deal(f"crm:{name}", "a.com", created, closed, won=True, amount=amount, deal_type=deal_type, kind="none")
        for category in sold[name]:
            told = "06-20" if name == "services" else "06-01"
            line(world, f"crm:{name}", category, 1, when=told)
    world.refresh(day("06-15"), D, tables=VALUES)

    def kinds(as_of: date) -> dict[str, float]:
        where = f"metric = 'expansion_revenue' AND dimension = 'kind' AND window_days = 90 AND as_of = '{as_of}'"
        return {row["dimension_value"]: row["value"] for row in world.read(T.METRIC_VALUES, where)}

    assert {"upsell": 30, "none": 57} == kinds(day("06-15"))
    assert {"upsell": 30, "cross_sell": 50, "none": 7} == kinds(D)


def test_a_tier_move_splits_no_cost_twice(world: World) -> None:
    """An account of 1:few in May, 1:1 since June, cost 10 and 30: each in the tier of its day, 40 together."""
    world.account("a.com")
    world.tier("a.com", "one_to_few", "2026-05-01", "2026-06-01")
    world.tier("a.com", "one_to_one", "2026-06-01")
    world.rows["facts.cost"] += [
        {"day": day(when), "cost_id": when, "source": "files", "cost_category": "tool", "company_key": "domain:a.com",
         "amount": amount, "currency": "USD", "amount_reporting": amount}
        for when, amount in (("05-10", 10), ("06-10", 30))
    ]  # fmt: skip
    world.refresh(tables=(T.COST_ALLOCATION, *VALUES))
    by_tier = {
        tier: world.parts("program_roi", "tier", tier, window_days=90)[1] for tier in ("one_to_few", "one_to_one")
    }
    assert {"one_to_few": 10, "one_to_one": 30} == by_tier
    assert 40 == world.parts("program_roi", window_days=90)[1]


def test_returns_ignore_deals_that_are_no_longer_won(world: World) -> None:
    """Won on 10 June for 500, reopened on the 20th: on the 15th the quarter's return counts it, on the 30th not."""
    world.account("a.com", "one_to_one")
    world.deal("d", "a.com", "05-01", "06-10", won=True, amount=500)
    won = world.rows["facts.deal"][-1]
    won["valid_to"] = at(day("06-20"))
    again = {"is_won": False, "is_closed": False, "closed_day": None, "stage": "Discovery", "valid_to": None}
    world.rows["facts.deal"].append({**won, **again, "valid_from": at(day("06-20"))})
    allocated(world, "06-01", 100, "a.com", tier="one_to_one")
    world.refresh(day("06-15"), D, tables=VALUES)
    assert [400, -100] == [world.parts("program_roi", window_days=90, as_of=each)[0] for each in (day("06-15"), D)]


def test_revenue_is_not_fanned_out(world: World) -> None:
    """One deal won for 100 000, of an account with three people, two records and four ABM campaigns that it met again
    and again: 100 000 once in every sum, whatever it is joined with, and one deal."""
    world.account("a.com", "one_to_one")
    world.member("a.com", "crm", "a")
    for i in range(4):
        campaign(world, f"crm:c{i}", "04-01", "account")
        for who in ("p0", "p1", "p2"):
            world.touch("a.com", f"04-{10 + i}", "event_attended", who, campaign_id=f"crm:c{i}")
    for who in ("p0", "p1", "p2"):
        world.person(who, "a.com")
    world.deal("d", "a.com", "05-01", "06-01", won=True, amount=100_000)
    allocated(world, "05-01", 40_000, "a.com", tier="one_to_one")
    world.refresh(tables=(T.DEAL_CREDIT, *VALUES))

    once = {
        "deal_size": (100_000, 1),
        "win_rate": (1, 1),
        "rep_sales": (100_000, 1),
        "sourced_pipeline": (100_000,) * 2,
    }
    assert once == {metric: world.parts(metric)[:2] for metric in once}
    assert (1, 1) == world.parts("win_rate", "personalisation", "account")[:2]
    assert (100_000, 100_000, 100_000) == world.parts("influenced_revenue")
    assert 100_000 == world.parts("attribution_revenue", window_days=90)[1]
    assert (60_000, 40_000) == world.parts("program_roi", window_days=90)[:2] == world.parts("account_roi")[:2]
    assert 100_000 == world.account_row("a.com")["won_revenue"]
