"""Demandbase's accounts and research as canonical rows.

An account that Demandbase has from Salesforce says which one it is. Research is about a company by domain: its id is
Demandbase's own, not the account's.
"""

from __future__ import annotations

from abm_pipeline.contracts import tables as T
from abm_pipeline.sources._mapping import Select, VendorMapping
from abm_pipeline.sources.demandbase.contract import account_names

# `aliases` give the organisation's fields our names; ours stand apart from theirs by the prefix.
_COMPANY = """
SELECT
    _from, id AS source_id, name, registrable_domain(our_website) AS domain, our_website AS website,
    country_code(our_country) AS country_code, region_of_country(our_country) AS region, our_city AS city,
    our_industry AS industry, TRY_CAST(our_employees AS BIGINT) AS employee_count,
    TRY_CAST(our_annual_revenue AS DECIMAL(18, 4)) AS annual_revenue, our_journey_stage AS lifecycle_stage,
    'salesforce:' || our_salesforce_id AS same_as, false AS is_deleted, CAST(_from.day AS TIMESTAMPTZ) AS modified_at
FROM src.account
"""

# Whether research surges is Demandbase's own judgement: the keyword trends for the company.
_INTENT_SIGNAL = """
SELECT
    _from, concat_ws(':', companyId, coalesce(CAST(keywordSetId AS VARCHAR), ''), keyword, endDate) AS source_id,
    registrable_domain(domain) AS domain, keyword AS topic, CAST(trendingScore AS DOUBLE) AS score,
    coalesce(isTrending, false) AS is_surging, intentStrength AS stage, false AS is_snapshot, endDate AS signal_day,
    CAST(endDate AS TIMESTAMPTZ) AS modified_at
FROM src.intent
"""

# Minutes that an account's people spent with us in seven days: no research elsewhere, so never a surge.
_ENGAGEMENT = """
SELECT
    _from, id || ':engagement' AS source_id, id AS company_source_id, registrable_domain(our_website) AS domain,
    'Engagement minutes' AS topic, TRY_CAST(our_engagement_minutes AS DOUBLE) AS score, false AS is_surging,
    our_journey_stage AS stage, true AS is_snapshot, _from.day AS signal_day,
    CAST(_from.day AS TIMESTAMPTZ) AS modified_at
FROM src.account
WHERE TRY_CAST(our_engagement_minutes AS DOUBLE) > 0
"""

MAPPING = VendorMapping(
    selects=(
        Select(T.COMPANY, "account", _COMPANY),
        Select(T.INTENT_SIGNAL, "intent", _INTENT_SIGNAL),
        Select(T.INTENT_SIGNAL, "account", _ENGAGEMENT),
    ),
    aliases=lambda programme: {"account": {f"our_{ours}": name for ours, name in account_names(programme).items()}},
)
