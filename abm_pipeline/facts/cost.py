"""What was spent on a day: media as the platforms tell it in total, receipts, and the time of people at their rate.

Media is the campaign's total; the platforms' rows by company are approximate and never a cost. A time entry without a
rate costs the programme's `sales_time.hourly_rate`. Calls and meetings that the systems of record log cost that rate
too, but only in calendar months without any time entry: they do not say whose time it was, so counting both could
count an hour twice. One call or meeting with several people of a company costs once. Only what has a duration counts.

Amounts are converted at the day's rate; a rate that is missing leaves them unconverted.
"""

from __future__ import annotations

from abm_pipeline.contracts import tables as t
from abm_pipeline.facts._base import Fact
from abm_pipeline.facts._dated import COMPANY_KEY, reached, standing
from abm_pipeline.facts._rates import unconverted
from abm_pipeline.storage.engine import Step

_CAMPAIGN = "source || ':' || campaign_source_id AS campaign_id"

STEPS = (
    standing(t.STAGED_COST, "cost_day"),
    standing(t.TIME_ENTRY, "worked_day"),
    Step(
        "logged_month",
        "months with a time entry that is not deleted",
        """
        SELECT DISTINCT date_trunc('month', worked_day)::DATE AS month FROM staged.time_entry
        QUALIFY row_number() OVER (
            PARTITION BY source, source_id ORDER BY modified_at DESC, captured_at DESC, day DESC
        ) = 1 AND NOT is_deleted
        """,
    ),
    Step(
        "talk",
        "calls and meetings with a duration, each once, in wanted months without a time entry",
        """
        SELECT t.day, min(t.touch_id) AS cost_id, t.source, t.company_key, min(t.contact_key) AS contact_key,
               min(t.campaign_id) AS campaign_id, max(t.duration_seconds) AS seconds
        FROM facts.touch AS t SEMI JOIN wanted USING (day) CROSS JOIN params AS p
        WHERE p.counts_activities AND t.touch_type IN ('call', 'call_connected', 'meeting') AND t.duration_seconds > 0
            AND date_trunc('month', t.day) NOT IN (SELECT month FROM logged_month)
        -- a person without a company is a meeting of its own
        GROUP BY t.day, t.source, t.occurred_at, t.touch_type, t.company_key,
            CASE WHEN t.company_key IS NULL THEN t.touch_id END
        """,
    ),
    Step(
        "new_cost",
        "one row a cost, with its amount converted",
        f"""
        WITH cost AS (
            SELECT day, 'media:' || spend_id AS cost_id, source, 'media' AS cost_category, NULL AS company_key,
                   NULL AS contact_key, campaign_id, amount, currency
            FROM facts.spend SEMI JOIN wanted USING (day) WHERE company_key IS NULL AND amount <> 0
            UNION ALL
            SELECT day, source || ':' || source_id, source, cost_category, {COMPANY_KEY}, NULL, {_CAMPAIGN}, amount,
                   currency
            FROM standing_cost
            UNION ALL
            SELECT day, source || ':' || source_id, source, 'sales_time', {COMPANY_KEY}, NULL, {_CAMPAIGN},
                   (hours::DECIMAL(12, 4) * coalesce(e.hourly_rate, p.hourly_rate)::DECIMAL(18, 4))::DECIMAL(18, 4),
                   CASE WHEN e.hourly_rate IS NULL THEN p.currency ELSE e.currency END
            FROM standing_time_entry AS e CROSS JOIN params AS p
            UNION ALL
            SELECT day, cost_id, source, 'sales_time', company_key, contact_key, campaign_id,
                   (round(seconds)::BIGINT * p.hourly_rate / 3600)::DECIMAL(18, 4), p.currency
            FROM talk CROSS JOIN params AS p
        )
        SELECT k.*, (k.amount::DOUBLE / c.units)::DECIMAL(18, 4) AS amount_reporting
        FROM cost AS k
        LEFT JOIN conversion AS c ON c.currency = k.currency AND k.day >= c.start_day AND k.day < c.end_day
        """,
    ),
)

AFFECTED = f"""
    {reached(t.STAGED_COST, "cost_day")}
    UNION ALL {reached(t.TIME_ENTRY, "worked_day")}
    UNION ALL
    -- a first or last entry of a month takes or gives the month's calls
    SELECT d.day, w.changed_at
    FROM ({reached(t.TIME_ENTRY, "date_trunc('month', worked_day)::DATE")}) AS w
    JOIN computed AS d ON date_trunc('month', d.day) = w.day
    UNION ALL
    SELECT day, changed_at FROM changed WHERE table_name IN ('facts.touch', 'facts.spend')
    UNION ALL
    SELECT d.day, max(c.changed_at) FROM changed AS c, computed AS d
    WHERE c.table_name = 'staged.fx_rate' AND d.day >= (
        SELECT min(f.start_day) FROM staged.fx_rate AS f WHERE f.day = c.day
    )
    GROUP BY ALL
"""
COST = Fact(
    t.COST, (t.SPEND, t.STAGED_COST, t.TIME_ENTRY, t.TOUCH, t.FX_RATE), STEPS, AFFECTED, unconverted("new_cost")
)
