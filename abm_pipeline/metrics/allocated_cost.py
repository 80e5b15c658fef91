"""What was spent in the window, and who carries it: by rule, kind of cost, list and tier. Definition: metrics.md D.

`all` is every cost, what no rule could place included (`cost_rule` unallocated). What each account carries up to a day
is in account_metrics_daily, each day's parts in cost_allocation.
"""

from __future__ import annotations

from abm_pipeline.contracts import tables as T
from abm_pipeline.metrics._customers import QUARTER, YEAR
from abm_pipeline.metrics._segments import by_segment
from abm_pipeline.metrics._spec import MetricSpec, Part
from abm_pipeline.storage.engine import Step
from abm_pipeline.storage.lake import EVER, Input

SEGMENTS = ("program", "tier", "cost_category", "cost_rule")

SPEC = MetricSpec(
    id="allocated_cost",
    title="Allocated cost",
    formula="Σ cost of the window in the reporting currency, by the rule that gave it to accounts.",
    unit="money",
    grain="days with such a cost",
    window_days=(QUARTER, YEAR),
    segments=SEGMENTS,
    guides=("G3",),
    statistic="count",
    parts=(Part("cost_history", reads=(Input(T.COST_ALLOCATION, EVER),), choices=("costs",)),),
    example="Media of 100, 60 of the 100 impressions at a.com, 40 at no account: all 100, unallocated 40.",
    steps=(
        Step(
            "cost_flow",
            "From a day on: the cost of the trailing window and the days that it stands on, by all segments together.",
            f"""
            WITH spent AS (
                SELECT day, coalesce(tier, 'none') AS tier, cost_category, cost_rule, sum(cost_allocated) AS cost
                FROM metrics.cost_allocation GROUP BY ALL
            ),
            edge AS (
                SELECT w.window_days, s.* EXCLUDE (day, cost), s.day, s.cost, 1 AS days
                FROM spent s CROSS JOIN (VALUES ({QUARTER}), ({YEAR})) w(window_days)
                UNION ALL
                SELECT w.window_days, s.* EXCLUDE (day, cost), s.day + w.window_days, -s.cost, -1
                FROM spent s CROSS JOIN (VALUES ({QUARTER}), ({YEAR})) w(window_days)
            )
            SELECT window_days, tier, cost_category, cost_rule, day AS from_day,
                   sum(sum(cost)) OVER upto AS cost, CAST(sum(sum(days)) OVER upto AS BIGINT) AS days
            FROM edge GROUP BY window_days, tier, cost_category, cost_rule, day
            WINDOW upto AS (PARTITION BY window_days, tier, cost_category, cost_rule ORDER BY day)
            """,
        ),
        Step(
            "allocated_cost",
            "The same on each day, added up in every segment.",
            by_segment(
                """(
                SELECT d.day, k.window_days, k.tier, k.cost_category, k.cost_rule, f.cost, f.days,
                       CASE k.tier WHEN 'none' THEN 'non_abm' ELSE 'abm' END AS program
                FROM days d
                CROSS JOIN (SELECT DISTINCT window_days, tier, cost_category, cost_rule FROM cost_flow) k
                ASOF JOIN cost_flow f
                  ON f.window_days = k.window_days AND f.tier = k.tier AND f.cost_category = k.cost_category
                 AND f.cost_rule = k.cost_rule AND f.from_day <= d.day
                WHERE f.days > 0)""",
                "sum(cost) AS numerator, CAST(NULL AS BIGINT) AS denominator, CAST(sum(days) AS BIGINT) AS n",
                SEGMENTS,
            ),
        ),
    ),
)
