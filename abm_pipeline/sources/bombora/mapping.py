"""Bombora's scores as canonical rows: signals, and the domains they are about as company records.

The answer has no date, so a row stands for the day of the snapshot that it came with. A domain is the company's id.
"""

from __future__ import annotations

from abm_pipeline.contracts import tables as T
from abm_pipeline.sources._mapping import Select, VendorMapping

_INTENT_SIGNAL = """
SELECT
    i._from, lower(trim(i.domain)) || ':' || i.topic AS source_id, lower(trim(i.domain)) AS company_source_id,
    registrable_domain(i.domain) AS domain, i.topic, CAST(i.score AS DOUBLE) AS score,
    i.score >= p.surge_threshold AS is_surging, i.scoreLabel AS stage, true AS is_snapshot, i._from.day AS signal_day,
    CAST(i._from.day AS TIMESTAMPTZ) AS modified_at
FROM src.intent AS i CROSS JOIN params AS p
"""

# One domain has a row for every topic; all say the same of the company.
_COMPANY = """
SELECT
    _from, lower(trim(domain)) AS source_id, "company.name" AS name, registrable_domain(domain) AS domain,
    domain AS website, country_code("company.hq.country") AS country_code,
    region_of_country("company.hq.country") AS region, "company.industry" AS industry, false AS is_deleted,
    CAST(_from.day AS TIMESTAMPTZ) AS modified_at
FROM src.intent
"""

MAPPING = VendorMapping(
    selects=(Select(T.INTENT_SIGNAL, "intent", _INTENT_SIGNAL), Select(T.COMPANY, "intent", _COMPANY))
)
