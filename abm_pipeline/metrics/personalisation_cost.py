"""What accounts reached personally cost more for each closed deal. Definition: metrics.md D, personalisation lift.

Cost of a deal is what its account has cost up to the day, shared by the account's deals closed in the window.
"""

from __future__ import annotations

from abm_pipeline.metrics._base import DEAL_WINDOW_DAYS
from abm_pipeline.metrics._money import ACCOUNT_COST
from abm_pipeline.metrics._personalisation import PERSONALISATION
from abm_pipeline.metrics._spec import MetricSpec
from abm_pipeline.scoring.discrimination import Z95
from abm_pipeline.storage.engine import Step

# The variance is null below two deals; that of rounding is no less than 0.
_MEAN = (
    "count(*) AS n, CAST(sum(cost) AS DOUBLE) / count(*) AS mean, "
    "greatest(CAST(sum(cost::DECIMAL(38, 4) * cost) AS DOUBLE) - CAST(sum(cost) AS DOUBLE) * mean, 0) "
    "/ nullif(count(*) - 1, 0) / count(*) AS variance"
)

SPEC = MetricSpec(
    id="personalisation_cost",
    title="Cost of personalisation",
    formula="Mean cost of the closed deals reached personally − mean cost of those reached by generic campaigns only.",
    unit="money",
    grain="deals closed in the window that a campaign reached personally",
    window_days=(DEAL_WINDOW_DAYS,),
    segments=("personalisation",),
    guides=("G3",),
    statistic="given",
    parts=(
        ACCOUNT_COST,
        PERSONALISATION,
    ),
    example="Personally reached deals cost 9 000 on average, others 4 000: 5 000 more.",
    steps=(
        Step(
            "level_cost",
            "Closed deals and their cost by level, with the variance of the mean.",
            f"""
            WITH shared AS (
                SELECT c.day, c.window_days, c.deal_id, coalesce(a.cost_allocated, 0) AS cost,
                       count(*) OVER (PARTITION BY c.day, c.account_id) AS deals
                FROM closed c JOIN account_cost a ON a.day = c.day AND a.account_id = c.account_id
            ),
            priced AS (
                SELECT s.day, s.window_days, p.personalisation AS level,
                       CAST(CAST(s.cost AS DOUBLE) / s.deals AS DECIMAL(18, 4)) AS cost
                FROM shared s JOIN deal_personalisation p USING (deal_id)
            )
            SELECT day, window_days, level, {_MEAN} FROM priced GROUP BY ALL
            UNION ALL
            SELECT day, window_days, 'all', {_MEAN} FROM priced WHERE level <> 'generic' GROUP BY day, window_days
            """,
        ),
        Step(
            "personalisation_cost",
            "Each level against the generic one; the interval is that of a difference of means with unequal variances.",
            f"""
            SELECT p.day, p.window_days, CASE p.level WHEN 'all' THEN 'all' ELSE 'personalisation' END AS dimension,
                   p.level AS dimension_value, p.mean AS numerator, g.mean AS denominator, p.n,
                   p.mean - g.mean AS value, value - {Z95!r} * sqrt(p.variance + g.variance) AS ci_low,
                   value + {Z95!r} * sqrt(p.variance + g.variance) AS ci_high
            FROM level_cost p
            JOIN level_cost g ON g.day = p.day AND g.window_days = p.window_days AND g.level = 'generic'
            WHERE p.level <> 'generic'
            """,
        ),
    ),
)
