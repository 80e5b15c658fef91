"""What is asked of Stripe and relied on in its answers, and how it must be told about the CRM."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict

from abm_pipeline.contracts.fields import Type
from abm_pipeline.programme import Programme
from abm_pipeline.sources._spec import RawField, Stream

# The version whose shapes are relied on; sent with every request, so that the account's own does not matter.
VERSION = "2026-06-24.dahlia"


class StripeOptions(BaseModel):
    """`sources.stripe` in programme.yaml. The metadata key under which a customer's Salesforce account id is kept."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    salesforce_account_metadata: str | None = "salesforce_account_id"


@dataclass(frozen=True)
class Resource:
    """Where a stream's objects are listed, with which parameters, and the events that tell of their changes."""

    path: str
    events: tuple[str, ...]
    params: tuple[tuple[str, str], ...] = ()


_INVOICE = "created updated deleted finalized finalization_failed paid payment_failed voided marked_uncollectible sent"
_SUBSCRIPTION = "created updated deleted paused resumed pending_update_applied pending_update_expired"
RESOURCES = {
    "customer": Resource("/v1/customers", ("customer.created", "customer.updated", "customer.deleted")),
    "subscription": Resource(
        "/v1/subscriptions",
        tuple(f"customer.subscription.{word}" for word in _SUBSCRIPTION.split()),
        # Without a status canceled ones are left out.
        (("status", "all"), ("expand[0]", "data.discounts.source.coupon")),
    ),
    "invoice": Resource("/v1/invoices", tuple(f"invoice.{word}" for word in _INVOICE.split())),
}

CUSTOMER = Stream(
    "customer",
    "Customers; deleted ones as they last were, if the event tells.",
    "changes",
    (
        RawField("id", Type.TEXT, required=True),
        RawField("created", Type.INT, required=True),
        RawField("deleted", Type.BOOL),
        RawField("name", Type.TEXT),
        RawField("email", Type.TEXT),
        RawField("phone", Type.TEXT),
        RawField("description", Type.TEXT),
        RawField("address.country", Type.TEXT),
        RawField("address.city", Type.TEXT),
        RawField("currency", Type.TEXT),
    ),
)
SUBSCRIPTION = Stream(
    "subscription",
    "Subscriptions with their items and discounts.",
    "changes",
    (
        RawField("id", Type.TEXT, required=True),
        RawField("customer", Type.TEXT, required=True),
        RawField("status", Type.TEXT, required=True),
        RawField("currency", Type.TEXT, required=True),
        RawField("created", Type.INT, required=True),
        RawField("start_date", Type.INT),
        RawField("canceled_at", Type.INT),
        RawField("ended_at", Type.INT),
        RawField("items.data", Type.TEXTS, required=True),
        RawField("discounts", Type.TEXTS),
    ),
)
INVOICE = Stream(
    "invoice",
    "Invoices; drafts that were deleted as they last were.",
    "changes",
    (
        RawField("id", Type.TEXT, required=True),
        RawField("customer", Type.TEXT),
        RawField("currency", Type.TEXT, required=True),
        RawField("created", Type.INT, required=True),
        RawField("deleted", Type.BOOL),
        RawField("number", Type.TEXT),
        RawField("status", Type.TEXT),
        RawField("total", Type.INT),
        RawField("amount_paid", Type.INT),
        RawField("due_date", Type.INT),
        RawField("status_transitions.finalized_at", Type.INT),
        RawField("status_transitions.paid_at", Type.INT),
        RawField("parent.subscription_details.subscription", Type.TEXT),
        # Where it stood in snapshots made before version 2025-03-31.
        RawField("subscription", Type.TEXT),
    ),
)


def streams(programme: Programme) -> tuple[Stream, ...]:
    """Every stream; customers with the metadata key that the programme names."""
    key = programme.options("stripe", StripeOptions).salesforce_account_metadata
    linked = () if key is None else (RawField(f"metadata.{key}", Type.TEXT),)
    customer = Stream(CUSTOMER.name, CUSTOMER.about, CUSTOMER.kind, (*CUSTOMER.fields, *linked))
    return (customer, SUBSCRIPTION, INVOICE)
