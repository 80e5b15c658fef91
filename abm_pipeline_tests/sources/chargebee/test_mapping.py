"""Chargebee's payloads as canonical rows."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from hashlib import sha256
from typing import Any

import pytest

from abm_pipeline.contracts import tables as T
from abm_pipeline_tests.staging.conftest import RawLake

AT = 1772443800  # 2026-03-02T09:30:00Z
START = 1767225600  # 2026-01-01


def item(amount: int, kind: str = "plan") -> dict[str, Any]:
    """One item of a subscription."""
    return {"item_price_id": "Business-USD-Monthly", "item_type": kind, "quantity": 1, "amount": amount}


def subscription(**told: Any) -> dict[str, Any]:
    """A subscription with Chargebee's own figure of 100.00 a month."""
    base = {
        "customer_id": "c1", "status": "active", "currency_code": "USD", "mrr": 10000, "billing_period": 1,
        "billing_period_unit": "month", "started_at": START, "created_at": START, "updated_at": AT,
        "resource_version": AT * 1000 + 7, "deleted": False, "subscription_items": [item(12500)],
    }  # fmt: skip
    return {name: value for name, value in (base | told).items() if value is not None}


SUBSCRIPTIONS: dict[str, tuple[dict[str, Any], str]] = {
    "own_figure": (subscription(), "100"),
    "none_given": (subscription(mrr=None), "125"),
    "yearly": (subscription(mrr=None, billing_period_unit="year", subscription_items=[item(120000)]), "100"),
    "two_months": (subscription(mrr=None, billing_period=2), "62.5"),
    "add_on": (subscription(mrr=None, subscription_items=[item(1000), item(200, "addon"), item(9, "charge")]), "12"),
    "older_catalogue": (subscription(mrr=None, subscription_items=None, plan_id="basic", plan_amount=5000), "50"),
    "yen": (subscription(currency_code="JPY"), "10000"),
    "non_renewing": (subscription(status="non_renewing", cancelled_at=AT + 99999), "100"),
    "cancelled": (subscription(status="cancelled", cancelled_at=START + 86400), "0"),
    "in_trial": (subscription(status="in_trial"), "0"),
    "paused": (subscription(status="paused"), "0"),
    "deleted": (subscription(deleted=True), "0"),
}


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> RawLake:
    """Everything staged in one run."""
    lake = RawLake(tmp_path_factory.mktemp("lake"))
    base = {"updated_at": AT, "resource_version": AT * 1000 + 7, "created_at": START, "deleted": False}
    customers = {
        "c1": {"company": "Acme GmbH", "first_name": "Jo", "last_name": "Doe", "email": "Jo.Doe@ACME.de", "phone": "1",
               "billing_address": {"country": "DE", "city": "Berlin"}, "cf_salesforce_account_id": "001A",
               "contacts": [{"first_name": "Al", "email": "al@acme.de"}, {"email": "Jo.Doe@acme.de"}, {"id": "x"}]},
        "c2": {"first_name": "Bo", "last_name": "Beta", "deleted": True},
        "c3": {"company": "Gamma", "resource_version": None},
    }  # fmt: skip
    for name, told in customers.items():
        row = {key: value for key, value in ({"id": name} | base | told).items() if value is not None}
        lake.put("chargebee", "customer", name, row)
    for name, (told, _) in SUBSCRIPTIONS.items():
        lake.put("chargebee", "subscription", name, {"id": name, **told})
    invoice = {
        "customer_id": "c1", "subscription_id": "s1", "status": "paid", "currency_code": "EUR", "total": 12345,
        "amount_paid": 12345, "date": START, "due_date": START + 86400 * 30, "paid_at": START + 86400, **base,
    }  # fmt: skip
    lake.put("chargebee", "invoice", "1001", {"id": "1001", **invoice})
    lake.put("chargebee", "invoice", "1002", {"id": "1002", **invoice, "customer_id": None})
    lake.put("chargebee", "invoice", "1003", {"id": "1003", **invoice, "total": "a lot"})
    lake.stage()
    return lake


@pytest.mark.parametrize("name", SUBSCRIPTIONS)
def test_monthly_recurring_revenue(lake: RawLake, name: str) -> None:
    """Chargebee's figure, or the recurring items over the months of the period; nothing unless active."""
    assert (Decimal(SUBSCRIPTIONS[name][1]),) == lake.one(T.SUBSCRIPTION, name, "mrr")


def test_a_subscription_is_the_customers(lake: RawLake) -> None:
    """The end of one that runs out is not told before it came; the version is in milliseconds."""
    at = datetime(2026, 3, 2, 9, 30, 0, 7000, tzinfo=UTC)
    columns = ("company_source_id", "currency", "started_day", "ended_day", "plan", "status", "modified_at")
    start = date(2026, 1, 1)
    expected = ("c1", "USD", start, None, "Business-USD-Monthly", "non_renewing", at)
    assert expected == lake.one(T.SUBSCRIPTION, "non_renewing", *columns)
    assert (date(2026, 1, 2),) == lake.one(T.SUBSCRIPTION, "cancelled", "ended_day")
    assert ("basic",) == lake.one(T.SUBSCRIPTION, "older_catalogue", "plan")


def test_customers_are_companies(lake: RawLake) -> None:
    """By the company's name, or the person's where there is none; the CRM's id where the custom field has it."""
    whole = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
    first = whole.replace(microsecond=7000)
    expected = [
        ("c1", "Acme GmbH", "acme.de", "DE", "Berlin", "salesforce:001A", False, first),
        ("c2", "Bo Beta", None, None, None, None, True, first),
        ("c3", "Gamma", None, None, None, None, False, whole),
    ]
    columns = ("source_id", "name", "domain", "country_code", "city", "same_as", "is_deleted", "modified_at")
    assert expected == lake.rows(T.COMPANY, *columns)


def test_contacts_are_known_by_their_address(lake: RawLake) -> None:
    """The customer's own and one of its contacts; the same address twice is one, a contact without one is none."""
    jo, al = (sha256(address).hexdigest() for address in (b"jo.doe@acme.de", b"al@acme.de"))
    got = {row[0]: row[1:] for row in lake.rows(T.CONTACT, "source_id", "company_source_id", "domain", "person_type")}
    assert {jo: ("c1", "acme.de", "contact"), al: ("c1", "acme.de", "contact")} == got
    assert ("Al", False) == lake.one(T.CONTACT, al, "full_name", "phone_known")


def test_invoices(lake: RawLake) -> None:
    """In whole units; the number is the id."""
    columns = (
        "company_source_id", "subscription_source_id", "number", "status", "amount", "amount_paid", "currency",
        "issued_day", "due_day", "paid_day", "is_deleted",
    )  # fmt: skip
    amount = Decimal("123.45")
    days = (date(2026, 1, 1), date(2026, 1, 31), date(2026, 1, 2))
    assert ("c1", "s1", "1001", "paid", amount, amount, "EUR", *days, False) == lake.one(T.INVOICE, "1001", *columns)


def test_what_breaks_the_contract_is_quarantined(lake: RawLake) -> None:
    """An invoice of nobody, and one with a total in words."""
    assert [("invoice", "1002", "null:customer_id"), ("invoice", "1003", "retyped:total")] == lake.quarantine()
