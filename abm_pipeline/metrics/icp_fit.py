"""Fit score: how well target accounts match the ideal customer, 0 to 100. Definition: metrics.md A.

The profile, with its weights, is market.yaml. The parts (industry, region, size) stand in account_metrics_daily.
"""

from __future__ import annotations

from abm_pipeline.metrics._icp import ICP
from abm_pipeline.metrics._segments import SEGMENTS, by_segment
from abm_pipeline.metrics._spec import MetricSpec
from abm_pipeline.storage.engine import Step

SPEC = MetricSpec(
    id="icp_fit",
    title="Fit with the ideal customer",
    formula="Σ over industry, region and employees of weight × how well the value fits (0 to 1) ÷ Σ weights × 100; "
    "the mean over target accounts. What is not known fits nothing.",
    unit="points",
    grain="target accounts",
    window_days=(1,),
    segments=SEGMENTS,
    guides=("G3", "G4"),
    statistic="mean",
    parts=(ICP,),
    example="Weights 40 industry, 20 region, 40 employees. Manufacturing (1), EMEA (1), 300 employees (0.8): "
    "40 + 20 + 32 = 92. Retail (0.2), EMEA, size not known: 8 + 20 + 0 = 28. The mean of the two is 60.",
    steps=(
        Step(
            "icp_fit",
            "Mean fit of listed accounts in every segment.",
            by_segment(
                """(SELECT a.*, 1 AS window_days, i.icp_fit AS fit
                    FROM account_day a JOIN icp_day i USING (day, account_id) WHERE a.is_listed)""",
                "sum(fit) AS numerator, count(*) AS denominator, count(*) AS n, sum(fit * fit) AS sum_squares",
            ),
        ),
    ),
)
