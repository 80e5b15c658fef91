"""Alignment of sales and marketing, and what earlier scores predicted, on tables worked by hand."""

from __future__ import annotations

from typing import Any

import pytest

from abm_pipeline.contracts import tables as T
from abm_pipeline_tests.metrics.world import D, World, day
from abm_pipeline_tests.metrics.world_pipeline import company, contact, lead, ranking

EARLIER = day("06-10")


@pytest.fixture(scope="module")
def teams(tmp_path_factory: pytest.TempPathFactory) -> World:
    """Two teams, their systems, and scores of 1 April (90 days before 30 June); computed for 10 and 30 June.

    | account | score 1 April | quintile | deal |
    |---|---|---|---|
    | h1 | 50 | 5 | created 1 May |
    | h2 | 20 | 5 | created 30 June |
    | h5 | 30 | 5 | none |
    | h3 | 60 | 5 | open since March, won 5 May; another created 6 May |
    | l1 | 20 | 1 | created 2 April |
    | l2 l3 l4 l5 | 0 | 1 | none |
    | l6 | 0 | 1 | created 1 April, lost 5 May |
    | off | 70 | none: not on the list | created 1 May |
    """
    world = World(tmp_path_factory.mktemp("teams"))
    for name in ("w.com", "x.com", "y.com", "z.com", "extra.com"):
        world.account(name, "one_to_one")
    _rankings(world)
    _records(world)
    _scores(world)
    world.refresh(EARLIER, D, tables=(T.METRIC_VALUES,))
    return world


def _rankings(world: World) -> None:
    for team in ("marketing", "sales"):
        ranking(world, team, "06-01", "w.com", "x.com", "y.com", "z.com", "extra.com")
    ranking(world, "marketing", "06-20", "w.com", "x.com", "y.com", "z.com")
    ranking(world, "sales", "06-20", "x.com", "extra.com", "w.com", "z.com", "y.com", "nobody-knows.com")
    ranking(world, "sales", "07-02", "z.com", "y.com", "x.com", "w.com")


def _records(world: World) -> None:
    company(world, "salesforce", "1", "01-05", "Kim Lee")
    company(world, "hubspot", "1", "02-05", " kim lee", "salesforce:1")
    company(world, "salesforce", "2", "01-05", "Kim Lee")
    company(world, "hubspot", "2", "02-05", "Pat", "salesforce:2")
    company(world, "salesforce", "3", "01-05", "Kim Lee")
    company(world, "hubspot", "3", "02-05", None, "salesforce:3")
    contact(world, "salesforce", "p", "01-05", "old address")
    contact(world, "marketo", "p", "02-05", "old address", "salesforce:p")
    contact(world, "salesforce", "p", "06-15", "new address")
    world.person("p", None, source="salesforce", person_id="salesforce:p")
    world.person("p", None, source="marketo", person_id="salesforce:p")
    lead(world, "salesforce:p", "lead", "01-05")
    lead(world, "salesforce:p", "mql", "06-20")
    lead(world, "marketo:p", "mql", "03-05")


def _scores(world: World) -> None:
    for name, score in (("h1", 50), ("h2", 20), ("h5", 30), ("h3", 60)):
        world.score(world.account(f"{name}.com", "one_to_one"), "04-01", score, 0.9)
    for name, score in (("l1", 20), ("l2", 0), ("l3", 0), ("l4", 0), ("l5", 0), ("l6", 0)):
        world.score(world.account(f"{name}.com", "one_to_one"), "04-01", score, 0.1)
    world.score(world.account("off.com"), "04-01", 70)
    # Scores of later days know of the deals; they have no part.
    world.score("l2.com", "06-30", 90, 0.9)
    world.deal("d1", "h1.com", "05-01")
    world.deal("d2", "h2.com", "06-30")
    world.deal("d3", "h3.com", "03-01", "05-05", won=True)
    world.deal("d4", "h3.com", "05-06")
    world.deal("d5", "l1.com", "04-02")
    world.deal("d6", "l6.com", "04-01", "05-05")
    world.deal("d7", "off.com", "05-01")


def shares(world: World, metric: str, dimension: str, as_of: Any = D) -> dict[str, tuple[Any, Any]]:
    """Numerator and denominator of a metric by value of a dimension."""
    rows = world.read(T.METRIC_VALUES, f"metric = '{metric}' AND dimension = '{dimension}' AND as_of = '{as_of}'")
    return {row["dimension_value"]: (row["numerator"], row["denominator"]) for row in rows}


def test_rank_correlations(teams: World) -> None:
    """Marketing w x y z, sales x (extra) w z y: among the four common ones 1 2 3 4 and 2 1 4 3.

    ρ = 1 − 6 × 4 ÷ (4 × 15) = 0.6; τ = (4 − 2) ÷ 6. Fisher's z of 0.6 is 0.693147; 1.96 × √1.06 = 2.017906 gives
    −0.867963 … 0.991203. Four pairs are too few for an interval of τ. Neither the list of July nor the unknown company
    has a part.
    """
    row = teams.cell("alignment", as_of=D)
    assert (0.6, 4, -0.867963, 0.991203) == (
        round(row["value"], 9), row["n"], round(row["ci_low"], 6), round(row["ci_high"], 6),
    )  # fmt: skip
    tau = teams.cell("alignment_kendall", as_of=D)
    assert (0.333333, None) == (round(tau["value"], 6), tau["ci_low"])


def test_rankings_are_those_of_the_day(teams: World) -> None:
    """On 10 June the lists of the 1st hold, which are the same: 1 and 1."""
    assert [1.0, 1.0] == [
        round(teams.cell(metric, as_of=EARLIER)["value"], 12) for metric in ("alignment", "alignment_kendall")
    ]


def test_overlap_of_the_first_places(teams: World) -> None:
    """Marketing ranks four, so the first four: w x y z and x extra w z have three in common. Before, five of five."""
    assert (3, 4, 0.75) == teams.parts("alignment_overlap", as_of=D)
    assert (5, 5, 1) == teams.parts("alignment_overlap", as_of=EARLIER)


def test_records_that_say_the_same(teams: World) -> None:
    """Owner: Kim Lee twice, Kim Lee and Pat; one that HubSpot leaves empty is no check: 1 ÷ 2. The address is the same
    until it changes in the CRM on 15 June. Stage: MQL for marketing since March, a lead for the CRM until 20 June."""
    before = {"owner": (1, 2), "email": (1, 1), "stage": (0, 1)}
    after = {"owner": (1, 2), "email": (0, 1), "stage": (1, 1)}
    assert before == shares(teams, "record_consistency", "field", EARLIER)
    assert after == shares(teams, "record_consistency", "field")
    assert (2, 4, 0.5) == teams.parts("record_consistency", as_of=D)


def test_opportunities_by_earlier_score(teams: World) -> None:
    """Highest fifth: h1 and h2 of h1, h2, h5; lowest: l1 of l1 … l5. h3 and l6 had an open deal on 1 April, and whoever
    is not on the list has no quintile. (2 ÷ 3) ÷ (1 ÷ 5) = 3.33."""
    assert {"5": (2, 3), "1": (1, 5)} == shares(teams, "score_calibration", "engagement_quintile")
    row = teams.cell("score_calibration_lift", as_of=D)
    assert (3.333333, 3, "within") == (round(row["value"], 6), row["n"], row["status"])
    assert row["ci_low"] < 1 < row["ci_high"]


def test_who_opens_a_deal_had_the_higher_score(teams: World) -> None:
    """Opened: 50, 20, 20. Not: 30, 0, 0, 0, 0. Pairs won: 5 + 4 + 4 of 15."""
    assert (13, 15, 0.866667) == (
        *teams.parts("score_calibration_auc", as_of=D)[:2],
        round(teams.cell("score_calibration_auc", as_of=D)["value"], 6),
    )


def test_wins_by_earlier_score(teams: World) -> None:
    """Closed since 2 April: h3's deal won, l6's lost."""
    assert {"5": (1, 1), "1": (0, 1)} == shares(teams, "score_calibration_win_rate", "engagement_quintile")


def test_nothing_is_said_without_scores_of_the_earlier_day(teams: World) -> None:
    """On 10 June, 90 days after 12 March, when there were no scores: no rate, no lift, no area."""
    assert [None] * 3 == [
        teams.cell(metric, as_of=EARLIER)["value"]
        for metric in ("score_calibration", "score_calibration_lift", "score_calibration_auc")
    ]
