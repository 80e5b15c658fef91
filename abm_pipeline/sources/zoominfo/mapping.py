"""ZoomInfo's companies, people and org charts as canonical rows.

Belongs here: which stream gives which table. Addresses become hashes. A chart gives tiers, not managers: whom somebody
reports to is known where a department has exactly one person in the nearest tier above.
"""

from __future__ import annotations

from abm_pipeline.contracts import tables as T
from abm_pipeline.sources._mapping import Select, VendorMapping

# Revenue is in thousands of dollars.
_COMPANY = """
SELECT
    _from, id AS source_id, "attributes.name" AS name, registrable_domain("attributes.website") AS domain,
    "attributes.website" AS website, country_code("attributes.country") AS country_code,
    region_of_country("attributes.country") AS region, "attributes.city" AS city,
    "attributes.employeeCount" AS employee_count,
    CAST("attributes.revenue" * 1000 AS DECIMAL(18, 4)) AS annual_revenue, false AS is_deleted,
    CAST(_from.day AS TIMESTAMPTZ) AS modified_at
FROM src.company
"""

# Nobody can say when a person was first in ZoomInfo's data; what is known of them is known as of the last check.
_CONTACT = """
WITH told AS (
    SELECT *, greatest("attributes.validDate", "attributes.lastUpdatedDate") AS checked_at FROM src.contact
)
SELECT
    _from, id AS source_id, 'contact' AS person_type, CAST("attributes.company.id" AS VARCHAR) AS company_source_id,
    email_hash("enrich.email") AS email_hash, email_host("enrich.email") AS email_domain,
    registrable_domain("enrich.email") AS domain,
    nullif(concat_ws(' ', "attributes.firstName", "attributes.lastName"), '') AS full_name,
    "attributes.jobTitle" AS title, role_of_title("attributes.jobTitle") AS role,
    "enrich.managementLevel"[1] AS seniority,
    json_extract_string("enrich.jobFunction"[1], '$.department') AS department,
    coalesce("attributes.hasDirectPhone", false) OR coalesce("attributes.hasMobilePhone", false) AS phone_known,
    false AS is_deleted, checked_at AS created_at, checked_at AS modified_at
FROM told
"""

_COMMITTEE = """
WITH placed AS (
    SELECT
        *, "attributes.company.id" AS company, "attributes.department" AS department,
        "attributes.orgChartTier" AS tier
    FROM src.org_chart
),
tiers AS (
    SELECT
        _from.day AS on_day, company, department, tier, count(DISTINCT id) AS people, any_value(id) AS id
    FROM placed GROUP BY ALL
),
above AS (
    SELECT
        on_day, company, department, tier,
        lag(CASE WHEN people = 1 THEN id END) OVER (
            PARTITION BY on_day, company, department ORDER BY tier
        ) AS manager
    FROM tiers WHERE tier IS NOT NULL
)
SELECT
    p._from, p.company || ':' || p.id AS source_id, CAST(p.company AS VARCHAR) AS company_source_id,
    p.id AS contact_source_id,
    nullif(concat_ws(' ', p."attributes.firstName", p."attributes.lastName"), '') AS full_name,
    p."attributes.jobTitle" AS title, role_of_title(p."attributes.jobTitle") AS role, p.department,
    a.manager AS reports_to_source_id, false AS is_deleted, CAST(p._from.day AS TIMESTAMPTZ) AS modified_at
FROM placed AS p LEFT JOIN above AS a
    ON a.on_day = p._from.day AND a.company = p.company AND a.department = p.department AND a.tier = p.tier
"""

MAPPING = VendorMapping(
    selects=(
        Select(T.COMPANY, "company", _COMPANY),
        Select(T.CONTACT, "contact", _CONTACT),
        Select(T.COMMITTEE_MAP, "org_chart", _COMMITTEE),
    )
)
