"""Paths of the ZoomInfo sandbox (the GTM data API): token, searches, contact enrichment, org charts, departments.

One token a client: a new one ends the one before. 25 calls a second, told by headers on every answer.
"""

from __future__ import annotations

import base64
import time
import uuid
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

import numpy as np
import orjson
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from abm_pipeline.sandbox.vendor import BaseApi
from abm_pipeline.sandbox.world import World
from abm_pipeline.sandbox.zoominfo import rows

CLIENT_ID, CLIENT_SECRET = "sandbox-zoominfo-client", "sandbox-zoominfo-secret"
SIZE, MAX_SIZE, MAX_PAGE, MAX_ENRICH = 25, 100, 100, 25
LIMITS = {"Second": 25, "Hour": 54_000, "Day": 648_000}
OUTPUT_FIELDS = frozenset({
    "id", "firstName", "middleName", "lastName", "email", "hasCanadianEmail", "phone", "city", "state", "country",
    "personHasMoved", "withinEu", "lastUpdatedDate", "validDate", "jobTitle", "jobFunction", "managementLevel",
    "contactAccuracyScore", "hashedEmails", "companyId", "companyName", "companyWebsite",
})  # fmt: skip
Handler = Callable[[Request], Awaitable[Response]]


class RefusedError(Exception):
    """A request that is refused: status, code, message."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code = status, code


@dataclass
class ZoominfoApi(BaseApi):
    """Handlers. `per_second` and `day_left`: calls before the buckets overflow; `credits`: people left to enrich.

    `has_org_charts`: whether the account may use them. `total`: pretend that a search finds so many.
    """

    world: World
    token_seconds: float = 86_400.0
    per_second: int = LIMITS["Second"]
    day_left: int = LIMITS["Day"]
    credits: int = 1_000_000
    has_org_charts: bool = True
    total: int = 0
    token: str = ""
    until: float = 0.0
    recent: deque[float] = field(default_factory=deque)
    managed: set[str] = field(default_factory=set)
    made: int = 0

    def routes(self) -> Sequence[Route]:
        """All paths, to be mounted under /zoominfo."""
        data = "/data/v1"
        return [
            Route("/oauth/v1/token", self.login, methods=["POST"]),
            Route(f"{data}/companies/search", self.guarded(self.companies), methods=["POST"]),
            Route(f"{data}/contacts/search", self.guarded(self.contacts), methods=["POST"]),
            Route(f"{data}/contacts/enrich", self.guarded(self.enrich), methods=["POST"]),
            Route(f"{data}/companies/org-chart/enrich", self.guarded(self.org_chart), methods=["POST"]),
            Route(f"{data}/lookup/departments", self.guarded(self.departments)),
        ]

    async def login(self, request: Request) -> Response:
        """`POST /oauth/v1/token`: Basic, and the grant in a form."""
        form = parse_qs((await request.body()).decode())
        known = base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
        if request.headers.get("authorization") != f"Basic {known}":
            return JSONResponse({"error": "invalid_client", "error_description": "Invalid client credentials"}, 401)
        if form.get("grant_type") != ["client_credentials"]:
            return JSONResponse({"error": "unsupported_grant_type"}, 400)
        self.made += 1
        self.token, self.until = f"eyJraWQi.{self.made:06d}", time.monotonic() + self.token_seconds
        return JSONResponse({"access_token": self.token, "token_type": "Bearer", "expires_in": int(self.token_seconds)})

    def revoke(self, token: str) -> None:
        """Expire the token."""
        if token == self.token:
            self.until = 0.0

    def guarded(self, handler: Handler) -> Handler:
        """Limits, then the token. A refused call doesn't count."""

        async def answer(request: Request) -> Response:
            now = time.monotonic()
            while self.recent and self.recent[0] < now - 1:
                self.recent.popleft()
            left = {"Second": self.per_second - len(self.recent), "Hour": -1, "Day": self.day_left}
            headers = {f"X-RateLimit-Limit-{name}": str(limit) for name, limit in LIMITS.items()}
            try:
                for bucket, wait in (("Day", 40_000), ("Second", 1)):
                    if left[bucket] <= 0:
                        headers |= {
                            "Retry-After": str(wait),
                            "X-RateLimit-Rejected-Bucket": bucket.lower(),
                            "X-RateLimit-Reset": str(int(self.world.instant) + wait),
                        }
                        text = "You have exceeded the rate limit for this resource. Please try again later."
                        raise RefusedError(429, "ZI0004", text)
                if request.headers.get("authorization") != f"Bearer {self.token}" or self.until < now:
                    raise RefusedError(401, "ZI0001", "Your session has expired. Please provide a valid token.")
                self.recent.append(now)
                self.day_left -= 1
                told = await handler(request)
            except RefusedError as error:
                told = _error(error)
            headers |= {f"X-RateLimit-Remaining-{name}": str(max(-1, count)) for name, count in left.items()}
            told.headers.update(headers)
            return told

        return answer

    async def companies(self, request: Request) -> Response:
        """`POST /data/v1/companies/search`: free."""
        asked = await _asked(request, "CompanySearch")
        places = self._places(asked)
        found = [rows.company(self.world, place) for place in places]
        return self._page(request, found)

    def _places(self, asked: dict[str, Any]) -> list[int]:
        known = rows.domains(self.world)
        if "companyWebsite" not in asked:
            return sorted(known.values())
        sites = [site.strip().lower() for site in str(asked["companyWebsite"]).split(",")]
        names = [site.partition("://")[2] or site for site in sites]
        return sorted({known[name.removeprefix("www.")] for name in names if name.removeprefix("www.") in known})

    async def contacts(self, request: Request) -> Response:
        """`POST /data/v1/contacts/search`: who works at the companies now; free, and without addresses."""
        asked = await _asked(request, "ContactSearch")
        made, instant = rows.book(self.world), self.world.instant
        places, told = self._places(asked), made.told(instant)
        who = made.found(instant)
        who = who[np.isin(made.people.company[who], places)]
        found = [rows.contact(self.world, made, int(i), int(told[i])) for i in who]
        if levels := asked.get("managementLevel"):
            wanted = {name.strip() for name in levels.split(",")}
            found = [row for row in found if rows.level(row["attributes"].get("jobTitle", ""))[0] in wanted]
        if request.query_params.get("sort") == "lastName":
            found.sort(key=lambda row: (row["attributes"]["lastName"], row["id"]))
        return self._page(request, found)

    async def enrich(self, request: Request) -> Response:
        """`POST /data/v1/contacts/enrich`: up to 25 people; one that is new to the account costs a credit."""
        asked = await _asked(request, "ContactEnrich")
        inputs, fields = asked.get("matchPersonInput", []), asked.get("outputFields")
        if not fields:
            raise RefusedError(400, "PFAPI0002", "Required request parameters are missing: outputFields")
        if unknown := set(fields) - OUTPUT_FIELDS:
            raise RefusedError(400, "PFAPI0009", f"Invalid field '{min(unknown)}' requested in query")
        if not 1 <= len(inputs) <= MAX_ENRICH:
            raise RefusedError(400, "PFAPI0006", "Input parameter 'matchPersonInput' is invalid - 1 to 25")
        made, instant = rows.book(self.world), self.world.instant
        told, here = made.told(instant), {str(made.ids[i]): int(i) for i in made.found(instant)}
        out = []
        for person in inputs:
            ident = str(person.get("personId"))
            if ident not in here:
                out.append({"id": "0", "type": "NoMatch", "meta": {"input": person, "matchStatus": "NO_MATCH"}})
                continue
            if ident not in self.managed:
                if self.credits <= 0:
                    raise RefusedError(400, "PFAPI0011", "Credit Limit Reached")
                self.credits -= 1
                self.managed.add(ident)
            attributes = rows.enriched(made, here[ident], int(told[here[ident]]))
            kept = {name: value for name, value in attributes.items() if name in fields}
            out.append(
                {
                    "id": ident,
                    "type": "Contact",
                    "attributes": kept,
                    "meta": {"input": person, "matchStatus": "FULL_MATCH"},
                }
            )
        # No order is promised.
        out.reverse()
        return JSONResponse({"data": out})

    async def org_chart(self, request: Request) -> Response:
        """`POST /data/v1/companies/org-chart/enrich`: people of a company in departments, by tier."""
        asked = await _asked(request, "OrgChartEnrich")
        if not self.has_org_charts:
            text = "You do not have access to this endpoint. Please contact your ZoomInfo Account Manager."
            raise RefusedError(403, "ZI0003", text)
        for name in ("companyId", "department"):
            if not asked.get(name):
                raise RefusedError(400, "PFAPI0002", f"Required request parameters are missing: {name}")
        names = {ident: name for name, ident in rows.DEPARTMENT_IDS.items()}
        wanted = {names.get(part.strip(), part.strip()) for part in str(asked["department"]).split(",")}
        if unknown := wanted - set(rows.DEPARTMENT_IDS):
            raise RefusedError(400, "PFAPI0006", f"Input parameter 'department' is invalid - {min(unknown)}")
        made = rows.book(self.world)
        places = {str(rows.company_id(place)): int(place) for place in made.companies}
        place = places.get(str(asked["companyId"]))
        found = [] if place is None else rows.chart(self.world, made, place, wanted)
        return self._page(request, found)

    async def departments(self, request: Request) -> Response:
        """`GET /data/v1/lookup/departments`."""
        listed = [
            {"id": ident, "type": "Department", "attributes": {"name": name}}
            for name, ident in rows.DEPARTMENT_IDS.items()
        ]
        return JSONResponse({"data": listed})

    def _page(self, request: Request, found: Sequence[dict[str, Any]]) -> Response:
        params = request.query_params
        number, size = (
            _number(params.get(f"page[{name}]"), default) for name, default in (("number", 1), ("size", SIZE))
        )
        if number > MAX_PAGE:
            raise RefusedError(400, "PFAPI0002", "Page number cannot be greater than max value 100")
        if not 1 <= size <= MAX_SIZE or number < 1:
            raise RefusedError(400, "PFAPI0002", "One or more fields have validation errors")
        total, last = max(self.total, len(found)), max(1, -(-len(found) // size))
        path = request.url.path.removeprefix("/zoominfo")

        def link(page: int) -> str:
            return f"{path}?page[number]={page}&page[size]={size}"

        links = {"first": link(1), "last": link(last)}
        if number < last:
            links["next"] = link(number + 1)
        if number > 1:
            links["prev"] = link(number - 1)
        body = {
            "data": found[(number - 1) * size : number * size],
            "links": links,
            "meta": {"page": {"number": number, "total": last}, "totalResults": total},
        }
        return Response(orjson.dumps(body), media_type="application/vnd.api+json")


def _number(text: str | None, default: int) -> int:
    return default if text is None else int(text) if text.isdigit() else 0


async def _asked(request: Request, kind: str) -> dict[str, Any]:
    """The attributes of a request. Raises RefusedError."""
    try:
        data = orjson.loads(await request.body())["data"]
        attributes = data["attributes"]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        raise RefusedError(400, "PFAPI0003", "Invalid request body") from None
    if data.get("type") != kind or not isinstance(attributes, dict):
        raise RefusedError(400, "PFAPI0003", "Invalid request body")
    return attributes


def _error(error: RefusedError) -> Response:
    told = {
        "code": error.code, "message": str(error), "status": error.status, "requestId": f"req_{uuid.uuid4().hex[:8]}",
        "retryable": error.status in (401, 429),
    }  # fmt: skip
    return JSONResponse({"error": told}, error.status)
