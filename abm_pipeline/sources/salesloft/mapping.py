"""Salesloft's accounts, people, mails, calls and cadences as canonical rows.

Belongs here: which stream gives which table. A mail tells how often it was viewed, clicked and answered, but not when:
its activities are dated at the sending, which never moves.
"""

from __future__ import annotations

from abm_pipeline.contracts import tables as T
from abm_pipeline.sources._mapping import Select, VendorMapping

_CRM = "CASE WHEN json_exists(p.options, '$.salesloft.crm') THEN p.options->>'$.salesloft.crm' ELSE 'salesforce' END"
_LOGGED = "coalesce(CAST(p.options->>'$.salesloft.logged_in_crm' AS BOOLEAN), false)"

_COMPANY = f"""
SELECT
    a._from, CAST(a.id AS VARCHAR) AS source_id, a.name, registrable_domain(coalesce(a.domain, a.website)) AS domain,
    coalesce(a.website, a.domain) AS website, a.phone, country_code(a.country) AS country_code,
    region_of_country(a.country) AS region, a.city, a.industry, TRY_CAST(a.size AS BIGINT) AS employee_count,
    CAST(a."owner.id" AS VARCHAR) AS owner_id, {_CRM} || ':' || a.crm_id AS same_as,
    a.archived_at IS NOT NULL AS is_deleted, a.created_at, a.updated_at AS modified_at
FROM src.account AS a CROSS JOIN params AS p
"""

_CONTACT = f"""
SELECT
    r._from, CAST(r.id AS VARCHAR) AS source_id, 'contact' AS person_type,
    CAST(r."account.id" AS VARCHAR) AS company_source_id, email_hash(r.email_address) AS email_hash,
    registrable_domain(email_host(r.email_address)) AS email_domain,
    coalesce(registrable_domain(email_host(r.email_address)), registrable_domain(r.person_company_website)) AS domain,
    coalesce(r.display_name, concat_ws(' ', r.first_name, r.last_name)) AS full_name, r.title,
    role_of_title(r.title) AS role, r.job_seniority AS seniority,
    coalesce(r.phone, r.mobile_phone) IS NOT NULL AS phone_known, CAST(r."owner.id" AS VARCHAR) AS owner_id,
    {_CRM} || ':' || r.crm_id AS same_as, false AS is_deleted, r.created_at, r.updated_at AS modified_at
FROM src.person AS r CROSS JOIN params AS p
"""

# What is logged in the CRM too counts as the CRM's task.
_EMAIL = f"""
SELECT
    m._from, 'email:' || m.id || ':' || e.suffix AS source_id, CAST(m."recipient.id" AS VARCHAR) AS contact_source_id,
    m.sent_at AS occurred_at, e.touch_type, 'email' AS channel,
    CASE WHEN e.touch_type IN ('email_sent', 'email_bounce') THEN 'outbound' ELSE 'inbound' END AS direction,
    CAST(m."cadence.id" AS VARCHAR) AS campaign_source_id, e.touch_type = 'email_sent' AS is_exposure,
    (e.touch_type = 'email_sent' AND coalesce(m.bounced, false))
        OR (e.touch_type IN ('email_sent', 'email_reply') AND {_LOGGED}) AS is_deleted,
    m.updated_at AS modified_at
FROM src.email AS m CROSS JOIN params AS p, unnest([
    {{suffix: 'sent', touch_type: 'email_sent', happened: true}},
    {{suffix: 'open', touch_type: 'email_open', happened: m."counts.views" > 0}},
    {{suffix: 'click', touch_type: 'email_click', happened: m."counts.clicks" > 0}},
    {{suffix: 'reply', touch_type: 'email_reply', happened: m."counts.replies" > 0}},
    {{suffix: 'bounce', touch_type: 'email_bounce', happened: m.bounced}}
]) AS u(e)
WHERE m.sent_at IS NOT NULL AND e.happened
"""

_CALL = f"""
SELECT
    c._from, 'call:' || c.id AS source_id, CAST(c."called_person.id" AS VARCHAR) AS contact_source_id,
    c.created_at AS occurred_at,
    CASE WHEN list_contains(
        coalesce(
            list_transform(from_json(p.options->'$.salesloft.connected', '["VARCHAR"]'), lambda d: lower(d)),
            ['connected']
        ), lower(c.disposition)
    ) THEN 'call_connected' ELSE 'call' END AS touch_type,
    'phone' AS channel, 'outbound' AS direction, CAST(c."cadence.id" AS VARCHAR) AS campaign_source_id,
    CAST(c.duration AS DOUBLE) AS duration_seconds, replace(lower(c.disposition), ' ', '_') AS outcome,
    false AS is_exposure, {_LOGGED} AS is_deleted, c.updated_at AS modified_at
FROM src.call AS c CROSS JOIN params AS p
"""

_CAMPAIGN = """
SELECT
    _from, CAST(id AS VARCHAR) AS source_id, name, 'email' AS channel, CAST(created_at AS DATE) AS start_day,
    CAST(archived_at AS DATE) AS end_day, archived_at IS NOT NULL AS is_deleted, updated_at AS modified_at
FROM src.cadence
"""

MAPPING = VendorMapping(
    selects=(
        Select(T.COMPANY, "account", _COMPANY),
        Select(T.CONTACT, "person", _CONTACT),
        Select(T.ACTIVITY, "email", _EMAIL),
        Select(T.ACTIVITY, "call", _CALL),
        Select(T.CAMPAIGN, "cadence", _CAMPAIGN),
    )
)
