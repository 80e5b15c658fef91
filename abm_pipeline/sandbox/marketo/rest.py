"""Paths of the Marketo sandbox: activities by paging token, leads, programs, campaigns, bulk extract."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Sequence
from typing import Any
from urllib.parse import parse_qs

import numpy as np
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from abm_pipeline.sandbox.marketo import events
from abm_pipeline.sandbox.marketo.answers import (
    Gate,
    Refused,
    instant,
    paging_token,
    read_paging_token,
    text,
)
from abm_pipeline.sandbox.marketo.exports import Exports
from abm_pipeline.sandbox.marketo.store import ACTIVITY_COLUMNS, FIELD_IDS, Store, store
from abm_pipeline.sandbox.vendor import BaseApi
from abm_pipeline.sandbox.world import World

BATCH, ASSETS = 300, 200
Handler = Callable[[Request], Awaitable[Response]]


class MarketoApi(BaseApi):
    """Handlers of one instance."""

    def __init__(self, world: World) -> None:
        self.world, self.gate = world, Gate()
        self.exports = Exports(
            self.gate, lambda: world.instant, {"activities": self._export_activities, "leads": self._export_leads}
        )

    @property
    def store(self) -> Store:
        """The instance's records."""
        return store(self.world)

    def routes(self) -> list[Route]:
        """All Marketo paths, to be mounted under /marketo."""
        bulk = "/bulk/v1/{kind}/export"
        paths: list[tuple[str, Handler, str]] = [
            ("/rest/v1/activities/pagingtoken.json", self.paging, "GET"),
            ("/rest/v1/activities/types.json", self.types, "GET"),
            ("/rest/v1/activities.json", self.activities, "GET"),
            ("/rest/v1/activities/leadchanges.json", self.lead_changes, "GET"),
            ("/rest/v1/activities/deletedleads.json", self.deleted_leads, "GET"),
            ("/rest/v1/leads.json", self.leads, "GET POST"),
            ("/rest/v1/campaigns.json", self.campaigns, "GET"),
            ("/rest/v1/stats/usage.json", self.usage, "GET"),
            ("/rest/asset/v1/programs.json", self.programs, "GET"),
            (f"{bulk}.json", self.exports.jobs_list, "GET"),
            (f"{bulk}/create.json", self.exports.create, "POST"),
            (bulk + "/{export}/enqueue.json", self.exports.enqueue, "POST"),
            (bulk + "/{export}/cancel.json", self.exports.cancel, "POST"),
            (bulk + "/{export}/status.json", self.exports.status, "GET"),
            (bulk + "/{export}/file.json", self.exports.file, "GET"),
        ]
        login = Route("/identity/oauth/token", self.gate.login, methods=["GET", "POST"])
        return [login, *(Route(path, self._guarded(one), methods=how.split()) for path, one, how in paths)]

    def revoke(self, token: str) -> None:
        """End a token: its next request gets 602."""
        self.gate.revoke(token)

    def configure(self, name: str, value: Any) -> None:
        """A limit of the gate, or how exports behave."""
        setattr(self.gate if hasattr(self.gate, name) else self.exports, name, value)

    def _guarded(self, handler: Handler) -> Handler:
        async def answer(request: Request) -> Response:
            try:
                self.gate.admit(request, self.world.instant)
                return await handler(request)
            except Refused as refused:
                return self.gate.error(refused)

        return answer

    async def paging(self, request: Request) -> Response:
        """`GET /rest/v1/activities/pagingtoken.json?sinceDatetime=`."""
        since = instant(request.query_params.get("sinceDatetime", ""))
        return self.gate.answer(nextPageToken=paging_token(since, 0))

    def _read(
        self, request: Request, at: Any, seen: Any, wanted: Any, shown: Callable[[int], dict[str, Any]]
    ) -> Response:
        """A page: rows since the token's time that can be seen. It is a page of what was looked at, so that of those
        wanted there may be few or none while there are more to come.
        """
        since, offset = read_paging_token(request.query_params.get("nextPageToken", ""))
        size = min(int(request.query_params.get("batchSize", BATCH)), BATCH)
        rows = np.flatnonzero((at >= since) & (seen <= self.world.instant))
        looked = rows[offset : offset + size]
        return self.gate.answer(
            result=[shown(int(row)) for row in looked[wanted[looked]]],
            nextPageToken=paging_token(since, offset + len(looked)),
            moreResult=bool(offset + size < len(rows)),
        )

    async def activities(self, request: Request) -> Response:
        """`GET /rest/v1/activities.json?activityTypeIds=&nextPageToken=&batchSize=`."""
        kinds = request.query_params.get("activityTypeIds", "").split(",")
        if not all(kind.isdigit() for kind in kinds) or len(kinds) > 10:
            raise Refused("1003", "activityTypeIds must hold one to ten ids")
        log = self.store.activities
        wanted = np.isin(log.kind, [int(kind) for kind in kinds])
        return self._read(request, log.at, log.seen, wanted, self.store.activity)

    async def lead_changes(self, request: Request) -> Response:
        """`GET /rest/v1/activities/leadchanges.json?fields=&nextPageToken=`: changes of the fields, and new leads."""
        fields = set(request.query_params.get("fields", "").split(",")) - {""}
        if not fields:
            raise Refused("1003", "fields is required")
        if unknown := fields - FIELD_IDS.keys():
            raise Refused("1006", f"Field '{sorted(unknown)[0]}' not found")
        log = self.store.changes
        wanted = np.array([change is None or change.name in fields for change in log.change], bool)
        return self._read(request, log.at, log.at, wanted, self.store.change)

    async def deleted_leads(self, request: Request) -> Response:
        """`GET /rest/v1/activities/deletedleads.json?nextPageToken=`."""
        at = self.store.deleted_at
        return self._read(request, at, at, np.ones(len(at), bool), self.store.deletion)

    async def types(self, request: Request) -> Response:
        """`GET /rest/v1/activities/types.json`."""
        return self.gate.answer(result=[{"id": ident, "name": name} for ident, name in events.NAMES.items()])

    async def leads(self, request: Request) -> Response:
        """`GET /rest/v1/leads.json?filterType=&filterValues=&fields=`, or a POST that says `_method=GET`."""
        asked = dict(request.query_params)
        asked |= {key: values[0] for key, values in parse_qs((await request.body()).decode()).items()}
        if request.method == "POST" and asked.get("_method") != "GET":
            raise Refused("610")
        kind, values = asked.get("filterType", ""), asked.get("filterValues", "").split(",")
        if kind not in ("id", "email") or len(values) > BATCH:
            raise Refused(
                "1003", f"Invalid filterType '{kind}'" if len(values) <= BATCH else "Too many values to filter"
            )
        default = "id,email,firstName,lastName,createdAt,updatedAt"
        names = asked.get("fields", default).split(",")
        if unknown := set(names) - FIELD_IDS.keys():
            raise Refused("1006", f"Field '{sorted(unknown)[0]}' not found")
        return self.gate.answer(result=[_told(lead, names) for lead in self.store.leads_by(kind, values)])

    async def programs(self, request: Request) -> Response:
        """`GET /rest/asset/v1/programs.json?maxReturn=&offset=&earliestUpdatedAt=&latestUpdatedAt=`."""
        ask = request.query_params
        size, offset = int(ask.get("maxReturn", 20)), int(ask.get("offset", 0))
        if not 1 <= size <= ASSETS:
            raise Refused("1003", "maxReturn must be 1 to 200")
        low = instant(ask["earliestUpdatedAt"]) if "earliestUpdatedAt" in ask else 0
        high = instant(ask["latestUpdatedAt"]) if "latestUpdatedAt" in ask else 1 << 40
        found = [shown for stamp, shown in self.store.programs_shown() if low <= stamp <= high]
        page = found[offset : offset + size]
        warnings = [] if page else ["No assets found for the given search criteria."]
        return self.gate.answer(errors=[], warnings=warnings, result=page)

    async def campaigns(self, request: Request) -> Response:
        """`GET /rest/v1/campaigns.json?batchSize=&nextPageToken=`: the token is missing on the last page."""
        size = min(int(request.query_params.get("batchSize", BATCH)), BATCH)
        token = request.query_params.get("nextPageToken")
        start = read_paging_token(token)[1] if token else 0
        found = self.store.campaigns_shown()
        more = {"nextPageToken": paging_token(0, start + size)} if start + size < len(found) else {}
        return self.gate.answer(result=found[start : start + size], **more)

    async def usage(self, request: Request) -> Response:
        """`GET /rest/v1/stats/usage.json`: calls of the day."""
        day, calls = list(self.gate.used.items())[-1]
        users = [{"userId": "apis@northwind.example", "count": calls}]
        return self.gate.answer(result=[{"date": day, "total": calls, "users": users}])

    # -- exports

    def _export_activities(
        self, name: str, first: int, last: int, given: dict[str, Any], fields: Sequence[str]
    ) -> tuple[list[str], list[list[Any]]]:
        log = self.store.activities
        inside = (log.at >= first) & (log.at <= last) & (log.seen <= self.world.instant)
        if kinds := given.get("activityTypeIds"):
            inside &= np.isin(log.kind, kinds)
        rows = []
        for row in np.flatnonzero(inside).tolist():
            one = self.store.activity(row)
            named = json.loads(log.attributes[row])
            rows.append([named if column == "attributes" else one.get(column) for column in ACTIVITY_COLUMNS])
        return list(ACTIVITY_COLUMNS), rows

    def _export_leads(
        self, name: str, first: int, last: int, given: dict[str, Any], fields: Sequence[str]
    ) -> tuple[list[str], list[list[Any]]]:
        if unknown := set(fields) - FIELD_IDS.keys():
            raise Refused("1003", f"Field '{sorted(unknown)[0]}' not found")
        inside = [lead for lead in self.store.current_leads() if first <= lead[name] <= last]
        return list(fields), [list(_told(lead, fields).values()) for lead in inside]


def _told(lead: dict[str, Any], names: Sequence[str]) -> dict[str, Any]:
    return {name: text(lead[name]) if name in ("createdAt", "updatedAt") else lead[name] for name in names}
