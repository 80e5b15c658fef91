"""What the ABM programme spends for an engaged account. Definition: metrics.md D.

Cost of the last 90 days that listed accounts were given, by their tier on the day of the cost; engaged as in
engaged_accounts, at the end of the day.
"""

from __future__ import annotations

from abm_pipeline.metrics._customers import QUARTER
from abm_pipeline.metrics._money import MONEY
from abm_pipeline.metrics._segments import by_segment
from abm_pipeline.metrics._spec import MetricSpec
from abm_pipeline.storage.engine import Step

SPEC = MetricSpec(
    id="cost_per_engaged_account",
    title="Cost per engaged account",
    formula="Cost given to listed accounts in the window ÷ listed accounts over the engaged threshold.",
    unit="money",
    grain="engaged target accounts",
    window_days=(QUARTER,),
    segments=("tier",),
    guides=("G4",),
    statistic="ratio",
    parts=(MONEY,),
    example="9 000 spent in 90 days, 30 of the listed accounts are engaged: 300.",
    steps=(
        Step(
            "engaged_cost",
            "Cost of each tier, and its engaged accounts.",
            f"""
            SELECT day, window_days, tier, cost, 0 AS engaged FROM money_day
            WHERE window_days = {QUARTER} AND program = 'abm'
            UNION ALL
            SELECT day, {QUARTER}, tier, 0, 1 FROM account_day WHERE is_listed AND is_engaged
            """,
        ),
        Step(
            "cost_per_engaged_account",
            "Both added up.",
            by_segment(
                "engaged_cost",
                "sum(cost) AS numerator, CAST(sum(engaged) AS BIGINT) AS denominator, "
                "CAST(sum(engaged) AS BIGINT) AS n",
                ("tier",),
            ),
        ),
    ),
)
