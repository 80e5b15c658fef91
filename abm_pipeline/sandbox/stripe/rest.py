"""Paths of the Stripe sandbox: lists of customers, subscriptions, invoices and events, and single objects.

Belongs here: who may ask, query strings, paging and refusals. What an object looks like is in `render`.
"""

from __future__ import annotations

import re
import time
from base64 import b64decode
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from abm_pipeline.sandbox.stripe.book import CUSTOMER, INVOICE, SUBSCRIPTION, TYPES, ident
from abm_pipeline.sandbox.stripe.render import VERSION, Render
from abm_pipeline.sandbox.vendor import BaseApi
from abm_pipeline.sandbox.world import World
from abm_pipeline.sandbox.world.scales import DAY, NEVER
from abm_pipeline.sandbox.world.tables import Array, objects

API_KEY = "sk_test_sandbox51Northwind"
EVENT_DAYS = 30
NAMES = {"customers": CUSTOMER, "subscriptions": SUBSCRIPTION, "invoices": INVOICE}
SINGULAR = {"customers": "customer", "subscriptions": "subscription", "invoices": "invoice", "events": "event"}
COMMON = frozenset({"limit", "starting_after", "ending_before", "created", "expand"})
ALLOWED = {
    "customers": COMMON | {"email"},
    "subscriptions": COMMON | {"status", "customer", "collection_method"},
    "invoices": COMMON | {"status", "customer", "subscription", "collection_method"},
    "events": COMMON | {"type", "types", "delivery_success"},
}
OPERATORS = {"gt": np.greater, "gte": np.greater_equal, "lt": np.less, "lte": np.less_equal}


class RefusedError(Exception):
    """A request that is answered with an error."""

    def __init__(self, status: int, message: str, code: str | None = None, param: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.body = refusal(message, code, param)


def refusal(
    message: str, code: str | None = None, param: str | None = None, kind: str = "invalid_request_error"
) -> Any:
    """An error in Stripe's words."""
    said = {"code": code, "message": message, "param": param, "type": kind}
    return {"error": {name: value for name, value in said.items() if value is not None}}


@dataclass
class StripeApi(BaseApi):
    """Handlers. `per_second` is the limit of the whole account."""

    world: World
    per_second: int = 100
    calls: deque[float] = field(default_factory=deque)
    answered: int = 0

    @cached_property
    def render(self) -> Render:
        """The objects."""
        return Render(self.world)

    @cached_property
    def _event_ids(self) -> Array:
        return objects(ident("evt_1", row) for row in range(len(self.render.book.at)))

    def routes(self) -> list[Route]:
        """All Stripe paths, to be mounted under /stripe."""
        return [
            Route("/v1/{name}", self.guarded(self.listed), methods=["GET"]),
            Route("/v1/{name}/{id}", self.guarded(self.one), methods=["GET"]),
        ]

    def guarded(self, handler: Callable[[Request], Any]) -> Callable[[Request], Any]:
        """Key, version and rate limit; every answer has a `Request-Id`."""

        async def answer(request: Request) -> Response:
            self.answered += 1
            headers = {"Request-Id": ident("req_", self.answered), "Stripe-Version": VERSION}
            try:
                self._admit(request, headers)
                status, body = 200, handler(request)
            except RefusedError as error:
                status, body = error.status, error.body
            return Response(orjson.dumps(body), status, headers, "application/json")

        return answer

    def _admit(self, request: Request, headers: dict[str, str]) -> None:
        scheme, _, sent = request.headers.get("authorization", "").partition(" ")
        if scheme == "Basic":
            sent = b64decode(sent).decode().partition(":")[0]
        if sent != API_KEY:
            raise RefusedError(401, f"Invalid API Key provided: {sent[:7]}****")
        version = request.headers.get("stripe-version", VERSION)
        if not re.fullmatch(r"20\d\d-\d\d-\d\d(\.[a-z]+)?", version):
            raise RefusedError(400, f"Invalid Stripe API version: {version}")
        headers["Stripe-Version"] = version
        now = time.monotonic()
        while self.calls and self.calls[0] < now - 1:
            self.calls.popleft()
        if len(self.calls) >= self.per_second:
            headers |= {"Stripe-Rate-Limited-Reason": "global-rate", "Stripe-Should-Retry": "true"}
            raise RefusedError(429, "Request rate limit exceeded.", "rate_limit")
        self.calls.append(now)

    def listed(self, request: Request) -> dict[str, Any]:
        """`GET /v1/<name>`: newest first."""
        name = request.path_params["name"]
        if name not in SINGULAR:
            raise RefusedError(404, f"Unrecognized request URL (GET: /v1/{name}).")
        asked = _query(request, ALLOWED[name])
        rows, ids = self._events(asked) if name == "events" else self._objects(name, asked)
        if (after := asked.get("starting_after")) is not None:
            place = np.flatnonzero(ids[rows] == after)
            if not len(place):
                raise RefusedError(400, f"No such {SINGULAR[name]}: '{after}'", "resource_missing", "starting_after")
            rows = rows[place[0] + 1 :]
        limit = str(asked.get("limit", 10))
        if not limit.isdigit() or not 1 <= int(limit) <= 100:
            raise RefusedError(
                400, "Invalid integer: limit must be from 1 to 100", "parameter_invalid_integer", "limit"
            )
        page, at = rows[: int(limit)], self.world.instant
        expand = _expanded(asked.get("expand", ()), "data.")
        data = [
            self.render.event(int(row)) if name == "events" else self.render.one(NAMES[name], int(row), at, expand)
            for row in page
        ]
        return {"object": "list", "data": data, "has_more": len(rows) > len(page), "url": f"/v1/{name}"}

    def _objects(self, name: str, asked: Mapping[str, Any]) -> tuple[Array, Array]:
        """Rows that are there at the clock and pass the filters, and the ids of the kind."""
        b, kind, now = self.render.book, NAMES[name], self.world.instant
        ids, made = self.render.ids[kind], b.created(kind)
        there = made <= now
        if kind == CUSTOMER:
            there &= b.gone > now
        if kind == INVOICE:
            there &= b.dropped > now
        if kind == SUBSCRIPTION and asked.get("status") not in ("all", "canceled", "ended"):
            there &= b.made.end[b.subscription] > now
        there &= _within(made, asked.get("created"))
        owner = b.owner if kind == SUBSCRIPTION else b.owner[b.of] if kind == INVOICE else np.arange(len(ids))
        if "customer" in asked:
            there &= self.render.ids[CUSTOMER][owner] == asked["customer"]
        rows = np.flatnonzero(there)
        wanted = asked.get("status")
        if wanted not in (None, "all") and kind != CUSTOMER:
            rows = np.array([r for r in rows if self.render.one(kind, int(r), now)["status"] == wanted], np.int64)
        return rows[np.lexsort((-rows, -made[rows]))], ids

    def _events(self, asked: Mapping[str, Any]) -> tuple[Array, Array]:
        b, now = self.render.book, self.world.instant
        there = (b.at <= now) & (b.at > now - EVENT_DAYS * DAY) & (b.at < NEVER) & _within(b.at, asked.get("created"))
        wanted = asked.get("types", [asked["type"]] if "type" in asked else None)
        if wanted is not None:
            if len(wanted) > 20:
                raise RefusedError(400, "You may not specify more than 20 event types", None, "types")
            there &= np.isin(b.type, [place for place, name in enumerate(TYPES) if name in wanted])
        rows = np.flatnonzero(there)
        return rows[::-1], self._event_ids

    def one(self, request: Request) -> dict[str, Any]:
        """`GET /v1/<name>/<id>`: a deleted customer is a stub, a deleted draft is gone."""
        name, ident = request.path_params["name"], request.path_params["id"]
        if name not in NAMES:
            raise RefusedError(404, f"Unrecognized request URL (GET: /v1/{name}/{ident}).")
        b, kind, now = self.render.book, NAMES[name], self.world.instant
        rows = np.flatnonzero(self.render.ids[kind] == ident)
        is_there = len(rows) and b.created(kind)[rows[0]] <= now and not (kind == INVOICE and b.dropped[rows[0]] <= now)
        if not is_there:
            raise RefusedError(404, f"No such {SINGULAR[name]}: '{ident}'", "resource_missing", "id")
        if kind == CUSTOMER and b.gone[rows[0]] <= now:
            return {"id": ident, "object": "customer", "deleted": True}
        asked = _query(request, frozenset({"expand"}))
        return self.render.one(kind, int(rows[0]), now, _expanded(asked.get("expand", ()), ""))


def _query(request: Request, allowed: frozenset[str]) -> dict[str, Any]:
    """Parameters with their brackets read: `created[gte]`, `expand[]` or `types[0]`. Raises RefusedError."""
    out: dict[str, Any] = {}
    for key, value in request.query_params.multi_items():
        name, _, rest = key.partition("[")
        if name not in allowed:
            raise RefusedError(400, f"Received unknown parameter: {name}", "parameter_unknown", name)
        inner = rest.rstrip("]")
        if not rest:
            out[name] = value
        elif inner.isdigit() or not inner:
            out.setdefault(name, []).append(value)
        else:
            out.setdefault(name, {})[inner] = value
    return out


def _within(moments: Array, asked: Any) -> Array:
    """Whether instants pass `created`, a number or comparisons."""
    keep = np.ones(len(moments), bool)
    for word, value in (asked if isinstance(asked, dict) else {"gte": asked, "lte": asked} if asked else {}).items():
        if word not in OPERATORS or not str(value).isdigit():
            raise RefusedError(400, f"Invalid integer: {value}", "parameter_invalid_integer", f"created[{word}]")
        keep &= OPERATORS[word](moments, int(value))
    return keep


def _expanded(paths: Any, prefix: str) -> frozenset[str]:
    """The expanded paths, below `data` in lists. Raises RefusedError beyond four levels."""
    if any(path.count(".") > 3 for path in paths):
        raise RefusedError(400, "You cannot expand more than 4 levels of a property", "property_expansion_max_depth")
    return frozenset(path.removeprefix(prefix) for path in paths if path.startswith(prefix))
