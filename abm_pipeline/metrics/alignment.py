"""Sales–marketing alignment: Spearman's correlation of the two teams' account rankings. Definition: metrics.md F (G3).

Over the accounts that both teams rank: 1 is the same order, 0 none in common, −1 the reverse. Equal places share the
mean of their ranks. Which rankings stands in `_rankings`.
"""

from __future__ import annotations

from abm_pipeline.metrics._rankings import RANKINGS, as_of_each_day, fisher
from abm_pipeline.metrics._spec import MetricSpec
from abm_pipeline.storage.engine import Step

SPEC = MetricSpec(
    id="alignment",
    title="Sales–marketing alignment",
    formula="Spearman's ρ of the places that marketing and sales give to the accounts that both rank.",
    unit="correlation",
    grain="accounts ranked by both teams",
    window_days=(1,),
    segments=(),
    guides=("G3",),
    statistic="given",
    parts=(RANKINGS,),
    example="Marketing 1 2 3 4, sales 2 1 4 3: 1 − 6 × (1 + 1 + 1 + 1) ÷ (4 × 15) = 0.6.",
    steps=(
        Step(
            "rank_correlation",
            "Pearson's correlation of the ranks among the common accounts, doubled to stay whole.",
            f"""
            WITH placed AS (
                SELECT turn_day,
                       2 * rank() OVER (PARTITION BY turn_day ORDER BY marketing)
                           + count(*) OVER (PARTITION BY turn_day, marketing) - 1 AS x,
                       2 * rank() OVER (PARTITION BY turn_day ORDER BY sales)
                           + count(*) OVER (PARTITION BY turn_day, sales) - 1 AS y
                FROM ranked_by_both
            ),
            summed AS (
                SELECT turn_day, count(*) AS n, count(*) * sum(x * y) - sum(x) * sum(y) AS xy,
                       count(*) * sum(x * x) - sum(x) * sum(x) AS xx, count(*) * sum(y * y) - sum(y) * sum(y) AS yy
                FROM placed GROUP BY turn_day
            ),
            correlated AS (
                SELECT turn_day, n, CAST(xy AS DOUBLE) / nullif(sqrt(CAST(xx AS DOUBLE)) * sqrt(CAST(yy AS DOUBLE)), 0)
                           AS value
                FROM summed
            )
            SELECT turn_day, CAST(NULL AS BIGINT) AS numerator, n AS denominator, n, value,
                   {fisher("value", "n", "1.06", 3)}
            FROM correlated""",
        ),
        Step("alignment", "The correlation that holds on each day.", as_of_each_day("rank_correlation")),
    ),
)
