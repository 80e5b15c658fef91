"""Paths of the HubSpot sandbox: log-in, CRM objects, search, associations, owners, pipelines, marketing.

Belongs here: requests and answers. What a record looks like is `store`'s, what a search finds `search`'s.
"""

from __future__ import annotations

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

from abm_pipeline.sandbox.hubspot import search as finder
from abm_pipeline.sandbox.hubspot.answers import RefusedError, as_json, paged, problem, size_of, split, throttled
from abm_pipeline.sandbox.hubspot.lists import Lists
from abm_pipeline.sandbox.hubspot.portal import portal
from abm_pipeline.sandbox.hubspot.store import HubObject, stamp
from abm_pipeline.sandbox.vendor import BaseApi
from abm_pipeline.sandbox.world import World

PRIVATE_TOKEN = "pat-na1-5a4db0c5-0000-4000-8000-00000000abcd"
CLIENT_ID, CLIENT_SECRET = "3f2a9c1e-0000-4000-8000-000000000001", "sandbox-hubspot-secret"
REFRESH_TOKEN = "na1-6f18f21e-0000-4000-8000-000000000002"
Handler = Callable[[Request], Awaitable[Response]]
# Linked records in one answer.
ASSOCIATED = 500
# What a path needs, by what it starts with.
SCOPES = {
    "companies": "crm.objects.companies.read", "contacts": "crm.objects.contacts.read",
    "deals": "crm.objects.deals.read", "emails": "sales-email-read", "calls": "crm.objects.contacts.read",
    "meetings": "crm.objects.contacts.read", "feedback_submissions": "crm.objects.feedback_submissions.read",
    "owners": "crm.objects.owners.read", "email": "content", "forms": "forms",
}  # fmt: skip


@dataclass
class HubSpotApi(Lists, BaseApi):
    """Handlers, tokens and limits. `index_lag_seconds`: how far behind search is; `missing_scopes` are not granted.

    `short_pages`: searches answer some pages with fewer records than asked for, or none, without being at their end.
    """

    world: World
    token_seconds: float = 1800.0
    per_ten_seconds: int = 190
    searches_per_second: int = 5
    daily_requests: int = 1_000_000
    index_lag_seconds: int = 0
    search_cap: int = finder.CAP
    short_pages: bool = False
    missing_scopes: Sequence[str] = ()
    tokens: dict[str, float] = field(default_factory=dict)
    calls: deque[float] = field(default_factory=deque)
    searches: deque[float] = field(default_factory=deque)
    served: int = 0
    shortened: int = 0

    def routes(self) -> list[Route]:
        """All paths, to be mounted under /hubspot."""
        guarded = self.guarded
        return [
            *(Route(f"/oauth/{version}/token", self.token, methods=["POST"]) for version in ("v1", "v3", "2026-03")),
            Route("/crm/v3/objects/{kind}/search", guarded(self.search), methods=["POST"]),
            Route("/crm/v3/objects/{kind}/batch/read", guarded(self.batch), methods=["POST"]),
            Route("/crm/v3/objects/{kind}/{key}", guarded(self.one)),
            Route("/crm/v3/objects/{kind}", guarded(self.listed)),
            Route("/crm/v4/associations/{source}/{target}/batch/read", guarded(self.associations), methods=["POST"]),
            Route("/crm/v4/objects/{source}/{key}/associations/{target}", guarded(self.associated)),
            Route("/crm/v3/owners", guarded(self.owners)),
            Route("/crm/v3/owners/", guarded(self.owners)),
            Route("/crm/v3/pipelines/deals", guarded(self.pipelines)),
            Route("/email/public/v1/events", guarded(self.events)),
            Route("/email/public/v1/campaigns/by-id", guarded(self.campaigns)),
            Route("/email/public/v1/campaigns/{key}", guarded(self.campaign)),
            Route("/marketing/v3/forms", guarded(self.forms)),
            Route("/marketing/v3/forms/", guarded(self.forms)),
            Route("/form-integrations/v1/submissions/forms/{key}", guarded(self.submissions)),
        ]

    # -- log-in, limits, scopes

    async def token(self, request: Request) -> Response:
        """`POST /oauth/v1/token`: the refresh token stays the same."""
        asked = {name: values[0] for name, values in parse_qs((await request.body()).decode()).items()}
        have = (asked.get("client_id"), asked.get("client_secret"), asked.get("refresh_token"))
        if asked.get("grant_type") != "refresh_token" or have != (CLIENT_ID, CLIENT_SECRET, REFRESH_TOKEN):
            body = {"status": "BAD_REFRESH_TOKEN", "message": "missing or invalid refresh token"}
            return JSONResponse(body | {"correlationId": str(uuid.uuid4())}, status_code=400)
        token = f"CPDO{len(self.tokens):06d}{uuid.uuid4().hex}"
        self.tokens[token] = time.monotonic() + self.token_seconds
        return JSONResponse(
            {
                "token_type": "bearer", "refresh_token": REFRESH_TOKEN, "access_token": token,
                "expires_in": int(self.token_seconds),
            }
        )  # fmt: skip

    def revoke(self, token: str) -> None:
        """Expire an access token; the private app's stays valid."""
        self.tokens.pop(token, None)

    def guarded(self, handler: Handler) -> Handler:
        """Token, limits, scopes, and refusals as HubSpot words them."""

        async def answer(request: Request) -> Response:
            try:
                self._admit(request)
                response = await handler(request)
            except RefusedError as error:
                return JSONResponse(error.body, status_code=error.status, headers=error.headers)
            except (finder.InvalidError, orjson.JSONDecodeError, KeyError, ValueError) as error:
                body = problem(f"Invalid input: {error}", "VALIDATION_ERROR")
                return JSONResponse(body, status_code=400)
            if not request.url.path.endswith("/search"):
                response.headers.update(self._budget())
            return response

        return answer

    def _admit(self, request: Request) -> None:
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        now = time.monotonic()
        if token != PRIVATE_TOKEN:
            if token not in self.tokens:
                text = "Authentication credentials not found. This API supports OAuth 2.0 authentication"
                raise RefusedError(401, problem(text, "INVALID_AUTHENTICATION"))
            if self.tokens[token] < now:
                text = "The OAuth token used to make this call expired 1 minute(s) ago."
                raise RefusedError(401, problem(text, "EXPIRED_AUTHENTICATION"))
        self.served += 1
        if self.served > self.daily_requests:
            raise RefusedError(429, throttled("DAILY"))
        policies = [(self.calls, 10.0, self.per_ten_seconds, "TEN_SECONDLY_ROLLING")]
        if request.url.path.endswith("/search"):
            policies = [(self.searches, 1.0, self.searches_per_second, "SECONDLY")]
        for recent, seconds, limit, policy in policies:
            while recent and recent[0] < now - seconds:
                recent.popleft()
            if len(recent) >= limit:
                raise RefusedError(429, throttled(policy))
            recent.append(now)
        for part in request.url.path.split("/"):
            scope = SCOPES.get(part)
            if scope in self.missing_scopes:
                text = "This app hasn't been granted all required scopes to make this call."
                errors = [{"message": "One or more of the following scopes are required.",
                           "context": {"requiredGranularScopes": [scope]}}]  # fmt: skip
                links = {"scopes": "https://developers.hubspot.com/scopes"}
                raise RefusedError(403, problem(text, "MISSING_SCOPES", errors=errors, links=links))

    def _budget(self) -> dict[str, str]:
        return {
            "X-HubSpot-RateLimit-Daily": str(self.daily_requests),
            "X-HubSpot-RateLimit-Daily-Remaining": str(self.daily_requests - self.served),
            "X-HubSpot-RateLimit-Interval-Milliseconds": "10000",
            "X-HubSpot-RateLimit-Max": str(self.per_ten_seconds),
            "X-HubSpot-RateLimit-Remaining": str(self.per_ten_seconds - len(self.calls)),
        }

    # -- CRM objects

    def _kind(self, name: str) -> HubObject:
        kind = portal(self.world).store.objects.get(name)
        if kind is None:
            raise RefusedError(404, problem(f"Unable to infer object type from: {name}"))
        return kind

    async def listed(self, request: Request) -> Response:
        """`GET /crm/v3/objects/{kind}`: by id; `after` is the id to go on from."""
        kind, ask = self._kind(request.path_params["kind"]), request.query_params
        wanted, tracked = split(ask.get("properties")), split(ask.get("propertiesWithHistory"))
        limit = size_of(ask.get("limit"), 50 if tracked else 100)
        rows = kind.rows(self.world.instant, ask.get("archived", "").lower() == "true")
        keys = [int(kind.ids[record]) for record in kind.table.record[rows]]
        start = int(np.searchsorted(keys, int(ask.get("after", 0))))
        page = rows[start : start + limit]
        results = [kind.render(int(row), wanted, tracked) for row in page]
        targets = split(ask.get("associations"))
        store = portal(self.world).store
        for record in results if targets else ():
            record["associations"] = {
                target: {
                    "results": [
                        {"id": str(each["toObjectId"]), "type": f"{kind.name}_to_{target}"}
                        for each in store.linked(kind.name, record["id"], target, self.world.instant)
                    ]
                }
                for target in targets
            }
        after = str(keys[start + limit - 1] + 1) if start + limit < len(rows) else None
        return paged(request, results, after)

    async def one(self, request: Request) -> Response:
        """`GET /crm/v3/objects/{kind}/{key}`: the id of a merged record gives the winner."""
        kind, ask = self._kind(request.path_params["kind"]), request.query_params
        row = kind.row_of(request.path_params["key"], self.world.instant)
        if row is None:
            raise RefusedError(404, problem("resource not found", "OBJECT_NOT_FOUND"))
        return as_json(kind.render(row, split(ask.get("properties")), split(ask.get("propertiesWithHistory"))))

    async def batch(self, request: Request) -> Response:
        """`POST /crm/v3/objects/{kind}/batch/read`: 207 where some ids are unknown."""
        kind, body = self._kind(request.path_params["kind"]), orjson.loads(await request.body())
        tracked = body.get("propertiesWithHistory") or []
        keys = [str(each["id"]) for each in body["inputs"]]
        if len(keys) > (50 if tracked else 100):
            raise finder.InvalidError("too many inputs")
        rows = {key: kind.row_of(key, self.world.instant) for key in keys}
        found = dict.fromkeys(row for row in rows.values() if row is not None)
        results = [kind.render(row, body.get("properties") or [], tracked) for row in found]
        lost = [key for key, row in rows.items() if row is None]
        answer: dict[str, Any] = {"status": "COMPLETE", "results": results, **self._times()}
        if lost:
            answer |= {
                "numErrors": 1,
                "errors": [
                    {
                        "status": "error", "category": "OBJECT_NOT_FOUND", "message": "Could not get some objects",
                        "context": {"ids": lost},
                    }
                ],
            }  # fmt: skip
        return as_json(answer, 207 if lost else 200)

    async def search(self, request: Request) -> Response:
        """`POST /crm/v3/objects/{kind}/search`: `after` is an offset; beyond the cap it is refused."""
        kind, body = self._kind(request.path_params["kind"]), orjson.loads(await request.body())
        limit, start = size_of(body.get("limit"), finder.MAX_LIMIT), int(body.get("after") or 0)
        if start + limit > self.search_cap:
            raise finder.InvalidError(f"paging cannot exceed {self.search_cap}")
        instant = self.world.instant - self.index_lag_seconds
        rows = finder.find(kind, body, instant)
        end = start + limit
        if self.short_pages and end < len(rows):
            self.shortened += 1
            # Every third page has no records at all, the others half as many as asked for.
            end = start if self.shortened % 3 == 0 else start + max(limit // 2, 1)
        shown = rows[start:end]
        results = [kind.render(row, body.get("properties") or []) for row in shown]
        answer: dict[str, Any] = {"total": len(rows), "results": results}
        if end < len(rows):
            answer["paging"] = {"next": {"after": str(end)}}
        return as_json(answer)

    async def associations(self, request: Request) -> Response:
        """`POST /crm/v4/associations/{source}/{target}/batch/read`: 207 where some have none."""
        source, target = request.path_params["source"], request.path_params["target"]
        self._kind(source), self._kind(target)
        inputs = orjson.loads(await request.body())["inputs"]
        if len(inputs) > 1000:
            raise finder.InvalidError("too many inputs")
        results, errors = [], []
        for each in inputs:
            key, start = str(each["id"]), int(each.get("after") or 0)
            found = portal(self.world).store.linked(source, key, target, self.world.instant)
            if not found:
                message = f"No {target} is associated with {source} {key}."
                errors.append(
                    {
                        "status": "error", "category": "OBJECT_NOT_FOUND", "message": message,
                        "subCategory": "crm.associations.NO_ASSOCIATIONS_FOUND",
                        "context": {"fromObjectId": [key], "fromObjectType": [source], "toObjectType": [target]},
                    }
                )  # fmt: skip
                continue
            made: dict[str, Any] = {"from": {"id": key}, "to": found[start : start + ASSOCIATED]}
            if start + ASSOCIATED < len(found):
                made["paging"] = {"next": {"after": str(start + ASSOCIATED), "link": ""}}
            results.append(made)
        answer: dict[str, Any] = {"status": "COMPLETE", "results": results, **self._times()}
        if errors:
            answer |= {"numErrors": len(errors), "errors": errors}
        return as_json(answer, 207 if errors else 200)

    async def associated(self, request: Request) -> Response:
        """`GET /crm/v4/objects/{source}/{key}/associations/{target}`."""
        p = request.path_params
        self._kind(p["source"]), self._kind(p["target"])
        found = portal(self.world).store.linked(p["source"], p["key"], p["target"], self.world.instant)
        return as_json({"results": found})

    def _times(self) -> dict[str, str]:
        now = stamp(self.world.instant * 1000)
        return {"startedAt": now, "completedAt": now}
