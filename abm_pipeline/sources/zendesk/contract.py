"""What is asked of Zendesk Support and relied on in its answers."""

from __future__ import annotations

from abm_pipeline.contracts.fields import Type
from abm_pipeline.programme import Programme
from abm_pipeline.sources._spec import RawField, Stream

ORGANIZATION = Stream(
    "organization",
    "Organizations, with the domains of their people.",
    "changes",
    (
        RawField("id", Type.INT, required=True),
        RawField("updated_at", Type.TIMESTAMP, required=True),
        RawField("created_at", Type.TIMESTAMP),
        RawField("deleted_at", Type.TIMESTAMP),
        RawField("name", Type.TEXT),
        RawField("external_id", Type.TEXT),
        RawField("domain_names", Type.TEXTS),
    ),
    lookback_days=1,
)
USER = Stream(
    "user",
    "People who ask, and agents.",
    "changes",
    (
        RawField("id", Type.INT, required=True),
        RawField("updated_at", Type.TIMESTAMP, required=True),
        RawField("role", Type.TEXT, required=True),
        RawField("created_at", Type.TIMESTAMP),
        RawField("name", Type.TEXT),
        RawField("email", Type.TEXT),
        RawField("phone", Type.TEXT),
        RawField("organization_id", Type.INT),
        RawField("external_id", Type.TEXT),
        RawField("active", Type.BOOL),
    ),
    lookback_days=1,
)
TICKET = Stream(
    "ticket",
    "Tickets with their metrics; deleted ones for 30 days.",
    "changes",
    (
        RawField("id", Type.INT, required=True),
        RawField("generated_timestamp", Type.INT, required=True),
        RawField("created_at", Type.TIMESTAMP, required=True),
        RawField("status", Type.TEXT, required=True),
        RawField("subject", Type.TEXT),
        RawField("priority", Type.TEXT),
        RawField("type", Type.TEXT),
        RawField("requester_id", Type.INT),
        RawField("organization_id", Type.INT),
        RawField("satisfaction_rating.score", Type.TEXT),
        RawField("metric_set.solved_at", Type.TIMESTAMP),
        RawField("metric_set.reply_time_in_minutes.calendar", Type.INT),
    ),
    lookback_days=1,
)
SATISFACTION_RATING = Stream(
    "satisfaction_rating",
    "Ratings of tickets, offered and answered.",
    "changes",
    (
        RawField("id", Type.INT, required=True),
        RawField("updated_at", Type.TIMESTAMP, required=True),
        RawField("score", Type.TEXT, required=True),
        RawField("ticket_id", Type.INT),
        RawField("requester_id", Type.INT),
        RawField("comment", Type.TEXT),
    ),
    lookback_days=1,
)


def streams(_: Programme) -> tuple[Stream, ...]:
    """Every stream; nothing of it is named by the organisation."""
    return (ORGANIZATION, USER, TICKET, SATISFACTION_RATING)
