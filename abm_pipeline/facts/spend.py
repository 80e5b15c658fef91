"""Ad spend by campaign and day, and the same by company where the platform tells.

Rows without a company are the platform's totals; rows with one are approximate and add up to less or more. Amounts are
converted at the ad day's rate.
"""

from __future__ import annotations

from abm_pipeline.contracts import tables as t
from abm_pipeline.facts._base import Fact
from abm_pipeline.facts._rates import unconverted
from abm_pipeline.storage.engine import Step

AFFECTED = """
    WITH arrived AS (
        SELECT f.currency, f.start_day, max(c.changed_at) AS changed_at
        FROM staged.fx_rate AS f JOIN changed AS c ON c.table_name = 'staged.fx_rate' AND c.day = f.day
        GROUP BY ALL
    ), holding AS (
        -- a rate holds until the next one of its currency starts
        SELECT a.start_day, a.changed_at, coalesce(min(n.start_day), DATE '9999-12-31') AS end_day
        FROM arrived AS a LEFT JOIN rate AS n ON n.currency = a.currency AND n.start_day > a.start_day
        GROUP BY a.currency, a.start_day, a.changed_at
    )
    SELECT d.day, a.changed_at
    FROM holding AS a JOIN computed AS d ON d.day >= a.start_day AND d.day < a.end_day
    UNION ALL
    SELECT day, changed_at FROM changed WHERE table_name = 'staged.ad_delivery'
"""

STEPS = (
    Step(
        "new_spend",
        "delivery rows of wanted days as last captured, with their amount converted",
        """
        WITH delivery AS (
            SELECT * FROM staged.ad_delivery SEMI JOIN wanted USING (day)
            QUALIFY row_number() OVER (
                PARTITION BY day, source, source_id ORDER BY modified_at DESC, captured_at DESC
            ) = 1
        )
        SELECT
            a.day, a.source || ':' || a.source_id AS spend_id, a.source,
            a.source || ':' || a.campaign_source_id AS campaign_id,
            a.source || ':' || a.company_source_id AS company_key,
            coalesce(a.impressions, 0) AS impressions, coalesce(a.clicks, 0) AS clicks,
            a.spend AS amount, a.currency,
            (a.spend::DOUBLE / c.units)::DECIMAL(18, 4) AS amount_reporting
        FROM delivery AS a
        LEFT JOIN conversion AS c ON c.currency = a.currency AND a.day >= c.start_day AND a.day < c.end_day
        """,
    ),
)


SPEND = Fact(t.SPEND, (t.AD_DELIVERY, t.FX_RATE), STEPS, AFFECTED, unconverted("new_spend"))
