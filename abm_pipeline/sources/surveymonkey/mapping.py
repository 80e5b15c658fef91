"""SurveyMonkey's responses as canonical rows: one score a response, its text, and who answered.

The score is that of the response's first rating question, if it has several one with eleven choices goes first: the
question is NPS then. An answer names a choice by id; what it is worth stands in the survey. Of NPS the number in
the choice's text counts, as its weight may be that of its group (-100, 0, 100); else the weight.
"""

from __future__ import annotations

from collections.abc import Mapping

from abm_pipeline.contracts import tables as T
from abm_pipeline.programme import Programme
from abm_pipeline.sources._mapping import Reference, Select, VendorMapping
from abm_pipeline.sources.surveymonkey.contract import SurveyMonkeyOptions


def aliases(programme: Programme) -> Mapping[str, Mapping[str, str | None]]:
    """The custom variables."""
    return {"response": programme.options("surveymonkey", SurveyMonkeyOptions).aliases()}


# Where a response says who answered: the collector's contact, the address given, the link's custom variable.
_EMAIL = 'coalesce("metadata.contact.email.value", email_address, variable_email)'
_IS_ANSWER = "coalesce(response_status, 'completed') IN ('completed', 'partial')"

_CONTACT = f"""
SELECT
    _from, email_hash({_EMAIL}) AS source_id, 'contact' AS person_type, nullif(trim(account), '') AS company_source_id,
    email_hash({_EMAIL}) AS email_hash, email_host({_EMAIL}) AS email_domain,
    registrable_domain(email_host({_EMAIL})) AS domain,
    nullif(concat_ws(' ', "metadata.contact.first_name.value", "metadata.contact.last_name.value"), '') AS full_name,
    false AS phone_known, false AS is_deleted, date_created AS created_at, date_modified AS modified_at
FROM src.response WHERE email_hash({_EMAIL}) IS NOT NULL
"""

# Nothing but the CRM's id is known of a company: enough to belong to its account.
_COMPANY = """
SELECT
    _from, trim(account) AS source_id, 'salesforce:' || trim(account) AS same_as, false AS is_deleted,
    date_modified AS modified_at
FROM src.response WHERE trim(account) <> ''
"""

_SURVEY_RESPONSE = f"""
WITH questions AS (
    SELECT
        s.id AS survey_id, s.title, q ->> '$.id' AS question_id, q ->> '$.headings[0].heading' AS heading,
        q ->> '$.family' AS family, json_extract(q, '$.answers.choices[*]') AS choices
    FROM ref.survey AS s, unnest(s.pages) AS p (page), unnest(json_extract(page, '$.questions[*]')) AS u (q)
),
ratings AS (
    SELECT
        *, len(list_filter(choices, lambda c: coalesce(c ->> '$.is_na', 'false') <> 'true')) AS width
    FROM questions
    WHERE len(list_filter(choices, lambda c: TRY_CAST(c ->> '$.weight' AS DOUBLE) IS NOT NULL)) > 0
),
values_ AS (
    SELECT
        r.survey_id, r.question_id, r.width, c ->> '$.id' AS choice_id,
        CASE WHEN r.width = 11 THEN coalesce(
            TRY_CAST(regexp_extract(c ->> '$.text', '\\b(10|[0-9])\\b', 1) AS DOUBLE),
            TRY_CAST(c ->> '$.position' AS DOUBLE) - 1
        ) ELSE TRY_CAST(c ->> '$.weight' AS DOUBLE) END AS score,
        CASE
            WHEN r.width = 11 THEN 'nps'
            WHEN regexp_matches(concat_ws(' ', r.title, r.heading), 'effort|easy|easier', 'i') THEN 'ces'
            WHEN regexp_matches(concat_ws(' ', r.title, r.heading), 'satisf', 'i') THEN 'csat'
            ELSE 'other'
        END AS survey_type, r.heading
    FROM ratings AS r, unnest(r.choices) AS u (c) WHERE coalesce(c ->> '$.is_na', 'false') <> 'true'
),
answers AS (
    SELECT
        _from, survey_id, q ->> '$.id' AS question_id, a ->> '$.choice_id' AS choice_id, a ->> '$.text' AS answer_text,
        (page_no, question_no, answer_no) AS place
    FROM src.response, unnest(pages) WITH ORDINALITY AS p (page, page_no),
        unnest(json_extract(page, '$.questions[*]')) WITH ORDINALITY AS u (q, question_no),
        unnest(json_extract(q, '$.answers[*]')) WITH ORDINALITY AS v (a, answer_no)
),
scores AS (
    SELECT a._from, v.score, v.survey_type, v.heading
    FROM answers AS a JOIN values_ AS v USING (survey_id, question_id, choice_id)
    QUALIFY row_number() OVER (PARTITION BY a._from ORDER BY v.width <> 11, a.place) = 1
),
texts AS (
    SELECT a._from, string_agg(a.answer_text, ' ' ORDER BY a.place) AS comment
    FROM answers AS a JOIN questions AS q USING (survey_id, question_id)
    WHERE a.answer_text IS NOT NULL AND q.family = 'open_ended' GROUP BY ALL
),
kinds AS (
    SELECT survey_id, arg_min(survey_type, width <> 11) AS survey_type, arg_min(heading, width <> 11) AS heading
    FROM values_ GROUP BY survey_id
)
SELECT
    r._from, r.id AS source_id, nullif(trim(r.account), '') AS company_source_id,
    email_hash({_EMAIL}) AS contact_source_id, registrable_domain(email_host({_EMAIL})) AS domain, r.survey_id,
    coalesce(s.survey_type, k.survey_type, 'other') AS survey_type, coalesce(s.heading, k.heading) AS question, s.score,
    t.comment, r.date_created AS answered_at, false AS is_deleted, r.date_modified AS modified_at
FROM src.response AS r
LEFT JOIN scores AS s USING (_from) LEFT JOIN texts AS t USING (_from) LEFT JOIN kinds AS k USING (survey_id)
WHERE {_IS_ANSWER}
"""

MAPPING = VendorMapping(
    selects=(
        Select(T.COMPANY, "response", _COMPANY),
        Select(T.CONTACT, "response", _CONTACT),
        Select(T.SURVEY_RESPONSE, "response", _SURVEY_RESPONSE),
    ),
    references=(Reference("survey", ("title", "pages"), ((T.SURVEY_RESPONSE, "survey_id"),)),),
    aliases=aliases,
)
