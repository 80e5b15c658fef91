"""How long accounts have been in their journey stage. Definition: metrics.md B (progression: time in stage).

Days are counted with the first and the last. What is looked at is the quarter, so that 91 stands for 91 or more; the
median does not mind while it is below that. The total and tiers are of the accounts under way: who is unaware has not
set out, and a customer has arrived. No interval: the whole list is looked at, none of it is a sample.
"""

from __future__ import annotations

from abm_pipeline.contracts.fields import ACCOUNT_STAGES
from abm_pipeline.metrics._journey import JOURNEY
from abm_pipeline.metrics._segments import by_segment
from abm_pipeline.metrics._spec import MetricSpec
from abm_pipeline.storage.engine import Step

_SEGMENTS = ("tier", "journey_stage")
_MEDIAN = (
    "CAST(NULL AS BIGINT) AS numerator, CAST(NULL AS BIGINT) AS denominator, count(*) AS n, "
    "CAST(quantile_cont(stage_days, 0.5) AS DOUBLE) AS value"
)

SPEC = MetricSpec(
    id="time_in_stage",
    title="Time in stage",
    formula="Median over target accounts from aware to opportunity of the days in the present journey stage, the first "
    "and the day itself included; 91 stands for 91 or more. Dimension journey_stage: each stage.",
    unit="days",
    grain="target accounts under way",
    window_days=(1,),
    segments=_SEGMENTS,
    guides=("G1",),
    statistic="given",
    rests_on_score=True,
    parts=(JOURNEY,),
    example="On 30 June A is aware since 21 June (10 days), B since today (1), C since last year (91): median 10. D, a "
    "customer, is not asked.",
    steps=(
        Step(
            "time_in_stage",
            "Median days in the stage, by tier and by stage.",
            by_segment(
                f"(SELECT *, 1 AS window_days FROM journey_day WHERE stage_no BETWEEN 2 AND {len(ACCOUNT_STAGES) - 1})",
                _MEDIAN,
                ("tier",),
            )
            + f"""
        UNION ALL BY NAME
        SELECT day, 1 AS window_days, 'journey_stage' AS dimension,
               [{", ".join(f"'{stage}'" for stage in ACCOUNT_STAGES)}][stage_no] AS dimension_value, {_MEDIAN}
        FROM journey_day GROUP BY day, stage_no""",
        ),
    ),
)
