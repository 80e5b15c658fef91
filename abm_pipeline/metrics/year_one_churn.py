"""Churn in the first year, of the customers that have had a whole one. Definition: metrics.md E.

The cohort of day D are those that became customers in the year that ended a year before D, so everyone has had the
time. List and tier are those of the first day. By quarter of the first day too (`cohort`). A customer that left and
came back within the year has churned.
"""

from __future__ import annotations

from abm_pipeline.metrics._customers import CUSTOMER_SEGMENTS, CUSTOMERS, YEAR
from abm_pipeline.metrics._segments import by_segment
from abm_pipeline.metrics._spec import MetricSpec
from abm_pipeline.storage.engine import Step

SEGMENTS = (*CUSTOMER_SEGMENTS, "cohort")
FIRST_YEAR = f"""(
    SELECT d.day, {YEAR} AS window_days, c.*, coalesce(c.lost_day <= c.first_day + {YEAR}, false) AS is_lost,
           year(c.first_day) || '-Q' || quarter(c.first_day) AS cohort
    FROM days d JOIN life_segment c ON c.first_day BETWEEN d.day - {2 * YEAR - 1} AND d.day - {YEAR})"""
"""SQL for the customers of each day's cohort, and whether they left in their first year."""

SPEC = MetricSpec(
    id="year_one_churn",
    title="Year-one churn",
    formula="Customers that left within 365 days of their first ÷ customers whose first year ended in the window.",
    unit="share",
    grain="customers that began one to two years ago",
    window_days=(YEAR,),
    segments=SEGMENTS,
    guides=("G3",),
    statistic="proportion",
    parts=(CUSTOMERS,),
    example="20 became customers in 2024, 3 of them left within a year: on 31 December 2025 3 ÷ 20 = 15 %.",
    steps=(
        Step(
            "year_one_churn",
            "Lost in their first year, in every segment and cohort.",
            by_segment(
                FIRST_YEAR,
                "count(*) FILTER (is_lost) AS numerator, count(*) AS denominator, count(*) AS n",
                SEGMENTS,
            ),
        ),
    ),
)
