"""Mean satisfaction, from 1 to 5, of the answers valid on the day: the last of each respondent in 90 days."""

from __future__ import annotations

from abm_pipeline.metrics._segments import by_segment
from abm_pipeline.metrics._spec import MetricSpec
from abm_pipeline.metrics._voice import ANSWER_DAYS, VOICE, VOICE_SEGMENTS
from abm_pipeline.storage.engine import Step

SPEC = MetricSpec(
    id="csat",
    title="Customer satisfaction",
    formula="Mean score of the last answer of each respondent, from 1 to 5.",
    unit="score",
    grain="respondents",
    window_days=(ANSWER_DAYS,),
    segments=VOICE_SEGMENTS,
    guides=("G5", "G2"),
    statistic="mean",
    parts=(VOICE,),
    example="Answers 5, 4 and 3; the first respondent had said 1 before: 12 ÷ 3 = 4.",
    steps=(
        Step(
            "csat",
            "Scores added up in every segment.",
            by_segment(
                "(SELECT * FROM answer_day WHERE survey_type = 'csat')",
                "sum(score) AS numerator, count(*) AS denominator, count(*) AS n, sum(score * score) AS sum_squares",
                VOICE_SEGMENTS,
            ),
        ),
    ),
)
