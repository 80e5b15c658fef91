"""Segments to drop: those whose year-one churn lies above the programme's, interval and all. Definition: metrics.md E.

A segment has a row only if the lower end of its Wilson interval is above the year-one churn of all. `all` is that
churn. An empty list means that no segment is worse beyond chance.
"""

from __future__ import annotations

from abm_pipeline.metrics._customers import CUSTOMER_SEGMENTS, CUSTOMERS, YEAR
from abm_pipeline.metrics._intervals import wilson_bounds
from abm_pipeline.metrics._segments import by_segment
from abm_pipeline.metrics._spec import MetricSpec
from abm_pipeline.metrics.year_one_churn import FIRST_YEAR
from abm_pipeline.storage.engine import Step

SPEC = MetricSpec(
    id="targeting_feedback",
    title="Segments to drop",
    formula="Year-one churn of the segments whose 95 % interval lies above that of all customers of the cohort.",
    unit="share",
    grain="segments of customers that began one to two years ago",
    window_days=(YEAR,),
    segments=("segment",),
    guides=("G3",),
    statistic="proportion",
    parts=(CUSTOMERS,),
    example="All: 10 of 100 left. Retail: 8 of 10, interval 49 to 94 %: drop. Media: 2 of 10, 6 to 51 %: chance.",
    steps=(
        Step(
            "first_year_churn",
            "Year-one churn in every segment.",
            by_segment(FIRST_YEAR, "count(*) FILTER (is_lost) AS lost, count(*) AS n", CUSTOMER_SEGMENTS),
        ),
        Step(
            "targeting_feedback",
            "The total, and the segments whose Wilson interval begins above it.",
            f"""
            WITH bound AS (
                SELECT s.*, a.lost / a.n::DOUBLE AS churn, s.lost / s.n::DOUBLE AS share
                FROM first_year_churn s
                JOIN first_year_churn a ON a.day = s.day AND a.dimension = 'all'
            )
            SELECT day, window_days, CASE dimension WHEN 'all' THEN 'all' ELSE 'segment' END AS dimension,
                   CASE dimension WHEN 'all' THEN 'all' ELSE dimension || '=' || dimension_value END AS dimension_value,
                   lost AS numerator, n AS denominator, n
            FROM bound
            WHERE dimension = 'all'
               OR {wilson_bounds("share", "n")[0]} > churn
            """,
        ),
    ),
)
