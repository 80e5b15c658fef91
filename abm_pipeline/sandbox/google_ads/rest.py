"""Paths of the Google Ads sandbox: tokens, header checks, search in pages and in one stream, quota.

A stream's error may come after rows have been sent, in an array that began with status 200.
"""

from __future__ import annotations

import base64
import time
import zlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

import orjson
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from abm_pipeline.sandbox.google_ads import gaql, rows
from abm_pipeline.sandbox.vendor import TokenApi, bearer
from abm_pipeline.sandbox.world import World

CLIENT_ID, CLIENT_SECRET = "sandbox-google-client.apps.googleusercontent.com", "sandbox-google-secret"
REFRESH_TOKEN, DEVELOPER_TOKEN = "1//sandbox-google-refresh", "sandboxDevToken_-22chr"
OLDEST, NEWEST = 23, 26
DEAD_LOGIN = (
    "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid "
    "authentication credential."
)
Handler = Callable[[rows.Customer, dict[str, Any], str], Response]


@dataclass
class GoogleAdsApi(TokenApi):
    """Handlers and tokens. `daily_operations` is the developer token's quota, `retry_delay` the seconds it asks for
    when that is used up; `broken_streams` of the next streams end in an error after their first batch.
    """

    world: World
    daily_operations: int = 15_000
    retry_delay: float = 30.0
    page_rows: int = 10_000
    token_seconds: float = 3599.0
    broken_streams: int = 0
    operations: int = 0
    requests: int = 0

    def routes(self) -> list[Route]:
        """All paths, to be mounted under /google_ads."""
        return [
            Route("/token", self.token, methods=["POST"]),
            Route("/{version}/customers:listAccessibleCustomers", self.accessible),
            Route("/{version}/customers/{id}/googleAds:search", self.guarded(self.search), methods=["POST"]),
            Route("/{version}/customers/{id}/googleAds:searchStream", self.guarded(self.stream), methods=["POST"]),
        ]

    async def token(self, request: Request) -> Response:
        """`POST /token`: an access token for a refresh token, which stays the same."""
        form = {key: values[0] for key, values in parse_qs((await request.body()).decode()).items()}
        if form.get("grant_type") != "refresh_token":
            return _oauth("unsupported_grant_type", "Invalid grant_type")
        if (form.get("client_id"), form.get("client_secret")) != (CLIENT_ID, CLIENT_SECRET):
            return _oauth("invalid_client", "Unauthorized", 401)
        if form.get("refresh_token") != REFRESH_TOKEN:
            return _oauth("invalid_grant", "Token has been expired or revoked.")
        text = f"ya29.sandbox-{len(self.tokens) + 1:06d}"
        self.tokens[text] = time.monotonic() + self.token_seconds
        return JSONResponse(
            {
                "access_token": text,
                "expires_in": int(self.token_seconds),
                "scope": "https://www.googleapis.com/auth/adwords",
                "token_type": "Bearer",
            }
        )

    async def accessible(self, request: Request) -> Response:
        """`GET customers:listAccessibleCustomers`: what the login itself was given."""
        refused = self._refuse(request)
        return refused or JSONResponse({"resourceNames": [f"customers/{rows.MANAGER}"]})

    def guarded(self, handler: Handler) -> Callable[[Request], Awaitable[Response]]:
        """Version, token, developer token, quota, customer, and the query's own errors."""

        async def answer(request: Request) -> Response:
            self.requests += 1
            ident = f"fV7K{self.requests:06d}"
            refused = self._refuse(request)
            if refused is not None:
                return refused
            customer = next((c for c in rows.CUSTOMERS if str(c.ident) == request.path_params["id"]), None)
            manager = request.headers.get("login-customer-id", "")
            if manager and not manager.isdigit():
                return failure(400, "requestError", "INVALID_CUSTOMER_ID", "Invalid login customer id.")
            if customer is None or manager != str(rows.MANAGER):
                text = (
                    "User doesn't have permission to access customer. Note: If you're accessing a client customer, the "
                    "manager's customer id must be set in the 'login-customer-id' header."
                )
                return failure(403, "authorizationError", "USER_PERMISSION_DENIED", text)
            if customer.status != "ENABLED":
                text = "The customer account can't be accessed because it is not yet enabled or has been deactivated."
                return failure(403, "authorizationError", "CUSTOMER_NOT_ENABLED", text)
            try:
                body = orjson.loads(await request.body())
                made = handler(customer, body, ident)
            except gaql.GaqlError as error:
                if error.category == "quotaError":
                    return failure(429, error.category, error.code, str(error), self.retry_delay)
                return failure(400, error.category, error.code, str(error))
            except (orjson.JSONDecodeError, KeyError, TypeError):
                return failure(400, "requestError", "REQUIRED_FIELD_MISSING", "Required field is missing.")
            made.headers["request-id"] = ident
            return made

        return answer

    def _refuse(self, request: Request) -> Response | None:
        version = request.path_params["version"].removeprefix("v")
        if not version.isdigit() or int(version) > NEWEST:
            return HTMLResponse("<html><title>Error 404 (Not Found)!!1</title></html>", status_code=404)
        if int(version) < OLDEST:
            text = f"Version v{version} is deprecated. Requests to this version will be blocked."
            return failure(400, "requestError", "UNSUPPORTED_VERSION", text)
        if not self.holds(bearer(request)):
            return JSONResponse(
                {"error": {"code": 401, "message": DEAD_LOGIN, "status": "UNAUTHENTICATED"}}, status_code=401
            )
        developer = request.headers.get("developer-token")
        if developer is None:
            return failure(400, "requestError", "DEVELOPER_TOKEN_PARAMETER_MISSING", "developer-token is missing.")
        if developer != DEVELOPER_TOKEN:
            return failure(401, "authenticationError", "DEVELOPER_TOKEN_INVALID", "The developer token is not valid.")
        return None

    def _spend(self) -> None:
        """One operation a query, however many pages it has."""
        self.operations += 1
        if self.operations > self.daily_operations:
            raise gaql.GaqlError("RESOURCE_EXHAUSTED", f"Too many requests. Retry in {self.retry_delay:g} seconds.",
                                 "quotaError")  # fmt: skip

    def search(self, customer: rows.Customer, body: dict[str, Any], ident: str) -> Response:
        """`POST googleAds:search`: pages of a fixed size; a token holds for its own query only."""
        if "pageSize" in body:
            text = "Setting the page size is not supported. Search Responses will have fixed page size of '10000' rows."
            raise gaql.GaqlError("PAGE_SIZE_NOT_SUPPORTED", text, "requestError")
        query, start = str(body["query"]), 0
        if token := body.get("pageToken"):
            start = read_token(str(token), query)
        else:
            self._spend()
        wanted = gaql.read(query)
        found = rows.answer(self.world, customer, wanted)
        answer: dict[str, Any] = {"fieldMask": _mask(wanted)}
        if page := found[start : start + self.page_rows]:
            answer["results"] = page
        if start + self.page_rows < len(found):
            answer["nextPageToken"] = make_token(query, start + self.page_rows, self.page_rows)
        if (body.get("searchSettings") or {}).get("returnTotalResultsCount"):
            answer["totalResultsCount"] = str(len(found))
        return JSONResponse(answer)

    def stream(self, customer: rows.Customer, body: dict[str, Any], ident: str) -> Response:
        """`POST googleAds:searchStream`: an array of batches."""
        self._spend()
        wanted = gaql.read(str(body["query"]))
        found = rows.answer(self.world, customer, wanted)
        batches: list[dict[str, Any]] = []
        for start in range(0, max(len(found), 1), self.page_rows):
            batch: dict[str, Any] = {"fieldMask": _mask(wanted), "requestId": ident}
            if part := found[start : start + self.page_rows]:
                batch |= {"results": part, "queryResourceConsumption": str(17 * len(part))}
            batches.append(batch)
        if self.broken_streams > 0:
            self.broken_streams -= 1
            text = "Internal error encountered."
            batches[1:] = [{"error": envelope(500, "internalError", "INTERNAL_ERROR", text)}]
        return JSONResponse(batches)


def failure(status: int, category: str, code: str, message: str, delay: float | None = None) -> Response:
    """An error answer."""
    return JSONResponse({"error": envelope(status, category, code, message, delay)}, status_code=status)


def envelope(status: int, category: str, code: str, message: str, delay: float | None = None) -> dict[str, Any]:
    """The error object: a google.rpc.Status with a GoogleAdsFailure in it."""
    inner: dict[str, Any] = {"errorCode": {category: code}, "message": message}
    if delay is not None:
        quota = {"rateScope": "DEVELOPER", "rateName": "Number of operations for basic access"}
        inner["details"] = {"quotaErrorDetails": {**quota, "retryDelay": f"{delay:g}s"}}
    names = {400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED", 429: "RESOURCE_EXHAUSTED"}
    told = {400: "Request contains an invalid argument.", 403: "The caller does not have permission",
            429: "Resource has been exhausted (e.g. check quota)."}  # fmt: skip
    kind = f"type.googleapis.com/google.ads.googleads.v{NEWEST}.errors.GoogleAdsFailure"
    return {
        "code": status,
        "message": told.get(status, message),
        "status": names.get(status, "INTERNAL"),
        "details": [{"@type": kind, "errors": [inner], "requestId": "fV7K"}],
    }


def make_token(query: str, start: int, size: int) -> str:
    """A page token: where it starts, how long pages are, and which query it belongs to."""
    return base64.urlsafe_b64encode(f"{zlib.crc32(query.encode()):08x}:{start}:{size}".encode()).decode()


def read_token(token: str, query: str) -> int:
    """Where a token's page starts. Raises GaqlError."""
    try:
        mark, start, _ = base64.urlsafe_b64decode(token.encode()).decode().split(":")
        if mark == f"{zlib.crc32(query.encode()):08x}":
            return int(start)
    except ValueError:
        pass
    raise gaql.GaqlError("INVALID_PAGE_TOKEN", "The page token is invalid.", "requestError")


def this_page(token: str) -> str:
    """The token of the page that gave `token`."""
    mark, start, size = base64.urlsafe_b64decode(token.encode()).decode().split(":")
    return base64.urlsafe_b64encode(f"{mark}:{max(int(start) - int(size), 0)}:{size}".encode()).decode()


def _mask(query: gaql.Query) -> str:
    return ",".join(".".join(rows.camel(part) for part in field.split(".")) for field in query.fields)


def _oauth(code: str, text: str, status: int = 400) -> JSONResponse:
    return JSONResponse({"error": code, "error_description": text}, status_code=status)
