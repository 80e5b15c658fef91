"""What is asked of Salesloft and relied on in its answers."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from abm_pipeline.contracts.fields import Type
from abm_pipeline.programme import Programme
from abm_pipeline.sources._spec import RawField, Stream


class Options(BaseModel):
    """`sources.salesloft` of the programme.

    `crm`: the source whose ids stand in `crm_id`; null where something else does. `logged_in_crm`: Salesloft writes
    mails, answers and calls into the CRM as tasks, which then count, and not these. `connected`: dispositions of calls
    that somebody answered.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    crm: str | None = "salesforce"
    logged_in_crm: bool = False
    connected: tuple[str, ...] = ("Connected",)


_ID = RawField("id", Type.INT, required=True)
_CREATED = RawField("created_at", Type.TIMESTAMP, required=True)
_UPDATED = RawField("updated_at", Type.TIMESTAMP, required=True)

ACCOUNT = Stream(
    "account",
    "Accounts; archived ones say so.",
    "changes",
    (
        _ID,
        RawField("name", Type.TEXT),
        RawField("domain", Type.TEXT),
        RawField("website", Type.TEXT),
        RawField("phone", Type.TEXT),
        RawField("city", Type.TEXT),
        RawField("country", Type.TEXT),
        RawField("industry", Type.TEXT),
        RawField("size", Type.TEXT),
        RawField("crm_id", Type.TEXT),
        RawField("crm_object_type", Type.TEXT),
        RawField("archived_at", Type.TIMESTAMP),
        RawField("owner.id", Type.INT),
        _CREATED,
        _UPDATED,
    ),
)
PERSON = Stream(
    "person",
    "People; deletions are not told.",
    "changes",
    (
        _ID,
        RawField("display_name", Type.TEXT),
        RawField("first_name", Type.TEXT),
        RawField("last_name", Type.TEXT),
        RawField("email_address", Type.TEXT),
        RawField("title", Type.TEXT),
        RawField("job_seniority", Type.TEXT),
        RawField("phone", Type.TEXT),
        RawField("mobile_phone", Type.TEXT),
        RawField("person_company_website", Type.TEXT),
        RawField("crm_id", Type.TEXT),
        RawField("crm_object_type", Type.TEXT),
        RawField("account.id", Type.INT),
        RawField("owner.id", Type.INT),
        _CREATED,
        _UPDATED,
    ),
)
EMAIL = Stream(
    "email",
    "Mails to one person each, with counters of views, clicks and replies, but not their times.",
    "changes",
    (
        _ID,
        RawField("status", Type.TEXT),
        RawField("bounced", Type.BOOL),
        RawField("sent_at", Type.TIMESTAMP),
        RawField("counts.views", Type.INT),
        RawField("counts.clicks", Type.INT),
        RawField("counts.replies", Type.INT),
        RawField("recipient.id", Type.INT),
        RawField("cadence.id", Type.INT),
        RawField("user.id", Type.INT),
        _CREATED,
        _UPDATED,
    ),
)
CALL = Stream(
    "call",
    "Calls as they were logged.",
    "changes",
    (
        _ID,
        RawField("duration", Type.INT),
        RawField("disposition", Type.TEXT),
        RawField("sentiment", Type.TEXT),
        RawField("called_person.id", Type.INT),
        RawField("cadence.id", Type.INT),
        RawField("user.id", Type.INT),
        _CREATED,
        _UPDATED,
    ),
)
CADENCE = Stream(
    "cadence",
    "Cadences of mails, calls and other steps.",
    "changes",
    (
        _ID,
        RawField("name", Type.TEXT, required=True),
        RawField("cadence_function", Type.TEXT),
        RawField("archived_at", Type.TIMESTAMP),
        _CREATED,
        _UPDATED,
    ),
)


def streams(programme: Programme) -> tuple[Stream, ...]:
    """Every stream. Raises ConfigError for unknown options."""
    programme.options("salesloft", Options)
    return (ACCOUNT, PERSON, EMAIL, CALL, CADENCE)
