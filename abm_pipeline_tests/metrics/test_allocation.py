"""Cost given to accounts: each rule by hand, and that nothing is lost."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from abm_pipeline.contracts import tables as T
from abm_pipeline.defs.checks import CHECKS, evaluate
from abm_pipeline_tests.metrics.money import cost
from abm_pipeline_tests.metrics.world import World, day

COSTS = (T.COST_ALLOCATION,)


def parts(world: World, where: str = "true") -> list[Any]:
    """(account, rule, amount), in the order of the key."""
    rows = world.read(T.COST_ALLOCATION, where)
    return [(row["account_id"], row["cost_rule"], float(row["cost_allocated"])) for row in rows]


def test_direct_and_what_nobody_knows(world: World) -> None:
    """70 for a.com are a.com's; 30 for a company of no account, and 5 of a category without a rule, are unallocated."""
    world.account("a.com")
    cost(world, "06-30", 70, "a.com")
    cost(world, "06-30", 30, "nobody.com")
    cost(world, "06-30", 5, cost_category="other")
    world.refresh(tables=COSTS)
    expected = [("a.com", "direct", 70), ("unallocated", "unallocated", 5), ("unallocated", "unallocated", 30)]
    assert sorted(expected) == sorted(parts(world))


def test_media_by_impressions(world: World) -> None:
    """A campaign's 100 over impressions of 60 at a.com, 20 at b.com and 20 at a company of no account: 60, 20, and 20
    unallocated; another campaign without companies is unallocated."""
    for name in ("a.com", "b.com"):
        world.account(name)
    for company, shown in (("domain:a.com", 60), ("domain:b.com", 20), ("linkedin:9", 20)):
        world.spend("06-30", company_key=company, impressions=shown, amount=1)
    cost(world, "06-30", 100, cost_category="media", campaign_id="linkedin:c1")
    cost(world, "06-30", 8, cost_category="media", campaign_id="meta:c1")
    world.refresh(tables=COSTS)
    assert [
        ("a.com", "impression_share", 60), ("b.com", "impression_share", 20), ("unallocated", "unallocated", 28)
    ] == parts(world)  # fmt: skip


def test_events_by_engagement_and_tools_by_tier(world: World) -> None:
    """An event of 90: in the 30 days to 30 June a.com engaged twice and b.com once (its call of 31 May is too old, and
    impressions are none): 60 and 30. A tool of 15 over tiers of weight 10, 4 and 1: 10, 4, 1; c.com is off the list."""
    for name, tier in (("a.com", "one_to_one"), ("b.com", "one_to_few"), ("d.com", "one_to_many"), ("c.com", None)):
        world.account(name, tier)
        world.touch(name, "05-31", "call_connected")
        world.touch(name, "06-29", "ad_impression")
    for account, when in (("a.com", "06-01"), ("a.com", "06-30"), ("b.com", "06-02"), ("c.com", "06-02")):
        world.touch(account, when)
    cost(world, "06-30", 90, cost_category="event")
    cost(world, "06-30", 15)
    world.refresh(tables=COSTS)
    assert [("a.com", "engagement_share", 60), ("b.com", "engagement_share", 30)] == parts(
        world, "cost_category = 'event'"
    )
    assert [("a.com", "tier_weighted", 10), ("b.com", "tier_weighted", 4), ("d.com", "tier_weighted", 1)] == parts(
        world, "cost_category = 'tool'"
    )


def test_the_first_rule_that_can_place_it(world: World) -> None:
    """Events go by engagement, else equally: without any engagement 10 over three accounts are 3.3333, 3.3333, 3.3334,
    which add up; and with an empty list nothing can place them."""
    (world.settings.config / "costs.yaml").write_text(
        "costs: {rules: [{rule: engagement_share, categories: [event]}, {rule: equal}]}"
    )
    for name in ("a.com", "b.com", "c.com"):
        world.account(name, "one_to_one", "2026-06-01")
    cost(world, "06-30", 10, cost_category="event")
    cost(world, "05-31", 10, cost_category="event")
    world.refresh(day("05-31"), day("06-30"), tables=COSTS)
    assert [3.3333, 3.3333, 3.3334] == [amount for _, _, amount in parts(world, "day = '2026-06-30'")]
    assert [("unallocated", "unallocated", 10)] == parts(world, "day = '2026-05-31'")


def test_costs_before_the_first_day_asked_for_are_given_too(world: World) -> None:
    """A cost of May is allocated by the run that asks for 30 June: what an account has cost counts from the start."""
    world.account("a.com")
    cost(world, "05-01", 70, "a.com")
    world.refresh(tables=COSTS)
    assert [("a.com", "direct", 70)] == parts(world)


def test_cost_adds_up_and_tampering_shows(world: World) -> None:
    """Seven odd costs over three accounts add up exactly, and the check passes; take a part away, or give a part to
    another platform, and it fails."""
    for name, tier in (("a.com", "one_to_one"), ("b.com", "one_to_few"), ("c.com", "one_to_many")):
        world.account(name, tier)
    for amount in (0.01, 0.1, 1, 7.77, 10, 33.3333, 100):
        cost(world, "06-30", amount)
    world.refresh(tables=COSTS)
    check = next(check for check in CHECKS if check.name == "cost_adds_up")
    assert Decimal("152.2133") == sum(row["cost_allocated"] for row in world.read(T.COST_ALLOCATION))
    assert evaluate(world.settings, check)[0]
    given = world.read(T.COST_ALLOCATION)
    for tampered in (given[1:], [{**given[0], "source": "linkedin"}, *given[1:]]):
        world.rows["metrics.cost_allocation"] = tampered
        world.write()
        assert not evaluate(world.settings, check)[0]


def test_each_platforms_cost_is_split_by_itself(world: World) -> None:
    """10 of LinkedIn and 20 of Google for a list of two: 5 and 5, 10 and 10."""
    for name in ("a.com", "b.com"):
        world.account(name, "one_to_one")
    for source, amount in (("linkedin", 10), ("google_ads", 20)):
        cost(world, "06-30", amount, source=source)
    world.refresh(tables=COSTS)
    rows = world.read(T.COST_ALLOCATION)
    assert [
        ("a.com", "google_ads", 10),
        ("a.com", "linkedin", 5),
        ("b.com", "google_ads", 10),
        ("b.com", "linkedin", 5),
    ] == [(row["account_id"], row["source"], row["cost_allocated"]) for row in rows]
