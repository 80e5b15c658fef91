"""HubSpot's CRM objects as canonical rows: companies, people, deals and their stages.

Belongs here: which object gives which table, and our names for an organisation's own properties. What happened between
us and people is in `mapping_activity`.

A merge makes a new record of two old ones and names them; they themselves just vanish, so their rows of leave are made
from the new one's. What the Salesforce sync copied says so by the id that it stored (`same_as`).
"""

from __future__ import annotations

from collections.abc import Mapping

from abm_pipeline.contracts import tables as T
from abm_pipeline.programme import Programme
from abm_pipeline.sources._mapping import Reference, Select, VendorMapping
from abm_pipeline.sources.hubspot.contract import Options
from abm_pipeline.sources.hubspot.mapping_activity import ACTIVITIES, linked


def aliases(programme: Programme) -> Mapping[str, Mapping[str, str | None]]:
    """Our names for the organisation's own properties, by stream."""
    names = programme.options("hubspot", Options)

    def path(name: str | None) -> str | None:
        return name and f"properties.{name}"

    return {
        "company": {
            "tier": path(names.tier), "is_target": path(names.is_target), "tier_since": path(names.tier_since),
            "committee_size": path(names.committee_size),
        },
        "contact": {"buying_role": path(names.buying_role)},
    }  # fmt: skip


# HubSpot's own three tiers are taken for the three kinds of programme, unless the options say what the values mean.
_COMPANY = """
SELECT
    c._from, c.id AS source_id, c."properties.name" AS name,
    registrable_domain(coalesce(c."properties.domain", c."properties.website")) AS domain,
    c."properties.website" AS website, c."properties.phone" AS phone,
    country_code(c."properties.country") AS country_code, region_of_country(c."properties.country") AS region,
    c."properties.city" AS city, c."properties.industry" AS industry,
    c."properties.numberofemployees" AS employee_count, c."properties.annualrevenue" AS annual_revenue,
    c."properties.hs_parent_company_id" AS parent_source_id, c."properties.hubspot_owner_id" AS owner_id,
    concat_ws(' ', o.firstName, o.lastName) AS owner_name, c."properties.lifecyclestage" AS lifecycle_stage,
    CAST(c.is_target AS BOOLEAN) AS is_target,
    coalesce(
        json_extract_string(p.options, '$.hubspot.tier_values."' || c.tier || '"'),
        CASE c.tier WHEN 'tier_1' THEN 'one_to_one' WHEN 'tier_2' THEN 'one_to_few' WHEN 'tier_3' THEN 'one_to_many'
            ELSE c.tier END
    ) AS tier,
    CAST(c.tier_since AS DATE) AS tier_since_day, CAST(c.committee_size AS BIGINT) AS committee_size,
    'salesforce:' || c."properties.salesforceaccountid" AS same_as, c.archived AS is_deleted,
    c.createdAt AS created_at, coalesce(c.archivedAt, c.updatedAt) AS modified_at
FROM src.company AS c CROSS JOIN params AS p LEFT JOIN ref.owner AS o ON o.id = c."properties.hubspot_owner_id"
"""

# `losers` is a list of ids that may hold the record's own, as merges into an old record once did.
_MERGED = """
SELECT
    c._from, m.loser AS source_id, {more} true AS is_deleted, c.id AS merged_into_source_id,
    coalesce(c.archivedAt, c.updatedAt) AS modified_at
FROM {relation} AS c, unnest(list_distinct(string_split({losers}, ';'))) AS m (loser)
WHERE m.loser NOT IN ('', c.id)
"""
_MERGED_COMPANY = _MERGED.format(more="", relation="src.company", losers='c."properties.hs_merged_object_ids"')
# Older merges of contacts are told with their instants only: `id:ms;id:ms`.
_MERGED_CONTACT = _MERGED.format(
    more="'contact' AS person_type,",
    relation="src.contact",
    losers=(
        """concat_ws(';', c."properties.hs_merged_object_ids", """
        """regexp_replace(c."properties.hs_calculated_merged_vids", ':[0-9]+', '', 'g'))"""
    ),
)

_CONTACT = f"""
SELECT
    c._from, c.id AS source_id, 'contact' AS person_type,
    coalesce({linked('c."associations.companies"')}[1], c."properties.associatedcompanyid") AS company_source_id,
    email_hash(c."properties.email") AS email_hash,
    registrable_domain(email_host(c."properties.email")) AS email_domain,
    nullif(concat_ws(' ', c."properties.firstname", c."properties.lastname"), '') AS full_name,
    c."properties.jobtitle" AS title,
    coalesce(
        role_of(replace(replace(c.buying_role, 'BUDGET_HOLDER', 'economic buyer'), '_', ' ')),
        role_of_title(c."properties.jobtitle")
    ) AS role,
    c."properties.phone" IS NOT NULL OR c."properties.mobilephone" IS NOT NULL AS phone_known,
    c."properties.lifecyclestage" AS lifecycle_stage, c."properties.hubspot_owner_id" AS owner_id,
    'salesforce:' || coalesce(c."properties.salesforcecontactid", c."properties.salesforceleadid") AS same_as,
    c.archived AS is_deleted, c.createdAt AS created_at, coalesce(c.archivedAt, c.updatedAt) AS modified_at
FROM src.contact AS c
"""

# The first entry into each stage that the history still knows.
_LEAD_EVENT = """
WITH step AS (
    SELECT
        c._from, c.id, c.archived, coalesce(c.archivedAt, c.updatedAt) AS modified_at,
        CASE json_extract_string(s.step, '$.value')
            WHEN 'lead' THEN 'lead' WHEN 'marketingqualifiedlead' THEN 'mql' WHEN 'salesqualifiedlead' THEN 'sql'
        END AS stage,
        CAST(json_extract_string(s.step, '$.timestamp') AS TIMESTAMPTZ) AS entered_at
    FROM src.contact AS c, unnest(c."propertiesWithHistory.lifecyclestage") AS s (step)
)
SELECT
    _from, id || ':' || stage AS source_id, id AS contact_source_id, stage, min(entered_at) AS entered_at,
    archived AS is_deleted, modified_at
FROM step WHERE stage IS NOT NULL GROUP BY ALL
"""

# The past of a merged person is the winner's now.
_MERGED_LEAD_EVENT = f"""
SELECT
    m._from, m.source_id || ':' || s.stage AS source_id, m.source_id AS contact_source_id, s.stage,
    m.modified_at AS entered_at, true AS is_deleted, m.modified_at
FROM ({_MERGED_CONTACT}) AS m, unnest(['lead', 'mql', 'sql']) AS s (stage)
"""

# What stages mean; metadata are texts. A stage that no pipeline has any more is called by its id.
_STAGE = """
stage AS (
    SELECT
        json_extract_string(s.stage, '$.id') AS id, any_value(json_extract_string(s.stage, '$.label')) AS label,
        bool_or(json_extract_string(s.stage, '$.metadata.isClosed') = 'true') AS is_closed,
        max(TRY_CAST(json_extract_string(s.stage, '$.metadata.probability') AS DOUBLE)) AS probability
    FROM ref.pipeline AS p, unnest(p.stages) AS s (stage)
    GROUP BY ALL
)
"""
_DEAL_COLUMNS = f"""
    coalesce(s.label, d."properties.dealstage") AS stage, coalesce(s.is_closed, false) AS is_closed,
    coalesce(s.is_closed AND s.probability = 1, false) AS is_won,
    {linked('d."associations.companies"')}[1] AS company_source_id,
    coalesce({linked('d."associations.companies"')}, []) AS company_source_ids,
    d."properties.dealname" AS name, d."properties.amount" AS amount,
    coalesce(d."properties.deal_currency_code", p.reporting_currency) AS currency,
    CASE
        WHEN d."properties.dealtype" ILIKE '%renew%' THEN 'renewal'
        WHEN regexp_matches(d."properties.dealtype", 'existing|expan|up-?sell|upgrade|cross|add-?on', 'i')
            THEN 'expansion'
        WHEN d."properties.dealtype" ILIKE '%new%' THEN 'new'
    END AS deal_type,
    CASE
        WHEN regexp_matches(d."properties.dealtype", 'up-?sell|upgrade', 'i') THEN 'upsell'
        WHEN regexp_matches(d."properties.dealtype", 'cross|add-?on', 'i') THEN 'cross_sell'
        ELSE 'none'
    END AS kind,
    d.createdAt AS created_at,
    CAST(timezone(p.reporting_timezone, d."properties.closedate") AS DATE) AS close_day,
    d."properties.hubspot_owner_id" AS owner_id, concat_ws(' ', o.firstName, o.lastName) AS owner_name,
    d."properties.hs_analytics_source" AS lead_source, coalesce(d.archivedAt, d.updatedAt) AS modified_at
"""
_DEAL_FROM = """
CROSS JOIN params AS p
LEFT JOIN stage AS s ON s.id = d."properties.dealstage"
LEFT JOIN ref.owner AS o ON o.id = d."properties.hubspot_owner_id"
"""
_DEAL = f"""
WITH {_STAGE}
SELECT
    d._from, d.id AS source_id, {_DEAL_COLUMNS}, d.archived AS is_deleted,
    'salesforce:' || d."properties.hs_salesforceopportunityid" AS same_as
FROM src.deal AS d {_DEAL_FROM}
"""
# A deal has no column for what it went into: the losing ones are deleted, as the winner knows them.
_MERGED_DEAL = f"""
WITH {_STAGE}
SELECT d._from, m.loser AS source_id, {_DEAL_COLUMNS}, true AS is_deleted
FROM (SELECT *, unnest(string_split("properties.hs_merged_object_ids", ';')) AS loser FROM src.deal) AS m
JOIN src.deal AS d ON d._from = m._from {_DEAL_FROM}
WHERE m.loser NOT IN ('', d.id)
"""

# The amount is what it was when the stage began: histories have the newest first.
_DEAL_STAGE_EVENT = f"""
WITH {_STAGE},
step AS (
    SELECT
        d._from, d.id, d.archived, d."properties.deal_currency_code" AS currency,
        coalesce(d.archivedAt, d.updatedAt) AS modified_at, json_extract_string(h.step, '$.value') AS stage_id,
        CAST(json_extract_string(h.step, '$.timestamp') AS TIMESTAMPTZ) AS entered_at,
        d."propertiesWithHistory.amount" AS amounts
    FROM src.deal AS d, unnest(d."propertiesWithHistory.dealstage") AS h (step)
)
SELECT
    t._from, t.id || ':' || epoch_ms(t.entered_at) AS source_id, t.id AS deal_source_id,
    coalesce(s.label, t.stage_id) AS stage, t.entered_at,
    TRY_CAST(nullif(json_extract_string(list_filter(
        t.amounts, lambda a: CAST(json_extract_string(a, '$.timestamp') AS TIMESTAMPTZ) <= t.entered_at
    )[1], '$.value'), '') AS DECIMAL(18, 4)) AS amount,
    coalesce(t.currency, p.reporting_currency) AS currency, s.probability, t.archived AS is_deleted, t.modified_at
FROM step AS t CROSS JOIN params AS p LEFT JOIN stage AS s ON s.id = t.stage_id
WHERE t.stage_id <> ''
"""

# Labels of the link tell the role, where an organisation has such labels; nobody is primary.
_DEAL_CONTACT = """
SELECT
    d._from, d.id || ':' || json_extract_string(l.link, '$.toObjectId') AS source_id, d.id AS deal_source_id,
    json_extract_string(l.link, '$.toObjectId') AS contact_source_id,
    role_of(nullif(array_to_string(json_extract_string(l.link, '$.associationTypes[*].label'), ' '), '')) AS role,
    false AS is_primary, d.archived AS is_deleted, coalesce(d.archivedAt, d.updatedAt) AS modified_at
FROM src.deal AS d, unnest(d."associations.contacts") AS l (link)
"""

MAPPING = VendorMapping(
    selects=(
        Select(T.COMPANY, "company", _COMPANY),
        Select(T.COMPANY, "company", _MERGED_COMPANY),
        Select(T.CONTACT, "contact", _CONTACT),
        Select(T.CONTACT, "contact", _MERGED_CONTACT),
        Select(T.LEAD_EVENT, "contact", _LEAD_EVENT),
        Select(T.LEAD_EVENT, "contact", _MERGED_LEAD_EVENT),
        Select(T.DEAL, "deal", _DEAL),
        Select(T.DEAL, "deal", _MERGED_DEAL),
        Select(T.DEAL_STAGE_EVENT, "deal", _DEAL_STAGE_EVENT),
        Select(T.DEAL_CONTACT, "deal", _DEAL_CONTACT),
        *ACTIVITIES,
    ),
    references=(
        Reference("pipeline", ("stages",), ((T.DEAL, None), (T.DEAL_STAGE_EVENT, None))),
        Reference("owner", ("firstName", "lastName"), ((T.COMPANY, "owner_id"), (T.DEAL, "owner_id"))),
        Reference("form", ("name",), ((T.ACTIVITY, "content_id"),)),
    ),
    aliases=aliases,
)
