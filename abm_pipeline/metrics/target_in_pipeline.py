"""Target accounts in the pipeline: those with at least one open deal. Definition: metrics.md C (G4).

n is the number of accounts on the list.
"""

from __future__ import annotations

from abm_pipeline.metrics._segments import SEGMENTS, by_segment
from abm_pipeline.metrics._spec import MetricSpec
from abm_pipeline.storage.engine import Step

SPEC = MetricSpec(
    id="target_in_pipeline",
    title="Target accounts in pipeline",
    formula="Target accounts with at least one open deal.",
    unit="accounts",
    grain="target accounts",
    window_days=(1,),
    segments=SEGMENTS,
    guides=("G4",),
    statistic="count",
    example="Of 40 target accounts 11 have an open deal, three of them two: 11.",
    steps=(
        Step(
            "target_in_pipeline",
            "Listed accounts with an open deal in every segment.",
            by_segment(
                "(SELECT *, 1 AS window_days FROM account_day WHERE is_listed)",
                "count(*) FILTER (open_deals > 0) AS numerator, CAST(NULL AS BIGINT) AS denominator, count(*) AS n",
            ),
        ),
    ),
)
