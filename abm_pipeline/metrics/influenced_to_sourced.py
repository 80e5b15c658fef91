"""The guard against inflated influence: influenced revenue against what marketing sourced. Definition: metrics.md C.

Usual is 3 to 5. Below 1.2 the programme works in a silo, above 8 the definition of influence is too generous; the row
of `guard` says so by name.
"""

from __future__ import annotations

from abm_pipeline.metrics._base import DEAL_WINDOW_DAYS
from abm_pipeline.metrics._influence import STORY
from abm_pipeline.metrics._spec import MetricSpec
from abm_pipeline.storage.engine import Step

SILO, INFLATED = 1.2, 8

SPEC = MetricSpec(
    id="influenced_to_sourced",
    title="Influenced revenue, to sourced",
    formula="Influenced revenue ÷ won amount of target accounts' deals whose first engagement was marketing's. The "
    f"guard is `silo` below {SILO}, `inflated` above {INFLATED}, else `plausible`.",
    unit="ratio",
    grain="deals of target accounts won in the window",
    window_days=(DEAL_WINDOW_DAYS,),
    segments=("guard",),
    guides=("G3",),
    statistic="ratio",
    rests_on_score=True,
    parts=(STORY,),
    example="80 000 influenced and 20 000 sourced: 4, plausible.",
    steps=(
        Step(
            "influenced_to_sourced",
            "Both amounts, and which side of the guard their ratio falls on.",
            f"""
            WITH told AS (
                SELECT day, window_days, coalesce(sum(amount_known) FILTER (is_influenced), 0) AS numerator,
                       coalesce(sum(amount_known) FILTER (is_sourced), 0) AS denominator, count(*) AS n,
                       coalesce(sum(square) FILTER (is_influenced), 0) AS sum_xx,
                       coalesce(sum(square) FILTER (is_influenced AND is_sourced), 0) AS sum_xy,
                       coalesce(sum(square) FILTER (is_sourced), 0) AS sum_yy
                FROM (SELECT *, amount_known::DECIMAL(38, 2) * amount_known AS square FROM won_story)
                WHERE program = 'abm' GROUP BY day, window_days
            )
            SELECT 'all' AS dimension, 'all' AS dimension_value, * FROM told
            UNION ALL
            SELECT 'guard', CASE WHEN numerator < {SILO} * denominator THEN 'silo'
                                 WHEN numerator > {INFLATED} * denominator THEN 'inflated' ELSE 'plausible' END, *
            FROM told WHERE denominator > 0
            """,
        ),
    ),
)
