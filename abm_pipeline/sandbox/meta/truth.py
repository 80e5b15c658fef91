"""The planted truth that Meta's API reveals: totals of campaigns, no companies."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from abm_pipeline.sandbox.meta.rows import ACCOUNTS, known
from abm_pipeline.sandbox.world import World
from abm_pipeline.sandbox.world.paid import paid_truth


def truth(world: World) -> Mapping[str, pd.DataFrame]:
    """`ad_delivery` and `campaign` as at the clock, and what is hidden; halves of conversions are cut off."""
    made = known(world)
    return paid_truth(
        world, "meta", ACCOUNTS, made.campaigns, made.delivery, lambda halves: halves // 2,
        lambda place: made.status(place, world.instant) == "DELETED",
    )  # fmt: skip
