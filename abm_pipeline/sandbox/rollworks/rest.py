"""Paths of the RollWorks sandbox: OAuth tokens whose refresh token rotates, and the GraphQL reporting API.

Errors of a query come with status 200 and `has_errors`; what could be read then stands beside them.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

import orjson
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from abm_pipeline.sandbox.rollworks import rows
from abm_pipeline.sandbox.rollworks.graphql import Field, GraphqlError, read
from abm_pipeline.sandbox.vendor import BaseApi
from abm_pipeline.sandbox.world import World
from abm_pipeline.sandbox.world.scales import to_day

API_KEY, CLIENT_SECRET = "sandbox-rollworks-client", "sandbox-rollworks-secret"
PERSONAL_TOKEN, REFRESH_TOKEN = "sandbox-rollworks-personal", "sandbox-rollworks-refresh"
MOST_DAYS = 30


@dataclass
class RollWorksApi(BaseApi):
    """Handlers and tokens. `daily_requests` is the application's quota; `partial_answers` of the next ones lack a
    part, and say so.
    """

    world: World
    daily_requests: int = 10_000
    partial_answers: int = 0
    token_seconds: float = 3600.0
    refresh_token: str = REFRESH_TOKEN
    tokens: dict[str, float] = field(default_factory=dict)
    used: int = 0
    made: int = 0

    def routes(self) -> list[Route]:
        """All paths, to be mounted under /rollworks."""
        return [
            Route("/auth/token", self.token, methods=["POST"]),
            Route("/reporting/api/v1/query", self.query, methods=["POST"]),
        ]

    async def token(self, request: Request) -> Response:
        """`POST /auth/token`: a new access token and a new refresh token; the old one is over."""
        form = {key: values[0] for key, values in parse_qs((await request.body()).decode()).items()}
        if (form.get("client_id"), form.get("client_secret")) != (API_KEY, CLIENT_SECRET):
            return JSONResponse({"error": "invalid_client"}, status_code=401)
        if form.get("grant_type") != "refresh_token" or form.get("refresh_token") != self.refresh_token:
            return JSONResponse({"error": "invalid_grant"}, status_code=400)
        self.made += 1
        text, self.refresh_token = f"rw-access-{self.made:04d}", f"rw-refresh-{self.made:04d}"
        self.tokens[text] = time.monotonic() + self.token_seconds
        return JSONResponse(
            {
                "access_token": text,
                "token_type": "Bearer",
                "expires_in": int(self.token_seconds),
                "refresh_token": self.refresh_token,
            }
        )

    def revoke(self, token: str) -> None:
        """Expire an access token; personal tokens stay valid."""
        self.tokens.pop(token, None)

    async def query(self, request: Request) -> Response:
        """`POST /reporting/api/v1/query?apikey=`."""
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        alive = token == PERSONAL_TOKEN if kind == "Token" else self.tokens.get(token, 0.0) > time.monotonic()
        if not alive or request.query_params.get("apikey") != API_KEY:
            return JSONResponse({"errors": [{"message": "You do not have access", "code": 1}]}, status_code=401)
        self.used += 1
        if self.used > self.daily_requests:
            return Response(status_code=429)
        told: dict[str, Any] = {"request": f"req{self.used:05d}", "version": "2018.09.11-1"}
        try:
            text = orjson.loads(await request.body())["query"]
            data = _select(read(str(text)), _roots(self.world))
        except (orjson.JSONDecodeError, KeyError, TypeError):
            return JSONResponse({"errors": [{"message": "Missing query", "code": 64}]}, status_code=400)
        except GraphqlError as error:
            return JSONResponse(
                {"data": None, "errors": [{"id": "E001", "msg": str(error)}], "has_errors": True} | told
            )
        if self.partial_answers > 0:
            self.partial_answers -= 1
            first = next(iter(data))
            data[first] = None
            errors = [{"id": "E001", "msg": "HTTP request failed"}]
            return JSONResponse({"data": data, "errors": errors, "has_errors": True} | told)
        return JSONResponse({"data": data, "has_errors": False} | told)


# An object to select from: values, or what makes them of a field's arguments.
Node = Mapping[str, Any]


def _select(fields: tuple[Field, ...], node: Node) -> dict[str, Any]:
    """What a selection takes of a node. Raises GraphqlError."""
    out: dict[str, Any] = {}
    for one in fields:
        if one.name not in node:
            raise GraphqlError(f'Cannot query field "{one.name}"')
        value = node[one.name]
        if callable(value):
            value = value(**one.arguments) if one.arguments else value()
        nested = isinstance(value, dict) or (isinstance(value, list) and any(isinstance(item, dict) for item in value))
        if nested and not one.fields:
            raise GraphqlError(f'Field "{one.name}" must have a selection of subfields.')
        if isinstance(value, list):
            out[one.key] = [_select(one.fields, item) for item in value] if one.fields else value
        else:
            out[one.key] = _select(one.fields, value) if one.fields and value is not None else value
    return out


def _roots(world: World) -> Node:
    def all_of() -> list[Node]:
        return [_advertisable(world, place) for place in range(len(rows.ADVERTISABLES))]

    def by_eid(advertisable: str) -> Node | None:
        place = _place(advertisable)
        return None if place is None else _advertisable(world, place)

    def summary(
        start: str,
        end: str,
        advertisableEID: str,  # noqa: N803 - the argument's name
        campaignEIDs: list[str],  # noqa: N803
        currency: str = "USD",
    ) -> list[Node] | None:
        owner, made = _place(advertisableEID), rows.known(world)
        first, last = _span(start, end)
        if last - first > MOST_DAYS:
            raise GraphqlError("The date range must not exceed 30 days")
        if owner is None:
            return None
        places = [made.eids.index(one) for one in campaignEIDs if one in made.eids]
        places = [place for place in places if made.campaigns[place].account == owner]
        return list(rows.by_account(world, places, first, last, _rate(world, owner, currency, first)))

    return {
        "advertisable": {"forUser": all_of, "byEID": by_eid},
        "accountMetrics": {"summary": summary},
    }


def _advertisable(world: World, place: int) -> Node:
    def campaigns(isActive: bool = True) -> list[Node]:  # noqa: N803 - the argument's name
        return [_campaign(world, place, one) for one in rows.campaigns(world, place, isActive)]

    return {**rows.advertisable(rows.ADVERTISABLES[place], world), "campaigns": campaigns}


def _campaign(world: World, owner: int, place: int) -> Node:
    def metrics(start: str, end: str, currency: str = "USD") -> Node:
        first, last = _span(start, end)
        found = rows.by_date(world, place, first, last, _rate(world, owner, currency, first))
        return {"byDate": found}

    return {**rows.campaign(world, place), "metrics": metrics}


def _place(eid: str) -> int | None:
    return next((place for place, one in enumerate(rows.ADVERTISABLES) if one.eid == eid), None)


def _rate(world: World, owner: int, currency: str, day: int) -> float:
    """From the advertisable's currency to the one asked for, which is dollars if none is."""
    own = rows.ADVERTISABLES[owner].currency
    if own == currency:
        return 1.0
    worth = {code: float(world.money.dollars(1.0, code, day) or 1.0) for code in (own, currency)}
    return worth[own] / worth[currency]


def _span(start: str, end: str) -> tuple[int, int]:
    """Day numbers, the end exclusive."""
    try:
        return to_day(dt.date.fromisoformat(start)), to_day(dt.date.fromisoformat(end))
    except ValueError:
        raise GraphqlError("Invalid date") from None
