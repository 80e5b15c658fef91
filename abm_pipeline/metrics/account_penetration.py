"""Engaged share of the target list. Definition: metrics.md B (one of the guides prints the fraction upside-down)."""

from __future__ import annotations

from abm_pipeline.metrics._segments import SEGMENTS, by_segment
from abm_pipeline.metrics._spec import MetricSpec
from abm_pipeline.storage.engine import Step

SPEC = MetricSpec(
    id="account_penetration",
    title="Engaged share of the list",
    formula="Target accounts over the model's engaged threshold ÷ target accounts.",
    unit="share",
    grain="target accounts",
    window_days=(),
    segments=SEGMENTS,
    guides=("G1",),
    statistic="proportion",
    rests_on_score=True,
    example="Of 100 target accounts, 40 are over the threshold: 40 ÷ 100 = 40 %.",
    steps=(
        Step(
            "account_penetration",
            "Engaged among listed accounts in every segment, for each window of the model.",
            by_segment(
                """(SELECT a.* EXCLUDE (is_engaged), w.window_days, coalesce(s.is_engaged, false) AS is_engaged
                    FROM account_day a CROSS JOIN model_window w
                    LEFT JOIN score_day s
                      ON s.day = a.day AND s.account_id = a.account_id AND s.window_days = w.window_days
                    WHERE a.is_listed)""",
                "count(*) FILTER (is_engaged) AS numerator, count(*) AS denominator, count(*) AS n",
            ),
        ),
    ),
)
