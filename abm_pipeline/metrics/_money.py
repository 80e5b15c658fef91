"""The shared steps of efficiency: what was spent, won and gained in trailing windows, and what each account has cost.

Cost is that of `cost_allocation`, in the tier on the day of the cost; what is unallocated, or was given to accounts off
the list, is `non_abm`. Revenue is in the tier at the deal's creation, a new customer in that of its first day.

An account is a new customer on the day of its first won deal or of its first paid subscription, whichever came first.
"""

from __future__ import annotations

import duckdb

from abm_pipeline.contracts import tables as T
from abm_pipeline.metrics._customers import CUSTOMERS, QUARTER, YEAR
from abm_pipeline.metrics._segments import by_segment
from abm_pipeline.metrics._spec import Part
from abm_pipeline.programme import Programme
from abm_pipeline.storage.engine import Step
from abm_pipeline.storage.lake import EVER, Input

MONEY_SEGMENTS = ("program", "tier")


def set_choices(con: duckdb.DuckDBPyConnection, programme: Programme) -> None:
    """Make `acquisition_category`: the kinds of cost that winning customers takes."""
    con.execute(
        "CREATE OR REPLACE TABLE acquisition_category AS SELECT unnest(?::VARCHAR[]) AS cost_category",
        [list(programme.costs.acquisition)],
    )


MONEY = Part(
    "money",
    prepare=set_choices,
    choices=("costs",),
    reads=(Input(T.COST_ALLOCATION, EVER),),
    needs=(CUSTOMERS,),
    steps=(
        Step(
            "customer_start",
            "The day on which an account became a customer, with its tier then.",
            """
            WITH began AS (
                SELECT account_id, min(day) AS first_day FROM (
                    SELECT account_id, from_day AS day FROM deal_level WHERE won_deals > 0
                    UNION ALL SELECT account_id, first_day FROM customer_life
                ) GROUP BY account_id
            )
            SELECT b.account_id, b.first_day, coalesce(arg_min(l.tier, l.tier_rank), 'none') AS tier
            FROM began b LEFT JOIN listed_span l
              ON l.account_id = b.account_id AND b.first_day BETWEEN l.from_day AND l.until_day
            GROUP BY b.account_id, b.first_day
            """,
        ),
        Step(
            "money_level",
            "From a day on: cost, won deals and new customers of the trailing window, by tier.",
            f"""
            WITH win AS (SELECT unnest([{QUARTER}, {YEAR}]) AS window_days),
            spent AS (
                SELECT day, coalesce(tier, 'none') AS tier, sum(cost_allocated) AS cost,
                       coalesce(sum(cost_allocated) FILTER (
                           cost_category IN (SELECT cost_category FROM acquisition_category)), 0) AS acquisition
                FROM metrics.cost_allocation GROUP BY ALL
            ),
            sold AS (
                SELECT greatest(from_day, closed_day) AS day, until_day + 1 AS end_day, closed_day, tier,
                       coalesce(amount_reporting, 0) AS revenue,
                       CASE WHEN deal_type = 'expansion' THEN coalesce(amount_reporting, 0) ELSE 0 END AS expansion
                FROM deal WHERE is_won AND closed_day <= until_day
            ),
            edge AS (
                SELECT day, tier, cost, acquisition, 0 AS revenue, 0 AS expansion, 0 AS won, 0 AS customers,
                       day + {YEAR} AS end_day, day AS dated FROM spent
                UNION ALL
                SELECT day, tier, 0, 0, revenue, expansion, 1, 0, end_day, closed_day FROM sold
                UNION ALL
                SELECT first_day, tier, 0, 0, 0, 0, 0, 1, first_day + {YEAR}, first_day FROM customer_start
            ),
            change AS (
                SELECT window_days, tier, day, cost, acquisition, revenue, expansion, won, customers
                FROM edge CROSS JOIN win WHERE day < dated + window_days
                UNION ALL
                SELECT window_days, tier, least(end_day, dated + window_days), -cost, -acquisition, -revenue,
                       -expansion, -won, -customers
                FROM edge CROSS JOIN win WHERE day < dated + window_days
            )
            SELECT window_days, tier, day AS from_day, sum(sum(cost)) OVER upto AS cost,
                   sum(sum(acquisition)) OVER upto AS acquisition, sum(sum(revenue)) OVER upto AS revenue,
                   sum(sum(expansion)) OVER upto AS expansion, CAST(sum(sum(won)) OVER upto AS BIGINT) AS won,
                   CAST(sum(sum(customers)) OVER upto AS BIGINT) AS customers
            FROM change GROUP BY window_days, tier, day
            WINDOW upto AS (PARTITION BY window_days, tier ORDER BY day)
            """,
        ),
        Step(
            "money_day",
            "The same at the end of each day, and the acquisition cost of the window that ended a median sales cycle "
            "earlier (of the deals won in 90 days).",
            """
            WITH cycle AS (
                SELECT d.day, CAST(coalesce(quantile_disc(c.cycle_days, 0.5) FILTER (c.is_won), 0) AS INTEGER) AS lag
                FROM days d LEFT JOIN closed c USING (day) GROUP BY d.day
            ),
            cell AS (
                SELECT c.day, c.day - c.lag AS lagged_day, k.window_days, k.tier
                FROM cycle c CROSS JOIN (SELECT DISTINCT window_days, tier FROM money_level) k
            )
            SELECT c.day, c.window_days, c.tier, CASE c.tier WHEN 'none' THEN 'non_abm' ELSE 'abm' END AS program,
                   coalesce(m.cost, 0) AS cost, coalesce(m.acquisition, 0) AS acquisition,
                   coalesce(b.acquisition, 0) AS acquisition_lagged, coalesce(m.revenue, 0) AS revenue,
                   coalesce(m.expansion, 0) AS expansion, coalesce(m.won, 0) AS won,
                   coalesce(m.customers, 0) AS customers
            FROM cell c
            ASOF LEFT JOIN money_level m
              ON m.window_days = c.window_days AND m.tier = c.tier AND m.from_day <= c.day
            ASOF LEFT JOIN money_level b
              ON b.window_days = c.window_days AND b.tier = c.tier AND b.from_day <= c.lagged_day
            """,
        ),
    ),
)

ACCOUNT_COST = Part(
    "account_cost",
    choices=("costs",),
    columns=("cost_allocated", "roi"),
    reads=(Input(T.COST_ALLOCATION, EVER),),
    steps=(
        Step(
            "cost_level",
            "From a day on: what an account has cost so far.",
            """
            SELECT a.account_id, greatest(a.day, p.first_day) AS from_day,
                   CAST(sum(sum(a.cost_allocated)) OVER (
                       PARTITION BY a.account_id ORDER BY greatest(a.day, p.first_day)) AS DECIMAL(18, 4)) AS cost
            FROM metrics.cost_allocation a, params p WHERE a.account_id <> 'unallocated'
            GROUP BY a.account_id, greatest(a.day, p.first_day)
            """,
        ),
        Step(
            "account_cost",
            "What an account has cost and brought up to the day, and what has become of its deals.",
            """
            SELECT a.day, a.account_id, a.program, a.tier, a.industry, a.region, a.employee_band, a.owner,
                   a.engagement_quintile, a.is_listed, a.is_engaged, a.won_revenue,
                   coalesce(c.cost, 0) AS cost_allocated,
                   CAST(a.won_revenue - c.cost AS DOUBLE) / CAST(nullif(c.cost, 0) AS DOUBLE) AS roi,
                   CASE WHEN a.stage = 'customer' THEN 'won' WHEN a.open_deals > 0 THEN 'open'
                        WHEN d.deals > 0 THEN 'lost' ELSE 'none' END AS outcome
            FROM account_day a
            ASOF LEFT JOIN cost_level c ON c.account_id = a.account_id AND c.from_day <= a.day
            ASOF LEFT JOIN deal_level d ON d.account_id = a.account_id AND d.from_day <= a.day
            """,
        ),
    ),
)

ACQUISITION = Part(
    "acquisition",
    needs=(MONEY,),
    steps=(
        Step(
            "acquisition_cost",
            "What each new customer of the year cost to win.",
            by_segment(
                "(SELECT * FROM money_day WHERE window_days = 365)",
                "CAST(sum(acquisition) AS DOUBLE) / nullif(sum(customers), 0) AS cac, "
                "CAST(sum(customers) AS BIGINT) AS n",
                ("program",),
            ),
        ),
    ),
)
"""What ltv_cac and payback set against what customers bring."""
