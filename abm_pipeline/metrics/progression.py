"""Accounts moving on in the journey. Definition: metrics.md B.

The cohort is fixed when the window begins: the accounts listed then, in the stage that they were in, whatever became
of them since. Who was in a later stage on any day of the window has moved, also who skipped one or fell back again.
Customers have no next stage and are in neither part. Tier and list are those of the start.
"""

from __future__ import annotations

from abm_pipeline.contracts.fields import ACCOUNT_STAGES
from abm_pipeline.metrics._journey import JOURNEY
from abm_pipeline.metrics._segments import by_segment
from abm_pipeline.metrics._spec import MetricSpec
from abm_pipeline.metrics._starts import WINDOWS
from abm_pipeline.storage.engine import Step

_SEGMENTS = ("tier", "industry", "region", "employee_band", "stage")

SPEC = MetricSpec(
    id="progression",
    title="Stage progression",
    formula="Accounts that reached a later journey stage within the window ÷ accounts listed and in a stage when it "
    "began (customers left out); dimension stage: by the stage they were in.",
    unit="share",
    grain="target accounts at the start of the window",
    window_days=WINDOWS,
    segments=_SEGMENTS,
    guides=("G1",),
    statistic="proportion",
    rests_on_score=True,
    parts=(JOURNEY,),
    example="90 days ago: A and B aware, C engaged, D customer. Since then A became engaged, C qualified and fell "
    "back, E "
    "came on the list: 2 ÷ 3; from aware 1 ÷ 2, from engaged 1 ÷ 1.",
    steps=(
        Step(
            "progression",
            "Moved among the cohort in every segment, and from each stage.",
            by_segment(
                f"""(SELECT *, [{", ".join(f"'{stage}'" for stage in ACCOUNT_STAGES)}][stage_no] AS stage
                    FROM stage_start WHERE stage_no < {len(ACCOUNT_STAGES)})""",
                "count(*) FILTER (is_moved) AS numerator, count(*) AS denominator, count(*) AS n",
                _SEGMENTS,
            ),
        ),
    ),
)
