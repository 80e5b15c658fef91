"""LinkedIn's organisations, campaigns and ad delivery as canonical rows.

Belongs here: which stream gives which table. Delivery by company is noisy and leaves small counts out: what is absent
there is unknown (null), while in the campaign's own total it is nought. The two are never added.
"""

from __future__ import annotations

from abm_pipeline.contracts import tables as T
from abm_pipeline.sources._mapping import Reference, Select, VendorMapping

# Organisations carry no stamp: a version stands for the day it was first seen on.
_COMPANY = """
SELECT
    _from, CAST(id AS VARCHAR) AS source_id, localizedName AS name, registrable_domain(localizedWebsite) AS domain,
    localizedWebsite AS website, CAST(id AS VARCHAR) AS linkedin_id, false AS is_deleted,
    CAST(_from.day AS TIMESTAMPTZ) AS modified_at
FROM src.organization
"""

_CAMPAIGN = """
SELECT
    c._from, CAST(c.id AS VARCHAR) AS source_id, c.name, 'ads' AS channel, c."totalBudget.amount" AS budget,
    coalesce(c."totalBudget.currencyCode", c."dailyBudget.currencyCode", a.currency) AS currency,
    CAST(make_timestamp_ms(c."runSchedule.start") AS DATE) AS start_day,
    CAST(make_timestamp_ms(c."runSchedule.end") AS DATE) AS end_day,
    coalesce(c.status IN ('REMOVED', 'PENDING_DELETION'), false) AS is_deleted,
    make_timestamptz(c."changeAuditStamps.lastModified.time" * 1000) AS modified_at
FROM src.campaign AS c LEFT JOIN ref.ad_account AS a ON a.id = urn_id(c.account)
"""

# Days are UTC days. A day's numbers move for a week; the newest capture is kept, and the partition is the ad day.
# An account whose currency is not known yet (its stream failed) is told in dollars, as LinkedIn converts.
_DELIVERY = """
WITH told AS (
    SELECT
        *,
        urn_id(list_filter(pivotValues, lambda urn: contains(urn, ':sponsoredCampaign:'))[1]) AS campaign_id,
        urn_id(list_filter(pivotValues, lambda urn: NOT contains(urn, ':sponsoredCampaign:'))[1]) AS company_id,
        make_date("dateRange.start.year", "dateRange.start.month", "dateRange.start.day") AS ad_day,
        {absent} AS absent
    FROM src.{stream}
)
SELECT
    d._from, concat_ws(':', d.campaign_id, coalesce(CAST(d.company_id AS VARCHAR), 'all'), d.ad_day) AS source_id,
    'UTC' AS account_time_zone, CAST(d.campaign_id AS VARCHAR) AS campaign_source_id,
    CAST(d.company_id AS VARCHAR) AS company_source_id, coalesce(d.impressions, d.absent) AS impressions,
    coalesce(d.clicks, d.absent) AS clicks,
    CASE WHEN d.totalEngagements IS NULL THEN d.absent ELSE greatest(d.totalEngagements - coalesce(d.clicks, 0), 0) END
        AS engagements,
    coalesce(d.externalWebsiteConversions, d.absent) AS conversions,
    CASE WHEN a.currency IS NULL THEN d.costInUsd ELSE d.costInLocalCurrency END AS spend,
    coalesce(a.currency, 'USD') AS currency, d.absent IS NULL AS is_approximate,
    CAST(d._from.day AS TIMESTAMPTZ) AS modified_at
FROM told AS d
LEFT JOIN ref.campaign AS c ON c.id = d.campaign_id
LEFT JOIN ref.ad_account AS a ON a.id = urn_id(c.account)
"""

MAPPING = VendorMapping(
    selects=(
        Select(T.COMPANY, "organization", _COMPANY),
        Select(T.CAMPAIGN, "campaign", _CAMPAIGN),
        Select(
            T.AD_DELIVERY,
            "ad_analytics_campaign",
            _DELIVERY.format(stream="ad_analytics_campaign", absent="CAST(0 AS BIGINT)"),
        ),
        Select(
            T.AD_DELIVERY,
            "ad_analytics_company",
            _DELIVERY.format(stream="ad_analytics_company", absent="CAST(NULL AS BIGINT)"),
        ),
    ),
    references=(
        Reference("campaign", ("account",), ((T.AD_DELIVERY, "campaign_source_id"),)),
        Reference("ad_account", ("currency",), ((T.AD_DELIVERY, None), (T.CAMPAIGN, None))),
    ),
)
