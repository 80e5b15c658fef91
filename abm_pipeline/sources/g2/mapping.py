"""G2's signals as canonical rows: what a company looked at, the company itself, and reviews of our products.

A topic is what was looked at and on which kind of page: `Northwind Platform (pricing)`. The score is the company's on
that day, the same for all of its rows.
"""

from __future__ import annotations

from abm_pipeline.contracts import tables as T
from abm_pipeline.sources._mapping import Reference, Select, VendorMapping

_INTENT_SIGNAL = """
SELECT
    i._from, i._from.record_id AS source_id, i."attributes.company_id" AS company_source_id,
    registrable_domain(i."attributes.company_domain") AS domain,
    concat_ws(
        ' / ', i."attributes.category_name", i."attributes.left_product_name", i."attributes.right_product_name"
    ) || ' (' || i."attributes.signal_type" || ')' AS topic,
    i."attributes.company_intent_score" AS score,
    coalesce(i."attributes.company_intent_score" >= p.surge_threshold, false) AS is_surging,
    i."attributes.signal_type" AS stage, false AS is_snapshot, i."attributes.day" AS signal_day,
    CAST(i."attributes.day" AS TIMESTAMPTZ) AS modified_at
FROM src.buyer_intent AS i CROSS JOIN params AS p
"""

# A company stands in every row of its visits; all say the same of it.
_COMPANY = """
SELECT
    _from, "attributes.company_id" AS source_id, "attributes.company_name" AS name,
    registrable_domain("attributes.company_domain") AS domain, "attributes.company_domain" AS website,
    country_code("attributes.company_country") AS country_code,
    region_of_country("attributes.company_country") AS region, "attributes.company_industry" AS industry,
    false AS is_deleted, CAST("attributes.day" AS TIMESTAMPTZ) AS modified_at
FROM src.buyer_intent
"""

# The reviewer's name and company are not asked for.
_REVIEW = """
SELECT
    r._from, r.id AS source_id, 'g2' AS site, r."attributes.title" AS title, r."attributes.star_rating" AS rating,
    5 AS rating_max,
    concat_ws(' / ', r."attributes.answers.love.value", r."attributes.answers.hate.value") AS comment,
    CAST(r."attributes.published_at" AT TIME ZONE p.reporting_timezone AS DATE) AS reviewed_day,
    gone.id IS NOT NULL AS is_deleted,
    greatest(
        r."attributes.published_at", r."attributes.user_updated_at", gone."attributes.removed_at"
    ) AS modified_at
FROM src.review AS r CROSS JOIN params AS p LEFT JOIN ref.removed_review AS gone ON gone.id = r.id
"""

MAPPING = VendorMapping(
    selects=(
        Select(T.INTENT_SIGNAL, "buyer_intent", _INTENT_SIGNAL),
        Select(T.COMPANY, "buyer_intent", _COMPANY),
        Select(T.REVIEW, "review", _REVIEW),
    ),
    references=(Reference("removed_review", ("attributes.removed_at",), ((T.REVIEW, "source_id"),)),),
)
