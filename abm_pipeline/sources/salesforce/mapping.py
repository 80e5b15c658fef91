"""Salesforce's objects as canonical rows.

Belongs here: which object gives which table, and our names for an organisation's own fields. What happened between us
and people (tasks, events, campaign responses) is in `mapping_activity`.

A role, type or channel that is written in words is read by key words (`role_of`, `role_of_title`, `region_of_country`:
functions that staging gives). A tier must be one of `programme.salesforce.tier_values`; another goes to quarantine,
since a list with a tier missing would shift every metric in silence.
"""

from __future__ import annotations

from collections.abc import Mapping

from abm_pipeline.contracts import tables as T
from abm_pipeline.programme import Programme
from abm_pipeline.sources._mapping import Reference, Select, VendorMapping
from abm_pipeline.sources.salesforce.mapping_activity import ACTIVITIES


def aliases(programme: Programme) -> Mapping[str, Mapping[str, str | None]]:
    """Our names for the organisation's custom fields, by stream."""
    names = programme.salesforce
    return {
        "account": {
            "tier": names.tier, "is_target": names.is_target, "tier_since": names.tier_since,
            "committee_size": names.committee_size,
        },
        "contact": {"buying_role": names.buying_role},
        "lead": {"mql_at": names.lead_mql_at, "sql_at": names.lead_sql_at},
        "event": {"meeting_outcome": names.event_outcome},
        "campaign": {
            "is_abm": names.campaign_is_abm, "personalisation": names.campaign_personalisation,
            "channel": names.campaign_channel, "content_type": names.campaign_content_type,
            "funnel_stage": names.campaign_funnel_stage,
        },
    }  # fmt: skip


_COMPANY = """
SELECT
    a._from, a.Id AS source_id, a.Name AS name, registrable_domain(a.Website) AS domain, a.Website AS website,
    a.Phone AS phone, country_code(coalesce(a.BillingCountryCode, a.BillingCountry)) AS country_code,
    region_of_country(coalesce(a.BillingCountryCode, a.BillingCountry)) AS region, a.BillingCity AS city,
    a.Industry AS industry, a.NumberOfEmployees AS employee_count, a.AnnualRevenue AS annual_revenue,
    a.ParentId AS parent_source_id, a.OwnerId AS owner_id, u.Name AS owner_name, a.Type AS lifecycle_stage,
    CAST(a.is_target AS BOOLEAN) AS is_target, coalesce(p.tier_values[a.tier], a.tier) AS tier,
    CAST(a.tier_since AS DATE) AS tier_since_day, CAST(a.committee_size AS BIGINT) AS committee_size,
    a.IsDeleted AS is_deleted, a.MasterRecordId AS merged_into_source_id, a.CreatedDate AS created_at,
    a.SystemModstamp AS modified_at
FROM src.account AS a CROSS JOIN params AS p LEFT JOIN ref."user" AS u ON u.Id = a.OwnerId
"""

_COMPANY_CHANGE = """
SELECT
    h._from, h.Id AS source_id, h.AccountId AS company_source_id,
    CASE h.Field WHEN p.tier_field THEN 'tier' WHEN p.is_target_field THEN 'is_target' ELSE h.Field END AS "column",
    coalesce(p.tier_values[h.OldValue], h.OldValue) AS value_first,
    coalesce(p.tier_values[h.NewValue], h.NewValue) AS value_now,
    h.CreatedDate AS entered_at, coalesce(h.IsDeleted, false) AS is_deleted, h.CreatedDate AS modified_at
FROM src.account_history AS h CROSS JOIN params AS p
"""

_CONTACT = """
SELECT
    _from, Id AS source_id, 'contact' AS person_type, AccountId AS company_source_id, email_hash(Email) AS email_hash,
    registrable_domain(email_host(Email)) AS email_domain,
    coalesce(Name, concat_ws(' ', FirstName, LastName)) AS full_name, Title AS title,
    coalesce(role_of(buying_role), role_of_title(Title)) AS role,
    Phone IS NOT NULL OR MobilePhone IS NOT NULL AS phone_known, OwnerId AS owner_id, IsDeleted AS is_deleted,
    MasterRecordId AS merged_into_source_id, CreatedDate AS created_at, SystemModstamp AS modified_at
FROM src.contact
"""

# A lead that became a contact keeps its own row, and is not deleted: its touches stay under its id. It names the
# contact as the record it went into, as a merged one names its winner, so that identity knows the two for one human.
_LEAD = """
SELECT
    _from, Id AS source_id, 'lead' AS person_type, ConvertedAccountId AS company_source_id,
    email_hash(Email) AS email_hash, registrable_domain(email_host(Email)) AS email_domain,
    registrable_domain(Website) AS domain, coalesce(Name, concat_ws(' ', FirstName, LastName)) AS full_name,
    Title AS title, role_of_title(Title) AS role, Phone IS NOT NULL AS phone_known, Status AS lifecycle_stage,
    OwnerId AS owner_id, IsDeleted AS is_deleted, coalesce(MasterRecordId, ConvertedContactId) AS merged_into_source_id,
    CreatedDate AS created_at, SystemModstamp AS modified_at
FROM src.lead
"""

# Where an organisation has no stamp of its own for a stage, the first version seen in that status is the best there is.
_LEAD_EVENT = """
SELECT
    _from, Id || ':' || e.stage AS source_id, Id AS contact_source_id, e.stage, e.entered_at, IsDeleted AS is_deleted,
    SystemModstamp AS modified_at
FROM src.lead, unnest([
    {stage: 'lead', entered_at: CreatedDate},
    {stage: 'mql', entered_at: coalesce(CAST(mql_at AS TIMESTAMPTZ), CASE WHEN Status = 'MQL' THEN SystemModstamp END)},
    {stage: 'sql', entered_at: coalesce(
        CAST(sql_at AS TIMESTAMPTZ), CASE WHEN Status = 'SQL' THEN SystemModstamp END,
        CASE WHEN IsConverted THEN greatest(CAST(ConvertedDate AS TIMESTAMPTZ), CreatedDate) END
    )}
]) AS stages (e)
WHERE e.entered_at IS NOT NULL
"""

_DEAL = """
SELECT
    o._from, o.Id AS source_id, o.AccountId AS company_source_id,
    CASE WHEN o.AccountId IS NULL THEN [] ELSE [o.AccountId] END AS company_source_ids, o.Name AS name,
    o.Amount AS amount, coalesce(o.CurrencyIsoCode, p.reporting_currency) AS currency, o.StageName AS stage,
    o.IsClosed AS is_closed, o.IsWon AS is_won,
    CASE
        WHEN o.Type ILIKE '%renew%' THEN 'renewal'
        WHEN regexp_matches(o.Type, 'existing|expan|up-?sell|upgrade|cross|add-?on', 'i') THEN 'expansion'
        WHEN o.Type ILIKE '%new%' THEN 'new'
    END AS deal_type,
    CASE
        WHEN regexp_matches(o.Type, 'up-?sell|upgrade', 'i') THEN 'upsell'
        WHEN regexp_matches(o.Type, 'cross|add-?on', 'i') THEN 'cross_sell'
        ELSE 'none'
    END AS kind,
    o.CreatedDate AS created_at, o.CloseDate AS close_day, o.OwnerId AS owner_id, u.Name AS owner_name,
    o.LeadSource AS lead_source, o.CampaignId AS campaign_source_id, o.SystemModstamp AS modified_at,
    o.IsDeleted AS is_deleted
FROM src.opportunity AS o CROSS JOIN params AS p LEFT JOIN ref."user" AS u ON u.Id = o.OwnerId
"""

# Without a currency of its own an event is in its deal's, which is not known here: null.
_DEAL_STAGE_EVENT = """
SELECT
    _from, Id AS source_id, OpportunityId AS deal_source_id, StageName AS stage, CreatedDate AS entered_at,
    Amount AS amount, CurrencyIsoCode AS currency, Probability / 100 AS probability, CloseDate AS close_day,
    coalesce(IsDeleted, false) AS is_deleted, SystemModstamp AS modified_at
FROM src.opportunity_history
"""

_DEAL_CONTACT = """
SELECT
    _from, Id AS source_id, OpportunityId AS deal_source_id, ContactId AS contact_source_id, role_of(Role) AS role,
    coalesce(IsPrimary, false) AS is_primary, IsDeleted AS is_deleted, SystemModstamp AS modified_at
FROM src.opportunity_contact_role
"""

_DEAL_LINE = """
SELECT
    l._from, l.Id AS source_id, l.OpportunityId AS deal_source_id, l.Product2Id AS product_id,
    coalesce(p.Name, l.Name) AS product, p.Family AS category, l.Quantity AS quantity, l.UnitPrice AS unit_price,
    l.TotalPrice AS amount, l.CurrencyIsoCode AS currency, l.IsDeleted AS is_deleted, l.SystemModstamp AS modified_at
FROM src.opportunity_line_item AS l LEFT JOIN ref.product AS p ON p.Id = l.Product2Id
"""

_CAMPAIGN = """
SELECT
    c._from, c.Id AS source_id, c.Name AS name,
    CASE
        WHEN coalesce(c.channel, c.Type) ILIKE '%ads%' OR c.Type ILIKE '%advert%' THEN 'ads'
        WHEN regexp_matches(coalesce(c.channel, c.Type), 'webinar', 'i') THEN 'webinar'
        WHEN regexp_matches(coalesce(c.channel, c.Type), 'event|conference|trade show|seminar', 'i') THEN 'event'
        WHEN regexp_matches(coalesce(c.channel, c.Type), 'email|e-mail', 'i') THEN 'email'
        WHEN regexp_matches(coalesce(c.channel, c.Type), 'content|web|form', 'i') THEN 'content'
        WHEN regexp_matches(coalesce(c.channel, c.Type), 'phone|call|telemarketing', 'i') THEN 'phone'
        ELSE lower(coalesce(c.channel, c.Type))
    END AS channel,
    CASE WHEN lower(c.personalisation) IN ('generic', 'industry', 'account') THEN lower(c.personalisation) END
        AS personalisation,
    CAST(c.is_abm AS BOOLEAN) AS is_abm, c.content_type,
    CASE WHEN lower(c.funnel_stage) IN ('top', 'mid', 'bottom') THEN lower(c.funnel_stage) END AS funnel_stage,
    c.BudgetedCost AS budget, coalesce(c.CurrencyIsoCode, p.reporting_currency) AS currency, c.StartDate AS start_day,
    c.EndDate AS end_day, c.IsDeleted AS is_deleted, c.SystemModstamp AS modified_at
FROM src.campaign AS c CROSS JOIN params AS p
"""

# NextStartDate is the first day that the rate no longer holds for.
_FX_RATE = """
SELECT
    _from, Id AS source_id, IsoCode AS currency, ConversionRate AS rate, StartDate AS start_day,
    CASE WHEN NextStartDate < DATE '9999-01-01' THEN NextStartDate - 1 END AS end_day, SystemModstamp AS modified_at
FROM src.dated_conversion_rate
"""

MAPPING = VendorMapping(
    selects=(
        Select(T.COMPANY, "account", _COMPANY),
        Select(T.COMPANY_CHANGE, "account_history", _COMPANY_CHANGE),
        Select(T.CONTACT, "contact", _CONTACT),
        Select(T.CONTACT, "lead", _LEAD),
        Select(T.LEAD_EVENT, "lead", _LEAD_EVENT),
        Select(T.DEAL, "opportunity", _DEAL),
        Select(T.DEAL_STAGE_EVENT, "opportunity_history", _DEAL_STAGE_EVENT),
        Select(T.DEAL_CONTACT, "opportunity_contact_role", _DEAL_CONTACT),
        Select(T.DEAL_LINE, "opportunity_line_item", _DEAL_LINE),
        *ACTIVITIES,
        Select(T.CAMPAIGN, "campaign", _CAMPAIGN),
        Select(T.FX_RATE, "dated_conversion_rate", _FX_RATE),
    ),
    references=(
        Reference("user", ("Name",), ((T.COMPANY, "owner_id"), (T.DEAL, "owner_id"))),
        Reference("product", ("Name", "Family"), ((T.DEAL_LINE, "product_id"),)),
        Reference("campaign", ("Type", "content_type", "funnel_stage"), ((T.ACTIVITY, "campaign_source_id"),)),
    ),
    aliases=aliases,
)
