"""Attribution credit: who gets what of a deal, and that nothing of it is lost."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from abm_pipeline.contracts import tables as T
from abm_pipeline.metrics.attribution import MODELS
from abm_pipeline_tests.metrics.world import World

CREDIT = (T.ATTRIBUTION_CREDIT,)


def credit(world: World, column: str, model: str) -> dict[str, Any]:
    """touch_id → the column's value under a model, where there is any."""
    rows = world.read(T.ATTRIBUTION_CREDIT, f"model = '{model}'")
    return {row["touch_id"]: row[column] for row in rows if row[column]}


def test_first_last_and_linear(world: World) -> None:
    """A deal of 100 created on 10 June and won on the 20th, with touches on 1, 5 (two people) and 15 June.

    Pipeline, three touches before creation: first → t1, last → t3, linear a third each: 33.3333, 33.3333, 33.3334.
    Revenue, four touches up to the close: last → t4, linear 25 each.
    """
    world.account("a.com", "one_to_one")
    for person in ("ann", "bob"):
        world.person(person, "a.com")
    for touch_id, when, person in (("t1", "06-01", "ann"), ("t2", "06-05", "ann"), ("t3", "06-05", "bob")):
        world.touch("a.com", when, person=person, touch_id=touch_id)
    world.touch(None, "06-15", person="bob", touch_id="t4")
    world.deal("d", "a.com", "06-10", "06-20", won=True, amount=100)
    world.refresh(tables=CREDIT)

    assert {"t1": 1.0} == credit(world, "credit", "first")
    assert {"t3": 1.0} == credit(world, "credit", "last")
    assert {"t1": 1 / 3, "t2": 1 / 3, "t3": 1 / 3} == credit(world, "credit", "linear")
    third = Decimal("33.3333")
    assert {"t1": third, "t2": third, "t3": third + Decimal("0.0001")} == credit(world, "amount_pipeline", "linear")
    assert {"t4": Decimal(100)} == credit(world, "amount_revenue", "last")
    assert dict.fromkeys(("t1", "t2", "t3", "t4"), 0.25) == credit(world, "credit_revenue", "linear")


def test_exposures_and_attempts_earn_nothing(world: World) -> None:
    """An impression, an e-mail sent and an unanswered call before the deal: `unattributed` gets it all."""
    world.account("a.com", "one_to_one")
    for kind in ("ad_impression", "email_sent", "call"):
        world.touch("a.com", "06-01", kind)
    world.deal("d", "a.com", "06-10", amount=100)
    world.refresh(tables=CREDIT)

    assert [{"unattributed": 1.0}] * 3 == [credit(world, "credit", model) for model in MODELS]
    assert {"unattributed": Decimal(100)} == credit(world, "amount_pipeline", "linear")


def test_the_lookback_ends_after_a_year(world: World) -> None:
    """365 days before the creation counts, 366 does not; nor does another account's touch."""
    world.account("a.com")
    world.account("b.com")
    world.touch("a.com", "2025-06-10", touch_id="year")
    world.touch("a.com", "2025-06-09", touch_id="older")
    world.touch("b.com", "06-01", touch_id="other")
    world.deal("d", "a.com", "06-10")
    world.refresh(tables=CREDIT)

    assert {"year": 1.0} == credit(world, "credit", "linear")


def test_a_deal_met_only_after_its_creation(world: World) -> None:
    """No touch before the deal: its pipeline is unattributed; its revenue goes to the touch before the close."""
    world.account("a.com")
    world.touch("a.com", "06-15", touch_id="t")
    world.deal("d", "a.com", "06-10", "06-20", won=True, amount=50)
    world.refresh(tables=CREDIT)

    assert {"unattributed": 1.0} == credit(world, "credit", "first")
    assert {"t": Decimal(50)} == credit(world, "amount_revenue", "first")


def test_last_touch_credits_sum_to_the_number_of_deals(world: World) -> None:
    """Two deals of one account share the touches; last touch hands out two credits, one a deal, persons or not."""
    world.account("a.com")
    for person in ("ann", "bob"):
        world.person(person, "a.com")
        world.touch("a.com", "06-01", person=person)
    world.deal("d1", "a.com", "06-10")
    world.deal("d2", "a.com", "06-11")
    world.refresh(tables=CREDIT)

    rows = world.read(T.ATTRIBUTION_CREDIT, "model = 'last'")
    assert 2 == sum(row["credit"] for row in rows)
    assert {"d1", "d2"} == {row["deal_id"] for row in rows}


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(st.integers(1, 29), st.booleans()), max_size=9),
    st.lists(st.decimals(0, 10**6, places=2), min_size=1, max_size=4),
)
def test_what_is_split_adds_up(world: World, touches: list[tuple[int, bool]], amounts: list[Decimal]) -> None:
    """Law: per deal and model, credits add up to 1 (1e-12) and amounts to the deal's, to the last ten-thousandth."""
    world.rows["facts.touch"].clear()
    world.rows["facts.deal"].clear()
    if not world.rows["identity.account"]:
        world.account("a.com")
    for when, is_late in touches:
        world.touch("a.com", f"{'06' if is_late else '04'}-{when:02}")
    for i, amount in enumerate(amounts):
        world.deal(f"d{i}", "a.com", "05-15", "06-15" if i % 2 else None, won=bool(i % 2), amount=amount)
    world.refresh(tables=CREDIT)

    sums: dict[tuple[str, str], list[Any]] = defaultdict(lambda: [0.0, 0.0, Decimal(0), Decimal(0)])
    for row in world.read(T.ATTRIBUTION_CREDIT):
        total = sums[row["deal_id"], row["model"]]
        for i, column in enumerate(("credit", "credit_revenue", "amount_pipeline", "amount_revenue")):
            total[i] += row[column] or 0
    assert len(amounts) * len(MODELS) == len(sums)
    for (deal, _), (shared, shared_won, pipeline, revenue) in sums.items():
        number = int(deal[1:])
        is_won = number % 2
        assert (1, is_won) == (round(shared, 12), round(shared_won, 12))
        assert (amounts[number], amounts[number] * is_won) == (pipeline, revenue)
