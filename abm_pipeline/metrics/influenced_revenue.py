"""ABM-influenced revenue: won revenue of listed accounts that had more to do with us than a chance. Definition:
metrics.md C.

Each rule is told alone under `rule`, all together as the total: at least three engagements from the lookback to the
close, an engagement in the 60 days before the deal was created, an event or webinar of an ABM campaign attended.
Exposures count for none, so that an impression influences nothing.
"""

from __future__ import annotations

from abm_pipeline.metrics._base import DEAL_WINDOW_DAYS
from abm_pipeline.metrics._deal_shares import RULES
from abm_pipeline.metrics._influence import STORY
from abm_pipeline.metrics._spec import MetricSpec
from abm_pipeline.storage.engine import Step

_COLUMNS = "coalesce(sum(amount_known) FILTER ({which}), 0)"
SPEC = MetricSpec(
    id="influenced_revenue",
    title="ABM-influenced revenue",
    formula="Won amount of accounts on the list at the deal's creation with ≥ 3 engagements, or an engagement in the "
    "60 days before the creation, or an ABM event attended; beside it, all their won amount (denominator).",
    unit="money",
    grain="deals of target accounts won in the window",
    window_days=(DEAL_WINDOW_DAYS,),
    segments=("rule", "tier"),
    guides=("G3",),
    statistic="given",
    rests_on_score=True,
    parts=(STORY,),
    example="Won: 50 000 with three engagements long before, 30 000 with one a month before, 20 000 with none: 80 000 "
    "of 100 000.",
    steps=(
        Step(
            "influenced_revenue",
            "Influenced amounts under all rules together, by tier, and under each rule alone.",
            f"""
            WITH listed_won AS (SELECT * FROM won_story WHERE program = 'abm'),
            ruled AS (
                {
                " UNION ALL ".join(
                    f'''SELECT day, window_days, 'rule' AS dimension, '{rule}' AS dimension_value,
                    {_COLUMNS.format(which=f"is_{rule}")} AS numerator, sum(amount_known) AS denominator, count(*) AS n
                FROM listed_won GROUP BY day, window_days'''
                    for rule in RULES
                )
            }
            ),
            told AS (
                SELECT day, window_days, CASE WHEN grouping(tier) = 0 THEN 'tier' ELSE 'all' END AS dimension,
                       coalesce(tier, 'all') AS dimension_value, {_COLUMNS.format(which="is_influenced")} AS numerator,
                       sum(amount_known) AS denominator, count(*) AS n
                FROM listed_won GROUP BY GROUPING SETS ((day, window_days), (day, window_days, tier))
                UNION ALL SELECT * FROM ruled
            )
            SELECT *, CASE WHEN denominator > 0 THEN CAST(numerator AS DOUBLE) END AS value FROM told
            """,
        ),
    ),
)
