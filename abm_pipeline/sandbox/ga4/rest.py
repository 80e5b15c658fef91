"""Paths of the Google Analytics sandbox: the token of a service account or a user, runReport, and the metadata.

Answers are proto3 JSON: all values are text, 64-bit numbers too, and what is empty or nought is absent.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

import jwt
import orjson
import pandas as pd
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from abm_pipeline.sandbox.credentials import KEYS
from abm_pipeline.sandbox.ga4.visits import SITE, cells
from abm_pipeline.sandbox.vendor import TokenApi, bearer
from abm_pipeline.sandbox.world import World

CLIENT_ID = "sandbox-ga4-client"
CLIENT_SECRET = "sandbox-ga4-secret"
REFRESH_TOKEN = "sandbox-ga4-refresh"
SERVICE_ACCOUNT = "abm-pipeline@northwind-abm.iam.gserviceaccount.example"
PROPERTY = "400123456"
SCOPE = "https://www.googleapis.com/auth/analytics.readonly"
TIME_ZONE, CURRENCY = "America/New_York", "USD"
COMPANY = "customUser:company_domain"
DIMENSIONS = ("date", "landingPage", "hostName", COMPANY)
METRICS = {
    "sessions": "TYPE_INTEGER", "engagedSessions": "TYPE_INTEGER", "screenPageViews": "TYPE_INTEGER",
    "totalUsers": "TYPE_INTEGER", "userEngagementDuration": "TYPE_SECONDS", "keyEvents": "TYPE_FLOAT",
}  # fmt: skip
LIMIT, MAX_LIMIT = 10_000, 250_000
TOKENS = 11
_HOURLY = (
    "Exhausted property tokens for a project per hour. These quota tokens will return in under an hour. To learn more, "
    "see https://developers.google.com/analytics/devguides/reporting/data/v1/quotas"
)
Handler = Callable[[Request], Awaitable[Response]]


class RefusedError(Exception):
    """A request that is answered with an error."""

    def __init__(self, code: int, status: str, message: str) -> None:
        self.code, self.body = code, error(code, status, message)
        super().__init__(message)


def error(code: int, status: str, message: str) -> dict[str, Any]:
    """Google's error object."""
    return {"error": {"code": code, "message": message, "status": status}}


@dataclass
class Ga4Api(TokenApi):
    """Handlers and tokens. `hourly_tokens`: quota of the project and hour. `is_sampled`: whether answers say that they
    rest on a sample. `has_dimension`: whether the property has the company as a custom dimension.
    """

    world: World
    hourly_tokens: int = 14_000
    token_seconds: float = 3_599.0
    is_sampled: bool = False
    has_dimension: bool = True
    spent: int = 0
    made: int = 0
    seen: tuple[int, pd.DataFrame | None] = (-1, None)

    def routes(self) -> list[Route]:
        """All paths, to be mounted under /ga4."""
        return [
            Route("/token", self.token, methods=["POST"]),
            Route("/v1beta/properties/{ident:int}:runReport", self.guarded(self.report), methods=["POST"]),
            Route("/v1beta/properties/{ident:int}/metadata", self.guarded(self.metadata)),
        ]

    async def token(self, request: Request) -> Response:
        """`POST /token`: a refresh token that stays, or a service account's signed assertion."""
        form = {key: values[0] for key, values in parse_qs((await request.body()).decode()).items()}
        grant = form.get("grant_type")
        if grant == "urn:ietf:params:oauth:grant-type:jwt-bearer":
            if not _is_signed(form.get("assertion", "")):
                return _oauth_error("invalid_grant", "Invalid JWT Signature.")
        elif grant != "refresh_token":
            return _oauth_error("unsupported_grant_type", "Invalid grant_type.")
        elif (form.get("client_id"), form.get("client_secret")) != (CLIENT_ID, CLIENT_SECRET):
            return _oauth_error("invalid_client", "The provided client secret is invalid.", 401)
        elif form.get("refresh_token") != REFRESH_TOKEN:
            return _oauth_error("invalid_grant", "Token has been expired or revoked.")
        self.made += 1
        access = f"ya29.sandbox-{self.made:06d}"
        self.tokens[access] = time.monotonic() + self.token_seconds
        return JSONResponse(
            {"access_token": access, "expires_in": int(self.token_seconds), "scope": SCOPE, "token_type": "Bearer"}
        )

    def guarded(self, handler: Handler) -> Handler:
        """Token, property and errors in Google's words."""

        async def answer(request: Request) -> Response:
            try:
                if not self.holds(bearer(request)):
                    text = "Request had invalid authentication credentials."
                    raise RefusedError(401, "UNAUTHENTICATED", text)
                if str(request.path_params["ident"]) != PROPERTY:
                    text = "User does not have sufficient permissions for this property."
                    raise RefusedError(403, "PERMISSION_DENIED", text)
                return await handler(request)
            except RefusedError as refused:
                return JSONResponse(refused.body, refused.code)

        return answer

    def known(self) -> tuple[str, ...]:
        """The property's dimensions."""
        return DIMENSIONS if self.has_dimension else DIMENSIONS[:-1]

    async def metadata(self, request: Request) -> Response:
        """`GET …/metadata`: the dimensions and metrics of the property, its own among them."""
        dimensions = [
            {"apiName": name, "uiName": name, "customDefinition": True}
            if name.startswith("custom")
            else {"apiName": name, "uiName": name}
            for name in self.known()
        ]
        metrics = [{"apiName": name, "uiName": name, "type": kind} for name, kind in METRICS.items()]
        name = f"properties/{PROPERTY}/metadata"
        return JSONResponse({"name": name, "dimensions": dimensions, "metrics": metrics})

    async def report(self, request: Request) -> Response:
        """`POST …:runReport`."""
        asked = orjson.loads(await request.body() or b"{}")
        self.spent += TOKENS
        if self.spent > self.hourly_tokens:
            raise RefusedError(429, "RESOURCE_EXHAUSTED", _HOURLY)
        dimensions = [one["name"] for one in asked.get("dimensions", [])]
        metrics = [one["name"] for one in asked.get("metrics", [])]
        for name in dimensions:
            if name not in self.known():
                text = f"Field {name} is not a valid dimension. For a list of valid dimensions, see the metadata."
                raise RefusedError(400, "INVALID_ARGUMENT", text)
        if wrong := [name for name in metrics if name not in METRICS]:
            raise RefusedError(400, "INVALID_ARGUMENT", f"Field {wrong[0]} is not a valid metric.")
        if len(dimensions) > 9 or not 1 <= len(metrics) <= 10:
            raise RefusedError(400, "INVALID_ARGUMENT", "Requests are limited to 9 dimensions and 10 metrics.")
        rows, is_thresholded = self._rows(asked, dimensions, metrics)
        offset, limit = int(asked.get("offset", 0)), min(int(asked.get("limit", 0)) or LIMIT, MAX_LIMIT)
        body: dict[str, Any] = {
            "dimensionHeaders": [{"name": name} for name in dimensions],
            "metricHeaders": [{"name": name, "type": METRICS[name]} for name in metrics],
            "metadata": {"currencyCode": CURRENCY, "timeZone": TIME_ZONE},
            "kind": "analyticsData#runReport",
        }
        if is_thresholded:
            body["metadata"]["subjectToThresholding"] = True
        if self.is_sampled:
            sample = {"samplesReadCount": "500000", "samplingSpaceSize": "2000000"}
            body["metadata"]["samplingMetadatas"] = [sample]
        if len(rows):
            page = rows.iloc[offset : offset + limit]
            body["rows"] = [
                {
                    "dimensionValues": [{"value": str(value)} for value in row[: len(dimensions)]],
                    "metricValues": [{"value": str(value)} for value in row[len(dimensions) :]],
                }
                for row in page.itertuples(index=False)
            ]
            body["rowCount"] = len(rows)
        if asked.get("returnPropertyQuota"):
            left = max(self.hourly_tokens - self.spent, 0)
            body["propertyQuota"] = {
                "tokensPerDay": {"consumed": TOKENS, "remaining": 200_000 - self.spent},
                "tokensPerHour": {"consumed": TOKENS, "remaining": 40_000 - self.spent},
                "concurrentRequests": {"remaining": 10},
                "serverErrorsPerProjectPerHour": {"remaining": 10},
                "potentiallyThresholdedRequestsPerHour": {"remaining": 120},
                "tokensPerProjectPerHour": {"consumed": TOKENS, "remaining": left},
            }
        return Response(orjson.dumps(body), media_type="application/json; charset=UTF-8")

    def _rows(self, asked: dict[str, Any], dimensions: list[str], metrics: list[str]) -> tuple[pd.DataFrame, bool]:
        """Grouped and sorted rows, and whether any were withheld."""
        if self.seen[0] != self.world.day or self.seen[1] is None:
            self.seen = (self.world.day, cells(self.world).rename(columns={"domain": COMPANY}).assign(hostName=SITE))
        frame = self.seen[1]
        assert frame is not None
        ranges = asked.get("dateRanges") or []
        if len(ranges) != 1:
            raise RefusedError(400, "INVALID_ARGUMENT", "One date range is served here.")
        first, last = (str(ranges[0][end]).replace("-", "") for end in ("startDate", "endDate"))
        frame = frame[frame["date"].between(first, last)]
        if frame.empty:
            return frame, False
        if "dimensionFilter" in asked:
            frame = frame[_passes(asked["dimensionFilter"], frame)]
        is_thresholded = False
        if COMPANY in dimensions:
            is_thresholded = not bool(frame["is_shown"].all())
            frame = frame[frame["is_shown"]]
        if not dimensions:
            return frame[metrics].sum().to_frame().T, is_thresholded
        rows = frame.groupby(dimensions, as_index=False, sort=True)[metrics].sum()
        orders = asked.get("orderBys") or [{"metric": {"metricName": metrics[0]}, "desc": True}]
        by = [
            one["dimension"]["dimensionName"] if "dimension" in one else one["metric"]["metricName"] for one in orders
        ]
        ascending = [not one.get("desc", False) for one in orders]
        return rows.sort_values(by, ascending=ascending, kind="stable")[[*dimensions, *metrics]], is_thresholded


def _passes(tree: dict[str, Any], frame: pd.DataFrame) -> pd.Series[bool]:
    """Which rows a filter expression lets pass."""
    if "notExpression" in tree:
        return ~_passes(tree["notExpression"], frame)
    for group, start in (("andGroup", True), ("orGroup", False)):
        if group in tree:
            out = pd.Series(start, index=frame.index)
            for part in tree[group]["expressions"]:
                out = out & _passes(part, frame) if start else out | _passes(part, frame)
            return out
    one = tree["filter"]
    values = frame[one["fieldName"]]
    if "inListFilter" in one:
        listed: pd.Series[bool] = values.isin(one["inListFilter"]["values"])
        return listed
    if "stringFilter" in one and one["stringFilter"].get("matchType", "EXACT") in ("EXACT", 1):
        equal: pd.Series[bool] = values == one["stringFilter"]["value"]
        return equal
    raise RefusedError(400, "INVALID_ARGUMENT", "The filter is not served here.")


def _is_signed(assertion: str) -> bool:
    """Whether the service account signed it, for at most an hour, to read reports."""
    try:
        claims = jwt.decode(
            assertion,
            KEYS.private.public_key(),
            algorithms=["RS256"],
            options={"verify_aud": False, "require": ["iss", "aud", "iat", "exp"]},
        )
    except jwt.InvalidTokenError:
        return False
    reads = SCOPE in str(claims.get("scope", "")).split()
    return claims["iss"] == SERVICE_ACCOUNT and reads and int(claims["exp"]) - int(claims["iat"]) <= 3_600


def _oauth_error(code: str, text: str, status: int = 400) -> Response:
    return JSONResponse({"error": code, "error_description": text}, status_code=status)
