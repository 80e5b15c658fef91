"""The planted truth that the Google Ads API reveals: totals of campaigns, no companies."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from abm_pipeline.sandbox.google_ads.rows import ACCOUNTS, known
from abm_pipeline.sandbox.world import World
from abm_pipeline.sandbox.world.paid import paid_truth


def truth(world: World) -> Mapping[str, pd.DataFrame]:
    """`ad_delivery` and `campaign` as at the clock, and what is hidden; halves of conversions are rounded up."""
    made = known(world)
    return paid_truth(
        world, "google_ads", ACCOUNTS, made.campaigns, made.delivery,
        lambda halves: np.floor(halves / 2 + 0.5).astype(np.int64),
        lambda place: made.campaigns[place].state(world.instant) == "removed",
    )  # fmt: skip
