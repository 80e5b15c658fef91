"""Campaigns as last known; deleted ones too, since touches and spend still name them."""

from __future__ import annotations

from abm_pipeline.contracts import tables as t
from abm_pipeline.facts._base import Fact
from abm_pipeline.identity.versions import latest
from abm_pipeline.storage.engine import Step

STEPS = (
    latest(t.CAMPAIGN),
    Step(
        "new_campaign",
        "one row a campaign",
        "SELECT *, source || ':' || source_id AS campaign_id, name AS campaign_name FROM latest_campaign",
    ),
)

CAMPAIGN = Fact(t.FACT_CAMPAIGN, (t.CAMPAIGN,), STEPS)
