"""What personal campaigns add to the win rate. Definition: metrics.md D.

The win rate of deals by level (win_rate's), less that of deals reached by generic campaigns only; `all` is industry and
account together. The interval is Newcombe's, from the two Wilson intervals. What it costs more is in
personalisation_cost.
"""

from __future__ import annotations

from abm_pipeline.metrics._base import DEAL_WINDOW_DAYS
from abm_pipeline.metrics._intervals import wilson_bounds
from abm_pipeline.metrics._personalisation import PERSONALISATION
from abm_pipeline.metrics._spec import MetricSpec
from abm_pipeline.storage.engine import Step

_LOW, _HIGH = wilson_bounds("rate", "n")

SPEC = MetricSpec(
    id="personalisation_lift",
    title="Personalisation lift",
    formula="Win rate of deals reached personally − that of deals reached by generic campaigns only.",
    unit="share points",
    grain="deals closed in the window that a campaign reached personally",
    window_days=(DEAL_WINDOW_DAYS,),
    segments=("personalisation",),
    guides=("G3",),
    statistic="given",
    parts=(PERSONALISATION,),
    example="6 of 10 personally reached deals won, 3 of 10 others: 60 % − 30 % = +30 points.",
    steps=(
        Step(
            "level_won",
            "Deals closed and won by level, with Wilson bounds.",
            f"""
            WITH level AS (
                SELECT c.day, c.window_days, p.personalisation AS level, count(*) AS n,
                       count(*) FILTER (c.is_won) AS won
                FROM closed c JOIN deal_personalisation p USING (deal_id) GROUP BY ALL
                UNION ALL
                SELECT c.day, c.window_days, 'all', count(*), count(*) FILTER (c.is_won)
                FROM closed c JOIN deal_personalisation p USING (deal_id)
                WHERE p.personalisation <> 'generic' GROUP BY c.day, c.window_days
            ),
            share AS (SELECT *, won / n::DOUBLE AS rate FROM level)
            SELECT *, {_LOW} AS low, {_HIGH} AS high FROM share
            """,
        ),
        Step(
            "personalisation_lift",
            "Each level against the generic one.",
            """
            SELECT p.day, p.window_days,
                   CASE p.level WHEN 'all' THEN 'all' ELSE 'personalisation' END AS dimension,
                   p.level AS dimension_value, p.rate AS numerator, g.rate AS denominator, p.n,
                   p.rate - g.rate AS value,
                   p.rate - g.rate - sqrt(pow(p.rate - p.low, 2) + pow(g.high - g.rate, 2)) AS ci_low,
                   p.rate - g.rate + sqrt(pow(p.high - p.rate, 2) + pow(g.rate - g.low, 2)) AS ci_high
            FROM level_won p
            JOIN level_won g ON g.day = p.day AND g.window_days = p.window_days AND g.level = 'generic'
            WHERE p.level <> 'generic'
            """,
        ),
    ),
)
