"""Return on what accounts have cost, both up to the day. Definition: metrics.md D.

Over the accounts with a cost: one without has no return, not an endless one. `outcome`: won (has bought), open (a deal
is open), lost (all its deals are), none (never had one). 50 000 spent and nothing won is −100 %, open or lost.
"""

from __future__ import annotations

from abm_pipeline.metrics._money import ACCOUNT_COST
from abm_pipeline.metrics._segments import SEGMENTS, by_segment
from abm_pipeline.metrics._spec import MetricSpec
from abm_pipeline.storage.engine import Step

SPEC = MetricSpec(
    id="account_roi",
    title="Account ROI",
    formula="(Won amount − allocated cost) ÷ allocated cost, up to the day, over the accounts with a cost.",
    unit="share",
    grain="accounts with a cost",
    window_days=(1,),
    segments=(*SEGMENTS, "outcome"),
    guides=("G3", "G4", "G5"),
    statistic="ratio",
    parts=(ACCOUNT_COST,),
    example="Two accounts: 200 won for 50, and 50 000 spent on a deal still open: 300 % and −100 %; together −99.6 %.",
    steps=(
        Step(
            "account_roi",
            "Return and cost added up in every segment, with the squares for the interval.",
            by_segment(
                """(
                SELECT *, 1 AS window_days, CAST(won_revenue - cost_allocated AS DECIMAL(18, 4)) AS gain
                FROM account_cost WHERE cost_allocated > 0)""",
                "sum(gain) AS numerator, sum(cost_allocated) AS denominator, count(*) AS n, "
                "sum(gain::DECIMAL(38, 4) * gain) AS sum_xx, sum(gain::DECIMAL(38, 4) * cost_allocated) AS sum_xy, "
                "sum(cost_allocated::DECIMAL(38, 4) * cost_allocated) AS sum_yy",
                (*SEGMENTS, "outcome"),
            ),
        ),
    ),
)
