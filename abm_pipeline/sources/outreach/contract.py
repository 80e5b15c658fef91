"""What is asked of Outreach and relied on in its answers: JSON:API resources, fields under `attributes`."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from abm_pipeline.contracts.fields import Type
from abm_pipeline.programme import Programme
from abm_pipeline.sources._spec import RawField, Stream


class Options(BaseModel):
    """`sources.outreach` of the programme. `crm`: the source whose ids stand in accounts' `customId` and prospects'
    `externalId`; null where something else does. `logged_in_crm`: Outreach writes mails, answers and calls into the CRM
    as tasks, which then count, and not these.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    crm: str | None = "salesforce"
    logged_in_crm: bool = False


def _attribute(name: str, kind: Type, *, required: bool = False) -> RawField:
    return RawField(f"attributes.{name}", kind, required=required)


def _linked(name: str) -> RawField:
    """The id of a related record; absent or null where there is none."""
    return RawField(f"relationships.{name}.data.id", Type.INT)


_ID = RawField("id", Type.INT, required=True)
_CREATED = _attribute("createdAt", Type.TIMESTAMP)
_UPDATED = _attribute("updatedAt", Type.TIMESTAMP, required=True)

ACCOUNT = Stream(
    "account",
    "Accounts. Deletions are not told; the bin is, by trashedAt.",
    "changes",
    (
        _ID,
        _attribute("name", Type.TEXT),
        _attribute("naturalName", Type.TEXT),
        _attribute("domain", Type.TEXT),
        _attribute("websiteUrl", Type.TEXT),
        _attribute("industry", Type.TEXT),
        _attribute("numberOfEmployees", Type.INT),
        _attribute("locality", Type.TEXT),
        _attribute("customId", Type.TEXT),
        _attribute("externalSource", Type.TEXT),
        _attribute("tags", Type.TEXTS),
        _attribute("trashedAt", Type.TIMESTAMP),
        _CREATED,
        _UPDATED,
        _linked("owner"),
    ),
)
PROSPECT = Stream(
    "prospect",
    "Prospects: the people written to and called.",
    "changes",
    (
        _ID,
        _attribute("name", Type.TEXT),
        _attribute("firstName", Type.TEXT),
        _attribute("lastName", Type.TEXT),
        _attribute("emails", Type.TEXTS),
        _attribute("title", Type.TEXT),
        _attribute("stageName", Type.TEXT),
        _attribute("workPhones", Type.TEXTS),
        _attribute("mobilePhones", Type.TEXTS),
        _attribute("externalId", Type.TEXT),
        _attribute("externalSource", Type.TEXT),
        _attribute("trashedAt", Type.TIMESTAMP),
        _CREATED,
        _UPDATED,
        _linked("account"),
        _linked("owner"),
    ),
)
MAILING = Stream(
    "mailing",
    "Mails to one prospect each, and when they were delivered, opened, clicked, answered or bounced. Without the text.",
    "changes",
    (
        _ID,
        _attribute("mailingType", Type.TEXT),
        _attribute("state", Type.TEXT),
        _attribute("deliveredAt", Type.TIMESTAMP),
        _attribute("openedAt", Type.TIMESTAMP),
        _attribute("openCount", Type.INT),
        _attribute("clickedAt", Type.TIMESTAMP),
        _attribute("clickCount", Type.INT),
        _attribute("repliedAt", Type.TIMESTAMP),
        _attribute("bouncedAt", Type.TIMESTAMP),
        _attribute("unsubscribedAt", Type.TIMESTAMP),
        _attribute("markedAsSpamAt", Type.TIMESTAMP),
        _CREATED,
        _UPDATED,
        _linked("prospect"),
        _linked("sequence"),
        _linked("user"),
    ),
)
CALL = Stream(
    "call",
    "Calls, dialled in Outreach or logged by hand (then without times of dialling and answering, and outcome).",
    "changes",
    (
        _ID,
        _attribute("direction", Type.TEXT),
        _attribute("outcome", Type.TEXT),
        _attribute("state", Type.TEXT),
        _attribute("dialedAt", Type.TIMESTAMP),
        _attribute("answeredAt", Type.TIMESTAMP),
        _attribute("completedAt", Type.TIMESTAMP),
        _CREATED,
        _UPDATED,
        _linked("prospect"),
        _linked("sequence"),
        _linked("callDisposition"),
        _linked("user"),
    ),
)
SEQUENCE = Stream(
    "sequence",
    "Sequences of mails, calls and tasks.",
    "changes",
    (
        _ID,
        _attribute("name", Type.TEXT, required=True),
        _attribute("sequenceType", Type.TEXT),
        _attribute("enabled", Type.BOOL),
        _attribute("enabledAt", Type.TIMESTAMP),
        _CREATED,
        _UPDATED,
    ),
)
CALL_DISPOSITION = Stream(
    "call_disposition",
    "What the organisation calls the ways a call can end.",
    "reference",
    (_ID, _attribute("name", Type.TEXT, required=True), _attribute("outcome", Type.TEXT)),
)


def streams(programme: Programme) -> tuple[Stream, ...]:
    """Every stream. Raises ConfigError for unknown options."""
    programme.options("outreach", Options)
    return (ACCOUNT, PROSPECT, MAILING, CALL, SEQUENCE, CALL_DISPOSITION)
