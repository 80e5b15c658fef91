"""Paths of the LinkedIn sandbox: tokens, header checks, accounts, groups, campaigns, analytics, organisations."""

from __future__ import annotations

import base64
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

import numpy as np
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from abm_pipeline.sandbox import credentials as known
from abm_pipeline.sandbox.linkedin import analytics
from abm_pipeline.sandbox.linkedin.restli import RestliError, parse_query
from abm_pipeline.sandbox.vendor import BaseApi
from abm_pipeline.sandbox.world import World
from abm_pipeline.sandbox.world.ads import ACCOUNTS
from abm_pipeline.sandbox.world.scales import DAY

OLDEST, NEWEST = 202506, 202612
MAX_URL = 8192
ORGANISATION = "urn:li:organization:64265083"
Params = dict[str, Any]
Handler = Callable[[Request, Params], Response]


@dataclass
class Token:
    """An access token: when it was made and how many seconds it lives."""

    born: float
    seconds: float
    revoked: bool = False


@dataclass
class LinkedInApi(BaseApi):
    """Handlers and tokens. `daily_requests` is the app's quota per resource."""

    world: World
    daily_requests: int = 100_000
    token_seconds: float | None = None
    tokens: dict[str, Token] = field(default_factory=dict)
    used: dict[str, int] = field(default_factory=dict)

    def routes(self) -> list[Route]:
        """All LinkedIn paths, to be mounted under /linkedin."""
        both = ["GET", "POST"]
        paths: list[tuple[str, Handler]] = [
            ("/rest/adAccounts", self.accounts),
            ("/rest/adAccounts/{id}", self.account),
            ("/rest/adAccounts/{id}/adCampaignGroups", self.groups),
            ("/rest/adAccounts/{id}/adCampaigns", self.campaigns),
            ("/rest/adAnalytics", self.analytics),
            ("/rest/organizationsLookup", self.lookup),
            ("/rest/organizations", self.by_vanity),
            ("/rest/organizations/{id}", self.organisation),
        ]
        return [
            Route("/oauth/v2/accessToken", self.token, methods=["POST"]),
            Route("/oauth/v2/introspectToken", self.introspect, methods=["POST"]),
            *(Route(path, self.guarded(handler), methods=both) for path, handler in paths),
        ]

    async def token(self, request: Request) -> Response:
        """`POST /oauth/v2/accessToken`: client credentials (30 min) and refresh (60 days)."""
        form = {key: values[0] for key, values in parse_qs((await request.body()).decode()).items()}
        grant = form.get("grant_type")
        if grant not in ("client_credentials", "refresh_token"):
            return _oauth_error("unsupported_grant_type", "Grant type is not supported")
        if (form.get("client_id"), form.get("client_secret")) != (
            known.LINKEDIN_CLIENT_ID,
            known.LINKEDIN_CLIENT_SECRET,
        ):
            return _oauth_error("invalid_client", "Client authentication failed", 401)
        lasting = grant == "refresh_token"
        if lasting and form.get("refresh_token") != known.LINKEDIN_REFRESH_TOKEN:
            text = "The provided authorization grant or refresh token is invalid, expired or revoked."
            return _oauth_error("invalid_grant", text)
        seconds = self.token_seconds or (5_184_000 if lasting else 1800)
        text = f"AQX{base64.urlsafe_b64encode(f'sandbox-linkedin-{len(self.tokens) + 1:06d}'.encode()).decode()}"
        self.tokens[text] = Token(time.time(), seconds)
        answer: dict[str, Any] = {"access_token": text, "expires_in": int(seconds)}
        if lasting:
            answer |= {"refresh_token": known.LINKEDIN_REFRESH_TOKEN, "refresh_token_expires_in": 31_536_000}
            answer["scope"] = "r_ads,r_ads_reporting,r_organization_social"
        return JSONResponse(answer)

    async def introspect(self, request: Request) -> Response:
        """`POST /oauth/v2/introspectToken`."""
        form = {key: values[0] for key, values in parse_qs((await request.body()).decode()).items()}
        token = self.tokens.get(form.get("token", ""))
        if token is None:
            return JSONResponse({"active": False})
        status = "revoked" if token.revoked else "active" if self._alive(token) else "expired"
        return JSONResponse(
            {
                "active": status == "active",
                "client_id": known.LINKEDIN_CLIENT_ID,
                "created_at": int(token.born),
                "expires_at": int(token.born + token.seconds),
                "authorized_at": int(token.born),
                "status": status,
                "scope": "r_ads,r_ads_reporting",
                "auth_type": "2L",
            }
        )

    def revoke(self, token: str) -> None:
        """Expire a token; its next request answers 401."""
        if token in self.tokens:
            self.tokens[token].revoked = True

    def _alive(self, token: Token) -> bool:
        return not token.revoked and time.time() - token.born < token.seconds

    def guarded(self, handler: Handler) -> Callable[[Request], Awaitable[Response]]:
        """Token, version, protocol, quota and URL checks, tunnelling, and Rest.li parameters."""

        async def answer(request: Request) -> Response:
            refused = self._refuse(request)
            if refused is not None:
                return refused
            raw = request.scope["query_string"].decode()
            if request.method == "POST":
                if request.headers.get("x-http-method-override", "").upper() != "GET":
                    return failure(405, "METHOD_NOT_ALLOWED", "Method not allowed")
                raw = "&".join(part for part in (raw, (await request.body()).decode()) if part)
            if request.headers.get("x-restli-protocol-version") != "2.0.0" and ("List(" in raw or "=(" in raw):
                return failure(400, "ILLEGAL_ARGUMENT", "Invalid query parameters passed to request")
            try:
                return handler(request, parse_query(raw))
            except (RestliError, analytics.AnalyticsError) as error:
                text = (
                    str(error)
                    if isinstance(error, analytics.AnalyticsError)
                    else "Invalid query parameters passed to request"
                )
                return failure(400, "ILLEGAL_ARGUMENT", text)

        return answer

    def _refuse(self, request: Request) -> Response | None:
        """The first check that fails."""
        token = self.tokens.get(request.headers.get("authorization", "").removeprefix("Bearer "))
        if token is None:
            return failure(401, "INVALID_ACCESS_TOKEN", "Invalid access token", 65600)
        if not self._alive(token):
            return failure(401, "EXPIRED_ACCESS_TOKEN", "Expired access token", 65602)
        version = request.headers.get("linkedin-version")
        if version is None:
            return failure(
                400,
                "VERSION_MISSING",
                "A version must be present. Please specify a version by adding the LinkedIn-Version header.",
            )
        number = version.split(".")[0]
        if (
            not number.isdigit()
            or len(number) != 6
            or not OLDEST <= int(number) <= NEWEST
            or not 1 <= int(number[4:]) <= 12
        ):
            echo = f"{number}01" if len(number) == 6 else number
            return failure(426, "NONEXISTENT_VERSION", f"Requested version {echo} is not active")
        if len(request.scope["query_string"]) > MAX_URL:
            return Response("Request-URI Too Long", status_code=414)
        resource = request.url.path.rpartition("/rest/")[2].split("/")[0]
        self.used[resource] = self.used.get(resource, 0) + 1
        if self.used[resource] > self.daily_requests:
            return failure(
                429, "TOO_MANY_REQUESTS", "Resource level throttle limit for calls to this resource is reached.", 101
            )
        return None

    def accounts(self, request: Request, params: Params) -> Response:
        """`GET /rest/adAccounts?q=search`."""
        made = [_account(*account, self.world) for account in ACCOUNTS]
        return _found(params, made)

    def account(self, request: Request, params: Params) -> Response:
        """`GET /rest/adAccounts/{id}`."""
        account = _known_account(request)
        if account is None:
            return failure(404, "NOT_FOUND", "Account not found")
        return JSONResponse(_account(*ACCOUNTS[account], self.world))

    def groups(self, request: Request, params: Params) -> Response:
        """`GET /rest/adAccounts/{id}/adCampaignGroups?q=search`."""
        account = _known_account(request)
        if account is None:
            return failure(404, "NOT_FOUND", "Account not found")
        made: dict[int, dict[str, Any]] = {}
        for campaign in self._campaigns(account):
            ident = int(campaign["campaignGroup"].rpartition(":")[2])
            group = made.setdefault(
                ident,
                {
                    "id": ident,
                    "name": f"Wave {campaign['name'][-7:]}",
                    "status": campaign["status"],
                    "account": campaign["account"],
                    "runSchedule": campaign["runSchedule"],
                    "changeAuditStamps": campaign["changeAuditStamps"],
                    "test": False,
                },
            )
            group["totalBudget"] = campaign["totalBudget"]
        return _found(params, list(made.values()))

    def campaigns(self, request: Request, params: Params) -> Response:
        """`GET /rest/adAccounts/{id}/adCampaigns?q=search`."""
        account = _known_account(request)
        if account is None:
            return failure(404, "NOT_FOUND", "Account not found")
        return _found(params, self._campaigns(account))

    def _campaigns(self, account: int) -> list[dict[str, Any]]:
        """Campaigns of an account that exist at the clock."""
        ads, programme, out = self.world.ads, self.world.campaigns, []
        code, _, currency = ACCOUNTS[account]
        for place in np.flatnonzero(ads.account == account):
            row = ads.campaign[place]
            created, first, last = int(programme.created[row]), int(programme.start[row]), int(programme.end[row])
            if created > self.world.instant:
                continue
            status = "DRAFT" if self.world.day < first else "ACTIVE" if self.world.day <= last else "COMPLETED"
            modified = created if status == "DRAFT" else first * DAY if status == "ACTIVE" else (last + 1) * DAY
            budget = float(programme.budget[row])
            out.append(
                {
                    "id": int(ads.campaign_ids[place]),
                    "name": programme.name[row],
                    "account": f"urn:li:sponsoredAccount:{code}",
                    "campaignGroup": f"urn:li:sponsoredCampaignGroup:{ads.group_ids[place]}",
                    "status": status,
                    "type": "SPONSORED_UPDATES",
                    "costType": "CPM",
                    "objectiveType": "WEBSITE_VISIT",
                    "test": False,
                    "dailyBudget": {"amount": f"{budget / 121:.2f}", "currencyCode": currency},
                    "totalBudget": {"amount": f"{budget:.2f}", "currencyCode": currency},
                    "runSchedule": {"start": first * DAY * 1000, "end": (last + 1) * DAY * 1000},
                    "locale": {"country": "US", "language": "en"},
                    "version": {"versionTag": "3"},
                    "changeAuditStamps": {
                        "created": {"time": created * 1000},
                        "lastModified": {"time": modified * 1000},
                    },
                }
            )
        return out

    def analytics(self, request: Request, params: Params) -> Response:
        """`GET /rest/adAnalytics`: one answer, no pages."""
        made = analytics.elements(self.world, analytics.read(params, self.world.day))
        body = f'{{"paging":{{"start":0,"count":10,"links":[]}},"elements":[{",".join(made)}]}}'
        return Response(body, media_type="application/json")

    def lookup(self, request: Request, params: Params) -> Response:
        """`GET /rest/organizationsLookup?ids=List(…)`."""
        ids = params.get("ids", [])
        wanted = ids if isinstance(ids, list) else [ids]
        results = {str(ident): self._organisation(str(ident)) for ident in wanted}
        found = {ident: item for ident, item in results.items() if item is not None}
        errors = {ident: {"status": 404, "message": "Not found"} for ident, item in results.items() if item is None}
        statuses = {ident: 200 if item else 404 for ident, item in results.items()}
        return JSONResponse({"results": found, "statuses": statuses, "errors": errors})

    def by_vanity(self, request: Request, params: Params) -> Response:
        """`GET /rest/organizations?q=vanityName&vanityName=…`."""
        if params.get("q") != "vanityName":
            return failure(400, "ILLEGAL_ARGUMENT", "Invalid query parameters passed to request")
        orgs = self.world.ads.organisations
        rows = np.flatnonzero(orgs.vanity == str(params.get("vanityName", "")).lower())
        made = [self._organisation(str(orgs.ids[row])) for row in rows]
        return JSONResponse({"elements": made, "paging": {"start": 0, "count": 10, "links": [], "total": len(made)}})

    def organisation(self, request: Request, params: Params) -> Response:
        """`GET /rest/organizations/{id}`."""
        found = self._organisation(request.path_params["id"])
        return JSONResponse(found) if found else failure(404, "NOT_FOUND", "Not found")

    def _organisation(self, ident: str) -> dict[str, Any] | None:
        orgs = self.world.ads.organisations
        if not ident.isdigit() or not (rows := np.flatnonzero(orgs.ids == int(ident))).size:
            return None
        row = rows[0]
        locale = {"country": "US", "language": "en"}
        out: dict[str, Any] = {
            "id": int(ident),
            "localizedName": orgs.name[row],
            "vanityName": orgs.vanity[row],
            "primaryOrganizationType": "NONE",
            "locations": [],
            "name": {"localized": {"en_US": orgs.name[row]}, "preferredLocale": locale},
        }
        if orgs.website[row] is not None:
            out["localizedWebsite"] = orgs.website[row]
            out["website"] = {"localized": {"en_US": orgs.website[row]}, "preferredLocale": locale}
        return out


def failure(status: int, code: str, message: str, service: int | None = None) -> JSONResponse:
    """The error envelope of the platform."""
    body: dict[str, Any] = {"status": status, "code": code, "message": message}
    if service is not None:
        body["serviceErrorCode"] = service
    return JSONResponse(body, status_code=status)


def _oauth_error(code: str, text: str, status: int = 400) -> JSONResponse:
    return JSONResponse({"error": code, "error_description": text}, status_code=status)


def _account(ident: int, name: str, currency: str, world: World) -> dict[str, Any]:
    created = (world.calendar.start - 400) * DAY * 1000
    return {
        "id": ident,
        "name": name,
        "type": "BUSINESS",
        "status": "ACTIVE",
        "currency": currency,
        "reference": ORGANISATION,
        "servingStatuses": ["RUNNABLE"],
        "test": False,
        "version": {"versionTag": "6"},
        "changeAuditStamps": {"created": {"time": created}, "lastModified": {"time": created}},
    }


def _known_account(request: Request) -> int | None:
    ids = [str(account[0]) for account in ACCOUNTS]
    wanted = request.path_params["id"]
    return ids.index(wanted) if wanted in ids else None


def _found(params: Params, made: list[dict[str, Any]]) -> Response:
    """A search: status filter, then cursor pages; the last has no nextPageToken."""
    if params.get("q") != "search":
        return failure(400, "ILLEGAL_ARGUMENT", "Invalid query parameters passed to request")
    search = params.get("search")
    wanted = search.get("status", {}).get("values") if isinstance(search, dict) else None
    chosen = [item for item in made if not wanted or item["status"] in wanted]
    size = max(1, min(1000, int(params.get("pageSize", 100))))
    token = str(params.get("pageToken", ""))
    try:
        start = int(base64.urlsafe_b64decode(token.encode()).decode().removeprefix("p")) if token else 0
    except ValueError:
        return failure(400, "ILLEGAL_ARGUMENT", "Invalid pageToken")
    metadata = {}
    if start + size < len(chosen):
        metadata["nextPageToken"] = base64.urlsafe_b64encode(f"p{start + size:08d}".encode()).decode()
    return JSONResponse(
        {
            "elements": chosen[start : start + size],
            "metadata": metadata,
            "paging": {"start": start, "count": size, "links": []},
        }
    )
