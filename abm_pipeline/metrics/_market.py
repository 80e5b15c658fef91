"""What tam, sam and som share: how many customers there may be, and what one pays a year.

Belongs here: the part that counts accounts known by a day, and the SPEC of a market's size. Customers are those that
market research states (market.yaml), else the accounts known by the end of the day, on the list or not.
"""

from __future__ import annotations

import duckdb

from abm_pipeline.metrics._base import LONGEST_DEAL_WINDOW_DAYS
from abm_pipeline.metrics._icp import ICP
from abm_pipeline.metrics._segments import by_segment
from abm_pipeline.metrics._spec import MetricSpec, Part
from abm_pipeline.programme import Programme
from abm_pipeline.storage.engine import Step

YEAR_DAYS = LONGEST_DEAL_WINDOW_DAYS
MARKET_SEGMENTS = ("industry", "region", "employee_band")


def _set_market(con: duckdb.DuckDBPyConnection, programme: Programme) -> None:
    market = programme.market
    con.execute(
        "CREATE OR REPLACE TABLE market_choice AS SELECT ?::DECIMAL(18, 4) AS annual_contract_value, "
        "?::BIGINT AS potential_customers, ?::BIGINT AS serviceable_customers, ?::DOUBLE AS obtainable_share",
        [
            market.annual_contract_value,
            market.potential_customers,
            market.serviceable_customers,
            market.obtainable_share,
        ],
    )


CONTRACT = Part(
    "contract",
    steps=(
        Step(
            "contract_won",
            "New deals won in the year up to each day, in the state known then, with the segments of their accounts.",
            f"""
            SELECT w.day, {YEAR_DAYS} AS window_days, d.*
            FROM deal d JOIN days w
              ON w.day BETWEEN greatest(d.from_day, d.closed_day) AND least(d.until_day, d.closed_day + {YEAR_DAYS - 1})
            WHERE d.is_won AND d.deal_type = 'new' AND d.amount_reporting IS NOT NULL
            """,
        ),
    ),
)
MARKET = Part(
    "market",
    prepare=_set_market,
    choices=("market",),
    needs=(ICP, CONTRACT),
    steps=(
        Step(
            "market_known",
            "Accounts known by the end of each day, counted by segment; since ever, if the first day is not told.",
            """
            WITH seen AS (
                SELECT coalesce(first_seen_day, DATE '1900-01-01') AS first_day, industry, region, employee_band,
                       is_serviceable, count(*) AS accounts
                FROM icp_account GROUP BY ALL
            )
            SELECT d.day, 365 AS window_days, s.industry, s.region, s.employee_band, s.is_serviceable,
                   CAST(sum(s.accounts) AS BIGINT) AS accounts
            FROM days d JOIN seen s ON s.first_day <= d.day GROUP BY ALL
            """,
        ),
        Step(
            "contract_value",
            "What a customer pays a year: as the programme states, else the mean new deal won in the year.",
            """
            SELECT d.day, CAST(any_value(m.annual_contract_value) AS DOUBLE) AS stated,
                   CAST(sum(w.amount_reporting) AS DOUBLE) / nullif(count(w.amount_reporting), 0) AS measured
            FROM days d CROSS JOIN market_choice m LEFT JOIN contract_won w ON w.day = d.day GROUP BY d.day
            """,
        ),
    ),
)


def market_size(
    identifier: str, title: str, formula: str, example: str, *, stated: str, is_served: bool, share: str = "1"
) -> MetricSpec:
    """The SPEC of one size: customers (`stated` in market_choice, else counted) × yearly value × `share`."""
    counted = f"(SELECT * FROM market_known{' WHERE is_serviceable' if is_served else ''})"
    return MetricSpec(
        id=identifier,
        title=title,
        formula=formula,
        unit="money",
        grain="accounts known, or customers stated",
        window_days=(YEAR_DAYS,),
        segments=MARKET_SEGMENTS,
        guides=("G1",),
        statistic="given",
        parts=(MARKET,),
        example=example,
        steps=(
            Step(
                identifier,
                "Customers in every segment, and what they would pay; a size that is stated has no segments.",
                f"""
                WITH customers AS (
                    SELECT c.* FROM (
                        {by_segment(counted, "CAST(sum(accounts) AS BIGINT) AS customers", MARKET_SEGMENTS)}
                    ) c, market_choice m WHERE m.{stated} IS NULL
                    UNION ALL BY NAME
                    SELECT d.day, {YEAR_DAYS} AS window_days, 'all' AS dimension, 'all' AS dimension_value,
                           m.{stated} AS customers
                    FROM days d, market_choice m WHERE m.{stated} IS NOT NULL
                )
                SELECT c.day, c.window_days, c.dimension, c.dimension_value, c.customers AS numerator,
                       CAST(NULL AS BIGINT) AS denominator, c.customers AS n,
                       c.customers * coalesce(v.stated, v.measured) * {share} AS value
                FROM customers c JOIN contract_value v USING (day), market_choice m""",
            ),
        ),
    )
