"""Attribution among the published metrics: credited amounts, who began a deal, influence, agreement, return."""

from __future__ import annotations

from collections import defaultdict
from datetime import date

import numpy as np
import pytest
from scipy.stats import kendalltau

from abm_pipeline.contracts import tables as T
from abm_pipeline.metrics._bootstrap import agreement, times_drawn
from abm_pipeline.metrics._credit_models import MODELS
from abm_pipeline_tests.metrics.money import cost
from abm_pipeline_tests.metrics.world import D, World

MID = date(2026, 6, 14)


@pytest.fixture(scope="module")
def five(tmp_path_factory: pytest.TempPathFactory) -> World:
    """Five deals, as of 14 and 30 June; all but c.com are on the list.

    | account | touches before the deal | deal | after |
    |---|---|---|---|
    | a.com | ad click (c1) 1 June, webinar (c2, an ABM campaign) 5th, meeting 8th | 60 000 on the 10th | won 20th |
    | b.com | call 2 June | 40 000 on the 10th | webinar 15th, open |
    | c.com | download 1 May | 20 000 on the 12th | open |
    | d.com | none | 10 000 on the 1st | won 29th |
    | e.com | e-mail reply (no campaign) 30 May | 30 000 on the 10th | won 25th |

    c1 cost 5 000 in May, and 9 000 more than a year ago.
    """
    world = World(tmp_path_factory.mktemp("five"))
    for name in "abcde":
        world.account(f"{name}.com", None if name == "c" else "one_to_one")
    world.touch("a.com", "06-01", "ad_click", campaign_id="linkedin:c1")
    world.touch("a.com", "06-05", "webinar_attended", campaign_id="crm:c2", content_type="webinar")
    world.touch("a.com", "06-08", "meeting")
    world.touch("b.com", "06-02", "call_connected")
    world.touch("b.com", "06-15", "webinar_attended", campaign_id="crm:c2")
    world.touch("c.com", "05-01", "content_download", content_type="whitepaper")
    world.touch("d.com", "05-20", "ad_impression")
    world.touch("e.com", "05-30", "email_reply")
    world.deal("a", "a.com", "06-10", "06-20", won=True, amount=60_000)
    world.deal("b", "b.com", "06-10", amount=40_000)
    world.deal("c", "c.com", "06-12", amount=20_000)
    world.deal("d", "d.com", "06-01", "06-29", won=True, amount=10_000)
    world.deal("e", "e.com", "06-10", "06-25", won=True, amount=30_000)
    world.deal("f", "a.com", "06-10", amount=5_000, amount_reporting=None)
    for name, is_abm in (("linkedin:c1", False), ("crm:c2", True)):
        world.rows["facts.campaign"].append(
            {"campaign_id": name, "source": name.partition(":")[0], "campaign_name": name, "is_abm": is_abm}
        )
    cost(world, "05-15", 5_000, campaign_id="linkedin:c1")
    cost(world, "2025-06-30", 9_000, campaign_id="linkedin:c1")
    world.refresh(MID, D, tables=(T.DEAL_CREDIT, T.METRIC_VALUES))
    return world


def amounts(world: World, metric: str, dimension: str, model: str, as_of: date = D) -> dict[str, float]:
    """Segment → amount under a model, in 90 days."""
    rows = world.read(T.METRIC_VALUES, f"metric = '{metric}' AND dimension = '{dimension}' AND window_days = 90")
    named = [(row["dimension_value"].split("/", 1), row) for row in rows if row["as_of"] == as_of]
    return {value: round(row["numerator"], 6) for (name, value), row in named if name == model}


def test_pipeline_by_channel(five: World) -> None:
    """Linear: a third of 60 000 each to ads, webinar and meeting; 40 000 phone, 20 000 content, 30 000 e-mail; 10 000
    unattributed. The amount without a rate is in no sum. The W of a.com, which was never qualified: 45, 10, 45 %."""
    linear = {"ads": 20_000, "webinar": 20_000, "meeting": 20_000, "phone": 40_000, "content": 20_000, "email": 30_000}
    assert {**linear, "unattributed": 10_000} == amounts(five, "attribution_pipeline", "channel", "linear")
    w = {"ads": 27_000, "webinar": 6_000, "meeting": 27_000, "phone": 40_000, "content": 20_000, "email": 30_000}
    assert {**w, "unattributed": 10_000} == amounts(five, "attribution_pipeline", "channel", "w_shaped")
    assert (150_000, 160_000, 0.9375) == five.parts("attribution_pipeline", window_days=90)


def test_pipeline_by_campaign_and_content(five: World) -> None:
    """Under the headline model, the W: c1's click 27 000, c2's webinar 6 000, the rest no campaign."""
    expected = {"linkedin:c1": 27_000, "crm:c2": 6_000, "none": 117_000, "unattributed": 10_000}
    assert expected == amounts(five, "attribution_pipeline", "campaign", "w_shaped")
    expected = {"webinar": 6_000, "whitepaper": 20_000, "none": 124_000, "unattributed": 10_000}
    assert expected == amounts(five, "attribution_pipeline", "content_type", "w_shaped")
    assert {} == amounts(five, "attribution_pipeline", "campaign", "linear")


def test_revenue_by_channel(five: World) -> None:
    """Won by the 30th: 60 000, 10 000, 30 000. By the 14th nothing was, though all was created."""
    linear = {"ads": 20_000, "webinar": 20_000, "meeting": 20_000, "email": 30_000, "unattributed": 10_000}
    assert linear == amounts(five, "attribution_revenue", "channel", "linear")
    assert {} == amounts(five, "attribution_revenue", "channel", "linear", MID)
    assert (150_000, 160_000, 0.9375) == five.parts("attribution_pipeline", window_days=90, as_of=MID)


def test_credited_amounts_add_up(five: World) -> None:
    """Law: on every day, window and model the channels' amounts add up to the whole (1e-6), and so do campaigns'."""
    sums: dict[tuple[object, ...], list[float]] = defaultdict(lambda: [0.0, 0.0])
    for metric in ("attribution_pipeline", "attribution_revenue"):
        for row in five.read(T.METRIC_VALUES, f"metric = '{metric}' AND dimension <> 'all'"):
            model = row["dimension_value"].split("/")[0]
            total = sums[metric, row["as_of"], row["window_days"], row["dimension"], model]
            total[0] += row["numerator"]
            total[1] = row["denominator"]
    assert {model for *_, model in sums} == set(MODELS)
    assert [pytest.approx(whole, rel=1e-6) for _, whole in sums.values()] == [part for part, _ in sums.values()]


def test_sourced_pipeline(five: World) -> None:
    """Target accounts' 140 000: a.com's 60 000 began with an ad click; a call began b, a mail of sales' e, nobody d."""
    assert (60_000, 140_000, 60 / 140) == five.parts("sourced_pipeline")
    assert (60_000, 140_000, 60 / 140) == five.parts("sourced_pipeline", "tier", "one_to_one")


def test_accelerated_pipeline(five: World) -> None:
    """b.com came to a webinar on the 15th, while its deal was open: not yet helped on the 14th."""
    assert (40_000, 140_000, 40 / 140) == five.parts("accelerated_pipeline")
    assert (0, 140_000, 0) == five.parts("accelerated_pipeline", as_of=MID)


def test_influenced_revenue(five: World) -> None:
    """Won by target accounts: 100 000. a.com by every rule; e.com by its mail 11 days before the deal; d.com saw an ad,
    which is no engagement."""
    assert (90_000, 100_000, 90_000) == five.parts("influenced_revenue")
    alone = {"three_engagements": 60_000, "recent_engagement": 90_000, "abm_event": 60_000}
    assert alone == {rule: five.parts("influenced_revenue", "rule", rule)[2] for rule in alone}


def test_influence_against_sourced(five: World) -> None:
    """90 000 influenced, 60 000 sourced: 1.5, between the guards of 1.2 and 8, below the usual 3 to 5."""
    assert (90_000, 60_000, 1.5) == five.parts("influenced_to_sourced")
    assert (90_000, 60_000, 1.5) == five.parts("influenced_to_sourced", "guard", "plausible")
    row = five.cell("influenced_to_sourced")
    assert row is not None
    assert "below" == row["status"]


def test_campaign_roi(five: World) -> None:
    """c1 cost 5 000 in the year: linear (20 000 − 5 000) ÷ 5 000 = 3, the W (27 000 − 5 000) ÷ 5 000 = 4.4, which is
    also the total. c2 has no cost and so no return; what c1 cost 366 days ago is not counted."""
    assert (15_000, 5_000, 3.0) == five.parts("campaign_roi", "campaign", "linear/linkedin:c1")
    assert (22_000, 5_000, 4.4) == five.parts("campaign_roi")
    assert (22_000, 5_000, 4.4) == five.parts("campaign_roi", "model", "w_shaped")
    assert (20_000, 0, None) == five.parts("campaign_roi", "campaign", "linear/crm:c2")


def test_a_cost_without_revenue_is_lost(five: World) -> None:
    """On the 14th nothing was won: −100 %; and the cost of 30 June 2025 was 350 days ago."""
    assert (-14_000, 14_000, -1.0) == five.parts("campaign_roi", as_of=MID)


def test_agreement_is_kendalls_tau_b(five: World) -> None:
    """Each pair's value against SciPy's of the channels' amounts; the total is their mean; intervals hold the value."""
    credit = {model: amounts(five, "attribution_pipeline", "channel", model) for model in MODELS}
    channels = sorted({channel for each in credit.values() for channel in each} - {"unattributed"})
    rows = five.read(
        T.METRIC_VALUES, f"metric = 'model_agreement' AND as_of = '{D}' AND window_days = 90 AND dimension = 'models'"
    )
    assert 45 == len(rows)
    for row in rows:
        ranks = [[credit[model].get(channel, 0) for channel in channels] for model in row["dimension_value"].split("/")]
        assert kendalltau(*ranks).statistic == pytest.approx(row["value"], abs=1e-9)
        assert row["ci_low"] is None or row["ci_low"] <= row["value"] <= row["ci_high"]
    assert np.mean([row["value"] for row in rows]) == pytest.approx(five.parts("model_agreement", window_days=90)[2])


def test_agreement_with_ties() -> None:
    """Against SciPy on rankings with ties; a model that gives everybody the same ranks nothing."""
    credit = np.array([[3, 1, 5], [3, 2, 5], [1, 2, 5], [0, 7, 5]], dtype=np.float64)
    found = agreement(credit)
    assert kendalltau(credit[:, 0], credit[:, 1]).statistic == pytest.approx(found[0, 1])
    assert np.isnan(found[0, 2])


def test_draws_are_poisson_and_depend_on_the_deal_alone() -> None:
    """Mean and variance are 1 (within 1 %); a deal's draws are the same whoever else is drawn."""
    seeds = np.random.default_rng(3).integers(0, 2**64, 5_000, dtype=np.uint64)
    drawn = times_drawn(seeds)
    assert 1 == pytest.approx(drawn.mean(), abs=0.01)
    assert 1 == pytest.approx(drawn.var(), abs=0.01)
    assert np.array_equal(drawn[7:9], times_drawn(seeds[7:9]))
