"""What is asked of Calendly and relied on in its answers."""

from __future__ import annotations

from abm_pipeline.contracts.fields import Type
from abm_pipeline.programme import Programme
from abm_pipeline.sources._spec import RawField, Stream

SCHEDULED_EVENT = Stream(
    "scheduled_event",
    "Events that were booked. A cancelled one says so; one that is moved is cancelled and booked anew.",
    "changes",
    (
        RawField("uri", Type.TEXT, required=True),
        RawField("name", Type.TEXT),
        RawField("status", Type.TEXT, required=True),
        RawField("start_time", Type.TIMESTAMP, required=True),
        RawField("end_time", Type.TIMESTAMP),
        RawField("event_type", Type.TEXT),
        RawField("event_memberships", Type.TEXTS),
        RawField("created_at", Type.TIMESTAMP),
        RawField("updated_at", Type.TIMESTAMP, required=True),
    ),
    lookback_days=1,
)
INVITEE = Stream(
    "invitee",
    "People in events. The stamp is that of their last change, or of their being marked as not having come.",
    "changes",
    (
        RawField("uri", Type.TEXT, required=True),
        RawField("event", Type.TEXT, required=True),
        RawField("email", Type.TEXT, required=True),
        RawField("name", Type.TEXT),
        RawField("status", Type.TEXT, required=True),
        RawField("old_invitee", Type.TEXT),
        RawField("no_show.created_at", Type.TIMESTAMP),
        RawField("tracking.utm_campaign", Type.TEXT),
        RawField("tracking.salesforce_uuid", Type.TEXT),
        RawField("created_at", Type.TIMESTAMP, required=True),
        RawField("updated_at", Type.TIMESTAMP, required=True),
    ),
    lookback_days=1,
)


def streams(_: Programme) -> tuple[Stream, ...]:
    """Every stream; Calendly has no custom fields."""
    return (SCHEDULED_EVENT, INVITEE)
