"""The shared steps of customers: what each account pays from day to day, who was a customer then, and for how long.

A customer is an account with a running subscription that brings money. One whose amount could not be converted counts
as a customer with 0. Subscriptions of a company of no account are left out.

A customer's life is from its first paid day to the first day without any paid subscription; coming back begins no
second life. What is known later than it happened (an end told late) counts from the day it happened.
"""

from __future__ import annotations

import duckdb

from abm_pipeline.contracts import tables as T
from abm_pipeline.metrics._spec import Part
from abm_pipeline.programme import Programme
from abm_pipeline.storage.engine import Step
from abm_pipeline.storage.lake import Input

CUSTOMER_SEGMENTS = ("program", "tier", "industry", "region", "employee_band")
"""Segments of customers; list and tier on the day that the metric names."""

QUARTER, YEAR = 90, 365

_LEVEL = """
    WITH edge AS (
        SELECT {unit} AS account_id, valid_from_day AS day, 1 AS paying, mrr FROM paid
        UNION ALL
        SELECT {unit}, until_day, -1, -mrr FROM paid WHERE until_day < DATE '9999-12-31'
    ),
    level AS (
        SELECT account_id, day AS from_day,
               lead(day, 1, DATE '9999-12-31') OVER by_day AS until_day,
               CAST(sum(sum(paying)) OVER by_day AS BIGINT) AS subscriptions,
               CAST(sum(sum(mrr)) OVER by_day AS DECIMAL(18, 4)) AS mrr
        FROM edge GROUP BY account_id, day
        WINDOW by_day AS (PARTITION BY account_id ORDER BY day)
    )
    SELECT * FROM level"""

ONCE = (
    Step(
        "paid",
        "Stretches of subscriptions with their account.",
        """
        SELECT c.account_id, a.ultimate_parent_id AS family_id, s.subscription_id, s.valid_from_day, s.started_day,
               coalesce(s.valid_to_day, DATE '9999-12-31') AS until_day, coalesce(s.mrr_reporting, 0) AS mrr
        FROM facts.subscription s JOIN company_unit c USING (company_key)
        JOIN identity.account a ON a.account_id = c.account_id
        """,
    ),
    Step("mrr_level", "From a day on: what an account pays a month.", _LEVEL.format(unit="account_id")),
    Step("family_level", "The same for all accounts under one parent.", _LEVEL.format(unit="family_id")),
    Step(
        "customer_life",
        "A customer's first day, and the first day on which it was none any more.",
        """
        SELECT account_id, min(from_day) AS first_day, min(from_day) FILTER (subscriptions = 0) AS lost_day
        FROM mrr_level GROUP BY account_id
        """,
    ),
    Step(
        "life_segment",
        "Customers with their segments: list and tier on their first day. Being listed later in the first year cannot "
        "count: only who stayed so long could be.",
        """
        WITH tier_then AS (
            SELECT c.account_id, arg_min(l.tier, l.tier_rank) AS tier
            FROM customer_life c JOIN listed_span l
              ON l.account_id = c.account_id AND c.first_day BETWEEN l.from_day AND l.until_day
            GROUP BY ALL
        )
        SELECT c.*, CASE WHEN t.tier IS NULL THEN 'non_abm' ELSE 'abm' END AS program,
               coalesce(t.tier, 'none') AS tier,
               coalesce(f.industry, 'unknown') AS industry, coalesce(f.region, 'unknown') AS region,
               coalesce(f.employee_band, 'unknown') AS employee_band
        FROM customer_life c LEFT JOIN tier_then t USING (account_id) LEFT JOIN firm f USING (account_id)
        """,
    ),
)

CUSTOMER_DAY = Step(
    "customer_day",
    "Customers at the end of each day, with what they pay and their segments then.",
    """
    SELECT d.day, m.account_id, m.mrr, m.subscriptions,
           CASE WHEN l.account_id IS NULL THEN 'non_abm' ELSE 'abm' END AS program, coalesce(l.tier, 'none') AS tier,
           coalesce(f.industry, 'unknown') AS industry, coalesce(f.region, 'unknown') AS region,
           coalesce(f.employee_band, 'unknown') AS employee_band
    FROM days d
    JOIN mrr_level m ON d.day >= m.from_day AND d.day < m.until_day
    LEFT JOIN listed l ON l.account_id = m.account_id AND l.day = d.day
    LEFT JOIN firm f ON f.account_id = m.account_id
    WHERE m.subscriptions > 0
    """,
)


def _kept(level: str, name: str, about: str, listed: str = "listed_span") -> Step:
    """Customers at the start of the window, with what they paid then and pay now, in the tier that `listed` says."""
    return Step(
        name,
        about,
        f"""
        WITH was AS (
            SELECT d.day, w.window_days, d.day - w.window_days AS then_day, m.account_id, m.mrr AS mrr_then
            FROM days d CROSS JOIN (VALUES ({QUARTER}), ({YEAR})) w(window_days)
            JOIN {level} m ON d.day - w.window_days >= m.from_day AND d.day - w.window_days < m.until_day
            WHERE m.subscriptions > 0
        ),
        tier_then AS (
            SELECT w.account_id, w.then_day, arg_min(l.tier, l.tier_rank) AS tier
            FROM (SELECT DISTINCT account_id, then_day FROM was) w
            JOIN {listed} l ON l.account_id = w.account_id AND w.then_day BETWEEN l.from_day AND l.until_day
            GROUP BY ALL
        )
        SELECT w.*, coalesce(n.subscriptions, 0) > 0 AS is_kept, coalesce(n.mrr, 0) AS mrr_now,
               CASE WHEN t.tier IS NULL THEN 'non_abm' ELSE 'abm' END AS program, coalesce(t.tier, 'none') AS tier,
               coalesce(f.industry, 'unknown') AS industry, coalesce(f.region, 'unknown') AS region,
               coalesce(f.employee_band, 'unknown') AS employee_band
        FROM was w
        LEFT JOIN tier_then t ON t.account_id = w.account_id AND t.then_day = w.then_day
        LEFT JOIN firm f ON f.account_id = w.account_id
        ASOF LEFT JOIN {level} n ON n.account_id = w.account_id AND n.from_day <= w.day
        """,
    )


def set_choices(con: duckdb.DuckDBPyConnection, programme: Programme) -> None:
    """Make `customer_choice`, one row: the gross margin (1 where none is given), when to talk of renewal."""
    chosen = programme.customers
    con.execute(
        "CREATE OR REPLACE TABLE customer_choice AS SELECT ?::DOUBLE AS margin, ?::INTEGER AS renewal_low, "
        "?::INTEGER AS renewal_high",
        [chosen.gross_margin or 1, chosen.renewal_low_days, chosen.renewal_high_days],
    )


CUSTOMERS = Part(
    "customers",
    prepare=set_choices,
    once=ONCE,
    steps=(
        CUSTOMER_DAY,
        _kept("mrr_level", "kept_customer", "Customers at the start of a window, and what became of them."),
        _kept(
            "family_level",
            "kept_family",
            "The same at the parent account: a move within a family is no churn. A family has the highest tier in it.",
            "(SELECT l.* REPLACE (a.ultimate_parent_id AS account_id) FROM listed_span l JOIN identity.account a "
            "USING (account_id))",
        ),
    ),
    reads=(Input(T.FACT_SUBSCRIPTION),),
)

WORTH = Step(
    "worth",
    "What a customer of each day pays on average, and the lifetime value that makes of it.",
    """
    WITH paying AS (
        SELECT day, CASE WHEN grouping(program) = 0 THEN 'program' ELSE 'all' END AS dimension,
               coalesce(program, 'all') AS dimension_value, count(*) AS customers,
               CAST(sum(mrr) AS DOUBLE) / count(*) AS mean_mrr
        FROM customer_day GROUP BY GROUPING SETS ((day), (day, program))
    )
    SELECT p.*, s.months, s.naive_months, p.mean_mrr * s.months * c.margin AS clv,
           p.mean_mrr * c.margin AS monthly_margin
    FROM paying p JOIN survival s USING (day, dimension, dimension_value) CROSS JOIN customer_choice c
    """,
)
SURVIVAL = Part(
    "survival",
    choices=("customers.gross_margin",),
    steps=(
        Step(
            "survival",
            "Mean lifetime in months as of each day, by Kaplan and Meier: those still there are censored, and the mean "
            "goes up to the longest lifetime seen. Beside it the naive mean of those that left.",
            """
            WITH aged AS (
                SELECT d.day, least(coalesce(c.lost_day, d.day), d.day) - c.first_day AS age,
                       coalesce(c.lost_day <= d.day, false) AS is_lost, c.program
                FROM days d JOIN life_segment c ON c.first_day <= d.day
            ),
            counted AS (
                SELECT day, age, coalesce(program, 'all') AS dimension_value,
                       CASE WHEN grouping(program) = 0 THEN 'program' ELSE 'all' END AS dimension,
                       count(*) AS ended, count(*) FILTER (is_lost) AS lost
                FROM aged GROUP BY GROUPING SETS ((day, age), (day, age, program))
            ),
            chance AS (
                SELECT *, sum(ended) OVER onward AS at_risk,
                       lead(age, 1, age) OVER (PARTITION BY day, dimension, dimension_value ORDER BY age) - age AS days
                FROM counted
                WINDOW onward AS (PARTITION BY day, dimension, dimension_value ORDER BY age DESC)
            ),
            alive AS (
                SELECT *, round(exp(sum(CASE WHEN lost >= at_risk THEN -1000.0
                                         ELSE ln(1 - lost / at_risk::DOUBLE) END) OVER upto), 12) AS share
                FROM chance
                WINDOW upto AS (PARTITION BY day, dimension, dimension_value ORDER BY age)
            ),
            ahead AS (
                SELECT *, CAST(sum(CAST(share * days AS DECIMAL(18, 9))) OVER onward AS DOUBLE) AS area
                FROM alive WINDOW onward AS (PARTITION BY day, dimension, dimension_value ORDER BY age DESC)
            )
            -- everyone lives until the first age at which anybody ends; a month is a twelfth of 365 days
            SELECT day, dimension, dimension_value,
                   (min(age) + CAST(sum(CAST(share * days AS DECIMAL(18, 9))) AS DOUBLE)) * 12 / 365 AS months,
                   sum(lost * age) * 12 / 365.0 / nullif(sum(lost), 0) AS naive_months,
                   CAST(sum(ended) AS BIGINT) AS customers, CAST(sum(lost) AS BIGINT) AS lost,
                   -- Greenwood's: what each loss may have cost of the lifetime still ahead
                   sqrt(CAST(sum(CAST(CASE WHEN at_risk > lost THEN area * area * lost / (at_risk * (at_risk - lost))
                       ELSE 0 END AS DECIMAL(28, 6))) AS DOUBLE)) * 12 / 365 AS months_error
            FROM ahead GROUP BY day, dimension, dimension_value
            """,
        ),
        WORTH,
    ),
    needs=(CUSTOMERS,),
)
