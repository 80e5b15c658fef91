"""Paths of the Chargebee sandbox: lists of customers, subscriptions and invoices by time of change.

Attributes without a value are left out, money is in minor units, times are epoch seconds. `next_offset` is text that
looks like JSON and is absent on the last page.
"""

from __future__ import annotations

import time
from base64 import b64decode
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from abm_pipeline.sandbox.chargebee.records import records
from abm_pipeline.sandbox.vendor import BaseApi
from abm_pipeline.sandbox.world import World
from abm_pipeline.sandbox.world.customers import customers
from abm_pipeline.sandbox.world.names import COUNTRIES
from abm_pipeline.sandbox.world.scales import NULL
from abm_pipeline.sandbox.world.tables import Table

API_KEY = "test_sandboxNorthwind"
RESOURCES = {"customers": "customer", "subscriptions": "subscription", "invoices": "invoice"}
ALLOWED = frozenset({"limit", "offset", "include_deleted", "updated_at", "sort_by", "id", "status", "customer_id"})
SEAT = 1000


class RefusedError(Exception):
    """A request that is answered with an error."""

    def __init__(self, status: int, code: str, message: str, kind: str = "invalid_request", wait: int = 0) -> None:
        super().__init__(message)
        self.status, self.wait = status, wait
        self.body = refusal(status, code, message, kind)


def refusal(status: int, code: str, message: str, kind: str = "invalid_request") -> dict[str, Any]:
    """An error in Chargebee's words."""
    return {
        "message": message,
        "type": kind,
        "api_error_code": code,
        "error_code": code,
        "error_msg": message,
        "http_status_code": status,
    }


@dataclass
class ChargebeeApi(BaseApi):
    """Handlers. `per_minute` is the limit of the site."""

    world: World
    per_minute: int = 150
    calls: deque[float] = field(default_factory=deque)

    def routes(self) -> list[Route]:
        """All Chargebee paths, to be mounted under /chargebee."""
        return [Route("/api/v2/{name}", self.listed), Route("/api/v2/{name}/{id}", self.one)]

    async def listed(self, request: Request) -> Response:
        """`GET /api/v2/<name>`."""
        return self._answer(request, self._list)

    async def one(self, request: Request) -> Response:
        """`GET /api/v2/<name>/<id>`."""
        return self._answer(request, self._one)

    def _answer(self, request: Request, handler: Any) -> Response:
        headers: dict[str, str] = {}
        try:
            self._admit(request)
            status, body = 200, handler(request)
        except RefusedError as error:
            status, body = error.status, error.body
            if error.wait:
                headers["Retry-After"] = str(error.wait)
        return Response(orjson.dumps(body), status, headers, "application/json")

    def _admit(self, request: Request) -> None:
        scheme, _, sent = request.headers.get("authorization", "").partition(" ")
        if scheme != "Basic" or b64decode(sent).decode() != f"{API_KEY}:":
            raise RefusedError(
                401, "api_authentication_failed", "Sorry, authentication failed. Invalid api key", "operation_failed"
            )
        now = time.monotonic()
        while self.calls and self.calls[0] < now - 60:
            self.calls.popleft()
        if len(self.calls) >= self.per_minute:
            message = "Sorry, the limit of requests a minute is reached"
            raise RefusedError(429, "api_request_limit_exceeded", message, "operation_failed", wait=30)
        self.calls.append(now)

    def _list(self, request: Request) -> dict[str, Any]:
        kind = RESOURCES.get(request.path_params["name"])
        if kind is None:
            raise RefusedError(404, "resource_not_found", "Sorry, there is no such resource")
        asked = _query(request)
        table = records(self.world)[kind]
        rows = table.visible(self.world.instant)
        if asked.get("include_deleted") != "true":
            rows = rows[~table.columns["deleted"][rows]]
        stamp = table.valid_from
        for word, value in asked.get("updated_at", {}).items():
            rows = rows[_passes(word, value, stamp[rows])]
        sign = -1 if "desc" in asked.get("sort_by", {}) else 1
        rows = rows[np.lexsort((table.record[rows], sign * stamp[rows]))]
        limit = asked.get("limit", "10")
        if not limit.isdigit() or not 1 <= int(limit) <= 100:
            raise RefusedError(400, "param_wrong_value", "limit : should be between 1 and 100")
        if "offset" in asked:
            rows = _after(asked["offset"], rows, table, sign)
        page = rows[: int(limit)]
        body: dict[str, Any] = {"list": [self._entry(kind, table, int(row)) for row in page]}
        if len(rows) > len(page):
            last = int(page[-1])
            body["next_offset"] = orjson.dumps([f"{stamp[last]}000", f"23{table.record[last]:010d}"]).decode()
        return body

    def _one(self, request: Request) -> dict[str, Any]:
        kind = RESOURCES.get(request.path_params["name"], "")
        table = records(self.world).get(kind)
        if table is None:
            raise RefusedError(404, "resource_not_found", "Sorry, there is no such resource")
        rows = table.visible(self.world.instant)
        found = rows[table.columns["id"][rows] == request.path_params["id"]]
        if not len(found):
            raise RefusedError(404, "resource_not_found", f"{request.path_params['id']} not found")
        return self._entry(kind, table, int(found[0]))

    def _entry(self, kind: str, table: Table, row: int) -> dict[str, Any]:
        """A list's entry: the resource, and with a subscription its customer."""
        c = {name: values[row] for name, values in table.columns.items()}
        at, record = int(table.valid_from[row]), int(table.record[row])
        common = {"updated_at": at, "resource_version": at * 1000 + record % 1000, "deleted": bool(c["deleted"])}
        made = (self._customer if kind == "customer" else self._subscription if kind == "subscription" else _invoice)(c)
        entry = {kind: _told({**made, **common, "object": kind})}
        owners = records(self.world)["customer"]
        if kind == "invoice":
            subs = records(self.world)["subscription"]
            subscription = {name: values[_of(subs, int(c["_sub"]))] for name, values in subs.columns.items()}
            place = int(subscription["_place"])
            entry[kind] |= {
                "subscription_id": subscription["id"],
                "customer_id": owners.columns["id"][_of(owners, int(c["_owner"]))],
                "currency_code": str(customers(self.world).currency[place]),
            }
        if kind == "subscription":
            shown = owners.visible(self.world.instant)
            owner = shown[np.flatnonzero(owners.record[shown] == c["_owner"])[0]]
            entry |= self._entry("customer", owners, int(owner))
        return entry

    def _customer(self, c: Mapping[str, Any]) -> dict[str, Any]:
        companies, people = self.world.companies, self.world.people.contacts
        company, person, other = int(c["_company"]), int(c["_person"]), int(c["_other"])
        known = person >= 0
        contact = {
            "id": f"contact_{c['id']}",
            "first_name": people.first[other],
            "last_name": people.last[other],
            "email": people.email[other],
            "label": "Finance",
            "enabled": True,
            "send_account_email": False,
            "send_billing_email": True,
            "object": "contact",
        }
        return {
            "id": c["id"],
            "first_name": people.first[person] if known else None,
            "last_name": people.last[person] if known else None,
            "email": people.email[person] if known else None,
            "phone": c["phone"],
            "company": companies.legal_name[company],
            "auto_collection": "on",
            "net_term_days": 0,
            "allow_direct_debit": False,
            "created_at": int(c["CreatedDate"]),
            "taxability": "taxable",
            "pii_cleared": "active",
            "channel": "web",
            "billing_address": {
                "company": companies.legal_name[company],
                "city": companies.city[company],
                "country": COUNTRIES[companies.country[company]][0],
                "validation_status": "not_validated",
                "object": "billing_address",
            },
            "card_status": "no_card",
            "contacts": [contact] if other >= 0 else None,
            "promotional_credits": 0,
            "refundable_credits": 0,
            "excess_payments": 0,
            "unbilled_charges": 0,
            "preferred_currency_code": COUNTRIES[companies.country[company]][2],
            "cf_salesforce_account_id": c["crm_id"],
        }

    def _subscription(self, c: Mapping[str, Any]) -> dict[str, Any]:
        made, place = customers(self.world), int(c["_place"])
        months, mrr = int(made.months[place]), int(c["mrr"])
        unit = "year" if months == 12 else "month"
        is_over = c["status"] == "cancelled"
        owners = records(self.world)["customer"]
        plan = str(made.plan[place])
        item = {
            "item_price_id": f"{plan.replace(' ', '-')}-{made.currency[place]}-{unit.capitalize()}ly",
            "item_type": "addon" if plan.endswith("add-on") else "plan",
            "quantity": mrr // SEAT,
            "unit_price": SEAT * months,
            "amount": mrr * months,
            "free_quantity": 0,
            "object": "subscription_item",
        }
        start = int(made.start[place])
        return {
            "id": c["id"],
            "customer_id": owners.columns["id"][_of(owners, int(c["_owner"]))],
            "currency_code": str(made.currency[place]),
            "billing_period": 1,
            "billing_period_unit": unit,
            "status": c["status"],
            "current_term_start": int(c["term_start"]),
            "current_term_end": int(c["term_end"]),
            "next_billing_at": int(c["term_end"]) if c["status"] == "active" else None,
            "created_at": start,
            "started_at": start,
            "activated_at": start,
            "cancelled_at": c["cancelled_at"],
            "cancel_schedule_created_at": c["decided_at"],
            "cancel_reason": "not_specified" if is_over and place % 2 else None,
            "has_scheduled_changes": False,
            "channel": "web",
            "subscription_items": [item],
            "due_invoices_count": 0,
            "mrr": 0 if is_over else mrr,
            "exchange_rate": 1.0,
            "base_currency_code": "USD",
            "has_scheduled_advance_invoices": False,
            "create_pending_invoices": False,
            "auto_close_invoices": True,
        }


def _invoice(c: Mapping[str, Any]) -> dict[str, Any]:
    total, is_paid, is_void = int(c["total"]), c["status"] == "paid", c["status"] == "voided"
    owed = 0 if is_paid or is_void else total
    return {
        "id": c["id"],
        "recurring": True,
        "status": c["status"],
        "price_type": "tax_exclusive",
        "date": int(c["date"]),
        "due_date": int(c["due_date"]),
        "net_term_days": int(c["due_date"] - c["date"]) // 86_400,
        "exchange_rate": 1.0,
        "total": total,
        "sub_total": total,
        "tax": 0,
        "amount_paid": total if is_paid else 0,
        "amount_adjusted": 0,
        "write_off_amount": 0,
        "credits_applied": 0,
        "amount_due": owed,
        "amount_to_collect": owed,
        "paid_at": c["paid_at"],
        "voided_at": c["voided_at"],
        "round_off_amount": 0,
        "term_finalized": True,
        "is_gifted": False,
        "generated_at": int(c["date"]),
        "first_invoice": False,
        "new_sales_amount": 0,
        "has_advance_charges": False,
        "base_currency_code": "USD",
        "channel": "web",
    }


def _told(record: Mapping[str, Any]) -> dict[str, Any]:
    """What has a value."""
    return {
        name: int(value) if isinstance(value, np.integer) else value
        for name, value in record.items()
        if value is not None and not (isinstance(value, int | np.integer) and value == NULL)
    }


def _of(table: Table, record: int) -> int:
    """The first version of a record."""
    return int(np.searchsorted(table.record, record))


def _query(request: Request) -> dict[str, Any]:
    """Parameters with their brackets read. Raises RefusedError for unknown ones."""
    out: dict[str, Any] = {}
    for key, value in request.query_params.multi_items():
        name, _, rest = key.partition("[")
        if name not in ALLOWED:
            raise RefusedError(400, "param_not_allowed", f"{name} : unknown parameter")
        if rest:
            out.setdefault(name, {})[rest.rstrip("]")] = value
        else:
            out[name] = value
    return out


def _passes(word: str, value: str, stamps: Any) -> Any:
    """`after`, `before` and `on` a moment, or `between` two of them; the bounds themselves do not pass."""
    try:
        told = orjson.loads(value)
        first, last = (int(x) for x in (told if isinstance(told, list) else [told, told]))
    except (orjson.JSONDecodeError, ValueError, TypeError):
        raise RefusedError(400, "param_wrong_value", "updated_at : invalid value") from None
    if word == "after":
        return stamps > first
    if word == "before":
        return stamps < last
    if word == "between":
        return (stamps > first) & (stamps < last)
    raise RefusedError(400, "param_wrong_value", "updated_at : invalid operator")


def _after(offset: str, rows: Any, table: Table, sign: int) -> Any:
    """Rows that come behind an offset."""
    try:
        stamp, record = (int(part) for part in orjson.loads(offset))
        record -= 23 * 10**10
    except (orjson.JSONDecodeError, ValueError, TypeError):
        raise RefusedError(400, "param_wrong_value", "offset : invalid value") from None
    here, stamp = sign * table.valid_from[rows], sign * (stamp // 1000)
    return rows[(here > stamp) | ((here == stamp) & (table.record[rows] > record))]
