"""What is asked of LinkedIn Marketing and relied on in its answers."""

from __future__ import annotations

from abm_pipeline.contracts.fields import Type
from abm_pipeline.programme import Programme
from abm_pipeline.sources._spec import RawField, Stream

# Clicks are settled for days, conversions for longer.
LOOKBACK_DAYS = 7

_DAY = (
    RawField("dateRange.start.year", Type.INT, required=True),
    RawField("dateRange.start.month", Type.INT, required=True),
    RawField("dateRange.start.day", Type.INT, required=True),
)
# Asked for by name, at most 20 with dateRange and pivotValues. A count that is absent is nought, or below LinkedIn's
# privacy threshold on company rows. Money is text: it comes with up to 20 decimals.
METRICS = (
    RawField("impressions", Type.INT),
    RawField("clicks", Type.INT),
    RawField("landingPageClicks", Type.INT),
    RawField("totalEngagements", Type.INT),
    RawField("likes", Type.INT),
    RawField("comments", Type.INT),
    RawField("shares", Type.INT),
    RawField("follows", Type.INT),
    RawField("externalWebsiteConversions", Type.INT),
    RawField("oneClickLeads", Type.INT),
    RawField("costInLocalCurrency", Type.MONEY),
    RawField("costInUsd", Type.MONEY),
)
_PIVOTS = RawField("pivotValues", Type.TEXTS, required=True)
_MODIFIED = RawField("changeAuditStamps.lastModified.time", Type.INT, required=True)
_CREATED = RawField("changeAuditStamps.created.time", Type.INT)

AD_ACCOUNT = Stream(
    "ad_account",
    "Ad accounts, their currency and owner. Stamps are epoch milliseconds.",
    "changes",
    (
        RawField("id", Type.INT, required=True),
        RawField("name", Type.TEXT),
        RawField("currency", Type.TEXT, required=True),
        RawField("status", Type.TEXT),
        RawField("type", Type.TEXT),
        RawField("reference", Type.TEXT),
        _CREATED,
        _MODIFIED,
    ),
)
CAMPAIGN_GROUP = Stream(
    "campaign_group",
    "Campaign groups, their budget and run.",
    "changes",
    (
        RawField("id", Type.INT, required=True),
        RawField("account", Type.TEXT, required=True),
        RawField("name", Type.TEXT),
        RawField("status", Type.TEXT),
        RawField("totalBudget.amount", Type.MONEY),
        RawField("totalBudget.currencyCode", Type.TEXT),
        RawField("runSchedule.start", Type.INT),
        RawField("runSchedule.end", Type.INT),
        _CREATED,
        _MODIFIED,
    ),
)
CAMPAIGN = Stream(
    "campaign",
    "Campaigns, their group, budget and run. Removed ones keep their status.",
    "changes",
    (
        RawField("id", Type.INT, required=True),
        RawField("account", Type.TEXT, required=True),
        RawField("campaignGroup", Type.TEXT),
        RawField("name", Type.TEXT, required=True),
        RawField("status", Type.TEXT),
        RawField("type", Type.TEXT),
        RawField("costType", Type.TEXT),
        RawField("objectiveType", Type.TEXT),
        RawField("dailyBudget.amount", Type.MONEY),
        RawField("dailyBudget.currencyCode", Type.TEXT),
        RawField("totalBudget.amount", Type.MONEY),
        RawField("totalBudget.currencyCode", Type.TEXT),
        RawField("runSchedule.start", Type.INT),
        RawField("runSchedule.end", Type.INT),
        _CREATED,
        _MODIFIED,
    ),
)
AD_ANALYTICS_CAMPAIGN = Stream(
    "ad_analytics_campaign",
    "Delivery by campaign and day: pivotValues is [campaign urn].",
    "days",
    (_PIVOTS, *_DAY, *METRICS),
    lookback_days=LOOKBACK_DAYS,
)
AD_ANALYTICS_COMPANY = Stream(
    "ad_analytics_company",
    "Delivery by campaign, member company and day, approximate: pivotValues is [campaign urn, organization urn].",
    "days",
    (_PIVOTS, *_DAY, *METRICS),
    lookback_days=LOOKBACK_DAYS,
)
ORGANIZATION = Stream(
    "organization",
    "Organisations seen in ad_analytics_company.",
    "reference",
    (
        RawField("id", Type.INT, required=True),
        RawField("localizedName", Type.TEXT, required=True),
        RawField("vanityName", Type.TEXT),
        RawField("localizedWebsite", Type.TEXT),
        RawField("primaryOrganizationType", Type.TEXT),
    ),
    after="ad_analytics_company",
)


def streams(_: Programme) -> tuple[Stream, ...]:
    """Every stream; LinkedIn has no custom fields."""
    return (
        AD_ACCOUNT,
        CAMPAIGN_GROUP,
        CAMPAIGN,
        AD_ANALYTICS_CAMPAIGN,
        AD_ANALYTICS_COMPANY,
        ORGANIZATION,
    )
