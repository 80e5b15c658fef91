"""Sales–marketing alignment by Kendall's τ-b: pairs of accounts that both teams order alike. Definition: metrics.md F.

Otherwise as alignment; τ is easier to say in words: (pairs in the same order − pairs in the other) ÷ pairs, where pairs
that a team puts on one place are left out of its half of the denominator.
"""

from __future__ import annotations

from abm_pipeline.metrics._rankings import RANKINGS, as_of_each_day, fisher
from abm_pipeline.metrics._spec import MetricSpec
from abm_pipeline.storage.engine import Step

SPEC = MetricSpec(
    id="alignment_kendall",
    title="Sales–marketing alignment, Kendall",
    formula="Kendall's τ-b of the places that marketing and sales give to the accounts that both rank.",
    unit="correlation",
    grain="accounts ranked by both teams",
    window_days=(1,),
    segments=(),
    guides=("G3",),
    statistic="given",
    parts=(RANKINGS,),
    example="Marketing 1 2 3 4, sales 2 1 4 3: four pairs in the same order, two in the other: 2 ÷ 6 = 0.33.",
    steps=(
        Step(
            "pair_order",
            "How each pair of accounts is ordered by both teams, counted.",
            f"""
            WITH pair AS (
                SELECT a.turn_day, sign(a.marketing - b.marketing) AS x, sign(a.sales - b.sales) AS y
                FROM ranked_by_both a JOIN ranked_by_both b
                  ON b.turn_day = a.turn_day AND b.account_id > a.account_id
            ),
            counted AS (
                SELECT turn_day, sum(x * y) AS net, count(*) FILTER (x <> 0) AS xs, count(*) FILTER (y <> 0) AS ys
                FROM pair GROUP BY turn_day
            ),
            correlated AS (
                SELECT turn_day, c.n,
                       CAST(net AS DOUBLE) / nullif(sqrt(CAST(xs AS DOUBLE)) * sqrt(CAST(ys AS DOUBLE)), 0) AS value
                FROM counted JOIN (SELECT turn_day, count(*) AS n FROM ranked_by_both GROUP BY turn_day) c
                  USING (turn_day)
            )
            SELECT turn_day, CAST(NULL AS BIGINT) AS numerator, n AS denominator, n, value,
                   {fisher("value", "n", "0.437", 4)}
            FROM correlated""",
        ),
        Step("alignment_kendall", "The correlation that holds on each day.", as_of_each_day("pair_order")),
    ),
)
