"""Stripe's objects as canonical rows: customers, subscriptions with their monthly recurring revenue, invoices.

Monthly recurring revenue: each licensed item's unit price times its quantity, over the months of its interval, less
the discounts that recur; nothing while the subscription is not active or past due (`mrr_listed` counts even then).
Metered, tiered and one-time prices have no amount in advance and count as nothing. Where a discount is known by its id
only, it is null.
"""

from __future__ import annotations

from collections.abc import Mapping

from abm_pipeline.contracts import tables as T
from abm_pipeline.programme import Programme
from abm_pipeline.sources._mapping import Select, VendorMapping
from abm_pipeline.sources.stripe.contract import StripeOptions


def aliases(programme: Programme) -> Mapping[str, Mapping[str, str | None]]:
    """The metadata key with the CRM's id."""
    key = programme.options("stripe", StripeOptions).salesforce_account_metadata
    return {"customer": {"crm_id": None if key is None else f"metadata.{key}"}}


_COMPANY = """
SELECT
    _from, id AS source_id, coalesce(name, description) AS name, registrable_domain(email_host(email)) AS domain,
    phone, country_code("address.country") AS country_code, region_of_country("address.country") AS region,
    "address.city" AS city, 'customer' AS lifecycle_stage, 'salesforce:' || nullif(trim(crm_id), '') AS same_as,
    coalesce(deleted, false) AS is_deleted, to_timestamp(created) AS created_at,
    CAST(_from.version AS TIMESTAMPTZ) AS modified_at
FROM src.customer
"""

# Who gets the invoices: a person (or a mailbox) known by an address only.
_CONTACT = """
SELECT
    _from, email_hash(email) AS source_id, 'contact' AS person_type, id AS company_source_id,
    email_hash(email) AS email_hash, email_host(email) AS email_domain, registrable_domain(email_host(email)) AS domain,
    phone IS NOT NULL AS phone_known, coalesce(deleted, false) AS is_deleted, to_timestamp(created) AS created_at,
    CAST(_from.version AS TIMESTAMPTZ) AS modified_at
FROM src.customer WHERE email_hash(email) IS NOT NULL
"""

_SUBSCRIPTION = """
WITH s AS (
    SELECT
        *, minor_units(currency) AS unit, CAST(_from.version AS TIMESTAMPTZ) AS modified_at,
        list_transform("items.data", lambda i: {
            amount: coalesce(
                TRY_CAST(i ->> '$.price.unit_amount_decimal' AS DECIMAL(28,6)),
                TRY_CAST(i ->> '$.price.unit_amount' AS DECIMAL(28,6)), 0
            ) * CASE
                WHEN i ->> '$.price.recurring.usage_type' = 'licensed'
                THEN coalesce(TRY_CAST(i ->> '$.quantity' AS BIGINT), 1) ELSE 0
            END,
            months: coalesce(TRY_CAST(i ->> '$.price.recurring.interval_count' AS DOUBLE), 1)
                * CASE i ->> '$.price.recurring.interval'
                    WHEN 'day' THEN 12 / 365.0 WHEN 'week' THEN 12 / 52.0 WHEN 'year' THEN 12 ELSE 1
                END,
            plan: coalesce(i ->> '$.price.nickname', i ->> '$.price.lookup_key', i ->> '$.price.id')
        }) AS items,
        -- A discount that is told by its id only is no JSON.
        list_transform(list_transform(discounts, lambda d: CASE WHEN json_valid(d) THEN d END), lambda d: {
            is_whole: d IS NOT NULL,
            recurs: coalesce(d ->> '$.source.coupon.duration', d ->> '$.coupon.duration') IN ('forever', 'repeating')
                AND coalesce(to_timestamp(CAST(d ->> '$.end' AS BIGINT)) > CAST(_from.version AS TIMESTAMPTZ), true),
            percent: coalesce(
                TRY_CAST(coalesce(d ->> '$.source.coupon.percent_off', d ->> '$.coupon.percent_off') AS DOUBLE), 0),
            amount: coalesce(
                TRY_CAST(coalesce(d ->> '$.source.coupon.amount_off', d ->> '$.coupon.amount_off') AS BIGINT), 0)
        }) AS cuts
    FROM src.subscription
), priced AS (
    SELECT
        *, CASE WHEN len(list_filter(cuts, lambda c: NOT c.is_whole)) = 0 THEN CAST(greatest(0, round(
        (
            list_sum(list_transform(items, lambda i: i.amount / i.months))
            * list_product(list_transform(
                list_concat([0.0], list_transform(list_filter(cuts, lambda c: c.recurs), lambda c: c.percent)),
                lambda p: 1 - p / 100
            ))
            - coalesce(list_sum(list_transform(list_filter(cuts, lambda c: c.recurs), lambda c: c.amount)), 0)
            / list_max(list_transform(items, lambda i: i.months))
        ) / unit, 4)) AS DECIMAL(18,4)) END AS mrr_listed
    FROM s
)
SELECT
    _from, id AS source_id, customer AS company_source_id,
    CASE WHEN status IN ('active', 'past_due') THEN mrr_listed ELSE 0 END AS mrr, mrr_listed,
    upper(currency) AS currency, CAST(to_timestamp(coalesce(start_date, created)) AT TIME ZONE 'UTC' AS DATE)
        AS started_day,
    CAST(to_timestamp(ended_at) AT TIME ZONE 'UTC' AS DATE) AS ended_day, items[1].plan AS plan, 'none' AS kind, status,
    false AS is_deleted, modified_at
FROM priced
"""

_INVOICE = """
SELECT
    _from, id AS source_id, customer AS company_source_id,
    coalesce("parent.subscription_details.subscription", subscription) AS subscription_source_id, number, status,
    CAST(total AS DECIMAL(28,4)) / minor_units(currency) AS amount,
    CAST(amount_paid AS DECIMAL(28,4)) / minor_units(currency) AS amount_paid, upper(currency) AS currency,
    CAST(to_timestamp("status_transitions.finalized_at") AT TIME ZONE 'UTC' AS DATE) AS issued_day,
    CAST(to_timestamp(due_date) AT TIME ZONE 'UTC' AS DATE) AS due_day,
    CAST(to_timestamp("status_transitions.paid_at") AT TIME ZONE 'UTC' AS DATE) AS paid_day,
    coalesce(deleted, false) AS is_deleted, CAST(_from.version AS TIMESTAMPTZ) AS modified_at
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
