"""Segment's calls as activities, people, companies and use of the product.

A visitor is a browser (`visitor:<anonymousId>`), a person who has signed in `user:<userId>`. Where an identify call
tells an e-mail address, the records of both go into the person's, and with them all that they ever did. A call of
somebody who acts for a group (`context.groupId`, a customer) is use of the product, never an activity.

A visit is what a visitor does on a day of the reporting zone: Segment knows no sessions.
"""

from __future__ import annotations

from collections.abc import Mapping

from abm_pipeline.contracts import tables as T
from abm_pipeline.programme import Programme
from abm_pipeline.sources._mapping import Select, VendorMapping
from abm_pipeline.sources.segment.contract import Options

_CALL = """
WITH call AS (
    SELECT
        e._from, e.messageId AS id, e.type, e.event, least(e.timestamp, e.receivedAt) AS happened_at, e.receivedAt,
        CAST(timezone(p.reporting_timezone, least(e.timestamp, e.receivedAt)) AS DATE) AS here,
        coalesce('user:' || e.userId, 'visitor:' || e.anonymousId) AS who, e.userId, e.anonymousId,
        registrable_domain(e.company_domain) AS domain, e."context.groupId" AS client,
        split_part(split_part(coalesce(e."context.page.url", e."properties.url"), '://', 2), '?', 1) AS page,
        e."properties.content" AS content, e."properties.content_type" AS content_type, e."context.app.name" AS app
    FROM src.event AS e CROSS JOIN params AS p
    WHERE NOT coalesce(regexp_matches(e."context.userAgent", 'bot\\b|crawl|spider|headless', 'i'), false)
        AND coalesce(list_contains(
            from_json(json_extract(p.options, '$.segment.hosts'), '["VARCHAR"]'),
            split_part(split_part(coalesce(e."context.page.url", e."properties.url"), '://', 2), '/', 1)
        ), true)
)
"""
_ACT = "'web' AS channel, 'inbound' AS direction, false AS is_exposure, false AS is_deleted"

_PAGE_VIEW = f"""
{_CALL}
SELECT
    _from, id AS source_id, who AS contact_source_id, domain, happened_at AS occurred_at, 'page_view' AS touch_type,
    page AS content_id, receivedAt AS modified_at, {_ACT}
FROM call WHERE type = 'page' AND client IS NULL
"""

_VISIT = f"""
{_CALL}
SELECT
    min(_from) AS _from, concat_ws(':', 'visit', coalesce(anonymousId, userId), here) AS source_id,
    coalesce(max(who) FILTER (userId IS NOT NULL), min(who)) AS contact_source_id, min(domain) AS domain,
    min(happened_at) AS occurred_at, 'web_visit' AS touch_type, arg_min(page, happened_at) AS content_id,
    epoch(max(happened_at)) - epoch(min(happened_at)) AS duration_seconds, max(receivedAt) AS modified_at, {_ACT}
FROM call WHERE type IN ('page', 'track') AND client IS NULL AND coalesce(anonymousId, userId) IS NOT NULL
GROUP BY _from.day, coalesce(anonymousId, userId), here
"""

# What a track event is: as the programme says, else as its name does.
_RESPONSE = f"""
{_CALL},
named AS (
    SELECT c.*, coalesce(
        map_extract_value(from_json(json_extract(p.options, '$.segment.events'), '"MAP(VARCHAR, VARCHAR)"'), c.event),
        CASE
            WHEN regexp_matches(c.event, 'download', 'i') THEN 'content_download'
            WHEN regexp_matches(c.event, '(form|demo|trial|contact|sign.?up).*(submit|request|complet|start)', 'i')
                THEN 'form_fill'
        END) AS touch_type
    FROM call AS c CROSS JOIN params AS p WHERE c.type = 'track' AND c.client IS NULL
)
SELECT
    _from, id AS source_id, who AS contact_source_id, domain, happened_at AS occurred_at, touch_type,
    coalesce(content, event) AS content_id,
    coalesce(content_type, CASE WHEN regexp_matches(event, 'demo', 'i') THEN 'demo_request' END) AS content_type,
    receivedAt AS modified_at, {_ACT}
FROM named WHERE touch_type IN ('form_fill', 'content_download')
"""

_PERSON = """
WITH told AS (
    SELECT *, email_hash("traits.email") AS hash FROM src.event
    WHERE type = 'identify' AND email_hash("traits.email") IS NOT NULL
)
SELECT
    _from, hash AS source_id, 'contact' AS person_type, hash AS email_hash,
    registrable_domain(email_host("traits.email")) AS email_domain, registrable_domain("traits.email") AS domain,
    "traits.name" AS full_name, "traits.title" AS title, role_of_title("traits.title") AS role, false AS is_deleted,
    NULL AS merged_into_source_id, receivedAt AS modified_at
FROM told
UNION ALL
SELECT _from, 'visitor:' || anonymousId, 'contact', NULL, NULL, NULL, NULL, NULL, NULL, true, hash, receivedAt
FROM told WHERE anonymousId IS NOT NULL
UNION ALL
SELECT _from, 'user:' || userId, 'contact', NULL, NULL, NULL, NULL, NULL, NULL, true, hash, receivedAt
FROM told WHERE userId IS NOT NULL
UNION ALL
SELECT _from, 'visitor:' || previousId, 'contact', NULL, NULL, NULL, NULL, NULL, NULL, true, 'user:' || userId,
    receivedAt
FROM src.event WHERE type = 'alias' AND previousId IS NOT NULL AND userId IS NOT NULL
"""

_COMPANY = """
SELECT
    _from, groupId AS source_id, "traits.name" AS name,
    registrable_domain(coalesce("traits.website", "traits.domain", groupId)) AS domain, "traits.website" AS website,
    false AS is_deleted, receivedAt AS modified_at
FROM src.event WHERE type = 'group' AND groupId IS NOT NULL
"""

_USAGE = f"""
{_CALL}
SELECT
    min(_from) AS _from, concat_ws(':', client, coalesce(app, ''), event, here) AS source_id,
    client AS company_source_id, registrable_domain(client) AS domain, here AS usage_on_day, app AS product,
    event AS feature, count(DISTINCT userId) AS active_users, count(DISTINCT id) AS events,
    max(receivedAt) AS modified_at
FROM call WHERE type = 'track' AND client IS NOT NULL
GROUP BY _from.day, client, app, event, here
"""


def aliases(programme: Programme) -> Mapping[str, Mapping[str, str | None]]:
    """Our name for the field that reverse-IP enrichment fills."""
    return {"event": {"company_domain": programme.options("segment", Options).company_domain}}


MAPPING = VendorMapping(
    selects=(
        Select(T.ACTIVITY, "event", _PAGE_VIEW),
        Select(T.ACTIVITY, "event", _VISIT),
        Select(T.ACTIVITY, "event", _RESPONSE),
        Select(T.CONTACT, "event", _PERSON),
        Select(T.COMPANY, "event", _COMPANY),
        Select(T.USAGE_DAY, "event", _USAGE),
    ),
    aliases=aliases,
)
