"""What is asked of Meta's Marketing API and relied on in its answers.

Metrics are text and absent where they are nought. Money is in the ad account's currency: in its units for spend, in
its smallest unit for budgets.
"""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from abm_pipeline.contracts.fields import Type
from abm_pipeline.programme import Programme
from abm_pipeline.sources._spec import RawField, Stream

VENDOR = "meta"


class Options(BaseModel):
    """`sources.meta` in programme.yaml: the types of action that are conversions."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    conversion_actions: tuple[str, ...] = ("lead",)


AD_ACCOUNT = Stream(
    "ad_account",
    "Ad accounts, their currency and time zone.",
    "reference",
    (
        RawField("account_id", Type.TEXT, required=True),
        RawField("name", Type.TEXT),
        RawField("account_status", Type.INT),
        RawField("currency", Type.TEXT, required=True),
        RawField("timezone_name", Type.TEXT),
    ),
)
CAMPAIGN = Stream(
    "campaign",
    "Campaigns with their budget, deleted and archived ones too.",
    "changes",
    (
        RawField("id", Type.TEXT, required=True),
        RawField("account_id", Type.TEXT, required=True),
        RawField("name", Type.TEXT, required=True),
        RawField("status", Type.TEXT),
        RawField("effective_status", Type.TEXT),
        RawField("objective", Type.TEXT),
        RawField("daily_budget", Type.INT),
        RawField("lifetime_budget", Type.INT),
        RawField("start_time", Type.TEXT),
        RawField("stop_time", Type.TEXT),
        RawField("updated_time", Type.TIMESTAMP, required=True),
    ),
)
CAMPAIGN_DAY = Stream(
    "campaign_day",
    "Insights by campaign and day of the account's zone.",
    "days",
    (
        RawField("account_id", Type.TEXT, required=True),
        RawField("account_currency", Type.TEXT, required=True),
        RawField("campaign_id", Type.TEXT, required=True),
        RawField("campaign_name", Type.TEXT),
        RawField("impressions", Type.INT),
        RawField("inline_link_clicks", Type.INT),
        RawField("inline_post_engagement", Type.INT),
        RawField("spend", Type.MONEY),
        RawField("actions", Type.TEXTS),
        RawField("date_start", Type.DATE, required=True),
        RawField("date_stop", Type.DATE, required=True),
    ),
    # Frozen by Meta 28 days after.
    lookback_days=28,
)


def streams(programme: Programme) -> tuple[Stream, ...]:
    """Every stream. The options are looked at so that a wrong one is told before anything is asked for."""
    programme.options(VENDOR, Options)
    return (AD_ACCOUNT, CAMPAIGN, CAMPAIGN_DAY)
