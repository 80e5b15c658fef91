"""What Salesforce knows of touches: tasks, events and responses to campaigns, as rows of `activity`.

Every version of a record gives a row. One that is no touch (a to-do, a meeting still ahead or cancelled, an invitation)
gives a row of type `none` that counts as deleted: so the newest version always says what there is, also when a touch
is taken back.
"""

from __future__ import annotations

from abm_pipeline.contracts import tables as T
from abm_pipeline.sources._mapping import Select

# Sales tools write what they know into the CRM too. Where such a tool is a source itself, the programme names the
# subjects under which it writes (`sources.salesforce.logged_by_tools`), and they are no touches of Salesforce.
_IS_COPY = """len(list_filter(
                CAST(json_extract(p.options, '$.salesforce.logged_by_tools') AS VARCHAR[]),
                lambda pattern: Subject ILIKE pattern
            )) > 0"""

# A task logged or completed on another day happened on its ActivityDate, nobody knows when: noon.
_TASK = """
WITH told AS (
    SELECT
        *,
        CASE
            WHEN {is_copy} THEN 'none'
            WHEN NOT coalesce(IsClosed, Status = 'Completed') THEN 'none'
            WHEN Type ILIKE '%reply%' THEN 'email_reply'
            WHEN TaskSubtype IN ('Email', 'ListEmail') OR Type ILIKE 'e%mail%' THEN 'email_sent'
            WHEN (TaskSubtype = 'Call' OR Type = 'Call') AND CallDisposition ILIKE 'connected%' THEN 'call_connected'
            WHEN TaskSubtype = 'Call' OR Type = 'Call' THEN 'call'
            ELSE 'none'
        END AS touch_type
    FROM src.task CROSS JOIN params AS p
)
SELECT
    t._from, t.Id AS source_id, t.WhoId AS contact_source_id, t.AccountId AS company_source_id,
    CASE
        WHEN t.ActivityDate IS NULL THEN coalesce(t.CompletedDateTime, t.CreatedDate)
        WHEN CAST(t.CompletedDateTime AS DATE) = t.ActivityDate THEN t.CompletedDateTime
        ELSE CAST(t.ActivityDate AS TIMESTAMPTZ) + INTERVAL 12 HOURS
    END AS occurred_at,
    t.touch_type,
    CASE WHEN t.touch_type LIKE 'email%' THEN 'email' WHEN t.touch_type LIKE 'call%' THEN 'phone' ELSE 'none' END
        AS channel,
    CASE
        WHEN t.touch_type = 'email_reply' THEN 'inbound'
        WHEN t.touch_type LIKE 'call%' AND t.CallType = 'Inbound' THEN 'inbound'
        WHEN t.touch_type <> 'none' THEN 'outbound'
    END AS direction,
    c.content_type,
    CASE WHEN lower(c.funnel_stage) IN ('top', 'mid', 'bottom') THEN lower(c.funnel_stage) END AS funnel_stage,
    CASE WHEN t.WhatId LIKE '701%' THEN t.WhatId END AS campaign_source_id,
    CAST(t.CallDurationInSeconds AS DOUBLE) AS duration_seconds,
    replace(lower(t.CallDisposition), ' ', '_') AS outcome,
    t.touch_type = 'email_sent' AS is_exposure, t.IsDeleted OR t.touch_type = 'none' AS is_deleted,
    t.SystemModstamp AS modified_at
FROM told AS t LEFT JOIN ref.campaign AS c ON c.Id = t.WhatId
"""

# Where an organisation keeps no outcome, a meeting in the calendar is taken as held.
_EVENT = """
WITH told AS (
    SELECT
        e.*,
        CASE
            WHEN e.Type = 'Internal' OR {is_copy} THEN 'none'
            WHEN NOT p.has_meeting_outcome OR e.meeting_outcome ILIKE 'held%' OR e.meeting_outcome ILIKE 'completed%'
                THEN 'meeting'
            WHEN regexp_matches(e.meeting_outcome, 'no.?show', 'i') THEN 'meeting_no_show'
            ELSE 'none'
        END AS touch_type
    FROM src.event AS e CROSS JOIN params AS p
)
SELECT
    _from, Id AS source_id, WhoId AS contact_source_id, AccountId AS company_source_id, StartDateTime AS occurred_at,
    touch_type, CASE touch_type WHEN 'none' THEN 'none' ELSE 'meeting' END AS channel,
    CASE WHEN touch_type <> 'none' THEN 'outbound' END AS direction,
    CASE WHEN WhatId LIKE '701%' THEN WhatId END AS campaign_source_id,
    CAST(coalesce(DurationInMinutes * 60, date_diff('second', StartDateTime, EndDateTime)) AS DOUBLE)
        AS duration_seconds,
    replace(lower(meeting_outcome), ' ', '_') AS outcome, false AS is_exposure,
    IsDeleted OR touch_type = 'none' AS is_deleted, SystemModstamp AS modified_at
FROM told
"""

# The response has a day and no time: noon. A converted lead's member names both; the contact is who it is now.
_CAMPAIGN_MEMBER = """
WITH told AS (
    SELECT
        m.*, c.content_type,
        CASE WHEN lower(c.funnel_stage) IN ('top', 'mid', 'bottom') THEN lower(c.funnel_stage) END AS funnel_stage,
        CASE
            WHEN NOT m.HasResponded THEN 'none'
            WHEN regexp_matches(c.Type, 'webinar', 'i') THEN 'webinar_attended'
            WHEN regexp_matches(c.Type, 'content|white ?paper|e-?book', 'i') THEN 'content_download'
            WHEN regexp_matches(c.Type, 'form|website', 'i') THEN 'form_fill'
            WHEN regexp_matches(c.Type, 'event|conference|trade ?show|seminar', 'i') THEN 'event_attended'
            ELSE 'none'
        END AS touch_type
    FROM src.campaign_member AS m LEFT JOIN ref.campaign AS c ON c.Id = m.CampaignId
)
SELECT
    _from, Id AS source_id, coalesce(ContactId, LeadId) AS contact_source_id, AccountId AS company_source_id,
    coalesce(CAST(FirstRespondedDate AS TIMESTAMPTZ) + INTERVAL 12 HOURS, CreatedDate) AS occurred_at, touch_type,
    CASE touch_type
        WHEN 'webinar_attended' THEN 'webinar' WHEN 'event_attended' THEN 'event' WHEN 'none' THEN 'none'
        ELSE 'content'
    END AS channel,
    CASE WHEN touch_type <> 'none' THEN 'inbound' END AS direction,
    CASE WHEN touch_type <> 'none' THEN CampaignId END AS content_id, content_type, funnel_stage,
    CampaignId AS campaign_source_id, replace(lower(Status), ' ', '_') AS outcome, false AS is_exposure,
    coalesce(IsDeleted, false) OR touch_type = 'none' AS is_deleted, SystemModstamp AS modified_at
FROM told
"""

ACTIVITIES = (
    Select(T.ACTIVITY, "task", _TASK.replace("{is_copy}", _IS_COPY)),
    Select(T.ACTIVITY, "event", _EVENT.replace("{is_copy}", _IS_COPY)),
    Select(T.ACTIVITY, "campaign_member", _CAMPAIGN_MEMBER),
)
