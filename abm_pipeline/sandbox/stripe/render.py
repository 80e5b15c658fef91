"""Stripe objects as they looked at an instant, in the shape of API version 2026-06-24.dahlia.

Belongs here: JSON of customers, subscriptions, invoices and events. Money in minor units, times in epoch seconds, nulls
explicit, currencies in lower case. What is inside a subscription is in `prices`.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np

from abm_pipeline.sandbox.stripe.book import (
    CUSTOMER,
    HOUR,
    INVOICE,
    SUBSCRIPTION,
    TYPES,
    Book,
    book,
    ident,
)
from abm_pipeline.sandbox.stripe.prices import discounts, items
from abm_pipeline.sandbox.world import World
from abm_pipeline.sandbox.world.names import COUNTRIES
from abm_pipeline.sandbox.world.scales import DAY, NEVER
from abm_pipeline.sandbox.world.tables import Array

VERSION = "2026-06-24.dahlia"
_WIDE = np.int64(1 << 36)


class Render:
    """Objects by kind and position. `expand` names fields that are given whole instead of by id."""

    def __init__(self, world: World) -> None:
        self.world = world

    @cached_property
    def book(self) -> Book:
        """What happened."""
        return book(self.world)

    @cached_property
    def ids(self) -> tuple[Array, Array, Array]:
        """Ids by kind."""
        return (self.book.ids(CUSTOMER), self.book.ids(SUBSCRIPTION), self.book.ids(INVOICE))

    @cached_property
    def _periods(self) -> Array:
        """Sort keys (subscription, begin) of the invoices of periods, which stand first and in that order."""
        b = self.book
        keys: Array = (b.of * _WIDE + b.begin)[b.dropped == NEVER]
        return keys

    @cached_property
    def _edited(self) -> Array:
        b = self.book
        return np.sort((b.edit_kind * 1_000_000 + b.edit_row) * _WIDE + b.edit_at)

    def _edits(self, kind: int, row: int, at: int) -> int:
        """How often the object has been edited by hand."""
        base = (kind * 1_000_000 + row) * _WIDE
        low, high = np.searchsorted(self._edited, [base, base + at + 1])
        return int(high - low)

    def one(self, kind: int, row: int, at: int, expand: frozenset[str] = frozenset()) -> dict[str, Any]:
        """An object as of `at`."""
        made = (self.customer, self.subscription, self.invoice)[kind](row, at)
        if kind == SUBSCRIPTION and "discounts.source.coupon" not in expand:
            if "discounts" in expand:
                for discount in made["discounts"]:
                    discount["source"]["coupon"] = discount["source"]["coupon"]["id"]
            else:
                made["discounts"] = [discount["id"] for discount in made["discounts"]]
        if kind != CUSTOMER and "customer" in expand:
            owner = int(self.book.owner[row if kind == SUBSCRIPTION else self.book.of[row]])
            made["customer"] = self.customer(owner, at)
        return made

    def customer(self, row: int, at: int) -> dict[str, Any]:
        """A customer. Its name is the company's, its address a person's or nobody's."""
        b, c = self.book, self.world.companies
        company, edits = int(b.company[row]), self._edits(CUSTOMER, row, at)
        people, person = self.world.people.contacts, int(b.person[row])
        country, paying = c.country[company], np.flatnonzero(b.owner == row)
        metadata = {"revision": str(edits)} if edits else {}
        if b.crm_id[row] is not None:
            metadata = {"salesforce_account_id": b.crm_id[row], **metadata}
        return {
            "id": self.ids[CUSTOMER][row],
            "object": "customer",
            "address": None
            if row % 5 == 4
            else {
                "city": c.city[company],
                "country": COUNTRIES[country][0],
                "line1": None,
                "line2": None,
                "postal_code": None,
                "state": None,
            },
            "balance": 0,
            "created": int(b.born[row]),
            "currency": str(b.made.currency[b.subscription[paying[0]]]).lower() if len(paying) else None,
            "default_source": None,
            "delinquent": False,
            "description": f"Edited {edits} times" if edits else None,
            "discount": None,
            "email": people.email[person] if person >= 0 else None,
            "invoice_prefix": ident("", row, 8).upper(),
            "invoice_settings": {
                "custom_fields": None,
                "default_payment_method": None,
                "footer": None,
                "rendering_options": None,
            },
            "livemode": False,
            "metadata": metadata,
            "name": c.legal_name[company],
            "next_invoice_sequence": 1,
            "phone": None,
            "preferred_locales": [],
            "shipping": None,
            "tax_exempt": "none",
            "test_clock": None,
        }

    def subscription(self, row: int, at: int) -> dict[str, Any]:
        """A subscription with its items; discounts whole."""
        b, made = self.book, self.book.made
        place = int(b.subscription[row])
        start, end = int(made.start[place]), int(made.end[place])
        is_over, is_decided = at >= end, at >= b.decided[row]
        period = int(np.searchsorted(self._periods, row * _WIDE + min(at, end - 1), side="right")) - 1
        owed = (b.of == row) & (b.failed <= at) & (at < b.paid)
        status = "canceled" if is_over else "past_due" if owed.any() else "active"
        edits = self._edits(SUBSCRIPTION, row, at)
        terms = int(b.terms[period])
        return {
            "id": self.ids[SUBSCRIPTION][row],
            "object": "subscription",
            "application": None,
            "application_fee_percent": None,
            "automatic_tax": {"disabled_reason": None, "enabled": False, "liability": None},
            "billing_cycle_anchor": start,
            "billing_cycle_anchor_config": None,
            "billing_mode": {"flexible": None, "type": "classic"},
            "billing_thresholds": None,
            "cancel_at": end if is_decided and not is_over else None,
            "cancel_at_period_end": bool(is_decided and not is_over),
            "canceled_at": int(b.decided[row]) if is_decided else None,
            "cancellation_details": {
                "comment": None,
                "feedback": ("too_expensive", "switched_service", "unused", None)[row % 4] if is_decided else None,
                "reason": "cancellation_requested" if is_decided else None,
            },
            "collection_method": "send_invoice" if terms else "charge_automatically",
            "created": start,
            "currency": str(made.currency[place]).lower(),
            "customer": self.ids[CUSTOMER][b.owner[row]],
            "days_until_due": terms or None,
            "default_payment_method": None,
            "default_source": None,
            "default_tax_rates": [],
            "description": None,
            "discounts": discounts(b, row, self.ids[SUBSCRIPTION][row], self.ids[CUSTOMER][b.owner[row]]),
            "ended_at": end if is_over else None,
            "invoice_settings": {"account_tax_ids": None, "issuer": {"type": "self"}},
            "items": items(b, row, at, self.ids[SUBSCRIPTION][row], (int(b.begin[period]), int(b.end[period]))),
            "latest_invoice": self.ids[INVOICE][period],
            "livemode": False,
            "metadata": {"revision": str(edits)} if edits else {},
            "next_pending_invoice_item_invoice": None,
            "on_behalf_of": None,
            "pause_collection": None,
            "payment_settings": {
                "payment_method_options": None,
                "payment_method_types": None,
                "save_default_payment_method": "off",
            },
            "pending_invoice_item_interval": None,
            "pending_setup_intent": None,
            "pending_update": None,
            "schedule": None,
            "start_date": start,
            "status": status,
            "test_clock": None,
            "transfer_data": None,
            "trial_end": None,
            "trial_settings": {"end_behavior": {"missing_payment_method": "create_invoice"}},
            "trial_start": None,
        }

    def invoice(self, row: int, at: int) -> dict[str, Any]:
        """An invoice: a draft for an hour, then open, then paid, void or uncollectible."""
        b = self.book
        sub = int(b.of[row])
        owner = int(b.owner[sub])
        moments = {
            "finalized_at": int(b.finalized[row]),
            "marked_uncollectible_at": int(b.lost[row]),
            "paid_at": int(b.paid[row]),
            "voided_at": int(b.voided[row]),
        }
        known = {name: moment if moment <= at else None for name, moment in moments.items()}
        status = "draft" if known["finalized_at"] is None else "open"
        for name, word in (
            ("paid_at", "paid"),
            ("voided_at", "void"),
            ("marked_uncollectible_at", "uncollectible"),
        ):
            status = word if known[name] is not None else status
        amount, finalized = int(b.amount[row]), known["finalized_at"]
        paid = amount if status == "paid" else 0
        is_manual = b.dropped[row] < NEVER
        number = None if finalized is None else f"{ident('', owner, 8).upper()}-{row:04d}"
        people, person = self.world.people.contacts, int(b.person[owner])
        url = f"https://invoice.stripe.com/i/acct_sandbox/{self.ids[INVOICE][row]}"
        return {
            "id": self.ids[INVOICE][row],
            "object": "invoice",
            "account_country": "US",
            "account_name": "Northwind",
            "account_tax_ids": None,
            "amount_due": amount,
            "amount_overpaid": 0,
            "amount_paid": paid,
            "amount_remaining": amount - paid,
            "amount_shipping": 0,
            "application": None,
            "attempt_count": int(at >= b.failed[row]) + int(status == "paid" and b.terms[row] == 0),
            "attempted": bool(at >= min(b.failed[row], b.paid[row])),
            "auto_advance": status in ("draft", "open") and not is_manual,
            "automatic_tax": {
                "disabled_reason": None,
                "enabled": False,
                "liability": None,
                "provider": None,
                "status": None,
            },
            "automatically_finalizes_at": int(b.dated[row]) + HOUR if status == "draft" and not is_manual else None,
            "billing_reason": "manual"
            if is_manual
            else "subscription_create"
            if b.begin[row] == b.made.start[b.subscription[sub]]
            else "subscription_cycle",
            "collection_method": "send_invoice" if b.terms[row] else "charge_automatically",
            "created": int(b.dated[row]),
            "currency": str(b.made.currency[b.subscription[sub]]).lower(),
            "custom_fields": None,
            "customer": self.ids[CUSTOMER][owner],
            "customer_address": None,
            "customer_email": people.email[person] if person >= 0 else None,
            "customer_name": self.world.companies.legal_name[b.company[owner]],
            "customer_phone": None,
            "customer_shipping": None,
            "customer_tax_exempt": "none",
            "customer_tax_ids": [],
            "default_payment_method": None,
            "default_source": None,
            "default_tax_rates": [],
            "description": None,
            "discounts": [],
            "due_date": int(b.dated[row] + b.terms[row] * DAY) if b.terms[row] else None,
            "effective_at": finalized,
            "ending_balance": None if finalized is None else 0,
            "footer": None,
            "from_invoice": None,
            "hosted_invoice_url": None if finalized is None else url,
            "invoice_pdf": None if finalized is None else f"{url}/pdf",
            "issuer": {"type": "self"},
            "last_finalization_error": None,
            "latest_revision": None,
            "lines": {
                "object": "list",
                "data": [],
                "has_more": False,
                "total_count": 0,
                "url": f"/v1/invoices/{self.ids[INVOICE][row]}/lines",
            },
            "livemode": False,
            "metadata": {},
            "next_payment_attempt": None,
            "number": number,
            "on_behalf_of": None,
            "parent": None
            if is_manual
            else {
                "quote_details": None,
                "subscription_details": {"metadata": {}, "subscription": self.ids[SUBSCRIPTION][sub]},
                "type": "subscription_details",
            },
            "payment_settings": {
                "default_mandate": None,
                "payment_method_options": None,
                "payment_method_types": None,
            },
            "period_end": int(b.begin[row]),
            "period_start": int(b.begin[row]),
            "post_payment_credit_notes_amount": 0,
            "pre_payment_credit_notes_amount": 0,
            "receipt_number": None,
            "rendering": None,
            "shipping_cost": None,
            "shipping_details": None,
            "starting_balance": 0,
            "statement_descriptor": None,
            "status": status,
            "status_transitions": known,
            "subtotal": amount,
            "subtotal_excluding_tax": amount,
            "test_clock": None,
            "total": amount,
            "total_discount_amounts": [],
            "total_excluding_tax": amount,
            "total_pretax_credit_amounts": [],
            "total_taxes": [],
            "webhooks_delivered_at": int(b.dated[row]),
        }

    def event(self, row: int) -> dict[str, Any]:
        """An event with the object as it was then, not expanded; of a deleted one as it last was."""
        b = self.book
        at, name = int(b.at[row]), TYPES[b.type[row]]
        what: dict[str, Any] = {"object": self.one(int(b.kind[row]), int(b.row[row]), at)}
        if name.endswith("updated"):
            what["previous_attributes"] = {}
        return {
            "id": ident("evt_1", row),
            "object": "event",
            "api_version": VERSION,
            "created": at,
            "data": what,
            "livemode": False,
            "pending_webhooks": 0,
            "request": {"id": None, "idempotency_key": None},
            "type": name,
        }
