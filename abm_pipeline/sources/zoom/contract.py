"""What is asked of Zoom and relied on in its answers.

Records of a webinar or meeting don't say which one they belong to: `of` is put in front of them, with what it was asked
for by.
"""

from __future__ import annotations

from abm_pipeline.contracts.fields import Type
from abm_pipeline.programme import Programme
from abm_pipeline.sources._spec import RawField, Stream

# Reports come half an hour after the end, and a session may go on past midnight.
LOOKBACK_DAYS = 2

_OF = (
    RawField("of.id", Type.INT, required=True),
    RawField("of.uuid", Type.TEXT),
    RawField("of.start_time", Type.TIMESTAMP, required=True),
)
_PARTICIPANT = (
    *_OF,
    RawField("user_id", Type.TEXT),
    RawField("name", Type.TEXT),
    RawField("user_email", Type.TEXT),
    RawField("join_time", Type.TIMESTAMP, required=True),
    RawField("leave_time", Type.TIMESTAMP),
    RawField("duration", Type.INT),
    RawField("registrant_id", Type.TEXT),
)
_REGISTRANT = (
    *_OF,
    RawField("id", Type.TEXT, required=True),
    RawField("email", Type.TEXT, required=True),
    RawField("first_name", Type.TEXT),
    RawField("last_name", Type.TEXT),
    RawField("org", Type.TEXT),
    RawField("job_title", Type.TEXT),
    RawField("role_in_purchase_process", Type.TEXT),
    RawField("phone", Type.TEXT),
    RawField("status", Type.TEXT),
    RawField("create_time", Type.TIMESTAMP, required=True),
)
USER = Stream(
    "user",
    "Users of the account: who is a colleague.",
    "reference",
    (RawField("id", Type.TEXT, required=True), RawField("email", Type.TEXT), RawField("status", Type.TEXT)),
)
WEBINAR = Stream(
    "webinar",
    "Webinars in the hosts' lists: to come, and those of the last weeks.",
    "reference",
    (
        RawField("id", Type.INT, required=True),
        RawField("topic", Type.TEXT, required=True),
        RawField("type", Type.INT),
        RawField("start_time", Type.TIMESTAMP),
        RawField("created_at", Type.TIMESTAMP),
    ),
)
WEBINAR_REGISTRANT = Stream(
    "webinar_registrant",
    "Registrations, whatever their status, which changes without a stamp.",
    "reference",
    _REGISTRANT,
)
WEBINAR_PARTICIPANT = Stream(
    "webinar_participant", "Stays in webinars that were held; somebody who came back has several.", "days",
    _PARTICIPANT, lookback_days=LOOKBACK_DAYS,
)  # fmt: skip
WEBINAR_ABSENTEE = Stream(
    "webinar_absentee", "Registrants of webinars that were held who did not come.", "days", _REGISTRANT,
    lookback_days=LOOKBACK_DAYS,
)  # fmt: skip
MEETING_PARTICIPANT = Stream(
    "meeting_participant", "Stays in meetings that were held.", "days", _PARTICIPANT, lookback_days=LOOKBACK_DAYS
)


def streams(_: Programme) -> tuple[Stream, ...]:
    """Every stream; Zoom has no custom fields."""
    return (USER, WEBINAR, WEBINAR_REGISTRANT, WEBINAR_PARTICIPANT, WEBINAR_ABSENTEE, MEETING_PARTICIPANT)
