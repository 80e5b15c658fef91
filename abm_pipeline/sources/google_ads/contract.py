"""What is asked of Google Ads, as GAQL, and relied on in its answers.

Identifiers and 64-bit integers come as text. Metrics that are nought may be left out.
"""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from abm_pipeline.contracts.fields import Type
from abm_pipeline.programme import Programme
from abm_pipeline.sources._spec import RawField, Stream

VENDOR = "google_ads"


class Options(BaseModel):
    """`sources.google_ads` in programme.yaml. Conversions are credited to the day of the click for as long as the
    account's conversion window lasts, so that many days are read again.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    conversion_window_days: int = Field(30, ge=1, le=90)


CUSTOMERS = (
    "SELECT customer_client.id, customer_client.descriptive_name, customer_client.currency_code, "
    "customer_client.time_zone, customer_client.manager, customer_client.level, customer_client.status "
    "FROM customer_client"
)
CAMPAIGNS = (
    "SELECT customer.id, customer.currency_code, campaign.id, campaign.name, campaign.status, "
    "campaign.advertising_channel_type, campaign.start_date_time, campaign.end_date_time, "
    "campaign_budget.amount_micros, campaign_budget.total_amount_micros, campaign_budget.period FROM campaign"
)
DELIVERY = (
    "SELECT customer.id, customer.currency_code, customer.time_zone, campaign.id, segments.date, "
    "metrics.impressions, metrics.clicks, metrics.engagements, metrics.cost_micros, metrics.conversions "
    "FROM campaign WHERE segments.date BETWEEN '{first}' AND '{last}' ORDER BY segments.date"
)

CUSTOMER = Stream(
    "customer",
    "Accounts under the manager, their currency and time zone.",
    "reference",
    (
        RawField("customerClient.id", Type.INT, required=True),
        RawField("customerClient.descriptiveName", Type.TEXT),
        RawField("customerClient.currencyCode", Type.TEXT),
        RawField("customerClient.timeZone", Type.TEXT),
        RawField("customerClient.manager", Type.BOOL),
        RawField("customerClient.level", Type.INT),
        RawField("customerClient.status", Type.TEXT),
    ),
)
CAMPAIGN = Stream(
    "campaign",
    "Campaigns with their budget. There is no stamp of change; removed ones keep their status.",
    "reference",
    (
        RawField("customer.id", Type.INT, required=True),
        RawField("customer.currencyCode", Type.TEXT),
        RawField("campaign.id", Type.INT, required=True),
        RawField("campaign.name", Type.TEXT, required=True),
        RawField("campaign.status", Type.TEXT, required=True),
        RawField("campaign.advertisingChannelType", Type.TEXT),
        RawField("campaign.startDateTime", Type.TEXT),
        RawField("campaign.endDateTime", Type.TEXT),
        RawField("campaignBudget.amountMicros", Type.INT),
        RawField("campaignBudget.totalAmountMicros", Type.INT),
        RawField("campaignBudget.period", Type.TEXT),
    ),
)


def streams(programme: Programme) -> tuple[Stream, ...]:
    """Every stream."""
    delivery = Stream(
        "campaign_day",
        "Delivery by campaign and day of the account's zone.",
        "days",
        (
            RawField("customer.currencyCode", Type.TEXT, required=True),
            RawField("customer.timeZone", Type.TEXT, required=True),
            RawField("campaign.id", Type.INT, required=True),
            RawField("segments.date", Type.DATE, required=True),
            RawField("metrics.impressions", Type.INT),
            RawField("metrics.clicks", Type.INT),
            RawField("metrics.engagements", Type.INT),
            RawField("metrics.costMicros", Type.INT),
            RawField("metrics.conversions", Type.FLOAT),
        ),
        lookback_days=programme.options(VENDOR, Options).conversion_window_days,
    )
    return (CUSTOMER, CAMPAIGN, delivery)
