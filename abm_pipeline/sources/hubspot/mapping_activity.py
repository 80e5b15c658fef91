"""What HubSpot knows of touches: engagements, marketing e-mail, forms and surveys, as rows of `activity`.

Every version of a record gives a row; one that is no touch gives a row of type `none` that counts as deleted, so the
newest version always says what there is. An engagement is one touch, of the first person that it is linked to.

Marketing knows people by their address alone: each becomes a `contact` row of its own under the hash of the address,
once a day, and identity finds out whose it is.
"""

from __future__ import annotations

from abm_pipeline.contracts import tables as T
from abm_pipeline.sources._mapping import Select


def linked(links: str) -> str:
    """SQL: ids of the records that associations name, the primary first."""
    is_primary = "list_contains(json_extract_string(l, '$.associationTypes[*].label'), 'Primary')"
    return (
        f"list_transform(list_concat(list_filter({links}, lambda l: {is_primary}), "
        f"list_filter({links}, lambda l: NOT {is_primary})), lambda l: json_extract_string(l, '$.toObjectId'))"
    )


# HubSpot's own outcome "Connected" has the same id in every portal.
_CONNECTED = "f240bbac-87c9-4f6e-bf70-924b57d47db7"
# What every engagement says. The id of a Salesforce activity is taken for what it looks like, see the README.
_COMMON = f"""
    e._from, e.id AS source_id, {linked('e."associations.contacts"')}[1] AS contact_source_id,
    {linked('e."associations.companies"')}[1] AS company_source_id, e.touch_type,
    e.archived OR e.touch_type = 'none' AS is_deleted, coalesce(e.archivedAt, e.updatedAt) AS modified_at,
    CASE
        WHEN e."properties.hs_engagement_source" = 'SALESFORCE'
            AND regexp_full_match(e."properties.hs_engagement_source_id", '00[TU][A-Za-z0-9]{{15}}')
            THEN 'salesforce:' || e."properties.hs_engagement_source_id"
    END AS same_as
"""

# A call without an outcome has not been told whether anybody was reached: an attempt.
_CALL = f"""
WITH e AS (
    SELECT
        c.*,
        CASE
            WHEN c."properties.hs_call_status" IN
                ('QUEUED', 'RINGING', 'CONNECTING', 'CALLING_CRM_USER', 'IN_PROGRESS', 'CANCELED') THEN 'none'
            WHEN c."properties.hs_call_disposition" = '{_CONNECTED}'
                OR list_contains(json_extract_string(p.options, '$.hubspot.connected_outcomes[*]'),
                    c."properties.hs_call_disposition") THEN 'call_connected'
            ELSE 'call'
        END AS touch_type
    FROM src.call AS c CROSS JOIN params AS p
)
SELECT
    {_COMMON}, e."properties.hs_timestamp" AS occurred_at,
    CASE e.touch_type WHEN 'none' THEN 'none' ELSE 'phone' END AS channel,
    CASE e."properties.hs_call_direction" WHEN 'INBOUND' THEN 'inbound' ELSE 'outbound' END AS direction,
    e."properties.hs_call_duration" / 1000 AS duration_seconds, lower(e."properties.hs_call_status") AS outcome,
    false AS is_exposure
FROM e
"""

# Logged without an outcome is held; one that is still SCHEDULED, moved or cancelled has not happened.
_MEETING = f"""
WITH e AS (
    SELECT
        *,
        CASE coalesce("properties.hs_meeting_outcome", 'COMPLETED')
            WHEN 'COMPLETED' THEN 'meeting' WHEN 'NO_SHOW' THEN 'meeting_no_show' ELSE 'none'
        END AS touch_type
    FROM src.meeting
)
SELECT
    {_COMMON}, coalesce(e."properties.hs_meeting_start_time", e."properties.hs_timestamp") AS occurred_at,
    CASE e.touch_type WHEN 'none' THEN 'none' ELSE 'meeting' END AS channel,
    CASE WHEN e.touch_type <> 'none' THEN 'outbound' END AS direction,
    CAST(date_diff('second', e."properties.hs_meeting_start_time", e."properties.hs_meeting_end_time") AS DOUBLE)
        AS duration_seconds,
    lower(e."properties.hs_meeting_outcome") AS outcome, false AS is_exposure
FROM e
"""

# A forwarded e-mail is one that somebody got from outside and handed on to be logged.
_EMAIL = f"""
WITH e AS (
    SELECT
        *,
        CASE
            WHEN "properties.hs_email_direction" IN ('INCOMING_EMAIL', 'FORWARDED_EMAIL') THEN 'email_reply'
            WHEN "properties.hs_email_status" = 'BOUNCED' THEN 'email_bounce'
            WHEN "properties.hs_email_status" IN ('FAILED', 'SCHEDULED', 'SENDING') THEN 'none'
            ELSE 'email_sent'
        END AS touch_type
    FROM src.email
)
SELECT
    {_COMMON}, e."properties.hs_timestamp" AS occurred_at,
    CASE e.touch_type WHEN 'none' THEN 'none' ELSE 'email' END AS channel,
    CASE e.touch_type WHEN 'email_reply' THEN 'inbound' WHEN 'none' THEN NULL ELSE 'outbound' END AS direction,
    lower(e."properties.hs_email_status") AS outcome, e.touch_type = 'email_sent' AS is_exposure
FROM e
"""

_ANSWERED = f"""
SELECT
    _from, id AS source_id, {linked('"associations.contacts"')}[1] AS contact_source_id,
    {linked('"associations.companies"')}[1] AS company_source_id,
    "properties.hs_submission_timestamp" AS occurred_at, 'survey_answered' AS touch_type, 'survey' AS channel,
    'inbound' AS direction, "properties.hs_survey_id" AS content_id, lower("properties.hs_survey_type") AS outcome,
    false AS is_exposure, archived AS is_deleted, coalesce(archivedAt, updatedAt) AS modified_at
FROM src.feedback_submission
"""
_SURVEY_RESPONSE = f"""
SELECT
    _from, id AS source_id, {linked('"associations.contacts"')}[1] AS contact_source_id,
    {linked('"associations.companies"')}[1] AS company_source_id, "properties.hs_survey_id" AS survey_id,
    CASE WHEN lower("properties.hs_survey_type") IN ('nps', 'csat', 'ces') THEN lower("properties.hs_survey_type")
        ELSE 'other' END AS survey_type,
    "properties.hs_survey_name" AS question, "properties.hs_value" AS score, "properties.hs_content" AS comment,
    "properties.hs_submission_timestamp" AS answered_at, archived AS is_deleted,
    coalesce(archivedAt, updatedAt) AS modified_at
FROM src.feedback_submission
"""

# Machines open mails and follow links to look for harm: what HubSpot filters is no touch.
_EMAIL_EVENT = """
WITH told AS (
    SELECT
        *,
        CASE
            WHEN coalesce(filteredEvent, false) THEN 'none'
            WHEN type = 'STATUSCHANGE' AND (
                portalSubscriptionStatus ILIKE 'unsub%'
                OR len(list_filter(subscriptions, lambda s: json_extract_string(s, '$.status') ILIKE 'unsub%')) > 0
            ) THEN 'email_unsubscribe'
            ELSE coalesce(map {
                'DELIVERED': 'email_sent', 'OPEN': 'email_open', 'CLICK': 'email_click', 'BOUNCE': 'email_bounce',
                'FORWARD': 'email_forward', 'SPAMREPORT': 'email_spam_report'
            }[type], 'none')
        END AS touch_type
    FROM src.email_event
)
SELECT
    _from, id || ':' || created AS source_id, email_hash(recipient) AS contact_source_id,
    make_timestamptz(created * 1000) AS occurred_at, touch_type,
    CASE touch_type WHEN 'none' THEN 'none' ELSE 'email' END AS channel,
    CASE WHEN touch_type = 'email_sent' THEN 'outbound' WHEN touch_type = 'none' THEN NULL ELSE 'inbound' END
        AS direction,
    CAST(emailCampaignId AS VARCHAR) AS campaign_source_id, lower(category) AS outcome,
    touch_type = 'email_sent' AS is_exposure, touch_type = 'none' AS is_deleted,
    make_timestamptz(created * 1000) AS modified_at
FROM told
"""

_SUBMITTED = """
submitted AS (
    SELECT
        *, split_part(_from.record_id, ':', 1) AS form_id, make_timestamptz(submittedAt * 1000) AS told_at,
        json_extract_string(
            list_filter("values", lambda v: json_extract_string(v, '$.name') = 'email')[1], '$.value'
        ) AS email
    FROM src.form_submission
)
"""
_FORM_FILL = f"""
WITH {_SUBMITTED}
SELECT
    s._from, s._from.record_id AS source_id, email_hash(s.email) AS contact_source_id, s.told_at AS occurred_at,
    'form_fill' AS touch_type, 'web' AS channel, 'inbound' AS direction, s.form_id AS content_id,
    CASE
        WHEN regexp_matches(f.name, 'demo', 'i') THEN 'demo_request'
        WHEN regexp_matches(f.name, 'newsletter|subscri', 'i') THEN 'newsletter'
        WHEN regexp_matches(f.name, 'trial', 'i') THEN 'free_trial'
        WHEN regexp_matches(f.name, 'pric', 'i') THEN 'pricing_guide'
        WHEN regexp_matches(f.name, 'contact', 'i') THEN 'contact_form'
    END AS content_type,
    false AS is_exposure, false AS is_deleted, s.told_at AS modified_at
FROM submitted AS s LEFT JOIN ref.form AS f ON f.id = s.form_id
"""

# The last mention of an address on a day stands for all of them.
_ADDRESS = """
SELECT
    arg_max(_from, (told_at, _from.record_id)) AS _from, email_hash(email) AS source_id, 'contact' AS person_type,
    email_hash(email) AS email_hash, registrable_domain(any_value(email_host(email))) AS email_domain,
    registrable_domain(any_value(email_host(email))) AS domain, false AS is_deleted, max(told_at) AS modified_at
FROM {relation}
WHERE email_hash(email) IS NOT NULL
GROUP BY email_hash(email), _from.day
"""
_RECIPIENT = _ADDRESS.format(
    relation="(SELECT _from, recipient AS email, make_timestamptz(created * 1000) AS told_at FROM src.email_event)"
)
_SENDER = f"WITH {_SUBMITTED} {_ADDRESS.format(relation='submitted')}"

# Campaigns carry no stamp: a version stands for the day it was first seen on.
_CAMPAIGN = """
SELECT
    _from, CAST(id AS VARCHAR) AS source_id, coalesce(name, subject) AS name, 'email' AS channel, false AS is_deleted,
    CAST(_from.day AS TIMESTAMPTZ) AS modified_at
FROM src.email_campaign
"""

ACTIVITIES = (
    Select(T.ACTIVITY, "call", _CALL),
    Select(T.ACTIVITY, "meeting", _MEETING),
    Select(T.ACTIVITY, "email", _EMAIL),
    Select(T.ACTIVITY, "feedback_submission", _ANSWERED),
    Select(T.ACTIVITY, "email_event", _EMAIL_EVENT),
    Select(T.ACTIVITY, "form_submission", _FORM_FILL),
    Select(T.CONTACT, "email_event", _RECIPIENT),
    Select(T.CONTACT, "form_submission", _SENDER),
    Select(T.CAMPAIGN, "email_campaign", _CAMPAIGN),
    Select(T.SURVEY_RESPONSE, "feedback_submission", _SURVEY_RESPONSE),
)
