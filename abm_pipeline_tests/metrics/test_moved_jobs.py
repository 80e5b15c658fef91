"""Who changes employer leaves behind what was done there: whatever places a person's touch looks at its day."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from abm_pipeline.contracts import tables as T
from abm_pipeline_tests.metrics.world import World, day
from abm_pipeline_tests.metrics.world_pipeline import lead

MOVED = day("06-01")
DAYS = [day(text) for text in ("02-28", "05-31", "06-30")]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    """Ann is a's champion from March to May and b's user from June on, in one record; Bob is a's, for ever.

    Touches name nobody's company:
    | when  | who | account | campaign |
    | 05-10 | ann | a       | mail     |
    | 06-10 | ann | b       | mail     |
    | 06-10 | bob | a       | –        |
    b's deal is of 20 June, a's of 25 May. Ann became a lead in April, an mql in May, an sql in June; her record names
    b, where she works today.
    """
    made = World(tmp_path_factory.mktemp("moved"))
    for name in ("a.com", "b.com"):
        made.account(name, "one_to_one", region=name)
    made.person("ann", "b.com", "user", known="03-01")
    made.person("bob", "a.com", "decision_maker", known="04-01")
    for account, role, first, end in (
        ("a.com", "champion", date(1900, 1, 1), MOVED),
        ("b.com", "user", MOVED, None),
    ):
        row = {"source": "crm", "source_id": "ann", "person_id": "crm:ann", "account_id": account, "role": role}
        made.rows["identity.person_history"].append(
            row | {"valid_from_day": first, "valid_to_day": end, "snapshot_id": "s"}
        )
    made.touch(None, "05-10", person="ann", campaign_id="crm:mail", touch_id="early")
    made.touch(None, "06-10", person="ann", campaign_id="crm:mail", touch_id="late")
    made.touch(None, "06-10", person="bob", touch_id="bob")
    made.deal("da", "a.com", "05-25")
    made.deal("db", "b.com", "06-20")
    for stage, when in (("lead", "04-10"), ("mql", "05-20"), ("sql", "06-10")):
        lead(made, "crm:ann", stage, when, "b.com")
    made.refresh(*DAYS)
    return made


def test_known_and_engaged_are_counted_where_they_were(world: World) -> None:
    """Known at a: none in February, Ann and Bob in May, Bob in June; at b: Ann in June. Engaged at a by the end of
    June: Ann, of May, and Bob; at b: Ann. a lacks no champion, b has its user and lacks one."""
    rows = {name: [world.account_row(name, as_of) for as_of in DAYS[1:]] for name in ("a.com", "b.com")}
    known = {name: [(row["contacts_known"], row["contacts_engaged"]) for row in both] for name, both in rows.items()}
    assert {"a.com": [(2, 1), (1, 2)], "b.com": [(0, 0), (1, 1)]} == known
    gaps = {name: both[-1]["role_gaps"] for name, both in rows.items()}
    assert {"a.com": "influencer,user", "b.com": "decision_maker,champion,influencer"} == gaps


def test_credit_goes_to_the_employer_of_then(world: World) -> None:
    """a's deal is credited to Ann's touch of 10 May, b's to that of 10 June."""
    credit = world.read(T.ATTRIBUTION_CREDIT, "model = 'first'")
    assert [("da", "early", 1.0), ("db", "late", 1.0)] == [(r["deal_id"], r["touch_id"], r["credit"]) for r in credit]


def test_campaigns_reach_the_employer_of_then_and_nothing_is_counted_twice(world: World, tmp_path: Path) -> None:
    """Law: a history adds no touch and takes none. The mail of each day reached one account, and every touch is
    matched once, as without a history."""
    plain = World(tmp_path)
    plain.rows.update({name: rows for name, rows in world.rows.items() if name != "identity.person_history"})
    days = [day("05-10"), day("06-10")]
    plain.refresh(*days, tables=(T.CAMPAIGN_METRICS, T.DATA_HEALTH))
    world.refresh(*days, tables=(T.CAMPAIGN_METRICS, T.DATA_HEALTH))
    reached = [(row["touches"], row["accounts_reached"]) for row in world.read(T.CAMPAIGN_METRICS)]
    assert [(1, 1), (1, 1)] == reached
    for table in (T.CAMPAIGN_METRICS, T.DATA_HEALTH):
        where = f"day IN ({', '.join(repr(str(each)) for each in days)})"
        assert plain.read(table, where) == world.read(table, where)


def test_leads_count_at_the_employer_of_then(world: World) -> None:
    """Ann's mql of May is a's, her sql of June b's, though the record says b today."""
    assert 1 == world.parts("mql", "region", "a.com", window_days=90)[0]
    assert 1 == world.parts("sql", "region", "b.com", window_days=90)[0]
    assert [None, None] == [
        world.cell(metric, "region", name, window_days=90) for metric, name in (("mql", "b.com"), ("sql", "a.com"))
    ]


def test_who_left_moves_on_elsewhere(world: World) -> None:
    """On 31 May Ann is an mql of a, which she leaves the next day: in June 0 of a's 1 moved on. Of b she was nobody."""
    assert (0, 1) == world.parts("contact_conversion", "region", "a.com", window_days=30)[:2]
    assert world.cell("contact_conversion", "region", "b.com", window_days=30) is None
