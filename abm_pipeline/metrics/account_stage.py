"""Account journey: the share of the target list in each stage. Definition: metrics.md B; rules: programme.journey.

One stage per account and day, evaluated from the deepest up: customer (a deal won by then), opportunity (an open deal),
qualified (score and engaged contacts over the programme's minimum), engaged (over the model's threshold in the
journey's window), aware (any touch or exposure), unaware. Dimension `stage` shares add up to 1; `tier_stage` gives
the same within each tier (`one_to_one/engaged`). `all` is the share that is engaged or in a later stage.
"""

from __future__ import annotations

from abm_pipeline.contracts.fields import ACCOUNT_STAGES
from abm_pipeline.metrics._spec import MetricSpec
from abm_pipeline.storage.engine import Step

_STAGES = ", ".join(f"('{stage}')" for stage in ACCOUNT_STAGES)

SPEC = MetricSpec(
    id="account_stage",
    title="Account journey stage",
    formula="Target accounts in the stage ÷ target accounts; the total is of those that are engaged or further.",
    unit="share",
    grain="target accounts",
    window_days=(1,),
    segments=("stage", "tier_stage"),
    guides=("G1", "G3"),
    statistic="proportion",
    rests_on_score=True,
    choices=("journey",),
    example="Of 4 target accounts, 2 are aware, 1 engaged, 1 has an open deal: 50 % aware, 25 % engaged, 25 "
    "% opportunity; 50 % engaged or further.",
    steps=(
        Step(
            "account_stage",
            "Listed accounts by stage, and by tier and stage; a stage without accounts has a row too.",
            f"""
            WITH listed_stage AS (
                SELECT day, tier, stage, count(*) AS accounts FROM account_day WHERE is_listed GROUP BY ALL
            ),
            size AS (
                SELECT day, tier, CAST(sum(accounts) AS BIGINT) AS accounts
                FROM listed_stage GROUP BY GROUPING SETS ((day), (day, tier))
            ),
            held AS (
                SELECT day, tier, stage, CAST(sum(accounts) AS BIGINT) AS accounts
                FROM listed_stage GROUP BY GROUPING SETS ((day, stage), (day, tier, stage))
            )
            SELECT s.day, 1 AS window_days, CASE WHEN s.tier IS NULL THEN 'stage' ELSE 'tier_stage' END AS dimension,
                   concat_ws('/', s.tier, v.stage) AS dimension_value,
                   coalesce(h.accounts, 0) AS numerator, s.accounts AS denominator, s.accounts AS n
            FROM size s CROSS JOIN (VALUES {_STAGES}) v(stage)
            LEFT JOIN held h ON h.day = s.day AND h.tier IS NOT DISTINCT FROM s.tier AND h.stage = v.stage
            UNION ALL BY NAME
            SELECT s.day, 1 AS window_days, 'all' AS dimension, 'all' AS dimension_value,
                   CAST(coalesce(sum(h.accounts), 0) AS BIGINT) AS numerator, s.accounts AS denominator, s.accounts AS n
            FROM size s LEFT JOIN held h
              ON h.day = s.day AND h.tier IS NULL AND h.stage NOT IN ('unaware', 'aware')
            WHERE s.tier IS NULL GROUP BY ALL""",
        ),
    ),
)
