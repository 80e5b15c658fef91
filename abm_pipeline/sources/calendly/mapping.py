"""Calendly's invitees as canonical rows: people by their address, what they booked, and the meetings.

A booking is a touch of its own, at the moment of booking, and stays one when the meeting is cancelled; one that was
only moved is not booked twice. Colleagues (addresses at the host's domain) are left out.
"""

from __future__ import annotations

from abm_pipeline.contracts import tables as T
from abm_pipeline.sources._mapping import Reference, Select, VendorMapping

# Invitees with their event, which is not known if its stream failed so far.
_ROWS = """
    SELECT
        i.*, email_hash(i.email) AS person, split_part(i.uri, '/', -1) AS ident,
        split_part(i.event, '/', -1) AS event_ident, e.uri IS NOT NULL AS has_event, e.name AS event_name,
        e.start_time, e.end_time, coalesce(e.status = 'canceled', false) OR i.status = 'canceled' AS is_cancelled,
        greatest(i.updated_at, i."no_show.created_at") AS changed_at
    FROM src.invitee AS i LEFT JOIN ref.scheduled_event AS e ON e.uri = i.event
    WHERE email_hash(i.email) IS NOT NULL AND NOT coalesce(list_contains(
        list_transform(e.event_memberships, lambda m: email_host(json_extract_string(m, '$.user_email'))),
        email_host(i.email)
    ), false)
"""

_CONTACT = f"""
SELECT
    _from, person AS source_id, 'contact' AS person_type, person AS email_hash,
    registrable_domain(email_host(email)) AS email_domain, registrable_domain(email_host(email)) AS domain,
    "name" AS full_name,
    CASE WHEN regexp_full_match("tracking.salesforce_uuid", '(003|00Q)[A-Za-z0-9]{{15}}')
        THEN 'salesforce:' || "tracking.salesforce_uuid" END AS same_as,
    false AS is_deleted, changed_at AS modified_at
FROM ({_ROWS})
"""

_BOOKED = f"""
SELECT
    _from, ident || ':booked' AS source_id, person AS contact_source_id, created_at AS occurred_at,
    'meeting_booked' AS touch_type, 'meeting' AS channel, 'inbound' AS direction, event_ident AS content_id,
    'booked' AS outcome, false AS is_exposure, old_invitee IS NOT NULL AS is_deleted, changed_at AS modified_at
FROM ({_ROWS})
"""

_MEETING = f"""
SELECT
    _from, ident AS source_id, person AS contact_source_id, start_time AS occurred_at,
    CASE WHEN "no_show.created_at" IS NULL THEN 'meeting' ELSE 'meeting_no_show' END AS touch_type,
    'meeting' AS channel, 'inbound' AS direction, event_ident AS content_id,
    CAST(date_diff('second', start_time, end_time) AS DOUBLE) AS duration_seconds,
    CASE WHEN is_cancelled THEN 'cancelled' WHEN "no_show.created_at" IS NOT NULL THEN 'no_show' ELSE 'held' END
        AS outcome,
    false AS is_exposure, is_cancelled AS is_deleted, changed_at AS modified_at
FROM ({_ROWS}) WHERE has_event
"""

MAPPING = VendorMapping(
    selects=(
        Select(T.CONTACT, "invitee", _CONTACT),
        Select(T.ACTIVITY, "invitee", _BOOKED),
        Select(T.ACTIVITY, "invitee", _MEETING),
    ),
    references=(Reference("scheduled_event", ("status", "start_time", "end_time"), ((T.ACTIVITY, "content_id"),)),),
)
