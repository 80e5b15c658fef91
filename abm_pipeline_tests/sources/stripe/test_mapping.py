"""Stripe's payloads as canonical rows."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from hashlib import sha256
from typing import Any

import pytest

from abm_pipeline.contracts import tables as T
from abm_pipeline_tests.staging.conftest import RawLake

VERSION = "2026-03-02T09:30:00Z"
START = 1767225600  # 2026-01-01


def item(unit: str, quantity: int | None = 1, interval: str = "month", count: int = 1, **more: Any) -> dict[str, Any]:
    """One item of a subscription."""
    usage = "licensed" if quantity is not None else "metered"
    recurring = {"interval": interval, "interval_count": count, "usage_type": usage}
    price = {"id": "price_1", "nickname": "Business", "unit_amount_decimal": unit, "recurring": recurring, **more}
    return {"id": "si_1", "price": price} | ({} if quantity is None else {"quantity": quantity})


def coupon(duration: str, end: int | None = None, **off: Any) -> dict[str, Any]:
    """One discount."""
    return {"id": "di_1", "object": "discount", "end": end, "source": {"coupon": {"duration": duration, **off}}}


def subscription(*items: dict[str, Any], **told: Any) -> dict[str, Any]:
    """A subscription."""
    base = {
        "customer": "cus_1", "status": "active", "currency": "usd", "created": START, "start_date": START,
        "ended_at": None, "discounts": [], "items": {"object": "list", "data": list(items)},
    }  # fmt: skip
    return base | told


def invoice(**told: Any) -> dict[str, Any]:
    """An invoice."""
    base = {
        "customer": "cus_1", "currency": "eur", "created": START, "number": "A-1", "status": "paid", "total": 12345,
        "amount_paid": 12345, "due_date": None, "status_transitions": {"finalized_at": START, "paid_at": START + 86400},
        "parent": {"subscription_details": {"subscription": "sub_1"}},
    }  # fmt: skip
    return base | told


SUBSCRIPTIONS: dict[str, tuple[dict[str, Any], str | None]] = {
    "seats": (subscription(item("1000", 25)), "250"),
    "yearly": (subscription(item("120000", 2, "year")), "200"),
    "quarterly": (subscription(item("30000", 1, "month", 3)), "100"),
    "weekly": (subscription(item("1200", 1, "week")), "52"),
    "two_items": (subscription(item("1000", 10), item("50000")), "600"),
    "metered": (subscription(item("1000", 10), item("12", None)), "100"),
    "fraction": (subscription(item("0.5", 1000)), "5"),
    "percent": (subscription(item("1000", 10), discounts=[coupon("forever", percent_off=20.0)]), "80"),
    "both": (
        subscription(
            item("1000", 10), discounts=[coupon("forever", percent_off=20), coupon("forever", amount_off=1000)]
        ),
        "70",
    ),
    "yearly_amount": (
        subscription(item("120000", 1, "year"), discounts=[coupon("forever", amount_off=12000)]),
        "90",
    ),
    "once": (subscription(item("1000", 10), discounts=[coupon("once", percent_off=50)]), "100"),
    "over": (subscription(item("1000", 10), discounts=[coupon("repeating", START, percent_off=50)]), "100"),
    "by_id": (subscription(item("1000", 10), discounts=["di_9"]), None),
    "yen": (subscription(item("1000", 10), currency="jpy"), "10000"),
    "free": (subscription(item("1000", 1), discounts=[coupon("forever", amount_off=5000)]), "0"),
    "past_due": (subscription(item("1000", 10), status="past_due"), "100"),
    "trialing": (subscription(item("1000", 10), status="trialing"), "0"),
    "canceled": (subscription(item("1000", 10), status="canceled", ended_at=START + 86400 * 31), "0"),
}  # fmt: skip


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> RawLake:
    """Everything staged in one run."""
    lake = RawLake(tmp_path_factory.mktemp("lake"))
    customers = {
        "cus_1": {"name": "Acme GmbH", "email": "Jo.Doe@ACME.com", "address": {"country": "DE", "city": "Berlin"},
                  "metadata": {"salesforce_account_id": "001Bn00000001"}},
        "cus_2": {"name": "Beta", "email": "who@gmail.com", "address": None, "metadata": {}},
        "cus_3": {"name": "Gamma", "email": None, "deleted": True, "metadata": {"salesforce_account_id": " "}},
    }  # fmt: skip
    for name, told in customers.items():
        lake.put("stripe", "customer", name, {"id": name, "created": START, **told}, version=VERSION)
    for name, (told, _) in SUBSCRIPTIONS.items():
        lake.put("stripe", "subscription", name, {"id": name, **told}, version=VERSION)
    invoices = {
        "in_1": invoice(),
        "in_2": invoice(status="draft", number=None, amount_paid=0, status_transitions={"finalized_at": None},
                        parent=None, subscription="sub_2", deleted=True),
        "in_3": invoice(currency="jpy", due_date=START + 86400 * 30, customer=None),
    }  # fmt: skip
    for name, told in invoices.items():
        lake.put("stripe", "invoice", name, {"id": name, **told}, version=VERSION)
    lake.put("stripe", "invoice", "in_4", {"id": "in_4", **invoice(created=None)}, version=VERSION)
    lake.stage()
    return lake


@pytest.mark.parametrize("name", SUBSCRIPTIONS)
def test_monthly_recurring_revenue(lake: RawLake, name: str) -> None:
    """Unit price × quantity over the months of the interval, less what is recurrently discounted; see the table.

    `both`: 100.00 less 20 % is 80.00, less 10.00 is 70.00. `yearly_amount`: 1200.00 a year less 120.00 is 90 a month.
    A discount that is known by its id only leaves the amount unknown.
    """
    expected = SUBSCRIPTIONS[name][1]
    assert (None if expected is None else Decimal(expected),) == lake.one(T.SUBSCRIPTION, name, "mrr")


def test_a_subscription_is_the_customers(lake: RawLake) -> None:
    """Ended on the first of February, the day after its last."""
    expected = ("cus_1", "USD", date(2026, 1, 1), date(2026, 2, 1), "Business", "none", "canceled", False)
    columns = ("company_source_id", "currency", "started_day", "ended_day", "plan", "kind", "status", "is_deleted")
    assert expected == lake.one(T.SUBSCRIPTION, "canceled", *columns)


def test_customers_are_companies(lake: RawLake) -> None:
    """A domain by the address (free mail is for identity to leave out); the CRM's id where it is kept; deleted ones."""
    expected = [
        ("cus_1", "Acme GmbH", "acme.com", "DE", "EMEA", "Berlin", "salesforce:001Bn00000001", False),
        ("cus_2", "Beta", "gmail.com", None, None, None, None, False),
        ("cus_3", "Gamma", None, None, None, None, None, True),
    ]
    columns = ("source_id", "name", "domain", "country_code", "region", "city", "same_as", "is_deleted")
    assert expected == lake.rows(T.COMPANY, *columns)


def test_who_gets_the_invoices_is_a_contact(lake: RawLake) -> None:
    """Known by the hash of the lower-cased address, in the customer's company."""
    ident = sha256(b"jo.doe@acme.com").hexdigest()
    expected = ("contact", "cus_1", ident, "acme.com", "acme.com")
    assert expected == lake.one(
        T.CONTACT, ident, "person_type", "company_source_id", "email_hash", "email_domain", "domain"
    )
    assert 2 == len(lake.rows(T.CONTACT, "source_id"))


def test_invoices(lake: RawLake) -> None:
    """Paid, a deleted draft of an older version's shape, and one in a currency without a smaller unit."""
    columns = (
        "source_id", "company_source_id", "subscription_source_id", "number", "status", "amount", "amount_paid",
        "currency", "issued_day", "due_day", "paid_day", "is_deleted",
    )  # fmt: skip
    first, second, due = date(2026, 1, 1), date(2026, 1, 2), date(2026, 1, 31)
    amount = Decimal("123.45")
    expected = [
        ("in_1", "cus_1", "sub_1", "A-1", "paid", amount, amount, "EUR", first, None, second, False),
        ("in_2", "cus_1", "sub_2", None, "draft", amount, Decimal(0), "EUR", None, None, None, True),
        ("in_3", None, "sub_1", "A-1", "paid", Decimal(12345), Decimal(12345), "JPY", first, due, second, False),
    ]
    assert expected == lake.rows(T.INVOICE, *columns)


def test_what_breaks_the_contract_is_quarantined(lake: RawLake) -> None:
    """An invoice that does not say when it was made."""
    assert [("invoice", "in_4", "null:created")] == lake.quarantine()
