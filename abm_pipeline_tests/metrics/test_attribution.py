"""Attribution credit: who gets what of a deal, and that nothing of it is lost."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from abm_pipeline.contracts import tables as T
from abm_pipeline.defs.checks import CHECKS, evaluate
from abm_pipeline.metrics.attribution import MODELS
from abm_pipeline.storage.engine import connect
from abm_pipeline.storage.lake import now_ns
from abm_pipeline_tests.metrics.world import World, at, day

CREDIT = (T.CHANNEL_TRANSITION, T.ATTRIBUTION_CREDIT)


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

    assert [{"unattributed": 1.0}] * len(MODELS) == [credit(world, "credit", model) for model in MODELS]
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


def lead(world: World, person: str, stage: str, when: str, hour: int = 12) -> None:
    """A person's entry into a stage of the lead funnel."""
    row = {"contact_key": f"crm:{person}", "company_key": None, "stage": stage, "entered_at": at(day(when), hour)}
    world.rows["facts.lead_stage"].append(row)


@pytest.fixture(scope="module")
def shaped(tmp_path_factory: pytest.TempPathFactory) -> World:
    """Paths of metrics.md's worked numbers, each on an account of its own.

    w.com: touches on 1 to 5 June; SQL on the 3rd; a deal of 100 000 created on the 5th.
    f.com: touches on 1, 2, 3, 4 (creation), 5 and 6 June (won); lead on the 3rd.
    one.com: one touch, on which all milestones fall. none.com: SQL, but before any touch.
    """
    world = World(tmp_path_factory.mktemp("shaped"))
    for name, days in (("w.com", 5), ("f.com", 6), ("one.com", 1), ("none.com", 3)):
        world.account(name)
        world.person(f"ann@{name}", name)
        for i in range(1, days + 1):
            visit = {"touch_type": "web_visit", "channel": "web"} if name == "none.com" and i == 3 else {}
            world.touch(name, f"06-{i:02}", touch_id=f"{name}{i}", **visit)
    lead(world, "ann@w.com", "sql", "06-03")
    lead(world, "ann@w.com", "lead", "06-02", hour=0)
    lead(world, "ann@f.com", "lead", "06-03")
    lead(world, "ann@one.com", "sql", "06-01")
    lead(world, "ann@none.com", "sql", "05-01")
    world.deal("w", "w.com", "06-05", amount=100_000)
    world.deal("f", "f.com", "06-04", "06-06", won=True, amount=100_000)
    world.deal("one", "one.com", "06-01", amount=100_000)
    world.deal("none", "none.com", "06-03", amount=100_000)
    world.refresh(tables=CREDIT)
    return world


def money(world: World, deal: str, model: str, column: str = "amount_pipeline") -> list[int]:
    """A deal's amounts in the order of its touches, those of 0 left out."""
    rows = world.read(T.ATTRIBUTION_CREDIT, f"model = '{model}' AND deal_id = '{deal}' AND {column} > 0")
    return [int(row[column]) for row in rows]


def test_w_shaped(shaped: World) -> None:
    """First, mid, SQL, mid, opportunity of 100 000: 30 000, 5 000, 30 000, 5 000, 30 000."""
    assert [30_000, 5_000, 30_000, 5_000, 30_000] == money(shaped, "w", "w_shaped")


def test_full_path(shaped: World) -> None:
    """First, mid, lead, opportunity, mid, won: 22.5 % each for the four, 5 % for each between."""
    expected = [22_500, 5_000, 22_500, 22_500, 5_000, 22_500]
    assert expected == money(shaped, "f", "full_path", "amount_revenue")


def test_a_milestone_without_a_time_is_the_end_of_its_day(shaped: World) -> None:
    """w.com's lead is dated 2 June, 00:00: a date. The touch at noon of that day made it; for pipeline the full path
    has first, lead and opportunity, 30 each, and 5 for each of the two between."""
    assert [30_000, 30_000, 5_000, 5_000, 30_000] == money(shaped, "w", "full_path")


def test_milestones_on_one_touch_pool_their_weights(shaped: World) -> None:
    """One touch that was first, SQL and opportunity gets all, under every model."""
    assert {100_000} == {sum(money(shaped, "one", model)) for model in MODELS}
    assert [[100_000]] * len(MODELS) == [money(shaped, "one", model) for model in MODELS]


def test_a_milestone_that_no_touch_led_to_gives_its_weight_to_the_others(shaped: World) -> None:
    """none.com was qualified before it was ever touched: first and opportunity have 45 each, the one between 10."""
    assert [45_000, 10_000, 45_000] == money(shaped, "none", "w_shaped")


def test_last_non_direct(shaped: World) -> None:
    """The last touch of none.com is a visit without a campaign: the meeting before gets all."""
    rows = shaped.read(T.ATTRIBUTION_CREDIT, "model = 'last_non_direct' AND deal_id = 'none'")
    assert [("none.com2", 1.0)] == [(row["touch_id"], row["credit"]) for row in rows]


def test_time_decay(shaped: World) -> None:
    """A week halves a touch's weight: a day before the last it is 2^(-1/7) of it."""
    rows = shaped.read(T.ATTRIBUTION_CREDIT, "model = 'time_decay' AND deal_id = 'none'")
    weights = [2 ** (-days / 7) for days in (2, 1, 0)]
    assert [pytest.approx(w / sum(weights), abs=1e-9) for w in weights] == [row["credit"] for row in rows]


def test_u_shaped(shaped: World) -> None:
    """40 first, 40 last, 20 between; without any between, half and half would be pro rata."""
    assert [40_000, 6_666, 6_666, 6_666, 40_000] == money(shaped, "w", "u_shaped")


def test_other_presets_have_other_milestones(tmp_path: Path) -> None:
    """Touches 1 to 4 June, lead on the 2nd, SQL on the 3rd, a deal of 100 on the 4th.

    guide: U 40, 10, 10, 40; W by SQL 30, 10, 30, 30. marketo_measure: U 50 first, 50 lead; W by lead 30, 30, 10, 30.
    hubspot: U 40 first, 40 lead, the others 10 each; W as Marketo's.
    """
    expected = {
        "guide": ([40, 10, 10, 40], [30, 10, 30, 30]),
        "marketo_measure": ([50, 50], [30, 30, 10, 30]),
        "hubspot": ([40, 40, 10, 10], [30, 30, 10, 30]),
    }
    found = {}
    for preset in expected:
        world = World(tmp_path / preset, f"attribution: {{preset: {preset}, models: [u_shaped, w_shaped]}}")
        world.account("a.com")
        world.person("ann", "a.com")
        for i in range(1, 5):
            world.touch("a.com", f"06-{i:02}", touch_id=f"t{i}")
        lead(world, "ann", "lead", "06-02")
        lead(world, "ann", "sql", "06-03")
        world.deal("d", "a.com", "06-04", amount=100)
        world.refresh(tables=CREDIT)
        found[preset] = (money(world, "d", "u_shaped"), money(world, "d", "w_shaped"))
        assert {"u_shaped", "w_shaped"} == {row["model"] for row in world.read(T.ATTRIBUTION_CREDIT)}
    assert expected == found


def test_markov_and_shapley_of_deals(tmp_path: Path) -> None:
    """metrics.md's chain as closed deals: {a>a>b: 2 won 1 lost; b>a: 1 won 3 lost; c>b: 0 won 6 lost}, with meeting,
    web and phone for a, b and c. All close on one day, so all learn from all.

    Removal effects 19/39, 6/7, 36/79. A deal with a and b gives a (19/39) ÷ (19/39 + 6/7) of its revenue, halved
    between a's two touches where there are two. Shapley gives each of its two channels a half.
    """
    world = World(tmp_path)
    kinds = {"a": "meeting", "b": "form_fill", "c": "call_connected"}
    groups = (("aab", 2, 1), ("ba", 1, 3), ("cb", 0, 6))
    for group, won, lost in groups:
        for i in range(won + lost):
            name = f"{group}{i}.com"
            world.account(name)
            for position, letter in enumerate(group):
                world.touch(name, f"06-{position + 1:02}", kinds[letter], touch_id=f"{name}#{position}")
            world.deal(name, name, "06-10", "06-20", won=i < won, amount=100)
    world.refresh(tables=CREDIT)

    a, b = 19 / 39, 6 / 7
    expected = {"aab0.com#0": a / 2, "aab0.com#1": a / 2, "aab0.com#2": b}
    rows = world.read(T.ATTRIBUTION_CREDIT, "deal_id = 'aab0.com' AND model = 'markov'")
    found = {row["touch_id"]: row["credit_revenue"] for row in rows}
    assert {touch: pytest.approx(effect / (a + b), abs=1e-6) for touch, effect in expected.items()} == found
    shares = world.read(T.ATTRIBUTION_CREDIT, "deal_id = 'aab0.com' AND model = 'shapley'")
    assert [0.25, 0.25, 0.5] == [row["credit_revenue"] for row in shares]


def test_credit_that_was_tampered_with_is_noticed(shaped: World) -> None:
    """The check passes on what was computed; a row lost, an amount moved from one deal to another, or credit of 0.01
    more, and it fails."""
    (check,) = (each for each in CHECKS if each.name == "credit_adds_up")
    assert evaluate(shaped.settings, check)[0]
    tampered = {
        "a row lost": "SELECT * FROM was WHERE touch_id <> 'w.com2'",
        "an amount moved": "SELECT * REPLACE (CASE touch_id WHEN 'w.com2' THEN amount_pipeline + 1 WHEN 'none.com1' "
        "THEN amount_pipeline - 1 ELSE amount_pipeline END AS amount_pipeline) FROM was",
        "revenue halved": "SELECT * REPLACE (amount_revenue / 2 AS amount_revenue) FROM was",
        "more credit": "SELECT * REPLACE (CASE WHEN credit < 1 THEN credit + 0.01 ELSE credit END AS credit) FROM was",
    }
    verdicts = {}
    with connect() as con:
        shaped.lake.attach(con, T.ATTRIBUTION_CREDIT)
        con.execute("CREATE TEMP TABLE was AS SELECT * FROM metrics.attribution_credit")
        for how, query in tampered.items():
            shaped.lake.write_table(con, T.ATTRIBUTION_CREDIT, query, computed_at=now_ns())
            verdicts[how] = evaluate(shaped.settings, check)[0]
        shaped.lake.write_table(con, T.ATTRIBUTION_CREDIT, "SELECT * FROM was", computed_at=now_ns())
    assert dict.fromkeys(tampered, False) == verdicts
    assert evaluate(shaped.settings, check)[0]
