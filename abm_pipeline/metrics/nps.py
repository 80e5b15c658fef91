"""Net promoter score of the answers valid on the day. Definition: metrics.md E.

From 9 on a promoter, up to 6 a detractor. Only the last answer of a respondent in 90 days counts; by segments of the
account on the day.
"""

from __future__ import annotations

from abm_pipeline.metrics._segments import by_segment
from abm_pipeline.metrics._spec import MetricSpec
from abm_pipeline.metrics._voice import ANSWER_DAYS, VOICE, VOICE_SEGMENTS
from abm_pipeline.storage.engine import Step

SPEC = MetricSpec(
    id="nps",
    title="Net promoter score",
    formula="Share of answers of 9 or 10 − share of answers of 0 to 6, in points; last answer of each respondent.",
    unit="points",
    grain="respondents",
    window_days=(ANSWER_DAYS,),
    segments=VOICE_SEGMENTS,
    guides=("G5", "G2"),
    statistic="mean",
    parts=(VOICE,),
    example="Ten respondents: 5 answer 9 or 10, 4 answer 7 or 8, one answers 3: 50 % − 10 % = 40.",
    steps=(
        Step(
            "nps",
            "Promoters count 100, detractors −100, in every segment.",
            by_segment(
                """(
                SELECT *, CASE WHEN score >= 9 THEN 100 WHEN score <= 6 THEN -100 ELSE 0 END AS points
                FROM answer_day WHERE survey_type = 'nps')""",
                "CAST(sum(points) AS BIGINT) AS numerator, count(*) AS denominator, count(*) AS n, "
                "CAST(sum(points * points) AS BIGINT) AS sum_squares",
                VOICE_SEGMENTS,
            ),
        ),
    ),
)
