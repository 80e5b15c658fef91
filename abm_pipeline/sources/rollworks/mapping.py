"""RollWorks' campaigns, delivery and companies as canonical rows. A domain is the company's id.

Delivery to companies is that to visitors whose company is known: it adds up to less than the campaign's total, and the
two are never added.
"""

from __future__ import annotations

from abm_pipeline.contracts import tables as T
from abm_pipeline.sources._mapping import Select, VendorMapping

# A campaign's end is exclusive. A budget by day is that of the run, where the run has an end.
_CAMPAIGN = """
WITH told AS (
    SELECT
        *, TRY_CAST(left(startDate, 10) AS DATE) AS start_day, TRY_CAST(left(endDate, 10) AS DATE) - 1 AS end_day
    FROM src.campaign
)
SELECT
    _from, eid AS source_id, name, 'ads' AS channel, coalesce(abmType, '') <> '' AS is_abm,
    CAST(CASE WHEN starts_with(budgetType, 'lifetime') THEN budgetGoal ELSE budget * (end_day - start_day + 1) END
        AS DECIMAL(18, 4)) AS budget,
    currency, start_day, end_day, status = 'deleted' AS is_deleted, CAST(_from.day AS TIMESTAMPTZ) AS modified_at
FROM told
"""

_DELIVERY = """
SELECT
    _from, concat_ws(':', campaign, 'all', date) AS source_id, 'UTC' AS account_time_zone,
    campaign AS campaign_source_id, coalesce(impressions, 0) AS impressions, coalesce(clicks, 0) AS clicks,
    CAST(round(coalesce(conversions, 0)) AS BIGINT) AS conversions, coalesce(cost, 0) AS spend, currency,
    false AS is_approximate, CAST(_from.day AS TIMESTAMPTZ) AS modified_at
FROM src.campaign_day
"""

_COMPANY_DELIVERY = """
SELECT
    _from, concat_ws(':', campaign, lower(trim(domain)), date) AS source_id, 'UTC' AS account_time_zone,
    campaign AS campaign_source_id, lower(trim(domain)) AS company_source_id, coalesce(impressions, 0) AS impressions,
    coalesce(clicks, 0) AS clicks,
    CAST(round(coalesce(adjustedViewThroughs, 0) + coalesce(adjustedClickThroughs, 0)) AS BIGINT) AS conversions,
    coalesce(cost, 0) AS spend, currency, true AS is_approximate, CAST(_from.day AS TIMESTAMPTZ) AS modified_at
FROM src.account_day
"""

# One domain has a row for every campaign; all say the same of the company.
_COMPANY = """
SELECT
    _from, lower(trim(domain)) AS source_id, registrable_domain(domain) AS domain, domain AS website,
    false AS is_deleted, CAST(_from.day AS TIMESTAMPTZ) AS modified_at
FROM src.account_day
"""

MAPPING = VendorMapping(
    selects=(
        Select(T.CAMPAIGN, "campaign", _CAMPAIGN),
        Select(T.AD_DELIVERY, "campaign_day", _DELIVERY),
        Select(T.AD_DELIVERY, "account_day", _COMPANY_DELIVERY),
        Select(T.COMPANY, "account_day", _COMPANY),
    )
)
