"""Every cost given to accounts by the programme's rules: the rows of `cost_allocation`.

Belongs here: which rule places a cost, and how it splits one. Rules are tried in the order of costs.yaml; the first
that can place the cost does:

- direct: the record names a company or person. It is that account's; if nobody knows whose it is, `unallocated`.
- impression_share: the campaign's impressions at companies on the day; those at companies of no account take their
  share to `unallocated`.
- engagement_share: engagements of listed accounts in the days up to the cost's.
- tier_weighted, equal: the accounts on the list on the day.

What no rule can place is `unallocated`. Amounts are split in ten-thousandths of the reporting currency by running sums
over the accounts in order of their ids, so the parts add up to the cost exactly. Costs without a rate to the reporting
currency are in neither.
"""

from __future__ import annotations

import duckdb

from abm_pipeline.contracts import tables as T
from abm_pipeline.contracts.fields import COST_CATEGORIES
from abm_pipeline.metrics._base import LISTED, LISTED_SPAN
from abm_pipeline.programme import Programme
from abm_pipeline.storage.engine import Step
from abm_pipeline.storage.lake import Input

UNALLOCATED = "unallocated"

STEPS = (
    LISTED_SPAN,
    LISTED,
    Step(
        "cost_item",
        "Costs that are split alike, in ten-thousandths of the reporting currency.",
        """
        SELECT k.day, k.source, k.cost_category, k.campaign_id,
               k.company_key IS NOT NULL OR k.contact_key IS NOT NULL AS is_named,
               coalesce(c.account_id, r.account_id) AS account_id,
               CAST(sum(k.amount_reporting * 10000) AS HUGEINT) AS units
        FROM facts.cost k SEMI JOIN days USING (day)
        LEFT JOIN company_unit c ON c.company_key = k.company_key
        LEFT JOIN person_at r ON r.contact_key = k.contact_key AND k.day BETWEEN r.from_day AND r.until_day
        WHERE k.amount_reporting IS NOT NULL
        GROUP BY ALL
        """,
    ),
    Step(
        "shown",
        "Impressions at companies of the campaigns and days that cost something.",
        f"""
        SELECT 'impression_share' AS rule, s.day, s.campaign_id, coalesce(c.account_id, '{UNALLOCATED}') AS account_id,
               sum(s.impressions) AS weight
        FROM facts.spend s
        SEMI JOIN cost_item i ON i.day = s.day AND i.campaign_id = s.campaign_id
        LEFT JOIN company_unit c ON c.company_key = s.company_key
        WHERE s.company_key IS NOT NULL AND s.impressions > 0
        GROUP BY ALL
        """,
    ),
    Step(
        "engagement_level",
        "From a day on: engagements of an account in the rolling window.",
        """
        WITH engaged AS (
            SELECT coalesce(c.account_id, r.account_id) AS account_id, t.day,
                   sum(CAST(t.weight_count AS BIGINT)) AS weight
            FROM facts.touch t
            SEMI JOIN engaging_type e ON e.touch_type = t.touch_type
            LEFT JOIN company_unit c ON c.company_key = t.company_key
            LEFT JOIN person_at r ON r.contact_key = t.contact_key AND t.day BETWEEN r.from_day AND r.until_day
            WHERE NOT t.is_exposure GROUP BY ALL
        ),
        edge AS (
            SELECT account_id, day, weight FROM engaged WHERE account_id IS NOT NULL
            UNION ALL
            SELECT account_id, day + engagement_days, -weight FROM engaged, cost_choice WHERE account_id IS NOT NULL
        )
        SELECT account_id, day AS from_day,
               sum(sum(weight)) OVER (PARTITION BY account_id ORDER BY day) AS weight
        FROM edge GROUP BY account_id, day
        """,
    ),
    Step(
        "carrier",
        "Who can carry a cost of a day under a rule, and with what weight.",
        """
        WITH spread AS (
            SELECT day, account_id, tier FROM listed WHERE day IN (SELECT day FROM cost_item WHERE NOT is_named)
        )
        SELECT rule, day, campaign_id, account_id, CAST(weight AS HUGEINT) AS weight FROM shown
        UNION ALL
        SELECT 'engagement_share', s.day, NULL, s.account_id, l.weight
        FROM spread s ASOF JOIN engagement_level l ON l.account_id = s.account_id AND l.from_day <= s.day
        WHERE l.weight > 0
        UNION ALL
        SELECT 'tier_weighted', s.day, NULL, s.account_id, coalesce(w.weight, 1)
        FROM spread s LEFT JOIN tier_weight w USING (tier) WHERE coalesce(w.weight, 1) > 0
        UNION ALL
        SELECT 'equal', day, NULL, account_id, 1 FROM spread
        """,
    ),
    Step(
        "ruled",
        "Each cost with the first rule that can place it.",
        """
        WITH can AS (SELECT DISTINCT rule, day, campaign_id FROM carrier),
        chosen AS (
            SELECT i.*, (
                SELECT arg_min(r.rule, r.position) FROM cost_rule r
                LEFT JOIN can c ON c.rule = r.rule AND c.day = i.day
                    AND (c.campaign_id IS NULL OR c.campaign_id = i.campaign_id)
                WHERE r.cost_category = i.cost_category AND CASE r.rule WHEN 'direct' THEN i.is_named
                                                            ELSE NOT i.is_named AND c.day IS NOT NULL END
            ) AS rule
            FROM cost_item i
        )
        SELECT rule, day, source, cost_category, CASE rule WHEN 'impression_share' THEN campaign_id END AS campaign_id,
               CASE rule WHEN 'direct' THEN account_id END AS account_id, CAST(sum(units) AS HUGEINT) AS units
        FROM chosen GROUP BY ALL
        """,
    ),
    Step(
        "allocation",
        "Each cost split over who carries it; the parts add up to it.",
        f"""
        WITH part AS (
            SELECT u.day, u.source, u.cost_category, u.rule, c.account_id,
                   u.units * sum(c.weight) OVER upto // sum(c.weight) OVER whole
                   - u.units * (sum(c.weight) OVER upto - c.weight) // sum(c.weight) OVER whole AS units
            FROM ruled u JOIN carrier c
              ON c.rule = u.rule AND c.day = u.day AND c.campaign_id IS NOT DISTINCT FROM u.campaign_id
            LEFT JOIN unit k ON k.account_id = c.account_id
            WINDOW upto AS (PARTITION BY u.rule, u.day, u.source, u.cost_category, u.campaign_id
                            ORDER BY k.account_no, c.account_id ROWS UNBOUNDED PRECEDING),
                   whole AS (PARTITION BY u.rule, u.day, u.source, u.cost_category, u.campaign_id)
            UNION ALL
            SELECT day, source, cost_category, coalesce(rule, '{UNALLOCATED}'),
                   coalesce(account_id, '{UNALLOCATED}'), units
            FROM ruled WHERE rule IS NULL OR rule = 'direct'
        )
        SELECT p.day, p.account_id, p.source, p.cost_category,
               CASE p.account_id WHEN '{UNALLOCATED}' THEN '{UNALLOCATED}' ELSE p.rule END AS cost_rule,
               any_value(l.tier) AS tier,
               CAST(CAST(sum(p.units) AS DECIMAL(28, 0)) * 0.0001 AS DECIMAL(18, 4)) AS cost_allocated
        FROM part p LEFT JOIN listed l ON l.day = p.day AND l.account_id = p.account_id AND l.tier <> 'unknown'
        GROUP BY ALL HAVING sum(p.units) <> 0
        """,
    ),
)


def inputs(programme: Programme) -> tuple[Input, ...]:
    """What a day of cost_allocation reads beside identity."""
    return Input(T.COST), Input(T.SPEND), Input(T.TOUCH, programme.costs.engagement_days)


def set_rules(con: duckdb.DuckDBPyConnection, programme: Programme) -> None:
    """Make `cost_choice`, `cost_rule` (a row for each category a rule is for) and `tier_weight`."""
    costs = programme.costs
    con.execute("CREATE OR REPLACE TABLE cost_choice AS SELECT ?::INTEGER AS engagement_days",
                [costs.engagement_days])  # fmt: skip
    con.execute("CREATE OR REPLACE TABLE cost_rule (position INTEGER, rule VARCHAR, cost_category VARCHAR)")
    rows = [
        (position, rule.rule, category)
        for position, rule in enumerate(costs.rules)
        for category in rule.categories or COST_CATEGORIES
    ]
    if rows:
        con.executemany("INSERT INTO cost_rule VALUES (?, ?, ?)", rows)
    con.execute(
        "CREATE OR REPLACE TABLE tier_weight AS SELECT unnest(?::VARCHAR[]) AS tier, unnest(?::INT[]) AS weight",
        [list(costs.tier_weights), list(costs.tier_weights.values())],
    )
