"""Faults that can be switched on per route: what vendors, networks and schema changes do to a client.

`FaultGate` wraps the vendors' app. A fault is chosen by path; kinds that change an answer let the app make it first.
"""

from __future__ import annotations

import asyncio
import copy
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from abm_pipeline.sandbox.vendor import Api, Vendor

KINDS = (
    "429",
    "429_retry_after",
    "500",
    "503_html",
    "slow",
    "cut_body",
    "expired_token",
    "drop_field",
    "retype_field",
    "new_field",
    "duplicate",
    "empty",
    "down",
    "loop",
)


@dataclass
class Fault:
    """A fault on a route. `times` None means until removed; the first `after` matching requests pass."""

    route: str
    kind: str
    times: int | None = None
    field: str | None = None
    after: int = 0
    seconds: float = 3.0

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"unknown kind of fault {self.kind!r}; known: {', '.join(KINDS)}")
        self._pattern = re.compile(self.route)

    def strikes(self, path: str) -> bool:
        """Whether this request is hit; counts it."""
        if not (path.startswith(self.route) or self._pattern.search(path)):
            return False
        if self.after > 0:
            self.after -= 1
            return False
        if self.times is not None:
            if self.times <= 0:
                return False
            self.times -= 1
        return True


@dataclass
class Captured:
    """An answer of the app before it is sent."""

    status: int = 200
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    body: bytes = b""

    def header(self, name: bytes) -> bytes:
        """Value of a header, empty when absent."""
        return next((value for key, value in self.headers if key.lower() == name), b"")


@dataclass
class FaultGate:
    """ASGI wrapper: counts requests, applies faults, stamps `Date` with the world's clock."""

    app: ASGIApp
    vendors: Mapping[str, tuple[Vendor, Api]]
    date: Callable[[], str]
    faults: list[Fault] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def dated(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", []), (b"date", self.date().encode())]
            await send(message)

        path = scope["path"]
        if path.startswith("/_sandbox"):
            await self.app(scope, receive, dated)
            return
        key = f"{scope['method']} {path}"
        self.counts[key] = self.counts.get(key, 0) + 1
        struck = next((fault for fault in self.faults if fault.strikes(path)), None)
        if struck is None:
            await self.app(scope, receive, dated)
        else:
            await self._apply(struck, scope, receive, dated)

    async def _apply(self, fault: Fault, scope: Scope, receive: Receive, send: Send) -> None:
        vendor, api = self.vendors.get(scope["path"].split("/")[1], (None, None))
        if fault.kind == "down":
            scope["sandbox.transport"].abort()
            await asyncio.sleep(0.05)
            return
        if fault.kind in ("429", "429_retry_after", "500", "503_html"):
            await _send(send, _refusal(fault.kind, vendor))
            return
        if fault.kind == "slow":
            await asyncio.sleep(fault.seconds)
        if fault.kind == "expired_token" and api is not None:
            request = Request(scope)
            sent = request.headers.get("authorization", "").partition(" ")[2]
            api.revoke(sent or request.query_params.get("access_token", ""))
        if fault.kind in ("slow", "expired_token"):
            await self.app(scope, receive, send)
            return
        answer = await self._capture(scope, receive)
        if fault.kind == "cut_body":
            await _send(send, answer, cut=True)
            await asyncio.sleep(0.02)
            scope["sandbox.transport"].close()
            return
        if answer.status < 300 and vendor is not None:
            _change(fault, answer, scope, vendor)
        await _send(send, answer)

    async def _capture(self, scope: Scope, receive: Receive) -> Captured:
        answer = Captured()

        async def keep(message: Message) -> None:
            if message["type"] == "http.response.start":
                answer.status, answer.headers = message["status"], list(message["headers"])
            else:
                answer.body += message.get("body", b"")

        await self.app(scope, receive, keep)
        return answer


async def _send(send: Send, answer: Captured, cut: bool = False) -> None:
    headers = [(key, value) for key, value in answer.headers if key.lower() != b"content-length"]
    headers.append((b"content-length", str(len(answer.body)).encode()))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    body = answer.body[: len(answer.body) // 2] if cut else answer.body
    await send({"type": "http.response.body", "body": body, "more_body": cut})


def _refusal(kind: str, vendor: Vendor | None) -> Captured:
    """A refusal in the vendor's own words."""
    if kind == "503_html":
        page = b"<html><head><title>503</title></head><body>We are down for maintenance.</body></html>"
        return Captured(503, [(b"content-type", b"text/html")], page)
    status = 500 if kind == "500" else 429
    told, body = vendor.refusal(status) if vendor is not None else ({}, None)
    headers = [(name.lower().encode(), value.encode()) for name, value in told.items()]
    if kind == "429_retry_after":
        headers = [*((n, v) for n, v in headers if n != b"retry-after"), (b"retry-after", b"1")]
    if body is None:
        return Captured(status, headers)
    return Captured(status, [*headers, (b"content-type", b"application/json")], orjson.dumps(body))


def _change(fault: Fault, answer: Captured, scope: Scope, vendor: Vendor) -> None:
    """Change an answer in place: its records, or its paging."""
    if answer.header(b"content-type").startswith(b"text/csv"):
        _change_csv(fault, answer, scope)
        return
    try:
        body = orjson.loads(answer.body)
    except orjson.JSONDecodeError:
        return
    if fault.kind == "loop":
        vendor.loop(body, Request(scope))
    elif fault.kind == "empty":
        for held in vendor.records(body):
            held.clear()
        vendor.end(body)
    elif fault.kind == "duplicate":
        for held in vendor.records(body):
            if isinstance(held, list):
                held.extend(copy.deepcopy(held))
    else:
        for held in vendor.records(body):
            for item in held.values() if isinstance(held, dict) else held:
                if isinstance(item, dict):
                    _change_record(fault, item)
    answer.body = orjson.dumps(body)


def _change_record(fault: Fault, record: dict[str, Any]) -> None:
    """Change one field, which may be nested (`properties.name`)."""
    *above, name = (fault.field or ("surprise" if fault.kind == "new_field" else "Name")).split(".")
    for key in above:
        below = record.get(key)
        if not isinstance(below, dict):
            return
        record = below
    if fault.kind == "drop_field":
        record.pop(name, None)
    elif fault.kind == "new_field":
        record[name] = "new"
    elif record.get(name) is not None:
        record[name] = 12345 if isinstance(record[name], str) else "not what it was"


def _change_csv(fault: Fault, answer: Captured, scope: Scope) -> None:
    """The same faults on Bulk results."""
    import csv
    import io

    rows = list(csv.reader(io.StringIO(answer.body.decode())))
    head, body = rows[0], rows[1:]
    name = fault.field or "Name"
    if fault.kind == "loop":
        locator = Request(scope).query_params.get("locator")
        if locator:
            answer.headers = [(k, locator.encode() if k.lower() == b"sforce-locator" else v) for k, v in answer.headers]
        return
    if fault.kind == "empty":
        body = []
        answer.headers = [(k, b"null" if k.lower() == b"sforce-locator" else v) for k, v in answer.headers]
    elif fault.kind == "duplicate":
        body = body + body
    elif fault.kind == "new_field":
        head, body = [*head, fault.field or "surprise"], [[*row, "new"] for row in body]
    elif name in head:
        place = head.index(name)
        if fault.kind == "drop_field":
            head, body = head[:place] + head[place + 1 :], [row[:place] + row[place + 1 :] for row in body]
        else:
            for row in body:
                row[place] = "not what it was" if row[place] else ""
    out = io.StringIO()
    csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows([head, *body])
    answer.body = out.getvalue().encode()
