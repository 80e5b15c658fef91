"""Delighted's responses as answers to surveys, and the people who gave them, known by their e-mail address."""

from __future__ import annotations

from abm_pipeline.contracts import tables as T
from abm_pipeline.sources._mapping import Select, VendorMapping

_SURVEY_RESPONSE = """
SELECT
    _from, id AS source_id, email_hash(email) AS contact_source_id, registrable_domain(email) AS domain,
    survey_type AS survey_id,
    CASE WHEN lower(survey_type) IN ('nps', 'csat', 'ces') THEN lower(survey_type) ELSE 'other' END AS survey_type,
    question, score, comment, created_at AS answered_at, false AS is_deleted,
    updated_at AS modified_at
FROM src.response
"""

_CONTACT = """
SELECT
    _from, email_hash(email) AS source_id, 'contact' AS person_type, email_hash(email) AS email_hash,
    registrable_domain(email_host(email)) AS email_domain, registrable_domain(email) AS domain, name AS full_name,
    false AS is_deleted, updated_at AS modified_at
FROM src.response WHERE email_hash(email) IS NOT NULL
"""

MAPPING = VendorMapping(
    selects=(Select(T.SURVEY_RESPONSE, "response", _SURVEY_RESPONSE), Select(T.CONTACT, "response", _CONTACT))
)
