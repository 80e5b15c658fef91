"""Retention and what customers say: hand-worked tables, the worked numbers of the catalogue, and classic mistakes."""

from __future__ import annotations

import pytest

from abm_pipeline.contracts import tables as T
from abm_pipeline.defs.checks import CHECKS, evaluate
from abm_pipeline_tests.metrics.money import answer, paid, referral, review, ticket, usage
from abm_pipeline_tests.metrics.world import D, World, day

VALUES = (T.METRIC_VALUES, T.ACCOUNT_METRICS_DAILY)
THEN = "2025-06-30"
"""A year before D, the start of its window."""


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> World:
    """100 customers of 10 a month a year ago, in the USA or EMEA; 10 have left since; 30 new ones pay 50 each.

    Of the 90, the first ten pay 15 now, the next ten 8; c99, one of those that left, came back for 12 in June. Hence
    89 pay still: 9 lost for good, 1 back. One of the new ones, n0, left again.
    """
    world = World(tmp_path_factory.mktemp("kept"))
    for i in range(100):
        name = world.account(f"c{i}.com", "one_to_one" if i % 2 else None, region="US" if i < 50 else "EMEA")
        ends = "2026-03-01" if i >= 90 else "2026-01-01" if i < 20 else None
        paid(world, name, 10, "2024-01-01", ends)
        if i < 20:
            paid(world, name, 15 if i < 10 else 8, "2026-01-01")
    paid(world, "c99.com", 12, "2026-06-01")
    for i in range(30):
        paid(world, world.account(f"n{i}.com"), 50, "2025-09-01", "2026-02-01" if i == 0 else None)
    world.refresh(day("2026-05-31"), D, tables=VALUES)
    return world


def test_retention_of_the_catalogue(kept: World) -> None:
    """On 31 May 90 of 100 are still there: 90 %, and churn 10 %. The 29 new logos are in neither part."""
    then = day("05-31")
    assert (90, 100, 0.9) == kept.parts("retention_rate", window_days=365, as_of=then)
    assert (10, 100, 0.1) == kept.parts("churn_rate", window_days=365, as_of=then)
    assert (100, 1000, 0.1) == kept.parts("revenue_churn_rate", window_days=365, as_of=then)


def test_who_came_back_has_not_churned(kept: World) -> None:
    """On 30 June c99 is there again: 91 of 100; by region 50 of 50 and 41 of 50."""
    assert (91, 100, 0.91) == kept.parts("retention_rate", window_days=365)
    assert (50, 50, 1) == kept.parts("retention_rate", "region", "US", window_days=365)
    assert (9, 50) == kept.parts("churn_rate", "region", "EMEA", window_days=365)[:2]


def test_revenue_retention(kept: World) -> None:
    """Of 1 000 a year ago: ten pay 15, ten 8, seventy 10, one 12, nine 0. Net 150 + 80 + 700 + 12 = 942; gross counts
    nobody above 10: 100 + 80 + 700 + 10 = 890. The 1 450 of new customers are in neither."""
    assert (942, 1000, 0.942) == kept.parts("nrr")
    assert (890, 1000, 0.89) == kept.parts("grr")


def test_movements_add_up(kept: World) -> None:
    """In a year: new 29 × 50, expansion 10 × 5 + 2, contraction 10 × −2, churn 9 × −10, flat 0 = 1 392 = MRR 2 392 −
    1 000. In 30 days c99 is the only one to move: resurrection 12, since it paid before, not on 31 May."""
    moved = {
        row["dimension_value"]: row["value"]
        for row in kept.read(T.METRIC_VALUES, f"metric = 'mrr_movement' AND window_days = 365 AND as_of = '{D}'")
    }
    assert {
        "all": 1392, "new": 1450, "expansion": 52, "contraction": -20, "churn": -90, "flat": 0
    } == moved  # fmt: skip
    assert 2392 == kept.parts("mrr")[2]
    assert 12 == kept.parts("mrr_movement", "movement", "resurrection", window_days=30)[2]
    assert 12 == kept.parts("mrr_movement", window_days=30)[2]


def test_who_pays_in_a_currency_without_a_rate_has_not_churned(world: World) -> None:
    """Paid 100 a year ago and pays 100 of a currency without a rate now: still a customer, and no churn but a
    contraction by 100 of what is known."""
    world.account("a.com")
    paid(world, "a.com", 100, "2024-01-01", "2026-01-01")
    paid(world, "a.com", 100, "2026-01-01", currency="XAU", mrr_reporting=None)
    world.refresh(tables=VALUES)
    assert -100 == world.parts("mrr_movement", "movement", "contraction", window_days=365)[2]
    assert world.cell("mrr_movement", "movement", "churn", window_days=365) is None
    assert (1, 1) == world.parts("retention_rate", window_days=365)[:2]


def test_customers_that_expanded(kept: World) -> None:
    """Ten of 100 pay more than a year ago, and c99, which came back for more: 11 %."""
    assert (11, 100, 0.11) == kept.parts("expansion_rate", window_days=365)


@pytest.fixture(scope="module")
def years(tmp_path_factory: pytest.TempPathFactory) -> World:
    """First years that ended in the last year: 20 customers of Media, 3 of which left in it, one of them on its last
    day; 10 of Retail, 8 of which left; one that stayed, c20, was put on the list half a year later, which says nothing
    of what listing did. Later customers and earlier ones are not in the cohort.

    Beside them a family: two subsidiaries of p.com, of which one took over what the other had.
    """
    world = World(tmp_path_factory.mktemp("years"))
    for i in range(30):
        industry = "Media" if i < 20 else "Retail"
        name = world.account(f"c{i}.com", "one_to_many" if i < 20 else None, "2024-01-01", industry=industry)
        lost = {0: "2024-12-01", 1: "2025-01-01", 2: "2025-08-01"}.get(i, "2025-02-01" if i >= 22 else None)
        # stayed beyond its first year: lost on the 366th day
        paid(world, name, 10, "2024-08-01", "2025-08-02" if i == 3 else lost)
    world.tier("c20.com", "one_to_one", "2025-01-01")
    paid(world, world.account("early.com"), 10, "2023-01-01", "2023-03-01")
    paid(world, world.account("late.com"), 10, "2026-01-01", "2026-03-01")
    world.account("p.com")
    for child, ends, since in (("p1.com", "2026-01-01", "2023-01-01"), ("p2.com", None, "2026-01-01")):
        paid(world, world.account(child, ultimate_parent_id="p.com"), 70, since, ends)
    world.tier("p1.com", "one_to_few", "2025-01-01")
    world.refresh(tables=VALUES)
    return world


def test_churn_in_the_first_year(years: World) -> None:
    """11 of 30; Media 3 of 20 = 15 %, within the benchmark of the programme, Retail 8 of 10; the quarter's cohort is
    all."""
    assert (11, 30) == years.parts("year_one_churn")[:2]
    assert (3, 20, 0.15) == years.parts("year_one_churn", "program", "abm")
    assert ["within", "above"] == [
        years.cell("year_one_churn", *cell)["status"] for cell in (("program", "abm"), ("all", "all"))
    ]
    assert (11, 30) == years.parts("year_one_churn", "cohort", "2024-Q3")[:2]


def test_segments_to_drop(years: World) -> None:
    """All 36.7 %. Retail's interval, 49 to 94 %, lies above it; Media's does not; tiers: those off the list are
    Retail's ten, so they are named too."""
    rows = years.read(T.METRIC_VALUES, "metric = 'targeting_feedback'")
    named = {(row["dimension_value"], row["numerator"], row["n"]) for row in rows}
    retail = {(f"{name}", 8, 10) for name in ("industry=Retail", "program=non_abm", "tier=none")}
    assert {("all", 11, 30), *retail} == named


def test_a_move_within_a_family_is_no_churn(years: World) -> None:
    """Of the 21 that paid a year ago (20 of 10, and p1.com of 70) c2, c3 and p1.com left: 3 of 21 accounts. As families
    p.com has kept its 70: (18 × 10 + 70) ÷ 270. The family is of 1:few as p1.com was, though p.com itself is not
    listed: that tier is its 70 alone."""
    assert (3, 21) == years.parts("churn_rate", window_days=365)[:2]
    assert (250, 270) == years.parts("grr")[:2] == years.parts("nrr")[:2]
    assert (70, 70) == years.parts("grr", "tier", "one_to_few")[:2]


def test_lifetimes_and_movements(world: World) -> None:
    """Left after 60 and 120 days, still there since 90 and 180. Kaplan–Meier: all to day 60, then 3/4, from 120 on
    3/4 × 1/2 to 180: 60 + 45 + 22.5 = 127.5 days = 4.192 months. The naive mean of those that left is 90 days = 2.959.

    Greenwood: ahead of the loss at 60 lie 67.5 days, of that at 120 22.5: 67.5² ÷ (4 × 3) + 22.5² ÷ (2 × 1) = 632.8,
    whose root is 25.16: ± 49.3 days = 1.621 months.

    With 10, 20, 30 and 40 a month for the two that stay (30 + 40) ÷ 2 = 35: a value of 146.71.
    """
    for name, mrr, since, until in (
        ("a", 10, "2026-01-01", "2026-03-02"),
        ("b", 20, "2026-01-01", "2026-05-01"),
        ("c", 30, "2026-04-01", None),
        ("d", 40, "2026-01-01", None),
    ):
        paid(world, world.account(f"{name}.com"), mrr, since, until)
    world.refresh(tables=VALUES)
    assert (2, 4, 4.1918) == tuple(round(each, 4) for each in world.parts("customer_lifetime"))
    lifetime = world.cell("customer_lifetime")
    assert (2.5708, 5.8127) == (round(lifetime["ci_low"], 4), round(lifetime["ci_high"], 4))
    assert 2.9589 == round(world.parts("customer_lifetime", "estimate", "naive_mean")[2], 4)
    assert 146.7123 == round(world.parts("clv")[2], 4)

    # The year's movements: 70 new of the two that stay. Take one away, and the check says so.
    check = next(check for check in CHECKS if check.name == "movements_add_up")
    assert evaluate(world.settings, check)[0]
    rows = world.read(T.METRIC_VALUES)
    kept_rows = [row for row in rows if (row["metric"], row["dimension_value"]) != ("mrr_movement", "new")]
    assert len(kept_rows) < len(rows)
    world.rows["metrics.metric_values"] = kept_rows
    world.write()
    assert not evaluate(world.settings, check)[0]


@pytest.fixture(scope="module")
def voices(tmp_path_factory: pytest.TempPathFactory) -> World:
    """Customers a.com, b.com, c.com with answers, tickets and use of the product; referrals and reviews."""
    world = World(tmp_path_factory.mktemp("voices"))
    for name, tier in (("a.com", "one_to_one"), ("b.com", "one_to_few"), ("c.com", None)):
        world.account(name, tier)
        paid(world, name, 100, "2025-10-15" if name == "a.com" else "2025-06-30")
    for i in range(9):
        person = f"p{i}"
        world.person(person, "a.com" if i < 5 else "b.com")
        answer(world, None, "06-01", 9 if i < 5 else 7, who=person)
    answer(world, "c.com", "06-10", 3)
    # an earlier answer of somebody who answered again, and one that is too old
    answer(world, None, "05-01", 0, who="p0")
    answer(world, "c.com", "2026-04-01", 0)
    for score, who in ((1, "p1"), (5, "p1"), (4, "p2"), (3, "p3")):
        answer(world, None, "06-02" if score > 1 else "06-01", score, "csat", who)
    for when, priority in (("06-05", "urgent"), ("06-06", "low"), ("05-31", "normal"), ("07-01", "high")):
        ticket(world, "b.com", when, priority)
    for n in range(20):
        usage(world, "a.com", f"06-{n + 1:02}", 3)
    usage(world, "a.com", "06-30", 0)
    for feature, when in (("export", "06-05"), ("share", "06-06"), ("old", "2026-05-01")):
        usage(world, "a.com", when, 2, feature)
    usage(world, "b.com", "06-10", 2, "alert")
    usage(world, "c.com", "2026-05-31", 9)
    for name in ("x.com", "y.com"):
        world.account(name, region="EMEA", industry="Software", employee_count=500)
    referral(world, "a.com", "05-01", "x.com")
    referral(world, "b.com", "05-02", "x.com")
    referral(world, "b.com", "05-02", "y.com")
    referral(world, "b.com", "05-02", "unknown.com")
    world.deal("x", "x.com", "05-10", "06-01", won=True)
    world.deal("y", "y.com", "2026-01-10", "2026-02-01", won=True)
    review(world, "06-01", 4)
    review(world, "06-02", 3)
    review(world, "07-01", 1)
    world.refresh(tables=VALUES)
    return world


def test_promoters_of_the_catalogue(voices: World) -> None:
    """Ten respondents: 5 say 9, 4 say 7, one says 3: 50 % − 10 % = 40. Somebody's 0 of May counts no more, since they
    answered again; an answer of 1 April is too old. By tier: 1:1 100, 1:few 0, off the list −100."""
    assert (400, 10, 40) == voices.parts("nps")
    assert [100, 0, -100] == [voices.parts("nps", "tier", tier)[2] for tier in ("one_to_one", "one_to_few", "none")]


def test_satisfaction(voices: World) -> None:
    """Answers 5, 4, 3; the first respondent had said 1 the day before: 12 ÷ 3 = 4."""
    assert (12, 3, 4) == voices.parts("csat")


def test_tickets_of_the_month(voices: World) -> None:
    """1 June is the first of the 30 days: two tickets, one urgent; those of 31 May and of July are in no sum."""
    assert (2, 1) == (voices.parts("tickets")[2], voices.parts("tickets", "priority", "urgent")[2])


def test_use_and_adoption(voices: World) -> None:
    """a.com: 3 users on 20 days = 60, though two features were used on some; b.com 2 on a day; c.com none in the 30
    days, but in May: 62 ÷ 90. Features in use: reports, export, share, alert; a.com 3, b.com 1, c.com 0: 4 ÷ 12."""
    assert (62, 90) == voices.parts("usage")[:2]
    assert (4, 12) == voices.parts("adoption")[:2]


def test_renewals(voices: World) -> None:
    """a.com's year ends on 15 October, in 107 days; those of b.com and c.com in 365: 1 of 3."""
    assert (1, 3) == voices.parts("renewal_due")[:2]


def test_health_and_its_parts(voices: World) -> None:
    """c.com: usage 0, adoption 0, tickets 100 (somebody has some), nps 30, trend 50 has no weight; csat and engagement
    missing: (0 × 30 + 0 × 15 + 100 × 15 + 30 × 15) ÷ 75 = 26. No row for it in account_metrics_daily: no list, score
    or deal. a.com: usage 100, adoption 75, tickets 100, nps 90, csat 75: (3 000 + 1 125 + 1 500 + 1 350 + 750) ÷ 85 =
    90.9; b.com: usage 5, adoption 25, tickets 100 − 25 − 2 − 5 = 68, nps 70: (150 + 375 + 1 020 + 1 050) ÷ 75 = 34.6.
    """
    rows = {name: voices.account_row(name) for name in ("a.com", "b.com")}
    assert [90.8824, 34.6] == [row["customer_health"] for row in rows.values()]
    assert "usage 5, adoption 25, tickets 68, nps 70; missing: csat, engagement" == rows["b.com"]["health_parts"]
    assert 107 == rows["a.com"]["renewal_days"]
    assert 50.4941 == round(voices.parts("customer_health")[2], 4)
    assert (2, 3) == voices.parts("customers_at_risk")[:2]


def test_referrals_and_reviews(voices: World) -> None:
    """x.com is named twice and counts once: 3 companies. x.com bought after it was referred, y.com before: 1 of 3.
    unknown.com is no account, so it cannot fit. Reviews of 4 and 3: mean 3.5; July's has not happened."""
    assert (3, 1) == (
        voices.parts("referrals", window_days=90)[2],
        voices.parts("referral_conversion", window_days=90)[0],
    )
    assert 2 == voices.parts("referral_fit", window_days=90)[0]
    assert 2 == voices.parts("advocacy", window_days=90)[2]
    assert (7, 2, 3.5) == voices.parts("review_rating", window_days=90)
