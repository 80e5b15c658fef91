"""Marketo's leads, activities and programs as canonical rows.

A lead is a person record of its own; the Salesforce id that Marketo's sync writes into it says which record there is
the same. A lead's account follows from its e-mail domain or from that record. Opens and clicks that Marketo itself
takes for a machine's are not counted. Changes of stage that the CRM sync wrote are told by the CRM already.
"""

from __future__ import annotations

from abm_pipeline.contracts import tables as T
from abm_pipeline.sources._mapping import Reference, Select, VendorMapping


def _attribute(name: str) -> str:
    """The value of the attribute of that name."""
    return (
        f"json_extract_string(list_filter(attributes, lambda a: json_extract_string(a, '$.name') = '{name}')[1], "
        "'$.value')"
    )


_CONTACT = """
SELECT
    _from, CAST(id AS VARCHAR) AS source_id,
    CASE WHEN sfdcContactId IS NULL THEN 'lead' ELSE 'contact' END AS person_type,
    email_hash(email) AS email_hash, registrable_domain(email_host(email)) AS email_domain,
    registrable_domain(website) AS domain, nullif(concat_ws(' ', firstName, lastName), '') AS full_name, title,
    role_of_title(title) AS role, phone IS NOT NULL OR mobilePhone IS NOT NULL AS phone_known,
    'salesforce:' || coalesce(sfdcContactId, sfdcLeadId) AS same_as, false AS is_deleted, createdAt AS created_at,
    updatedAt AS modified_at
FROM src.lead
"""

# What is left of a deleted lead is its id.
_DELETED = """
SELECT
    _from, CAST(leadId AS VARCHAR) AS source_id, 'lead' AS person_type, true AS is_deleted, activityDate AS modified_at
FROM src.deleted_lead
"""

# The activity is the winner's; it lists the leads that went into it.
_MERGED = f"""
SELECT
    _from, CAST(loser AS VARCHAR) AS source_id, 'lead' AS person_type, true AS is_deleted,
    CAST(leadId AS VARCHAR) AS merged_into_source_id, activityDate AS modified_at
FROM (SELECT *, unnest(from_json({_attribute("Merge IDs")}, '["BIGINT"]')) AS loser FROM src.activity
      WHERE activityTypeId = 32)
"""

# A smart campaign that is not known yet stands in for its program, so that the row is staged again when it is.
_ACTIVITY = f"""
WITH told AS (
    SELECT
        a.*, coalesce(CAST(p.id AS VARCHAR), CAST(c.programId AS VARCHAR), 'campaign:' || a.campaignId) AS program,
        coalesce(p.channel, '') AS program_channel, lower(coalesce({_attribute("New Status")}, '')) AS new_status,
        {_attribute("Success")} = 'true' AS is_success,
        coalesce({_attribute("Is Bot Activity")} IN ('true', '1'), false) AS is_machine
    FROM src.activity AS a
    LEFT JOIN ref.campaign AS c ON c.id = a.campaignId
    LEFT JOIN ref.program AS p
        ON p.id = CASE a.activityTypeId WHEN 104 THEN a.primaryAttributeValueId ELSE c.programId END
    WHERE a.activityTypeId <> 32
),
typed AS (
    SELECT
        *,
        CASE
            WHEN is_machine THEN 'none'
            WHEN activityTypeId = 1 THEN 'page_view'
            WHEN activityTypeId = 2 THEN 'form_fill'
            WHEN activityTypeId = 7 THEN 'email_sent'
            WHEN activityTypeId IN (8, 27) THEN 'email_bounce'
            WHEN activityTypeId = 9 THEN 'email_unsubscribe'
            WHEN activityTypeId = 10 THEN 'email_open'
            WHEN activityTypeId = 11 THEN 'email_click'
            WHEN activityTypeId <> 104 THEN 'none'
            WHEN program_channel ILIKE '%webinar%' THEN CASE
                WHEN new_status LIKE 'attended%' THEN 'webinar_attended'
                WHEN new_status LIKE 'regist%' THEN 'webinar_registered'
                WHEN regexp_matches(new_status, 'no.?show') THEN 'webinar_no_show'
                ELSE 'none'
            END
            WHEN regexp_matches(program_channel, 'event|road ?show|trade ?show|conference|seminar', 'i') THEN CASE
                WHEN new_status LIKE 'attended%' OR new_status LIKE 'visited%' THEN 'event_attended'
                WHEN new_status LIKE 'regist%' THEN 'event_registered'
                ELSE 'none'
            END
            WHEN regexp_matches(program_channel, 'content|white ?paper|e-?book', 'i') AND is_success
                THEN 'content_download'
            ELSE 'none'
        END AS touch_type
    FROM told
)
SELECT
    _from, marketoGUID AS source_id, CAST(leadId AS VARCHAR) AS contact_source_id, activityDate AS occurred_at,
    touch_type,
    CASE
        WHEN touch_type = 'none' THEN 'none'
        WHEN touch_type LIKE 'email%' THEN 'email'
        WHEN touch_type LIKE 'webinar%' THEN 'webinar'
        WHEN touch_type LIKE 'event%' THEN 'event'
        WHEN touch_type = 'page_view' THEN 'web'
        ELSE 'content'
    END AS channel,
    CASE
        WHEN touch_type IN ('email_sent', 'email_bounce') THEN 'outbound' WHEN touch_type <> 'none' THEN 'inbound'
    END AS direction,
    CASE activityTypeId WHEN 1 THEN primaryAttributeValue ELSE CAST(primaryAttributeValueId AS VARCHAR) END
        AS content_id,
    program AS campaign_source_id, replace(nullif(new_status, ''), ' ', '_') AS outcome,
    touch_type = 'email_sent' AS is_exposure, touch_type = 'none' AS is_deleted, activityDate AS modified_at
FROM typed
"""

_LEAD_EVENT = f"""
WITH told AS (
    SELECT
        _from, marketoGUID, leadId, activityDate, coalesce({_attribute("Source")}, '') AS origin,
        unnest(fields) AS change
    FROM src.lead_change
),
named AS (
    SELECT
        t.*,
        CAST(coalesce(json_extract(p.options, '$.marketo.stages'), '{{"MQL": "mql", "SQL": "sql"}}') AS
            MAP(VARCHAR, VARCHAR))[json_extract_string(change, '$.newValue')] AS stage
    FROM told AS t CROSS JOIN params AS p
    WHERE json_extract_string(change, '$.name')
        = coalesce(json_extract_string(p.options, '$.marketo.lifecycle_field'), 'leadStatus')
)
SELECT
    _from, marketoGUID || ':' || stage AS source_id, CAST(leadId AS VARCHAR) AS contact_source_id, stage,
    activityDate AS entered_at, false AS is_deleted, activityDate AS modified_at
FROM named
WHERE stage IS NOT NULL AND NOT regexp_matches(origin, 'salesforce|sfdc|crm|sync', 'i')
"""

_CAMPAIGN = """
SELECT
    _from, CAST(id AS VARCHAR) AS source_id, name,
    CASE
        WHEN channel ILIKE '%webinar%' THEN 'webinar'
        WHEN regexp_matches(channel, 'event|road ?show|trade ?show|conference|seminar', 'i') THEN 'event'
        WHEN regexp_matches(channel, 'email|e-mail|nurtur', 'i') THEN 'email'
        WHEN regexp_matches(channel, 'advert|ads|ppc|paid', 'i') THEN 'ads'
        WHEN regexp_matches(channel, 'content|white ?paper|e-?book|web', 'i') THEN 'content'
        ELSE lower(channel)
    END AS channel,
    CAST(TRY_CAST(replace(startDate, '+0000', '') AS TIMESTAMPTZ) AS DATE) AS start_day,
    CAST(TRY_CAST(replace(endDate, '+0000', '') AS TIMESTAMPTZ) AS DATE) AS end_day, false AS is_deleted,
    TRY_CAST(replace(updatedAt, '+0000', '') AS TIMESTAMPTZ) AS modified_at
FROM src.program
"""

MAPPING = VendorMapping(
    selects=(
        Select(T.CONTACT, "lead", _CONTACT),
        Select(T.CONTACT, "deleted_lead", _DELETED),
        Select(T.CONTACT, "activity", _MERGED),
        Select(T.ACTIVITY, "activity", _ACTIVITY),
        Select(T.LEAD_EVENT, "lead_change", _LEAD_EVENT),
        Select(T.CAMPAIGN, "program", _CAMPAIGN),
    ),
    references=(
        Reference("program", ("channel",), ((T.ACTIVITY, "campaign_source_id"),)),
        Reference("campaign", ("programId",), ((T.ACTIVITY, "campaign_source_id"),)),
    ),
)
