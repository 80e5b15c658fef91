"""Zendesk's objects as canonical rows: organizations, the people who ask, tickets, and their ratings as answers.

An external id that has the form of a Salesforce id is one: integrations keep it there.
"""

from __future__ import annotations

from abm_pipeline.contracts import tables as T
from abm_pipeline.sources._mapping import Select, VendorMapping

_COMPANY = """
SELECT
    _from, CAST(id AS VARCHAR) AS source_id, name, registrable_domain(domain_names[1]) AS domain,
    domain_names[1] AS website,
    CASE WHEN regexp_full_match(trim(external_id), '001[A-Za-z0-9]{12}([A-Za-z0-9]{3})?')
        THEN 'salesforce:' || trim(external_id) END AS same_as,
    deleted_at IS NOT NULL AS is_deleted, created_at, updated_at AS modified_at
FROM src.organization
"""

# Agents are our own people.
_CONTACT = """
SELECT
    _from, CAST(id AS VARCHAR) AS source_id, 'contact' AS person_type,
    CAST(organization_id AS VARCHAR) AS company_source_id, email_hash(email) AS email_hash,
    email_host(email) AS email_domain, registrable_domain(email_host(email)) AS domain, name AS full_name,
    phone IS NOT NULL AS phone_known,
    CASE WHEN regexp_full_match(trim(external_id), '00[3Q][A-Za-z0-9]{12}([A-Za-z0-9]{3})?')
        THEN 'salesforce:' || trim(external_id) END AS same_as,
    NOT coalesce(active, true) AS is_deleted, created_at, updated_at AS modified_at
FROM src."user" WHERE role = 'end-user'
"""

_TICKET = """
SELECT
    _from, CAST(id AS VARCHAR) AS source_id, CAST(organization_id AS VARCHAR) AS company_source_id,
    CAST(requester_id AS VARCHAR) AS contact_source_id, subject, status, priority, type AS ticket_type,
    created_at AS opened_at, CASE WHEN status IN ('solved', 'closed') THEN "metric_set.solved_at" END AS solved_at,
    CAST("metric_set.reply_time_in_minutes.calendar" AS DOUBLE) AS first_reply_minutes,
    CASE WHEN "satisfaction_rating.score" <> 'unoffered' THEN "satisfaction_rating.score" END AS satisfaction,
    status = 'deleted' AS is_deleted, to_timestamp(generated_timestamp) AS modified_at
FROM src.ticket
"""

# Good and bad are the ends of the scale of five that other surveys have. One that is only offered is no answer.
_SURVEY_RESPONSE = """
SELECT
    _from, CAST(id AS VARCHAR) AS source_id, CAST(requester_id AS VARCHAR) AS contact_source_id,
    'satisfaction_rating' AS survey_id, 'csat' AS survey_type, 'Ticket ' || ticket_id AS question,
    CASE WHEN score LIKE 'good%' THEN 5.0 ELSE 1.0 END AS score, comment, updated_at AS answered_at,
    false AS is_deleted, updated_at AS modified_at
FROM src.satisfaction_rating WHERE score LIKE 'good%' OR score LIKE 'bad%'
"""

MAPPING = VendorMapping(
    selects=(
        Select(T.COMPANY, "organization", _COMPANY),
        Select(T.CONTACT, "user", _CONTACT),
        Select(T.TICKET, "ticket", _TICKET),
        Select(T.SURVEY_RESPONSE, "satisfaction_rating", _SURVEY_RESPONSE),
    )
)
