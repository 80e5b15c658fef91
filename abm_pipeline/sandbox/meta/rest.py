"""Paths of the Meta sandbox: ad accounts, campaigns, insights at once and by report runs, usage headers, throttling.

Throttled answers have status 400 and a code; there is no 429 and no Retry-After. How much of the quota is used stands
in headers of every answer.
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import hmac
import math
import time
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlencode

import orjson
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from abm_pipeline.sandbox.meta import rows
from abm_pipeline.sandbox.vendor import BaseApi
from abm_pipeline.sandbox.world import World
from abm_pipeline.sandbox.world.scales import to_day

ACCESS_TOKEN, APP_SECRET = "EAABsandboxSystemUserToken", "sandbox-meta-app-secret"
OLDEST, NEWEST = 24, 26
HISTORY_DAYS = 37 * 31
Params = dict[str, str]
Handler = Callable[[Request, Params], Response]


class GraphError(Exception):
    """A refused request: status, and the `error` object."""

    def __init__(self, message: str, code: int, subcode: int | None = None, status: int = 400, **more: Any) -> None:
        super().__init__(message)
        kind = "OAuthException" if code in (4, 17, 100, 190, 2635) or code >= 80000 else "FacebookApiException"
        self.status = status
        self.error = {"message": message, "type": kind, "code": code, "fbtrace_id": "A3pz5sandbox", **more}
        if subcode is not None:
            self.error["error_subcode"] = subcode


@dataclass
class Run:
    """A report run: what was asked for, and how often it has been looked at."""

    account: int
    params: Params
    fails: bool
    polls: int = 0


@dataclass
class MetaApi(BaseApi):
    """Handlers and runs. `quota_calls` of `quota_seconds` are an ad account's quota. A run is complete at its
    `polls_to_complete`-th look; `failing_runs` of the next ones fail, and `racing_polls` of the next looks don't find
    their run yet. More than `most_rows` asked for at once are refused.
    """

    world: World
    quota_calls: int = 10_000
    quota_seconds: float = 3600.0
    polls_to_complete: int = 3
    failing_runs: int = 0
    racing_polls: int = 0
    most_rows: int = 5000
    throttled: int = 0
    calls: deque[float] = field(default_factory=deque)
    runs: dict[str, Run] = field(default_factory=dict)

    def routes(self) -> list[Route]:
        """All paths, to be mounted under /meta."""
        return [
            Route("/{version}/me/adaccounts", self.guarded(self.accounts)),
            Route("/{version}/act_{id:int}/campaigns", self.guarded(self.campaigns)),
            Route("/{version}/act_{id:int}/insights", self.guarded(self.insights), methods=["GET", "POST"]),
            Route("/{version}/{run:int}/insights", self.guarded(self.results)),
            Route("/{version}/{run:int}", self.guarded(self.poll)),
            Route("/{version}/{run:int}/", self.guarded(self.poll)),
        ]

    def guarded(self, handler: Handler) -> Callable[[Request], Awaitable[Response]]:
        """Version, token, proof of the app's secret, quota; errors and usage headers."""

        async def answer(request: Request) -> Response:
            params = dict(request.query_params)
            if request.method == "POST":
                body = (await request.body()).decode()
                params |= {key: values[0] for key, values in parse_qs(body).items()}
            try:
                self._check(request, params)
                made = handler(request, params)
            except GraphError as error:
                made = JSONResponse({"error": error.error}, status_code=error.status)
            made.headers.update(self._usage())
            made.headers["facebook-api-version"] = request.path_params["version"]
            return made

        return answer

    def _check(self, request: Request, params: Params) -> None:
        version = request.path_params["version"]
        number = version.removeprefix("v").partition(".")[0]
        if not number.isdigit() or int(number) > NEWEST:
            raise GraphError(f"Unknown path components: /{version}", 2500)
        if int(number) < OLDEST:
            text = "(#2635) You are calling a deprecated version of the Ads API. Please update to the latest version."
            raise GraphError(text, 2635)
        bearer = request.headers.get("authorization", "").removeprefix("Bearer ")
        if params.get("access_token", bearer) != ACCESS_TOKEN:
            text = "Error validating access token: The session has been invalidated."
            raise GraphError(text, 190, 460)
        proof = hmac.new(APP_SECRET.encode(), ACCESS_TOKEN.encode(), hashlib.sha256).hexdigest()
        if params.get("appsecret_proof", proof) != proof:
            raise GraphError("Invalid appsecret_proof provided in the API argument", 100)
        now = time.monotonic()
        while self.calls and self.calls[0] <= now - self.quota_seconds:
            self.calls.popleft()
        if len(self.calls) >= self.quota_calls:
            self.throttled += 1
            text = (
                "(#80000) There have been too many calls from this ad-account. Wait a bit and try again. For more info,"
                " please refer to https://developers.facebook.com/docs/graph-api/overview/rate-limiting."
            )
            raise GraphError(text, 80000, 2446079, is_transient=False, error_user_title="Ad Account Has Too Many Calls")
        self.calls.append(now)

    def _usage(self) -> dict[str, str]:
        """Usage in percent, and minutes until a throttled account is let in again."""
        used = 100 * len(self.calls) / max(self.quota_calls, 1)
        minutes = math.ceil(self.quota_seconds / 60) if used >= 100 else 0
        percent = min(math.floor(used), 100)
        tier = {"ads_api_access_tier": "standard_access"}
        case = {
            "type": "ads_insights",
            "call_count": percent,
            "total_cputime": percent // 4,
            "total_time": percent // 4,
        }
        told: dict[str, Any] = {
            "x-app-usage": {"call_count": percent // 10, "total_time": percent // 20, "total_cputime": percent // 20},
            "x-business-use-case-usage": {
                str(rows.ACCOUNTS[0].ident): [{**case, "estimated_time_to_regain_access": minutes, **tier}]
            },
            "x-fb-ads-insights-throttle": {"app_id_util_pct": round(used / 10, 2), "acc_id_util_pct": used, **tier},
        }
        return {name: orjson.dumps(value).decode() for name, value in told.items()}

    def accounts(self, request: Request, params: Params) -> Response:
        """`GET /me/adaccounts`."""
        return self._listed(request, params, list(rows.accounts(self.world)), rows.ACCOUNT_FIELDS, ("id",))

    def campaigns(self, request: Request, params: Params) -> Response:
        """`GET /act_<id>/campaigns`, without deleted and archived ones unless they are filtered for."""
        statuses, since = _filters(params, "campaign")
        found = [
            row
            for row in rows.campaigns(self.world, _account(request.path_params["id"]))
            if row["effective_status"] in statuses and row["updated"] > since
        ]
        return self._listed(request, params, found, rows.CAMPAIGN_FIELDS, ("id",))

    def insights(self, request: Request, params: Params) -> Response:
        """`GET /act_<id>/insights` at once; `POST` starts a report run."""
        account = _account(request.path_params["id"])
        _check_report(self.world, params)
        if request.method == "GET":
            return self._insights(request, params, account, params)
        ident = str(6_023_920_149_050 + 97 * len(self.runs))
        self.runs[ident] = Run(account, params, self.failing_runs > 0)
        self.failing_runs = max(self.failing_runs - 1, 0)
        return JSONResponse({"report_run_id": ident})

    def poll(self, request: Request, params: Params) -> Response:
        """`GET /<run>`: all of the percents may be told before the run is complete."""
        ident, run = self._run(request)
        if self.racing_polls > 0:
            self.racing_polls -= 1
            raise _unknown(ident)
        run.polls += 1
        states = {1: ("Job Not Started", 0), 2: ("Job Running", 100)}
        state, percent = states.get(run.polls, ("Job Running", 100))
        if run.polls >= self.polls_to_complete:
            state, percent = ("Job Failed", 44) if run.fails else ("Job Completed", 100)
        span = orjson.loads(run.params["time_range"])
        told: dict[str, Any] = {
            "id": ident,
            "account_id": str(rows.ACCOUNTS[run.account].ident),
            "time_ref": self.world.instant,
            "async_status": state,
            "async_percent_completion": percent,
            "date_start": span["since"],
            "date_stop": span["until"],
        }
        if state == "Job Completed":
            told["time_completed"] = self.world.instant + 62
        if state == "Job Failed":
            told |= {"error_code": -2, "error_message": "The report could not be made.", "error_subcode": 1504018}
        return JSONResponse(told)

    def results(self, request: Request, params: Params) -> Response:
        """`GET /<run>/insights`."""
        _, run = self._run(request)
        if run.polls < self.polls_to_complete or run.fails:
            raise GraphError("(#2601) Loading Async Ads Report Failed: report is not ready", 2601)
        return self._insights(request, params, run.account, run.params)

    def _run(self, request: Request) -> tuple[str, Run]:
        ident = str(request.path_params["run"])
        run = self.runs.get(ident)
        if run is None:
            raise _unknown(ident)
        return ident, run

    def _insights(self, request: Request, params: Params, account: int, asked: Params) -> Response:
        span = orjson.loads(asked["time_range"])
        statuses, _ = _filters(asked, "campaign")
        found = rows.insights(
            self.world, account, _day(span["since"]), _day(span["until"]),
            by_day=asked.get("time_increment") == "1", statuses=statuses,
        )  # fmt: skip
        fields = {"fields": asked["fields"]} if "fields" in asked else {}
        return self._listed(request, params | fields, found, rows.INSIGHT_FIELDS, ("date_start", "date_stop"))

    def _listed(
        self,
        request: Request,
        params: Params,
        found: list[dict[str, Any]],
        known: frozenset[str],
        always: tuple[str, ...],
    ) -> Response:
        """A page of the rows with the fields asked for; the last has cursors but no `next`, none have no paging."""
        wanted = _list(params.get("fields", "")) or list(always)
        for name in wanted:
            if name not in known:
                raise GraphError(f"(#100) Tried accessing nonexisting field ({name})", 100)
        limit = int(params.get("limit", "25"))
        if limit > self.most_rows:
            text = "Please reduce the amount of data you're asking for, then retry your request"
            raise GraphError(text, 1, status=500)
        start = _offset(params["after"]) if "after" in params else 0
        keys = [*dict.fromkeys([*wanted, *always])]
        page = [{key: row[key] for key in keys if key in row} for row in found[start : start + limit]]
        if not page:
            return JSONResponse({"data": []})
        paging: dict[str, Any] = {"cursors": {"before": _cursor(start), "after": _cursor(start + len(page))}}
        if start + limit < len(found):
            query = {**params, "access_token": ACCESS_TOKEN, "after": _cursor(start + limit)}
            paging["next"] = f"{request.url.replace(query='')}?{urlencode(query)}"
        return JSONResponse({"data": page, "paging": paging})


def _unknown(ident: str) -> GraphError:
    text = (
        f"Unsupported get request. Object with ID '{ident}' does not exist, cannot be loaded due to missing permissions"
    )
    return GraphError(text, 100, 33)


def _account(ident: int) -> int:
    for place, account in enumerate(rows.ACCOUNTS):
        if account.ident == ident:
            return place
    raise GraphError("(#200) Ad account owner has NOT grant ads_management or ads_read permission", 200, status=403)


def _check_report(world: World, params: Params) -> None:
    if params.get("level") != "campaign":
        raise GraphError("(#100) level must be campaign here", 100)
    try:
        span = orjson.loads(params["time_range"])
        first = _day(span["since"])
        _day(span["until"])
    except (KeyError, TypeError, ValueError):
        raise GraphError("(#100) Must be a valid time_range", 100) from None
    if first < world.day - HISTORY_DAYS:
        text = "(#3018) The start date of the time range cannot be beyond 37 months from the current date"
        raise GraphError(text, 3018)


def _filters(params: Params, prefix: str) -> tuple[tuple[str, ...], int]:
    """Statuses asked for, and the second after which something must have changed."""
    statuses: tuple[str, ...] = rows.LIVE
    since = 0
    if "effective_status" in params:
        statuses = tuple(_list(params["effective_status"]))
    try:
        for one in orjson.loads(params.get("filtering", "[]")):
            name = str(one["field"]).removeprefix(f"{prefix}.")
            if (name, one["operator"]) == ("effective_status", "IN"):
                statuses = tuple(one["value"])
            elif (name, one["operator"]) == ("updated_time", "GREATER_THAN"):
                since = int(one["value"])
            else:
                raise GraphError(f"(#100) Filtering field {one['field']} with operation is not supported", 100)
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError):
        raise GraphError("(#100) Param filtering must be an array", 100) from None
    return statuses, since


def _list(text: str) -> list[str]:
    """Names in a JSON list, or separated by commas."""
    return list(orjson.loads(text)) if text.startswith("[") else [name for name in text.split(",") if name]


def _day(text: str) -> int:
    return to_day(dt.date.fromisoformat(text))


def _cursor(offset: int) -> str:
    return base64.urlsafe_b64encode(f"QVFI{offset:06d}".encode()).decode().rstrip("=") + "ZD"


def _offset(cursor: str) -> int:
    try:
        text = cursor.removesuffix("ZD")
        return int(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode().removeprefix("QVFI"))
    except ValueError:
        raise GraphError("(#100) Invalid cursor", 100) from None
