"""Median deal size, which a single large deal does not move. Definition: metrics.md C; otherwise as deal_size."""

from __future__ import annotations

from abm_pipeline.metrics._base import DEAL_WINDOW_DAYS
from abm_pipeline.metrics._intervals import median_of
from abm_pipeline.metrics._segments import SEGMENTS, by_segment
from abm_pipeline.metrics._spec import MetricSpec
from abm_pipeline.storage.engine import Step

SPEC = MetricSpec(
    id="deal_size_median",
    title="Median deal size",
    formula="Median amount of the deals won in the window, in the reporting currency.",
    unit="money",
    grain="deals won in the window",
    window_days=(DEAL_WINDOW_DAYS,),
    segments=SEGMENTS,
    guides=("G3", "G1", "G2"),
    statistic="given",
    example="Won for 10 000, 20 000 and 60 000: 20 000.",
    steps=(
        Step(
            "deal_size_median",
            "Median of won amounts in every segment.",
            by_segment(
                "(SELECT * FROM closed WHERE is_won AND amount_reporting IS NOT NULL)",
                "CAST(NULL AS BIGINT) AS numerator, count(*) AS denominator, count(*) AS n, "
                + median_of("amount_reporting"),
            ),
        ),
    ),
)
