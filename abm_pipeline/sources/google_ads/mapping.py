"""Google Ads' campaigns and their delivery as canonical rows. No row tells a company: Google reveals none."""

from __future__ import annotations

from abm_pipeline.contracts import tables as T
from abm_pipeline.sources._mapping import Select, VendorMapping

# An account's id stands in its campaigns' rows, so that nothing is looked up. A budget by day is that of the run, where
# the run has an end; one for the whole run is told as it is. The API's "for ever" of older versions is no end.
_CAMPAIGN = """
WITH told AS (
    SELECT
        *, TRY_CAST(left("campaign.startDateTime", 10) AS DATE) AS start_day,
        nullif(TRY_CAST(left("campaign.endDateTime", 10) AS DATE), DATE '2037-12-30') AS end_day
    FROM src.campaign
)
SELECT
    _from, CAST("campaign.id" AS VARCHAR) AS source_id, "campaign.name" AS name, 'ads' AS channel,
    CAST(0.000001 * CAST(coalesce(
        "campaignBudget.totalAmountMicros", "campaignBudget.amountMicros" * (end_day - start_day + 1)
    ) AS DECIMAL(30, 0)) AS DECIMAL(18, 4)) AS budget,
    "customer.currencyCode" AS currency, start_day, end_day, "campaign.status" = 'REMOVED' AS is_deleted,
    CAST(_from.day AS TIMESTAMPTZ) AS modified_at
FROM told
"""

# A metric that is nought may be absent. Conversions come in parts, as credit is shared between clicks.
_DELIVERY = """
SELECT
    _from, concat_ws(':', "campaign.id", 'all', "segments.date") AS source_id,
    "customer.timeZone" AS account_time_zone, CAST("campaign.id" AS VARCHAR) AS campaign_source_id,
    coalesce("metrics.impressions", 0) AS impressions, coalesce("metrics.clicks", 0) AS clicks,
    coalesce("metrics.engagements", 0) AS engagements,
    CAST(round(coalesce("metrics.conversions", 0)) AS BIGINT) AS conversions,
    CAST(0.000001 * CAST(coalesce("metrics.costMicros", 0) AS DECIMAL(30, 0)) AS DECIMAL(18, 4)) AS spend,
    "customer.currencyCode" AS currency, false AS is_approximate, CAST(_from.day AS TIMESTAMPTZ) AS modified_at
FROM src.campaign_day
"""

MAPPING = VendorMapping(
    selects=(Select(T.CAMPAIGN, "campaign", _CAMPAIGN), Select(T.AD_DELIVERY, "campaign_day", _DELIVERY))
)
