"""What is inside a Stripe subscription: items with their prices, and discounts.

Belongs here: prices chosen so that the items less the discounts come to what the world says the subscription brings a
month, with all that makes that hard: yearly and quarterly prices, a platform fee beside the seats, metered prices,
discounts in per cent and in money, and one that does not recur.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from abm_pipeline.sandbox.stripe.book import AMOUNT, AMOUNT_OFF, NO_DISCOUNT, ONCE, PERCENT, Book, ident

SEAT = 1000  # monthly list price of a seat without a percentage off, minor units
PLATFORM_SEATS = 50
COUPONS: dict[int, dict[str, Any]] = {
    PERCENT: {"id": "PARTNER20", "percent_off": 20.0, "duration": "forever", "name": "Partner 20 %"},
    AMOUNT: {"id": "LOYAL100", "amount_off": AMOUNT_OFF, "duration": "forever", "name": "Loyalty"},
    ONCE: {"id": "WELCOME50", "percent_off": 50.0, "duration": "once", "name": "Half the first invoice"},
}
INTERVALS = {1: ("month", 1), 3: ("month", 3), 12: ("year", 1)}


def discounts(b: Book, row: int, subscription: str, customer: str) -> list[dict[str, Any]]:
    """The discount of a subscription, if it has one."""
    kind = int(b.discount[row])
    if kind == NO_DISCOUNT:
        return []
    currency = str(b.made.currency[b.subscription[row]]).lower()
    coupon = COUPONS[kind]
    off = coupon.get("amount_off")
    return [
        {
            "id": ident("di_1", row),
            "object": "discount",
            "checkout_session": None,
            "customer": customer,
            "end": None,
            "invoice": None,
            "invoice_item": None,
            "promotion_code": None,
            "source": {
                "coupon": {
                    "id": coupon["id"] if off is None else f"{coupon['id']}-{currency}-{b.every[row]}",
                    "object": "coupon",
                    "amount_off": None if off is None else off * int(b.every[row]),
                    "created": 1_600_000_000,
                    "currency": None if off is None else currency,
                    "duration": coupon["duration"],
                    "duration_in_months": None,
                    "livemode": False,
                    "max_redemptions": None,
                    "metadata": {},
                    "name": coupon["name"],
                    "percent_off": coupon.get("percent_off"),
                    "redeem_by": None,
                    "times_redeemed": 1,
                    "valid": True,
                },
                "type": "coupon",
            },
            "start": int(b.made.start[b.subscription[row]]),
            "subscription": subscription,
            "subscription_item": None,
        }
    ]


def items(b: Book, row: int, at: int, subscription: str, period: tuple[int, int]) -> dict[str, Any]:
    """Seats; for large customers a platform fee; for some a metered price, which is no recurring revenue."""
    made, kind = b.made, int(b.discount[row])
    place = int(b.subscription[row])
    mrr = int(made.mrr_of(np.array([place]), np.array([min(at, int(made.end[place]) - 1)]))[0])
    unit = SEAT * 5 // 4 if kind == PERCENT else SEAT
    seats = mrr // SEAT + (AMOUNT_OFF // SEAT if kind == AMOUNT else 0)
    lines: list[tuple[str, int, int | None]] = []
    if seats > 2 * PLATFORM_SEATS:
        lines.append(("platform", unit * PLATFORM_SEATS, 1))
        seats -= PLATFORM_SEATS
    lines.insert(0, ("seat", unit, seats))
    if row % 4 == 1:
        lines.append(("calls", 12, None))
    data = [
        _item(b, row, number, *line)
        | {
            "current_period_end": period[1],
            "current_period_start": period[0],
            "subscription": subscription,
        }
        for number, line in enumerate(lines)
    ]
    url = f"/v1/subscription_items?subscription={subscription}"
    return {"object": "list", "data": data, "has_more": False, "total_count": len(data), "url": url}


def _item(b: Book, row: int, number: int, what: str, unit: int, quantity: int | None) -> dict[str, Any]:
    place, every = int(b.subscription[row]), int(b.every[row])
    plan, currency = str(b.made.plan[place]), str(b.made.currency[place]).lower()
    interval, count = INTERVALS[every]
    usage = "metered" if quantity is None else "licensed"
    amount = unit if quantity is None else unit * every
    price = ident("price_1", [*"spc"].index(what[0]) * 100_000 + place)
    nickname = f"{plan} {what}"
    item: dict[str, Any] = {
        "id": ident("si_", row * 10 + number),
        "object": "subscription_item",
        "billing_thresholds": None,
        "created": int(b.made.start[place]),
        "discounts": [],
        "metadata": {},
        "plan": {
            "id": price,
            "object": "plan",
            "active": True,
            "amount": amount,
            "amount_decimal": str(amount),
            "billing_scheme": "per_unit",
            "created": 1_600_000_000,
            "currency": currency,
            "interval": interval,
            "interval_count": count,
            "livemode": False,
            "metadata": {},
            "meter": "mtr_test_calls" if quantity is None else None,
            "nickname": nickname,
            "product": f"prod_{plan.split(maxsplit=1)[0]}",
            "tiers_mode": None,
            "transform_usage": None,
            "trial_period_days": None,
            "usage_type": usage,
        },
        "price": {
            "id": price,
            "object": "price",
            "active": True,
            "billing_scheme": "per_unit",
            "created": 1_600_000_000,
            "currency": currency,
            "custom_unit_amount": None,
            "livemode": False,
            "lookup_key": None,
            "metadata": {},
            "nickname": nickname,
            "product": f"prod_{plan.split(maxsplit=1)[0]}",
            "recurring": {
                "interval": interval,
                "interval_count": count,
                "meter": "mtr_test_calls" if quantity is None else None,
                "trial_period_days": None,
                "usage_type": usage,
            },
            "tax_behavior": "unspecified",
            "tiers_mode": None,
            "transform_quantity": None,
            "type": "recurring",
            "unit_amount": amount,
            "unit_amount_decimal": str(amount),
        },
        "tax_rates": [],
    }
    if quantity is not None:
        item["quantity"] = quantity
    return item
