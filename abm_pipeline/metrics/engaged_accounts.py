"""Accounts over the champion model's engaged threshold, per window of the model. Definition: metrics.md B.

Counts every account with a score; `program = abm` are those of the list.
"""

from __future__ import annotations

from abm_pipeline.metrics._segments import COUNTED, SEGMENTS, by_segment
from abm_pipeline.metrics._spec import MetricSpec
from abm_pipeline.storage.engine import Step

SPEC = MetricSpec(
    id="engaged_accounts",
    title="Engaged accounts",
    formula="Accounts whose engagement score is over the model's engaged threshold at the end of the day.",
    unit="accounts",
    grain="accounts with a score",
    window_days=(),
    segments=SEGMENTS,
    guides=("G1", "G3"),
    statistic="count",
    rests_on_score=True,
    example="Scores 35, 20 and 12 with a threshold of 20: 2 engaged accounts.",
    steps=(
        Step(
            "engaged_accounts",
            "Engaged accounts counted in every segment, for each window of the model.",
            by_segment(
                """(SELECT a.* EXCLUDE (is_engaged), s.window_days, s.is_engaged
                    FROM account_day a JOIN score_day s USING (day, account_id) WHERE s.is_engaged)""",
                COUNTED,
            ),
        ),
    ),
)
