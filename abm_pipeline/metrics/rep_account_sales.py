"""Mean amount won per account, by rep. Definition: metrics.md C (rep_sales, G2); otherwise as rep_sales.

An account that two reps sold to counts for both, and once in `all`. Deals of no known account are left out.
"""

from __future__ import annotations

from abm_pipeline.metrics._base import DEAL_WINDOW_DAYS
from abm_pipeline.metrics._reps import REPS
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
    statistic="mean",
    parts=(REPS,),
    example="Kim won 60 000 and 20 000 from one account and 10 000 from another: 90 000 ÷ 2 = 45 000.",
    steps=(
        Step(
            "account_total",
            "What each account bought in the window, of each rep and of all.",
            """
            SELECT day, window_days, CASE WHEN grouping(rep) = 0 THEN 'rep' ELSE 'all' END AS dimension,
                   coalesce(rep, 'all') AS dimension_value, CAST(sum(amount_reporting) AS DECIMAL(18, 4)) AS amount
            FROM rep_won WHERE account_id IS NOT NULL AND amount_reporting IS NOT NULL
            GROUP BY GROUPING SETS ((day, window_days, account_id), (day, window_days, account_id, rep))
            """,
        ),
        Step(
            "rep_account_sales",
            "Their mean.",
            """
            SELECT day, window_days, dimension, dimension_value, sum(amount) AS numerator, count(*) AS denominator,
                   count(*) AS n, sum(amount::DECIMAL(38, 4) * amount) AS sum_squares
            FROM account_total GROUP BY day, window_days, dimension, dimension_value
            """,
        ),
    ),
)
