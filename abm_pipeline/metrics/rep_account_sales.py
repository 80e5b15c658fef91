"""Mean amount won per account, by rep. Definition: metrics.md C (rep_sales, G2); otherwise as rep_sales.

An account that two reps sold to counts for both, and once in `all`. Deals of no known account are left out.
"""

from __future__ import annotations

from abm_pipeline.metrics._base import DEAL_WINDOW_DAYS
from abm_pipeline.metrics._reps import REPS
from abm_pipeline.metrics._segments import by_segment
from abm_pipeline.metrics._spec import MetricSpec
from abm_pipeline.storage.engine import Step

SPEC = MetricSpec(
    id="rep_account_sales",
    title="Sales per account, by rep",
    formula="Σ amount won in the window ÷ accounts it was won from.",
    unit="money",
    grain="accounts won from in the window",
    window_days=(DEAL_WINDOW_DAYS,),
    segments=("rep",),
    guides=("G2",),
    statistic="ratio",
    parts=(REPS,),
    example="Kim won 60 000 and 20 000 from one account and 10 000 from another: 90 000 ÷ 2 = 45 000.",
    steps=(
        Step(
            "rep_account_sales",
            "Won amounts and accounts by rep, and of all.",
            by_segment(
                "(SELECT * FROM rep_won WHERE account_id IS NOT NULL AND amount_reporting IS NOT NULL)",
                "sum(amount_reporting) AS numerator, count(DISTINCT account_id) AS denominator, "
                "count(DISTINCT account_id) AS n",
                ("rep",),
            ),
        ),
    ),
)
