"""What is asked of Marketo and relied on in its answers."""

from __future__ import annotations

from abm_pipeline.contracts.fields import Type
from abm_pipeline.programme import Programme
from abm_pipeline.sources._spec import RawField, Stream
from abm_pipeline.sources.marketo.options import Options

# Visit Webpage, Fill Out Form, Email Delivered, Bounced, Unsubscribe, Open, Click, Bounced Soft, Merge Leads, Change
# Status in Progression: as many as one call may ask for.
ACTIVITY_TYPES = (1, 2, 7, 8, 9, 10, 11, 27, 32, 104)
MERGE = 32
# Activities come in late, from devices and mail servers, and by hand.
LATE_DAYS = 2

LEAD_FIELDS = (
    RawField("id", Type.INT, required=True),
    RawField("email", Type.TEXT),
    RawField("firstName", Type.TEXT),
    RawField("lastName", Type.TEXT),
    RawField("company", Type.TEXT),
    RawField("title", Type.TEXT),
    RawField("phone", Type.TEXT),
    RawField("mobilePhone", Type.TEXT),
    RawField("website", Type.TEXT),
    RawField("leadStatus", Type.TEXT),
    RawField("leadScore", Type.INT),
    RawField("unsubscribed", Type.BOOL),
    RawField("sfdcContactId", Type.TEXT),
    RawField("sfdcLeadId", Type.TEXT),
    RawField("createdAt", Type.TIMESTAMP),
    RawField("updatedAt", Type.TIMESTAMP, required=True),
)
ACTIVITY = Stream(
    "activity",
    "What leads did and were sent. `attributes` is a list of name and value, without those that are empty.",
    "changes",
    (
        RawField("marketoGUID", Type.TEXT, required=True),
        RawField("leadId", Type.INT, required=True),
        RawField("activityDate", Type.TIMESTAMP, required=True),
        RawField("activityTypeId", Type.INT, required=True),
        RawField("campaignId", Type.INT),
        RawField("primaryAttributeValueId", Type.INT),
        RawField("primaryAttributeValue", Type.TEXT),
        RawField("attributes", Type.TEXTS),
    ),
    lookback_days=LATE_DAYS,
)
LEAD_CHANGE = Stream(
    "lead_change",
    "New leads, and changes of the fields that are pulled. `fields` is a list of name, newValue and oldValue.",
    "changes",
    (
        RawField("marketoGUID", Type.TEXT, required=True),
        RawField("leadId", Type.INT, required=True),
        RawField("activityDate", Type.TIMESTAMP, required=True),
        RawField("activityTypeId", Type.INT, required=True),
        RawField("fields", Type.TEXTS),
        RawField("attributes", Type.TEXTS),
    ),
    lookback_days=LATE_DAYS,
)
DELETED_LEAD = Stream(
    "deleted_lead",
    "Leads that were deleted (activity 37).",
    "changes",
    (
        RawField("marketoGUID", Type.TEXT, required=True),
        RawField("leadId", Type.INT, required=True),
        RawField("activityDate", Type.TIMESTAMP, required=True),
    ),
    lookback_days=LATE_DAYS,
)
# Dates of assets are `2015-05-21T22:45:13Z+0000`, which is no ISO date: they are text here.
PROGRAM = Stream(
    "program",
    "Programs, which are what others call campaigns.",
    "changes",
    (
        RawField("id", Type.INT, required=True),
        RawField("name", Type.TEXT, required=True),
        RawField("type", Type.TEXT),
        RawField("channel", Type.TEXT),
        RawField("status", Type.TEXT),
        RawField("startDate", Type.TEXT),
        RawField("endDate", Type.TEXT),
        RawField("createdAt", Type.TEXT),
        RawField("updatedAt", Type.TEXT, required=True),
    ),
)
CAMPAIGN = Stream(
    "campaign",
    "Smart campaigns: which program an activity's campaignId belongs to.",
    "changes",
    (
        RawField("id", Type.INT, required=True),
        RawField("name", Type.TEXT),
        RawField("programId", Type.INT),
        RawField("createdAt", Type.TIMESTAMP),
        RawField("updatedAt", Type.TIMESTAMP, required=True),
    ),
)


def lead_stream(programme: Programme) -> Stream:
    """Leads with the organisation's lifecycle field."""
    field = programme.options("marketo", Options).lifecycle_field
    more = () if field in {known.name for known in LEAD_FIELDS} else (RawField(field, Type.TEXT),)
    about = "People. Those that Salesforce has too carry its id."
    return Stream("lead", about, "changes", (*LEAD_FIELDS, *more), lookback_days=LATE_DAYS)


def streams(programme: Programme) -> tuple[Stream, ...]:
    """Every stream."""
    return (lead_stream(programme), ACTIVITY, LEAD_CHANGE, DELETED_LEAD, PROGRAM, CAMPAIGN)
