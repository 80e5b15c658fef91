"""Metrics of deals: hand-worked tables, the worked numbers of the catalogue, and the classic mistakes."""

from __future__ import annotations

from datetime import timedelta

from abm_pipeline.contracts import tables as T
from abm_pipeline_tests.metrics.world import World, day

VALUES = (T.METRIC_VALUES,)


def test_velocity_of_the_catalogue(world: World) -> None:
    """18 open deals × 42 000 × 0.24 ÷ 78 days = 2 326.15 per day.

    25 deals closed in the window, 6 of them won for 42 000 each, 78 days after they were created (24 March to 10 June);
    the 19 lost ones took 9 days and do not count for the cycle.
    """
    world.account("a.com", "one_to_one")
    for i in range(18):
        world.deal(f"open{i}", "a.com", "06-01", amount=1)
    for i in range(6):
        world.deal(f"won{i}", "a.com", "03-24", "06-10", won=True, amount=42_000)
    for i in range(19):
        world.deal(f"lost{i}", "a.com", "06-01", "06-10", amount=7)
    world.refresh(tables=VALUES)

    row = world.cell("pipeline_velocity")
    assert (181_440, 78, 2326.15) == (round(row["numerator"], 6), row["denominator"], round(row["value"], 2))
    assert (25, False) == (row["n"], row["low_sample"])
    assert (6, 25, 0.24) == world.parts("win_rate")


def test_velocity_is_as_of_the_day(world: World) -> None:
    """Asked for 15 June, after the fact: the deal of the 20th was not yet there, that lost on the 18th was open.

    Two open × 1 000 × 1/1 ÷ 10 days = 200 per day; on the 30th one open × 1 000 × 1/2 ÷ 10 = 50.
    """
    world.account("a.com", "one_to_one")
    world.deal("won", "a.com", "06-01", "06-11", won=True, amount=1000)
    world.deal("lost later", "a.com", "06-05", "06-18")
    world.deal("still open", "a.com", "06-06", "07-15")
    world.deal("comes later", "a.com", "07-01")
    world.refresh(day("06-15"), day("06-30"), tables=VALUES)

    assert (2000, 10, 200) == world.parts("pipeline_velocity", as_of=day("06-15"))
    assert (500, 10, 50) == world.parts("pipeline_velocity", as_of=day("06-30"))


def test_how_sure_velocity_is(world: World) -> None:
    """Won for 100 after 10 days and for 300 after 30, two lost, one open: 1 × 200 × 0.5 ÷ 20 = 5 a day.

    Squares of the deals' parts in the logarithm: size 100 000/400² − 1/2 = 0.125, win rate 1/2 − 1/4 = 0.25, cycle
    1 000/40² − 1/2 = 0.125, less twice what size and cycle have in common, 0.125 (the large deal was the long one):
    0.25, × 4/3 = 0.3333. exp(1.96 × √0.3333) = 3.1006: from 1.6126 to 15.5028. Nothing is known from a single deal.
    """
    world.account("a.com", region="EMEA")
    world.deal("open", "a.com", "06-01")
    for name, closed, amount in (("small", "06-11", 100), ("large", "07-01", 300)):
        world.deal(name, "a.com", "06-01", closed, won=True, amount=amount)
    for name in ("x", "y"):
        world.deal(name, "a.com", "06-01", "06-05")
    world.account("b.com", region="US")
    world.deal("b open", "b.com", "06-01")
    world.deal("b", "b.com", "06-01", "06-11", won=True)
    as_of = day("07-01")
    world.refresh(as_of, tables=VALUES)
    cells = [world.cell("pipeline_velocity", "region", region, as_of=as_of) for region in ("EMEA", "US")]
    assert (5.0, 1.6126, 15.5028) == tuple(round(cells[0][key], 4) for key in ("value", "ci_low", "ci_high"))
    assert (100.0, None) == (cells[1]["value"], cells[1]["ci_low"])


def test_velocity_by_programme_and_its_ratio(world: World) -> None:
    """ABM: 2 open × 4 000 × 1/1 ÷ 20 = 400 per day; others: 1 × 1 000 × 1/2 ÷ 10 = 50; ratio 8."""
    world.account("abm.com", "one_to_one")
    world.account("other.com")
    world.deal("a1", "abm.com", "06-01")
    world.deal("a2", "abm.com", "06-01")
    world.deal("a3", "abm.com", "05-21", "06-10", won=True, amount=4000)
    world.deal("o1", "other.com", "06-01")
    world.deal("o2", "other.com", "06-01", "06-11", won=True, amount=1000)
    world.deal("o3", "other.com", "06-01", "06-11")
    world.refresh(tables=VALUES)

    assert 400 == world.parts("pipeline_velocity", "program", "abm")[2]
    assert 50 == world.parts("pipeline_velocity", "program", "non_abm")[2]
    assert (400, 50, 8) == world.parts("pipeline_velocity_ratio")
    assert (1, "above") == (world.cell("pipeline_velocity_ratio")["n"], world.cell("pipeline_velocity_ratio")["status"])


def test_a_deal_closed_before_it_was_created_has_no_cycle(world: World) -> None:
    """Won deals of 10 days and, by an error in the books, of −5: the mean cycle is 10, not 2.5; the run counts one."""
    world.account("a.com", "one_to_one")
    world.deal("right", "a.com", "06-01", "06-11", won=True)
    world.deal("wrong", "a.com", "06-10", "06-05", won=True)
    reports = world.refresh(tables=VALUES)

    assert 10 == world.parts("pipeline_velocity")[1]
    assert 1 == reports["metric_values"].notes["deals_closed_before_created"]


def test_open_deals_are_not_in_the_win_rate(world: World) -> None:
    """One won, one lost, three open: 1 ÷ 2, not 1 ÷ 5."""
    world.account("a.com", "one_to_one")
    world.deal("won", "a.com", "05-01", "06-01", won=True)
    world.deal("lost", "a.com", "05-01", "06-01")
    for i in range(3):
        world.deal(f"open{i}", "a.com", "05-01")
    world.refresh(tables=VALUES)

    assert (1, 2, 0.5) == world.parts("win_rate")
    assert world.cell("win_rate")["low_sample"] is True


def test_the_window_of_closed_deals(world: World) -> None:
    """Closed on 2 April is the first day of the 90 to 30 June; closed on 1 April is before it."""
    world.account("a.com", "one_to_one")
    world.deal("in", "a.com", "03-01", "04-02", won=True)
    world.deal("out", "a.com", "03-01", "04-01")
    world.refresh(tables=VALUES)

    assert (1, 1) == world.parts("win_rate")[:2]


def test_a_deal_counts_in_the_tier_of_its_creation(world: World) -> None:
    """Created when the account was 1:few, won after it had moved to 1:1: one deal of 1:few, none of 1:1; a deal
    created before the account was listed is no ABM deal."""
    world.account("a.com")
    world.tier("a.com", "one_to_few", "2026-04-01", "2026-06-01")
    world.tier("a.com", "one_to_one", "2026-06-01")
    world.deal("d", "a.com", "05-01", "06-20", won=True)
    world.deal("before", "a.com", "03-01", "06-20")
    world.refresh(tables=VALUES)

    rows = world.read(T.METRIC_VALUES, "metric = 'win_rate' AND dimension = 'tier'")
    assert {"one_to_few": (1, 1), "none": (0, 1)} == {
        row["dimension_value"]: (row["numerator"], row["denominator"]) for row in rows
    }
    assert (0, 1) == world.parts("win_rate", "program", "non_abm")[:2]
    assert "above" == world.cell("win_rate", "tier", "one_to_few")["status"]


def test_win_rate_by_quintile_at_creation(world: World) -> None:
    """In the top fifth when the deal was created, in none today: the deal counts in quintile 5."""
    world.account("a.com", "one_to_one")
    world.score("a.com", "05-01", 80, 0.95)
    world.score("a.com", "06-30", 0, 0.1)
    world.deal("d", "a.com", "05-01", "06-20", won=True)
    world.deal("unscored", "a.com", "05-02", "06-20")
    world.refresh(tables=VALUES)

    rows = world.read(T.METRIC_VALUES, "metric = 'win_rate' AND dimension = 'engagement_quintile'")
    assert {"5": 1.0, "unknown": 0.0} == {row["dimension_value"]: row["value"] for row in rows}


def test_deal_sizes_and_their_ratio(world: World) -> None:
    """Won from the list: 10 000, 20 000, 60 000: mean 30 000, median 20 000; from others 8 000 and 12 000: 10 000.

    Over all: 110 000 ÷ 5 = 22 000, median 12 000; ratio 3, within 2 to 3. Lost and open deals have no part in it.
    The variance of the ratio's logarithm is 3/2 (41/81 − 1/3) + 2/1 (208/400 − 1/2) = 0.29926: from 3 ÷ 2.9218 to
    3 × 2.9218.
    """
    world.account("abm.com", "one_to_one")
    world.account("other.com")
    for i, (account, amount) in enumerate(
        [("abm.com", 10_000), ("abm.com", 20_000), ("abm.com", 60_000), ("other.com", 8_000), ("other.com", 12_000)]
    ):
        world.deal(f"d{i}", account, "05-01", "06-01", won=True, amount=amount)
    world.deal("lost", "abm.com", "05-01", "06-01", amount=999_999)
    world.deal("open", "abm.com", "05-01", amount=999_999)
    world.refresh(tables=VALUES)

    assert (90_000, 3, 30_000) == world.parts("deal_size", "program", "abm")
    assert (110_000, 5, 22_000) == world.parts("deal_size")
    assert (20_000, 12_000) == (
        world.cell("deal_size_median", "program", "abm")["value"],
        world.cell("deal_size_median")["value"],
    )
    assert (30_000, 10_000, 3) == world.parts("deal_size_ratio")
    ratio = world.cell("deal_size_ratio")
    assert (2, "within") == (ratio["n"], ratio["status"])
    assert (1.0268, 8.7653) == (round(ratio["ci_low"], 4), round(ratio["ci_high"], 4))


def test_large_amounts_have_an_interval(world: World) -> None:
    """Won for 2 and 4 million: mean 3 million, s = √2 million, t(1) = 12.7062: ± 12.7062 million."""
    for i, amount in enumerate((2_000_000, 4_000_000)):
        world.deal(f"d{i}", None, "05-01", "06-01", won=True, amount=amount)
    world.refresh(tables=VALUES)

    row = world.cell("deal_size")
    assert (3_000_000, -9.706205, 15.706205) == (row["value"], *(round(row[c] / 1e6, 6) for c in ("ci_low", "ci_high")))


def test_amounts_of_several_currencies_are_not_added(world: World) -> None:
    """100 EUR worth 110 USD and 100 USD: mean 105 USD. 100 in a currency without a rate is in neither sum nor count,
    and the run says so; the deal is won all the same."""
    world.account("a.com", "one_to_one")
    world.deal("usd", "a.com", "05-01", "06-01", won=True, amount=100)
    world.deal("eur", "a.com", "05-01", "06-01", won=True, amount=100, currency="EUR", amount_reporting=110)
    world.deal("xyz", "a.com", "05-01", "06-01", won=True, amount=100, currency="XYZ", amount_reporting=None)
    reports = world.refresh(tables=VALUES)

    assert (210, 2, 105) == world.parts("deal_size")
    assert (3, 3) == world.parts("win_rate")[:2]
    assert 1 == reports["metric_values"].notes["deals_unconverted"]


def test_a_deal_of_no_known_account_is_not_lost(world: World) -> None:
    """Its company is not resolved: it counts in `all` and among non-ABM deals, and the run says so."""
    world.deal("d", None, "05-01", "06-01", won=True)
    reports = world.refresh(tables=VALUES)

    assert (1, 1) == world.parts("win_rate")[:2] == world.parts("win_rate", "program", "non_abm")[:2]
    assert 1 == reports["metric_values"].notes["deals_without_account"]


def test_the_reporting_zone_decides_the_day(world: World) -> None:
    """A deal created at 12:00 UTC on 30 June belongs, in Auckland, to 1 July: it is not open on 30 June there."""
    world.account("a.com", "one_to_one")
    world.deal("d", "a.com", "06-30")
    (world.settings.config / "programme.yaml").write_text("reporting_timezone: Pacific/Auckland\n")
    world.refresh(day("06-30"), day("07-01"), tables=(T.ACCOUNT_METRICS_DAILY,))

    assert [0, 1] == [world.account_row("a.com", day(text))["open_deals"] for text in ("06-30", "07-01")]


def test_engaged_to_opportunity_of_the_catalogue(world: World) -> None:
    """100 accounts first engaged on 1 March, 15 of them open a deal in 90 days: 15 % on 30 May (day 90).

    5 deals come on day 0, 4 on day 30, one on day 31, 5 on day 90 and one on day 91, which is too late: 9 in 30 days,
    known from 31 March on, 10 in 60, and 15 in 90.
    """
    world.score(world.account("old.com"), "02-28", 1)
    start = day("03-01")
    lags = [0] * 5 + [30] * 4 + [31] + [90] * 5 + [91]
    for i in range(100):
        account = world.account(f"a{i:03}.com", "one_to_one")
        world.score(account, "03-01", 50)
        if i < len(lags):
            world.deal(f"d{i}", account, str(start + timedelta(days=lags[i])))
    days = {follow_up: start + timedelta(days=follow_up) for follow_up in (30, 60, 90)}
    world.refresh(*days.values(), tables=VALUES)

    expected = {30: (9, 100, 0.09), 60: (10, 100, 0.10), 90: (15, 100, 0.15)}
    assert expected == {
        f: world.parts("engagement_to_opportunity", as_of=as_of, window_days=f) for f, as_of in days.items()
    }
    by_tier = world.parts("engagement_to_opportunity", "tier", "one_to_one", as_of=days[90], window_days=90)
    assert (15, 100, 0.15) == by_tier
    assert "within" == world.cell("engagement_to_opportunity", as_of=days[90], window_days=90)["status"]


def test_a_cohort_waits_until_everyone_had_the_time(world: World) -> None:
    """First engaged on 1 March: for a follow-up of 30 days nobody on 30 March, in the cohort from 31 March to 28 June
    (90 days), and out of it on 29 June. An account engaged on the first day with scores began nobody knows when."""
    world.score(world.account("before.com", "one_to_one"), "02-28", 50)
    world.score(world.account("a.com", "one_to_one"), "03-01", 50)
    days = [day(text) for text in ("03-30", "03-31", "06-28", "06-29")]
    world.refresh(*days, tables=VALUES)

    assert [0, 1, 1, 0] == [world.parts("engagement_to_opportunity", as_of=each, window_days=30)[1] for each in days]
