"""Chargebee's resources as canonical rows: customers and their contacts, subscriptions, invoices.

Monthly recurring revenue is Chargebee's own figure, which has recurring discounts taken off. Where a site does not
give it, it is the recurring items' amounts over the months of the billing period, discounts not taken off. It counts
while the subscription is active, also if its end is decided; `mrr_listed` counts whatever the status.
"""

from __future__ import annotations

from collections.abc import Mapping

from abm_pipeline.contracts import tables as T
from abm_pipeline.programme import Programme
from abm_pipeline.sources._mapping import Select, VendorMapping
from abm_pipeline.sources.chargebee.contract import ChargebeeOptions


def aliases(programme: Programme) -> Mapping[str, Mapping[str, str | None]]:
    """The custom field with the CRM's id."""
    return {"customer": {"crm_id": programme.options("chargebee", ChargebeeOptions).salesforce_account_field}}


# The version is in milliseconds, if the record has one; `updated_at` in seconds.
_AT = "epoch_ms(CASE WHEN resource_version > 100000000000 THEN resource_version ELSE updated_at * 1000 END)"
_MODIFIED = f"CAST({_AT} AS TIMESTAMP) AT TIME ZONE 'UTC' AS modified_at"

_COMPANY = f"""
SELECT
    _from, id AS source_id, coalesce(company, "billing_address.company", concat_ws(' ', first_name, last_name)) AS name,
    registrable_domain(email_host(email)) AS domain, phone, country_code("billing_address.country") AS country_code,
    region_of_country("billing_address.country") AS region, "billing_address.city" AS city,
    'customer' AS lifecycle_stage, 'salesforce:' || nullif(trim(crm_id), '') AS same_as,
    coalesce(deleted, false) AS is_deleted, to_timestamp(created_at) AS created_at, {_MODIFIED}
FROM src.customer
"""

# The customer's own address and those of its contacts.
_CONTACT = f"""
WITH people AS (
    SELECT
        * EXCLUDE (email, first_name, last_name, phone), unnest(list_concat(
            [{{email: email, first_name: first_name, last_name: last_name, phone: phone}}],
            list_transform(coalesce(contacts, []), lambda c: {{
                email: c ->> '$.email', first_name: c ->> '$.first_name', last_name: c ->> '$.last_name',
                phone: c ->> '$.phone'
            }})
        ), recursive := true)
    FROM src.customer
)
SELECT
    _from, email_hash(email) AS source_id, 'contact' AS person_type, id AS company_source_id,
    email_hash(email) AS email_hash, email_host(email) AS email_domain, registrable_domain(email_host(email)) AS domain,
    nullif(concat_ws(' ', first_name, last_name), '') AS full_name, phone IS NOT NULL AS phone_known,
    coalesce(deleted, false) AS is_deleted, to_timestamp(created_at) AS created_at, {_MODIFIED}
FROM people WHERE email_hash(email) IS NOT NULL
"""

_SUBSCRIPTION = f"""
WITH s AS (
    SELECT
        *, minor_units(currency_code) AS unit,
        coalesce(billing_period, 1) * CASE billing_period_unit
            WHEN 'day' THEN 12 / 365.0 WHEN 'week' THEN 12 / 52.0 WHEN 'year' THEN 12 ELSE 1
        END AS months,
        coalesce(list_sum(list_transform(
            list_filter(coalesce(subscription_items, []), lambda i: i ->> '$.item_type' IN ('plan', 'addon')),
            lambda i: TRY_CAST(i ->> '$.amount' AS BIGINT)
        )), plan_amount) AS amount
    FROM src.subscription
)
SELECT
    _from, id AS source_id, customer_id AS company_source_id,
    CASE WHEN status IN ('active', 'non_renewing') AND NOT coalesce(deleted, false)
        THEN CAST(coalesce(mrr, round(amount / months)) AS DECIMAL(28,4)) / unit ELSE 0 END AS mrr,
    CAST(coalesce(nullif(mrr, 0), round(amount / months)) AS DECIMAL(28,4)) / unit AS mrr_listed,
    upper(currency_code) AS currency,
    CAST(to_timestamp(coalesce(started_at, created_at)) AT TIME ZONE 'UTC' AS DATE) AS started_day,
    CASE WHEN status = 'cancelled' THEN CAST(to_timestamp(cancelled_at) AT TIME ZONE 'UTC' AS DATE) END AS ended_day,
    coalesce(subscription_items[1] ->> '$.item_price_id', plan_id) AS plan, 'none' AS kind, status,
    coalesce(deleted, false) AS is_deleted, {_MODIFIED}
FROM s
"""

_INVOICE = f"""
SELECT
    _from, id AS source_id, customer_id AS company_source_id, subscription_id AS subscription_source_id, id AS number,
    status, CAST(total AS DECIMAL(28,4)) / minor_units(currency_code) AS amount,
    CAST(amount_paid AS DECIMAL(28,4)) / minor_units(currency_code) AS amount_paid, upper(currency_code) AS currency,
    CAST(to_timestamp("date") AT TIME ZONE 'UTC' AS DATE) AS issued_day,
    CAST(to_timestamp(due_date) AT TIME ZONE 'UTC' AS DATE) AS due_day,
    CAST(to_timestamp(paid_at) AT TIME ZONE 'UTC' AS DATE) AS paid_day, coalesce(deleted, false) AS is_deleted,
    {_MODIFIED}
FROM src.invoice
"""

MAPPING = VendorMapping(
    selects=(
        Select(T.COMPANY, "customer", _COMPANY),
        Select(T.CONTACT, "customer", _CONTACT),
        Select(T.SUBSCRIPTION, "subscription", _SUBSCRIPTION),
        Select(T.INVOICE, "invoice", _INVOICE),
    ),
    aliases=aliases,
)
