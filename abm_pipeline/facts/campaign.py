"""Campaigns as last known; deleted ones too, since touches and spend still name them."""

from __future__ import annotations

import duckdb

from abm_pipeline.contracts import tables as t
from abm_pipeline.facts._base import Fact
from abm_pipeline.identity.versions import latest
from abm_pipeline.storage.engine import Step
from abm_pipeline.storage.journal import ROWS, Rule, Since
from abm_pipeline.storage.lake import Lake

STEPS = (
    latest(t.CAMPAIGN),
    Step(
        "new_campaign",
        "one row a campaign",
        "SELECT *, source || ':' || source_id AS campaign_id, name AS campaign_name FROM latest_campaign",
    ),
)

_FIRST_USED = """
    WITH differing AS (
        SELECT campaign_id, least(o.start_day, n.start_day) AS start_day
        FROM _old AS o FULL JOIN _new AS n USING (campaign_id) WHERE o IS DISTINCT FROM n
    ),
    used AS (
        SELECT campaign_id, min(day) AS day FROM (
            SELECT campaign_id, day FROM facts.touch
            UNION ALL SELECT campaign_id, day FROM facts.spend
            UNION ALL SELECT campaign_id, day FROM facts.cost
        ) SEMI JOIN differing USING (campaign_id) GROUP BY campaign_id
    )
    SELECT min(least(u.day, d.start_day)) FROM differing AS d LEFT JOIN used AS u USING (campaign_id)
"""


def since_used(lake: Lake) -> Rule:
    """The rule for `journal`: a campaign that differs matters from its start, or its first touch, spend or cost, on."""

    def rule(con: duckdb.DuckDBPyConnection) -> Since:
        for table in (t.TOUCH, t.SPEND, t.COST):
            lake.attach(con, table)
        return {ROWS: con.execute(_FIRST_USED).fetchall()[0][0]}

    return rule


CAMPAIGN = Fact(t.FACT_CAMPAIGN, (t.CAMPAIGN,), STEPS)
