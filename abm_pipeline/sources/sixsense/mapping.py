"""6sense's predictions as canonical rows: intent and buying stage by product, companies, segment membership.

Answers carry no date, so a row stands for the day of its snapshot. A company's id is its domain, as that is what
segments and lookups have in common.
"""

from __future__ import annotations

from abm_pipeline.contracts import tables as T
from abm_pipeline.sources._mapping import Reference, Select, VendorMapping

# The topic is the product of ours whose purchase is predicted.
_INTENT_SIGNAL = """
WITH told AS (
    SELECT _from, lower(trim("company.domain")) AS domain, unnest(scores) AS score FROM src.score
)
SELECT
    t._from, t.domain || ':' || json_extract_string(t.score, '$.product') AS source_id,
    t.domain AS company_source_id, registrable_domain(t.domain) AS domain,
    json_extract_string(t.score, '$.product') AS topic,
    TRY_CAST(json_extract_string(t.score, '$.company_intent_score') AS DOUBLE) AS score,
    coalesce(
        TRY_CAST(json_extract_string(t.score, '$.company_intent_score') AS DOUBLE) >= p.surge_threshold, false
    ) AS is_surging,
    nullif(json_extract_string(t.score, '$.company_buying_stage'), '') AS stage, true AS is_snapshot,
    t._from.day AS signal_day,
    CAST(t._from.day AS TIMESTAMPTZ) AS modified_at
FROM told AS t CROSS JOIN params AS p
WHERE json_extract_string(t.score, '$.product') IS NOT NULL
"""

_COMPANY = """
SELECT
    _from, lower(trim("company.domain")) AS source_id, "company.name" AS name,
    registrable_domain("company.domain") AS domain, "company.domain" AS website, "company.companyPhone" AS phone,
    "company.countryISOCode" AS country_code, region_of_country("company.countryISOCode") AS region,
    "company.city" AS city, "company.industry" AS industry,
    TRY_CAST("company.employeeCount" AS BIGINT) AS employee_count, "company.annualRevenue" AS annual_revenue,
    false AS is_deleted, CAST(_from.day AS TIMESTAMPTZ) AS modified_at
FROM src.score
"""

# Segments are lists that 6sense keeps by rules; being on one doesn't make a target.
_LIST_MEMBERSHIP = """
SELECT
    a._from, a.segment_id || ':' || lower(trim(a.domain)) AS source_id, lower(trim(a.domain)) AS company_source_id,
    registrable_domain(a.domain) AS domain, coalesce(s.name, CAST(a.segment_id AS VARCHAR)) AS list_name,
    false AS is_deleted, CAST(a._from.day AS TIMESTAMPTZ) AS modified_at
FROM src.segment_account AS a LEFT JOIN ref.segment AS s ON s.id = a.segment_id
"""

MAPPING = VendorMapping(
    selects=(
        Select(T.INTENT_SIGNAL, "score", _INTENT_SIGNAL),
        Select(T.COMPANY, "score", _COMPANY),
        Select(T.LIST_MEMBERSHIP, "segment_account", _LIST_MEMBERSHIP),
    ),
    references=(Reference("segment", ("name",), ((T.LIST_MEMBERSHIP, None),)),),
)
