"""What customers say: answers to surveys that are valid on a day, and reviews.

The last answer of a respondent in the trailing 90 days counts, one for each kind of survey. Who answers is the person
that identity knows, else the record that the survey names, else the answer itself.
"""

from __future__ import annotations

from abm_pipeline.contracts import tables as T
from abm_pipeline.metrics._customers import CUSTOMER_SEGMENTS
from abm_pipeline.metrics._spec import Part
from abm_pipeline.storage.engine import Step
from abm_pipeline.storage.lake import Input

ANSWER_DAYS = 90
VOICE_SEGMENTS = CUSTOMER_SEGMENTS

VOICE = Part(
    "voice",
    reads=(Input(T.FACT_SURVEY, ANSWER_DAYS),),
    steps=(
        Step(
            "answer_stay",
            "Answers with their account, from their day until the respondent's next one or 90 days later.",
            f"""
            WITH placed AS (
                SELECT s.survey_type, s.day, s.answered_at, s.source, s.source_id,
                       CAST(s.score AS DECIMAL(9, 3)) AS score,
                       coalesce(r.person_id, s.contact_key, s.source || ':' || s.source_id) AS respondent,
                       coalesce(c.account_id, r.account_id) AS account_id
                FROM facts.survey_response s
                LEFT JOIN company_unit c ON c.company_key = s.company_key
                LEFT JOIN person_at r ON r.contact_key = s.contact_key AND s.day BETWEEN r.from_day AND r.until_day
                WHERE s.score IS NOT NULL
            ),
            last_of_day AS (
                SELECT * FROM placed
                QUALIFY row_number() OVER (
                    PARTITION BY survey_type, respondent, day ORDER BY answered_at DESC, source, source_id
                ) = 1
            )
            SELECT survey_type, account_id, score, day AS from_day,
                   least(day + {ANSWER_DAYS}, coalesce(lead(day) OVER (
                       PARTITION BY survey_type, respondent ORDER BY day), DATE '9999-12-31')) AS until_day
            FROM last_of_day
            """,
        ),
        Step(
            "answer_day",
            "Answers valid on each day, with the segments of their account then.",
            f"""
            SELECT d.day, {ANSWER_DAYS} AS window_days, s.survey_type, s.score, s.account_id,
                   CASE WHEN l.account_id IS NULL THEN 'non_abm' ELSE 'abm' END AS program,
                   coalesce(l.tier, 'none') AS tier, coalesce(f.industry, 'unknown') AS industry,
                   coalesce(f.region, 'unknown') AS region, coalesce(f.employee_band, 'unknown') AS employee_band
            FROM days d JOIN answer_stay s ON d.day >= s.from_day AND d.day < s.until_day
            LEFT JOIN listed l ON l.account_id = s.account_id AND l.day = d.day
            LEFT JOIN firm f ON f.account_id = s.account_id
            """,
        ),
    ),
)
