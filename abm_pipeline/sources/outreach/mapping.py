"""Outreach's accounts, prospects, mailings, calls and sequences as canonical rows.

Belongs here: which stream gives which table. One mailing is up to six activities: sent, opened, clicked, answered,
bounced, unsubscribed. Outreach tells the most recent opening and click of a mail, so these move with each one.
"""

from __future__ import annotations

from abm_pipeline.contracts import tables as T
from abm_pipeline.sources._mapping import Reference, Select, VendorMapping

_CRM = "CASE WHEN json_exists(p.options, '$.outreach.crm') THEN p.options->>'$.outreach.crm' ELSE 'salesforce' END"

_LOGGED = "coalesce(CAST(p.options->>'$.outreach.logged_in_crm' AS BOOLEAN), false)"

_COMPANY = f"""
SELECT
    a._from, CAST(a.id AS VARCHAR) AS source_id, coalesce(a."attributes.name", a."attributes.naturalName") AS name,
    registrable_domain(coalesce(a."attributes.domain", a."attributes.websiteUrl")) AS domain,
    coalesce(a."attributes.websiteUrl", a."attributes.domain") AS website, a."attributes.industry" AS industry,
    a."attributes.numberOfEmployees" AS employee_count, CAST(a."relationships.owner.data.id" AS VARCHAR) AS owner_id,
    {_CRM} || ':' || a."attributes.customId" AS same_as, a."attributes.trashedAt" IS NOT NULL AS is_deleted,
    a."attributes.createdAt" AS created_at, a."attributes.updatedAt" AS modified_at
FROM src.account AS a CROSS JOIN params AS p
"""

_CONTACT = f"""
SELECT
    r._from, CAST(r.id AS VARCHAR) AS source_id, 'contact' AS person_type,
    CAST(r."relationships.account.data.id" AS VARCHAR) AS company_source_id,
    email_hash(r."attributes.emails"[1]) AS email_hash,
    registrable_domain(email_host(r."attributes.emails"[1])) AS email_domain,
    registrable_domain(email_host(r."attributes.emails"[1])) AS domain,
    coalesce(r."attributes.name", concat_ws(' ', r."attributes.firstName", r."attributes.lastName")) AS full_name,
    r."attributes.title" AS title, role_of_title(r."attributes.title") AS role,
    coalesce(len(r."attributes.workPhones"), 0) + coalesce(len(r."attributes.mobilePhones"), 0) > 0 AS phone_known,
    r."attributes.stageName" AS lifecycle_stage, CAST(r."relationships.owner.data.id" AS VARCHAR) AS owner_id,
    {_CRM} || ':' || r."attributes.externalId" AS same_as, r."attributes.trashedAt" IS NOT NULL AS is_deleted,
    r."attributes.createdAt" AS created_at, r."attributes.updatedAt" AS modified_at
FROM src.prospect AS r CROSS JOIN params AS p
"""

# A mail that bounces after it was taken for delivered was not delivered: the sending is taken back.
# What is logged in the CRM too counts as the CRM's task.
_MAILING = f"""
SELECT
    m._from, 'mailing:' || m.id || ':' || e.suffix AS source_id,
    CAST(m."relationships.prospect.data.id" AS VARCHAR) AS contact_source_id, e.done_at AS occurred_at, e.touch_type,
    'email' AS channel, CASE WHEN e.touch_type IN ('email_sent', 'email_bounce') THEN 'outbound' ELSE 'inbound' END
        AS direction,
    CAST(m."relationships.sequence.data.id" AS VARCHAR) AS campaign_source_id,
    e.touch_type = 'email_sent' AS is_exposure,
    (e.touch_type = 'email_sent' AND m."attributes.bouncedAt" IS NOT NULL)
        OR (e.touch_type IN ('email_sent', 'email_reply') AND {_LOGGED}) AS is_deleted,
    m."attributes.updatedAt" AS modified_at
FROM src.mailing AS m CROSS JOIN params AS p, unnest([
    {{suffix: 'sent', touch_type: 'email_sent', done_at: m."attributes.deliveredAt"}},
    {{suffix: 'open', touch_type: 'email_open', done_at: m."attributes.openedAt"}},
    {{suffix: 'click', touch_type: 'email_click', done_at: m."attributes.clickedAt"}},
    {{suffix: 'reply', touch_type: 'email_reply', done_at: m."attributes.repliedAt"}},
    {{suffix: 'bounce', touch_type: 'email_bounce', done_at: m."attributes.bouncedAt"}},
    {{suffix: 'unsubscribe', touch_type: 'email_unsubscribe', done_at: m."attributes.unsubscribedAt"}},
    {{suffix: 'spam', touch_type: 'email_spam_report', done_at: m."attributes.markedAsSpamAt"}}
]) AS u(e)
WHERE e.done_at IS NOT NULL
"""

# Calls logged by hand say only how they ended, by the organisation's own disposition. createdAt is when the record was
# made, which need not be when the call was. One that is still ringing is nothing yet.
_CALL = f"""
WITH told AS (
    SELECT
        c.*, {_LOGGED} AS is_logged, d."attributes.name" AS disposition,
        coalesce(c."attributes.dialedAt", c."attributes.answeredAt", c."attributes.completedAt",
            c."attributes.createdAt", c."attributes.updatedAt") AS done_at,
        CASE
            WHEN c."attributes.answeredAt" IS NOT NULL OR c."attributes.outcome" = 'Answered' THEN true
            WHEN c."attributes.outcome" IS NOT NULL THEN c."attributes.outcome" = 'completed'
            ELSE coalesce(d."attributes.outcome" = 'completed', false)
        END AS is_connected,
        c."attributes.completedAt" IS NOT NULL OR coalesce(c."attributes.state" = 'completed', false) AS is_over
    FROM src.call AS c CROSS JOIN params AS p
    LEFT JOIN ref.call_disposition AS d ON d.id = c."relationships.callDisposition.data.id"
)
SELECT
    _from, 'call:' || id AS source_id, CAST("relationships.prospect.data.id" AS VARCHAR) AS contact_source_id,
    done_at AS occurred_at, CASE WHEN NOT is_over THEN 'none' WHEN is_connected THEN 'call_connected' ELSE 'call' END
        AS touch_type,
    CASE WHEN is_over THEN 'phone' ELSE 'none' END AS channel,
    CASE WHEN "attributes.direction" = 'inbound' THEN 'inbound' ELSE 'outbound' END AS direction,
    CAST("relationships.sequence.data.id" AS VARCHAR) AS campaign_source_id,
    CASE WHEN "attributes.completedAt" >= "attributes.answeredAt"
        THEN CAST(date_diff('second', "attributes.answeredAt", "attributes.completedAt") AS DOUBLE) END
        AS duration_seconds,
    replace(lower(coalesce(disposition, "attributes.outcome")), ' ', '_') AS outcome, false AS is_exposure,
    NOT is_over OR is_logged AS is_deleted, "attributes.updatedAt" AS modified_at
FROM told
"""

_CAMPAIGN = """
SELECT
    _from, CAST(id AS VARCHAR) AS source_id, "attributes.name" AS name, 'email' AS channel,
    CAST(coalesce("attributes.enabledAt", "attributes.createdAt") AS DATE) AS start_day, false AS is_deleted,
    "attributes.updatedAt" AS modified_at
FROM src.sequence
"""

MAPPING = VendorMapping(
    selects=(
        Select(T.COMPANY, "account", _COMPANY),
        Select(T.CONTACT, "prospect", _CONTACT),
        Select(T.ACTIVITY, "mailing", _MAILING),
        Select(T.ACTIVITY, "call", _CALL),
        Select(T.CAMPAIGN, "sequence", _CAMPAIGN),
    ),
    references=(Reference("call_disposition", ("attributes.name", "attributes.outcome"), ((T.ACTIVITY, None),)),),
)
