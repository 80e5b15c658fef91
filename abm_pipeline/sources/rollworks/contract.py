"""What is asked of AdRoll's GraphQL reporting API, which is RollWorks', and relied on in its answers.

Rows of metrics don't say whose they are: which advertisable, campaign and day was asked for is added to them.
"""

from __future__ import annotations

from abm_pipeline.contracts.fields import Type
from abm_pipeline.programme import Programme
from abm_pipeline.sources._spec import RawField, Stream

# Conversions are attributed for thirty days.
LOOKBACK_DAYS = 30
# The fields of ours that metrics get.
OWN = frozenset({"advertisable", "campaign", "currency", "date"})

ADVERTISABLE = Stream(
    "advertisable",
    "Advertisables (advertiser profiles) and their currency.",
    "reference",
    (
        RawField("eid", Type.TEXT, required=True),
        RawField("name", Type.TEXT),
        RawField("status", Type.TEXT),
        RawField("isActive", Type.BOOL),
        RawField("isAbmCustomer", Type.BOOL),
        RawField("currency", Type.TEXT, required=True),
        RawField("clickThroughConversionWindow", Type.INT),
        RawField("viewThroughConversionWindow", Type.INT),
    ),
)
CAMPAIGN = Stream(
    "campaign",
    "Campaigns with their budget, deleted ones of the last three months too.",
    "reference",
    (
        RawField("eid", Type.TEXT, required=True),
        RawField("advertisable", Type.TEXT, required=True),
        RawField("name", Type.TEXT, required=True),
        RawField("status", Type.TEXT, required=True),
        RawField("channel", Type.TEXT),
        RawField("type", Type.TEXT),
        RawField("abmType", Type.TEXT),
        RawField("currency", Type.TEXT),
        RawField("budgetType", Type.TEXT),
        RawField("budget", Type.MONEY),
        RawField("budgetGoal", Type.MONEY),
        RawField("startDate", Type.TEXT),
        RawField("endDate", Type.TEXT),
        RawField("createdDate", Type.TEXT),
        RawField("updatedDate", Type.TEXT),
    ),
)
_WHOSE = (
    RawField("advertisable", Type.TEXT, required=True),
    RawField("campaign", Type.TEXT, required=True),
    RawField("currency", Type.TEXT, required=True),
    RawField("date", Type.DATE, required=True),
    RawField("impressions", Type.INT),
    RawField("clicks", Type.INT),
    RawField("cost", Type.MONEY),
)
CAMPAIGN_DAY = Stream(
    "campaign_day",
    "Delivery by campaign and day (UTC).",
    "days",
    (*_WHOSE, RawField("conversions", Type.FLOAT)),
    lookback_days=LOOKBACK_DAYS,
)
ACCOUNT_DAY = Stream(
    "account_day",
    "Delivery by campaign, company domain and day (UTC), the 1,000 domains with the highest spend.",
    "days",
    (
        *_WHOSE,
        RawField("domain", Type.TEXT, required=True),
        RawField("adjustedViewThroughs", Type.FLOAT),
        RawField("adjustedClickThroughs", Type.FLOAT),
    ),
    lookback_days=LOOKBACK_DAYS,
)


def asked(stream: Stream) -> str:
    """The stream's fields as a GraphQL selection."""
    own = OWN - {"date"} if stream is CAMPAIGN_DAY else OWN if stream is ACCOUNT_DAY else frozenset()
    return " ".join(field.name for field in stream.fields if field.name not in own)


def streams(_: Programme) -> tuple[Stream, ...]:
    """Every stream."""
    return (ADVERTISABLE, CAMPAIGN, CAMPAIGN_DAY, ACCOUNT_DAY)
