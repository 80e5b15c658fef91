"""Zoom's registrants, participants and absentees as canonical rows. People are known by their address only.

Somebody who left and came back is one touch: stays add up. Colleagues (addresses at the domain of a user of the
account) are left out, and so are stays without an address, which are nobody's.
"""

from __future__ import annotations

from abm_pipeline.contracts import tables as T
from abm_pipeline.sources._mapping import Reference, Select, VendorMapping

_HOST = "coalesce(registrable_domain(email_host({mail})), email_host({mail}))"
_OURS = f'SELECT DISTINCT {_HOST.format(mail="email")} AS host FROM ref."user" WHERE email IS NOT NULL'

_REGISTRANTS = f"""
    SELECT r.*, email_hash(r.email) AS person
    FROM src.{{stream}} AS r ANTI JOIN ({_OURS}) AS ours
        ON ours.host = {_HOST.format(mail="r.email")}
    WHERE email_hash(r.email) IS NOT NULL
"""

# The newest capture of every stay of people with an address.
_STAYS = f"""
    SELECT s.*, email_hash(s.user_email) AS person
    FROM src.{{stream}} AS s ANTI JOIN ({_OURS}) AS ours
        ON ours.host = {_HOST.format(mail="s.user_email")}
    WHERE email_hash(s.user_email) IS NOT NULL
    QUALIFY row_number() OVER (
        PARTITION BY s._from.day, s._from.record_id ORDER BY s._from.captured_at DESC, s._from.version DESC
    ) = 1
"""

_REGISTRANT_CONTACT = """
SELECT
    _from, person AS source_id, 'contact' AS person_type, person AS email_hash,
    registrable_domain(email_host(email)) AS email_domain, registrable_domain(email_host(email)) AS domain,
    nullif(concat_ws(' ', first_name, last_name), '') AS full_name, job_title AS title,
    coalesce(role_of(CASE WHEN role_in_purchase_process NOT ILIKE 'not%' THEN role_in_purchase_process END),
        role_of_title(job_title)) AS role,
    phone IS NOT NULL AS phone_known, false AS is_deleted, {modified_at} AS modified_at
FROM ({rows})
"""

# Who registered has told more about themselves there.
_PARTICIPANT_CONTACT = """
SELECT
    _from, person AS source_id, 'contact' AS person_type, person AS email_hash,
    registrable_domain(email_host(user_email)) AS email_domain, registrable_domain(email_host(user_email)) AS domain,
    "name" AS full_name, false AS is_deleted, "of.start_time" AS modified_at
FROM ({rows}) WHERE registrant_id IS NULL
"""

# A registration carries no stamp of its last change: a version stands for the day it was first seen on.
_REGISTERED = """
SELECT
    _from, "of.id" || ':' || id AS source_id, person AS contact_source_id, create_time AS occurred_at,
    'webinar_registered' AS touch_type, 'webinar' AS channel, 'inbound' AS direction,
    CAST("of.id" AS VARCHAR) AS content_id, 'webinar' AS content_type, CAST("of.id" AS VARCHAR) AS campaign_source_id,
    status AS outcome, false AS is_exposure, coalesce(status, 'approved') <> 'approved' AS is_deleted,
    CAST(_from.day AS TIMESTAMPTZ) AS modified_at
FROM ({rows})
"""

_ATTENDED = """
SELECT
    max(_from) AS _from, "of.uuid" || ':' || person AS source_id, person AS contact_source_id,
    min(join_time) AS occurred_at, 'webinar_attended' AS touch_type, 'webinar' AS channel, 'inbound' AS direction,
    CAST("of.id" AS VARCHAR) AS content_id, 'webinar' AS content_type, CAST("of.id" AS VARCHAR) AS campaign_source_id,
    CAST(sum(duration) AS DOUBLE) AS duration_seconds, 'attended' AS outcome, false AS is_exposure, false AS is_deleted,
    "of.start_time" AS modified_at
FROM ({rows}) GROUP BY _from.day, "of.id", "of.uuid", "of.start_time", person
"""

_ABSENT = """
SELECT
    _from, "of.uuid" || ':' || person || ':absent' AS source_id, person AS contact_source_id,
    "of.start_time" AS occurred_at, 'webinar_no_show' AS touch_type, 'webinar' AS channel, 'inbound' AS direction,
    CAST("of.id" AS VARCHAR) AS content_id, 'webinar' AS content_type, CAST("of.id" AS VARCHAR) AS campaign_source_id,
    'no_show' AS outcome, false AS is_exposure, false AS is_deleted, "of.start_time" AS modified_at
FROM ({rows})
"""

_MET = """
SELECT
    max(_from) AS _from, "of.uuid" || ':' || person AS source_id, person AS contact_source_id,
    "of.start_time" AS occurred_at, 'meeting' AS touch_type, 'meeting' AS channel, 'outbound' AS direction,
    CAST(sum(duration) AS DOUBLE) AS duration_seconds, 'held' AS outcome, false AS is_exposure, false AS is_deleted,
    "of.start_time" AS modified_at
FROM ({rows}) GROUP BY _from.day, "of.uuid", "of.start_time", person
"""

_CAMPAIGN = """
SELECT
    _from, CAST(id AS VARCHAR) AS source_id, topic AS name, 'webinar' AS channel, 'webinar' AS content_type,
    CAST(start_time AS DATE) AS start_day, CAST(start_time AS DATE) AS end_day, false AS is_deleted,
    CAST(_from.day AS TIMESTAMPTZ) AS modified_at
FROM src.webinar
"""


def _registrants(sql: str, stream: str, modified_at: str = "") -> str:
    return sql.format(rows=_REGISTRANTS.format(stream=stream), modified_at=modified_at)


def _stays(sql: str, stream: str) -> str:
    return sql.format(rows=_STAYS.format(stream=stream))


MAPPING = VendorMapping(
    selects=(
        Select(
            T.CONTACT,
            "webinar_registrant",
            _registrants(_REGISTRANT_CONTACT, "webinar_registrant", "CAST(_from.day AS TIMESTAMPTZ)"),
        ),
        Select(T.CONTACT, "webinar_absentee", _registrants(_REGISTRANT_CONTACT, "webinar_absentee", '"of.start_time"')),
        Select(T.CONTACT, "webinar_participant", _stays(_PARTICIPANT_CONTACT, "webinar_participant")),
        Select(T.CONTACT, "meeting_participant", _stays(_PARTICIPANT_CONTACT, "meeting_participant")),
        Select(T.ACTIVITY, "webinar_registrant", _registrants(_REGISTERED, "webinar_registrant")),
        Select(T.ACTIVITY, "webinar_participant", _stays(_ATTENDED, "webinar_participant")),
        Select(T.ACTIVITY, "webinar_absentee", _registrants(_ABSENT, "webinar_absentee")),
        Select(T.ACTIVITY, "meeting_participant", _stays(_MET, "meeting_participant")),
        Select(T.CAMPAIGN, "webinar", _CAMPAIGN),
    ),
    references=(Reference("user", ("email",), ((T.ACTIVITY, None), (T.CONTACT, None))),),
)
