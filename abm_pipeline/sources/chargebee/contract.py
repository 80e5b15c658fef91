"""What is asked of Chargebee and relied on in its answers. Attributes without a value are left out of records."""

from __future__ import annotations

from dataclasses import replace

from pydantic import BaseModel, ConfigDict

from abm_pipeline.contracts.fields import Type
from abm_pipeline.programme import Programme
from abm_pipeline.sources._spec import RawField, Stream


class ChargebeeOptions(BaseModel):
    """`sources.chargebee` in programme.yaml. The customers' custom field that holds the Salesforce account id."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    salesforce_account_field: str | None = "cf_salesforce_account_id"


_COMMON = (
    RawField("id", Type.TEXT, required=True),
    RawField("updated_at", Type.INT, required=True),
    RawField("resource_version", Type.INT),
    RawField("deleted", Type.BOOL),
)
CUSTOMER = Stream(
    "customer",
    "Customers with their contacts; deleted ones say so.",
    "changes",
    (
        *_COMMON,
        RawField("created_at", Type.INT),
        RawField("company", Type.TEXT),
        RawField("first_name", Type.TEXT),
        RawField("last_name", Type.TEXT),
        RawField("email", Type.TEXT),
        RawField("phone", Type.TEXT),
        RawField("billing_address.company", Type.TEXT),
        RawField("billing_address.city", Type.TEXT),
        RawField("billing_address.country", Type.TEXT),
        RawField("contacts", Type.TEXTS),
    ),
    lookback_days=1,
)
SUBSCRIPTION = Stream(
    "subscription",
    "Subscriptions with their items.",
    "changes",
    (
        *_COMMON,
        RawField("customer_id", Type.TEXT, required=True),
        RawField("status", Type.TEXT, required=True),
        RawField("currency_code", Type.TEXT, required=True),
        RawField("mrr", Type.INT),
        RawField("billing_period", Type.INT),
        RawField("billing_period_unit", Type.TEXT),
        RawField("started_at", Type.INT),
        RawField("created_at", Type.INT),
        RawField("cancelled_at", Type.INT),
        RawField("subscription_items", Type.TEXTS),
        # Where the price stands on sites of the older product catalogue.
        RawField("plan_id", Type.TEXT),
        RawField("plan_amount", Type.INT),
    ),
    lookback_days=1,
)
INVOICE = Stream(
    "invoice",
    "Invoices.",
    "changes",
    (
        *_COMMON,
        RawField("customer_id", Type.TEXT, required=True),
        RawField("subscription_id", Type.TEXT),
        RawField("status", Type.TEXT, required=True),
        RawField("currency_code", Type.TEXT, required=True),
        RawField("total", Type.INT),
        RawField("amount_paid", Type.INT),
        RawField("date", Type.INT),
        RawField("due_date", Type.INT),
        RawField("paid_at", Type.INT),
    ),
    lookback_days=1,
)


def streams(programme: Programme) -> tuple[Stream, ...]:
    """Every stream; customers with the custom field that the programme names."""
    name = programme.options("chargebee", ChargebeeOptions).salesforce_account_field
    linked = () if name is None else (RawField(name, Type.TEXT),)
    return (replace(CUSTOMER, fields=(*CUSTOMER.fields, *linked)), SUBSCRIPTION, INVOICE)
