"""Enriched events as activities: page views, visits, forms and downloads.

A visitor is a browser (`visitor:<domain_userid>`) until an event carries an e-mail address as `user_id`: then the
browser's record goes into the person's, and with it all that the browser ever did. The company behind an address is
believed only where the address is an office's (`ip_netspeed` Corporate): a provider's or a phone's tells nobody.
Programs are left out.

A visit is a session on a day of the reporting zone.
"""

from __future__ import annotations

from abm_pipeline.contracts import tables as T
from abm_pipeline.sources._mapping import Select, VendorMapping

_HIT = """
WITH hit AS (
    SELECT
        e._from, e.event_id || coalesce(':' || e.event_fingerprint, '') AS id, e.event_name, e.unstruct_event,
        coalesce(e.true_tstamp, e.derived_tstamp, e.collector_tstamp) AS happened_at,
        coalesce(e.load_tstamp, e.etl_tstamp, e.collector_tstamp) AS arrived_at, e.mkt_campaign,
        CASE WHEN lower(e.ip_netspeed) IN ('corporate', 'cable/dsl/corporate') THEN registrable_domain(e.ip_domain) END
            AS domain,
        e.user_id, e.domain_userid, e.domain_sessionid, e.page_urlhost || coalesce(e.page_urlpath, '') AS page,
        coalesce(email_hash(e.user_id), 'user:' || e.user_id, 'visitor:' || e.domain_userid) AS who
    FROM src.event AS e CROSS JOIN params AS p
    WHERE NOT coalesce(regexp_matches(e.useragent, 'bot\\b|crawl|spider|headless', 'i'), false)
        AND coalesce(e.br_type, '') <> 'Robot'
        AND NOT coalesce(regexp_matches(e.derived_contexts, '"spiderOrRobot" *: *true'), false)
        AND coalesce(list_contains(
            from_json(json_extract(p.options, '$.snowplow.hosts'), '["VARCHAR"]'), e.page_urlhost
        ), true)
)
"""
_ACT = "'web' AS channel, 'inbound' AS direction, false AS is_exposure, false AS is_deleted"

_PAGE_VIEW = f"""
{_HIT}
SELECT
    _from, id AS source_id, who AS contact_source_id, domain, least(happened_at, arrived_at) AS occurred_at,
    'page_view' AS touch_type, page AS content_id, arrived_at AS modified_at, {_ACT}
FROM hit WHERE event_name = 'page_view'
"""

_VISIT = f"""
{_HIT}
SELECT
    min(_from) AS _from, concat_ws(':', 'visit', domain_sessionid, here) AS source_id,
    coalesce(max(who) FILTER (who NOT LIKE 'visitor:%'), min(who)) AS contact_source_id, min(domain) AS domain,
    min(seen_at) AS occurred_at, 'web_visit' AS touch_type, arg_min(page, seen_at) AS content_id,
    epoch(max(seen_at)) - epoch(min(seen_at)) AS duration_seconds, max(arrived_at) AS modified_at, {_ACT}
FROM (
    SELECT h.*, least(h.happened_at, h.arrived_at) AS seen_at,
        CAST(timezone(p.reporting_timezone, least(h.happened_at, h.arrived_at)) AS DATE) AS here
    FROM hit AS h CROSS JOIN params AS p
)
WHERE domain_sessionid IS NOT NULL
GROUP BY _from.day, domain_sessionid, here
"""

# A form that was sent, or a document that was clicked on.
_RESPONSE = f"""
{_HIT},
told AS (SELECT *, json_extract(unstruct_event, '$.data.data') AS said FROM hit)
SELECT
    _from, id AS source_id, who AS contact_source_id, domain, least(happened_at, arrived_at) AS occurred_at,
    CASE event_name WHEN 'submit_form' THEN 'form_fill' ELSE 'content_download' END AS touch_type,
    coalesce((said->>'$.formId'), (said->>'$.targetUrl')) AS content_id,
    CASE event_name WHEN 'submit_form' THEN replace((said->>'$.formId'), '-', '_')
        WHEN 'link_click' THEN nullif(replace(regexp_extract(
            (said->>'$.targetUrl'), '/(whitepaper|ebook|case_stud|pricing_guide|infographic)(s|y|ies)?/', 1
        ), 'case_stud', 'case_study'), '') END AS content_type,
    arrived_at AS modified_at, {_ACT}
FROM told
WHERE event_name = 'submit_form'
    OR (event_name = 'link_click' AND regexp_matches((said->>'$.targetUrl'), '\\.(pdf|pptx?|docx?|xlsx?|zip)$', 'i'))
"""

_PERSON = f"""
{_HIT}
SELECT _from, email_hash(user_id) AS source_id, 'contact' AS person_type, email_hash(user_id) AS email_hash,
    registrable_domain(email_host(user_id)) AS email_domain, registrable_domain(user_id) AS domain,
    false AS is_deleted, NULL AS merged_into_source_id, arrived_at AS modified_at
FROM hit WHERE email_hash(user_id) IS NOT NULL
UNION ALL
SELECT _from, 'visitor:' || domain_userid, 'contact', NULL, NULL, NULL, true, email_hash(user_id), arrived_at
FROM hit WHERE email_hash(user_id) IS NOT NULL AND domain_userid IS NOT NULL
"""

MAPPING = VendorMapping(
    selects=(
        Select(T.ACTIVITY, "event", _PAGE_VIEW),
        Select(T.ACTIVITY, "event", _VISIT),
        Select(T.ACTIVITY, "event", _RESPONSE),
        Select(T.CONTACT, "event", _PERSON),
    )
)
