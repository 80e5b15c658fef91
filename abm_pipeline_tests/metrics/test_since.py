"""What begins later leaves the days before as they are: no metric may look ahead, or it is not computed again."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from abm_pipeline.contracts import tables as T
from abm_pipeline_tests.metrics.test_laws import DAYS, populate
from abm_pipeline_tests.metrics.world import D, World, at


def later(world: World) -> None:
    """What happens at the end of D: accounts off the list come onto it, and every open deal is won."""
    listed = {row["account_id"] for row in world.rows["identity.tier_history"] if row["valid_to"] is None}
    for row in list(world.rows["identity.account"]):
        if row["account_id"] not in listed:
            world.tier(row["account_id"], "one_to_one", str(D))
    for deal in [row for row in world.rows["facts.deal"] if row["valid_to"] is None and not row["is_closed"]]:
        deal["valid_to"] = at(D, 15)
        won = {"stage": "Closed Won", "is_closed": True, "is_won": True, "closed_day": D}
        world.rows["facts.deal"].append({**deal, **won, "valid_from": at(D, 15), "valid_to": None})


def test_what_begins_later_leaves_the_days_before_as_they_are(tmp_path: Path) -> None:
    """Three days computed; on the last one accounts come onto the list and deals are won. Asked for that day, the
    refresh ends in the rows of a world that knew it from the start."""
    world, knowing = World(tmp_path / "a"), World(tmp_path / "b")
    populate(world)
    world.refresh(*DAYS)
    later(world)
    world.refresh(D)
    populate(knowing)
    later(knowing)
    knowing.refresh(*DAYS)

    for table in (T.METRIC_VALUES, T.ACCOUNT_METRICS_DAILY):
        left, right = (pd.DataFrame(each.read(table)).set_index(list(table.key)) for each in (knowing, world))
        differ = left.index.symmetric_difference(right.index)
        assert [] == list(differ)[:5]
        pd.testing.assert_frame_equal(left, right, check_exact=True)
