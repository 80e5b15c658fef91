"""Scores of the list, surges, the journey and the lead funnel: hand-worked tables."""

from __future__ import annotations

import pytest

from abm_pipeline.contracts import tables as T
from abm_pipeline_tests.metrics.world import World, at, day

VALUES = (T.METRIC_VALUES, T.ACCOUNT_METRICS_DAILY)


@pytest.fixture(scope="module")
def scored(tmp_path_factory: pytest.TempPathFactory) -> World:
    """Three listed accounts and a stranger on 30 June, with scores and intent as the tests say."""
    world = World(tmp_path_factory.mktemp("scored"))
    for name, tier in (("a.com", "one_to_one"), ("b.com", "one_to_few"), ("c.com", "one_to_few"), ("d.com", None)):
        world.account(name, tier)
    world.score("a.com", "06-30", 60, 1.0, band="hot", rank=1)
    world.score("b.com", "06-30", 20, 0.66, band="cold", rank=2)
    world.score("d.com", "06-30", 99, None, band="none", rank=None)
    for when in ("06-20", "06-27"):
        world.intent("a.com", when)
    world.intent("b.com", "06-28", score=65.0)
    world.intent("b.com", "06-28", source="sixth", score=90.0)
    world.intent("b.com", "06-28", "analytics", is_surging=False)
    world.intent("c.com", "06-22")
    for when in ("06-29", "06-30"):
        world.intent("c.com", when, score=82.0)
    world.intent("d.com", "06-29")
    world.intent("a.com", "06-25", "other", source="sixth", is_surging=False)
    world.intent("a.com", "06-30", "cloud", source="new provider")
    world.refresh(tables=VALUES)
    return world


@pytest.fixture(scope="module")
def journey(tmp_path_factory: pytest.TempPathFactory) -> World:
    """Six accounts between 1 April and 30 June, scored on four days; people in the lead funnel at two of them."""
    world = World(tmp_path_factory.mktemp("journey"))
    scores = {
        "a.com": (10, 10, 30, 30),
        "b.com": (0, 0, 0, 0),
        "c.com": (30, 30, 70, 30),
        "e.com": (0, 0, 0, 30),
        "won.com": (0, 0, 0, 0),
        "gone.com": (0, 0, 90, 90),
    }
    for name, points in scores.items():
        world.account(name, None if name == "gone.com" else "one_to_many", "05-01" if name == "e.com" else "2025-01-01")
        for when, score in zip(("04-01", "05-31", "06-10", "06-30"), points, strict=True):
            world.score(name, when, score)
    world.tier("gone.com", "one_to_one", "2025-01-01", "05-01")
    for name in ("a.com", "b.com", "gone.com"):
        world.touch(name, "03-20", "email_sent")
    for person in ("x", "y"):
        world.person(person, "c.com")
        world.touch("c.com", "06-01", "meeting", person)
    world.deal("won", "won.com", "2025-06-01", "2025-12-01", won=True)
    world.deal("next", "won.com", "06-25")

    entered = [
        ("lead only", "lead", "03-01"),
        ("moves", "lead", "03-01"),
        ("moves", "mql", "06-10"),
        ("moves again", "lead", "03-02"),
        ("moves again", "mql", "06-12"),
        ("climbs", "lead", "03-01"),
        ("climbs", "mql", "04-15"),
        ("climbs", "sql", "06-20"),
        ("new", "lead", "06-15"),
        ("sold", "sql", "03-01"),
        ("elsewhere", "lead", "03-01"),
    ]
    for name in dict.fromkeys(who for who, _, _ in entered):
        same = {"person_id": "crm:moves"} if name == "moves again" else {}
        world.person(name, "gone.com" if name == "elsewhere" else "won.com", **same)
    for who, stage, when in entered:
        row = {"contact_key": f"crm:{who}", "company_key": None, "stage": stage, "entered_at": at(day(when))}
        world.rows["facts.lead_stage"].append(row)
    world.refresh(tables=VALUES)
    return world


def test_scores_of_the_list(scored: World) -> None:
    """a 60, b 20, c without a score (0); the stranger's 99 is not in it: mean 80 ÷ 3, median 20. In 1:few 20 and none:
    10. Both windows are there."""
    for window in (30, 90):
        assert (80, 3, pytest.approx(80 / 3)) == scored.parts("engagement_score", window_days=window)
        assert 20 == scored.cell("engagement_score_median", window_days=window)["value"]
    assert (20, 2, 10) == scored.parts("engagement_score", "tier", "one_to_few", window_days=90)
    row = scored.account_row("a.com")
    assert (60.0, 1, "hot", 1.0) == tuple(
        row[column] for column in ("engagement_score_30d", "rank_30d", "band_30d", "percentile")
    )


def test_bands_of_the_list(scored: World) -> None:
    """a hot, b cold, c none: two of three are ranked, and the bands add up to the list."""
    assert (2, 3) == scored.parts("engagement_rank", window_days=90)[:2]
    bands = {
        band: scored.parts("engagement_rank", "band", band, window_days=90)[0]
        for band in ("hot", "warm", "cool", "cold", "none")
    }
    assert {"hot": 1, "warm": 0, "cool": 0, "cold": 1, "none": 1} == bands


def test_new_and_risen_surges(scored: World) -> None:
    """The week of 24 to 30 June.

    a: crm at 70 on the 20th and on the 27th: it surged within the seven days before: nothing.
    b: crm on the 28th and never before, told by two providers: new, once. What does not surge is none.
    c: 70 on the 22nd, 82 on the 29th: risen by 12; still 82 on the 30th: nothing more.
    d is not on the list. A provider that says its first word on the 30th knows of nothing new.
    """
    assert 2 == scored.cell("intent_surge")["value"]
    assert 1 == scored.cell("intent_surge", "surge", "new")["value"]
    assert 1 == scored.cell("intent_surge", "surge", "risen")["value"]
    assert 2 == scored.cell("intent_surge", "topic", "crm software")["value"]
    assert [0, 1, 1] == [scored.account_row(f"{name}.com")["intent_surges_7d"] for name in "abc"]


def test_progression_of_a_fixed_cohort(journey: World) -> None:
    """Stages on the days with scores (won.com is a customer throughout, and no part of it):

              1 April   31 May    10 June     30 June
    a.com     aware     aware     engaged     engaged
    b.com     aware     aware     aware       unaware (the mail of 20 March is more than 90 days ago)
    c.com     engaged   engaged   qualified   engaged
    e.com     off       unaware   unaware     engaged
    gone.com  aware     off       off         off

    90 days: a, b, gone from aware, c from engaged; a and c moved (c although it fell back; gone.com's score of June is
    no news of the list): 2 ÷ 4. 30 days: a, b, c, e, of which a, c and e moved: 3 ÷ 4.
    """
    assert (2, 4, 0.5) == journey.parts("progression", window_days=90)
    assert (1, 3) == journey.parts("progression", "stage", "aware", window_days=90)[:2]
    assert (1, 1) == journey.parts("progression", "stage", "engaged", window_days=90)[:2]
    assert (0, 1) == journey.parts("progression", "tier", "one_to_one", window_days=90)[:2]
    assert (3, 4, 0.75) == journey.parts("progression", window_days=30)
    assert (1, 1) == journey.parts("progression", "stage", "unaware", window_days=30)[:2]


def test_days_in_the_stage(journey: World) -> None:
    """Both ends count: a.com is engaged since 10 June, 21 days; b, c and e are since today where they are, 1 day; won
    since 1 April or longer, 91. Under way are a, c and e: the median of 21, 1, 1 is 1; won, the one customer, has
    arrived."""
    days = {name: journey.account_row(f"{name}.com")["stage_days"] for name in ("a", "b", "c", "e", "won")}
    assert {"a": 21, "b": 1, "c": 1, "e": 1, "won": 91} == days
    assert (1, 3) == tuple(journey.cell("time_in_stage")[key] for key in ("value", "n"))
    assert 91 == journey.cell("time_in_stage", "journey_stage", "customer")["value"]


def test_contacts_moving_on(journey: World) -> None:
    """People at the start of the window, and those at the next stage by its end.

    90 days (1 April): leads "lead only", "moves", "climbs" and "elsewhere" (gone.com was on the list then), of whom
    moves (10 June; its second record does not count again) and climbs (15 April) became mql: 2 ÷ 4. "sold" is an sql
    since March, and the account has a deal on 25 June: 1 ÷ 1. In all 3 ÷ 5; "new" came later.
    30 days (31 May): leads 1 ÷ 2, mql 1 ÷ 1 (climbs, 20 June), sql 1 ÷ 1; gone.com is off the list: 3 ÷ 4.
    """
    assert (3, 5, 0.6) == journey.parts("contact_conversion", window_days=90)
    assert (2, 4) == journey.parts("contact_conversion", "stage", "lead", window_days=90)[:2]
    assert (1, 1) == journey.parts("contact_conversion", "stage", "sql", window_days=90)[:2]
    assert (3, 4, 0.75) == journey.parts("contact_conversion", window_days=30)
    assert (1, 2) == journey.parts("contact_conversion", "stage", "lead", window_days=30)[:2]
    assert (1, 1) == journey.parts("contact_conversion", "stage", "mql", window_days=30)[:2]
