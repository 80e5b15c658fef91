"""Accounts on the ABM list at the end of the day, by tier and segment. Definition: metrics.md A."""

from __future__ import annotations

from abm_pipeline.metrics._segments import COUNTED, SEGMENTS, by_segment
from abm_pipeline.metrics._spec import MetricSpec
from abm_pipeline.storage.engine import Step

SPEC = MetricSpec(
    id="target_accounts",
    title="Target accounts",
    formula="Accounts on the ABM list at the end of the day.",
    unit="accounts",
    grain="account list as of a day",
    window_days=(1,),
    segments=SEGMENTS,
    guides=("G1", "G3"),
    statistic="count",
    example="A (1:1 since May), B (1:many since June), C (taken off in May): on 30 June, 2 target accounts.",
    steps=(
        Step(
            "target_accounts",
            "Listed accounts counted in every segment.",
            by_segment(
                "(SELECT *, 1 AS window_days FROM account_day WHERE is_listed)",
                COUNTED,
            ),
        ),
    ),
)
