"""Paths of the HubSpot sandbox beside CRM objects: owners, pipelines, e-mail events, campaigns, forms, submissions."""

from __future__ import annotations

from typing import Any

import numpy as np
from starlette.requests import Request
from starlette.responses import Response

from abm_pipeline.sandbox.hubspot.answers import RefusedError, as_json, by_offset, paged, problem, size_of
from abm_pipeline.sandbox.hubspot.portal import portal
from abm_pipeline.sandbox.world import World


class Lists:
    """Handlers that read plain lists of the portal."""

    world: World

    async def owners(self, request: Request) -> Response:
        """`GET /crm/v3/owners`."""
        wanted = request.query_params.get("archived", "").lower() == "true"
        rows = [row for row in portal(self.world).owners if row["archived"] == wanted]
        start, limit = int(request.query_params.get("after", 0)), size_of(request.query_params.get("limit"), 500, 100)
        after = str(start + limit) if start + limit < len(rows) else None
        return paged(request, rows[start : start + limit], after)

    async def pipelines(self, request: Request) -> Response:
        """`GET /crm/v3/pipelines/deals`: not paged."""
        return as_json({"results": portal(self.world).pipelines})

    async def events(self, request: Request) -> Response:
        """`GET /email/public/v1/events`: both ends of the span belong to it."""
        ask, made = request.query_params, portal(self.world).marketing
        begin = int(ask.get("startTimestamp", 0))
        end = min(int(ask.get("endTimestamp", 1 << 60)), self.world.instant * 1000 + 999)
        low, high = np.searchsorted(made.event_at, begin), np.searchsorted(made.event_at, end, side="right")
        rows = made.events[int(low) : int(high)]
        if "eventType" in ask:
            rows = [row for row in rows if row["type"] == ask["eventType"]]
        if ask.get("excludeFilteredEvents") == "true":
            rows = [row for row in rows if not row.get("filteredEvent")]
        for name, key in (("recipient", "recipient"), ("campaignId", "emailCampaignId")):
            if name in ask:
                rows = [row for row in rows if str(row[key]) == ask[name]]
        return by_offset("events", rows, ask.get("offset"), size_of(ask.get("limit"), 1000))

    def _shown_campaigns(self) -> list[dict[str, Any]]:
        made = portal(self.world).marketing
        return [c for c, at in zip(made.campaigns, made.sent_at, strict=True) if at <= self.world.instant]

    async def campaigns(self, request: Request) -> Response:
        """`GET /email/public/v1/campaigns/by-id`: ids only."""
        rows = [{name: row[name] for name in ("id", "appId", "appName")} for row in self._shown_campaigns()]
        ask = request.query_params
        return by_offset("campaigns", rows, ask.get("offset"), size_of(ask.get("limit"), 1000, 50))

    async def campaign(self, request: Request) -> Response:
        """`GET /email/public/v1/campaigns/{id}?appId=`."""
        for row in self._shown_campaigns():
            if str(row["id"]) == request.path_params["key"] and str(row["appId"]) == request.query_params.get("appId"):
                return as_json(row)
        raise RefusedError(404, problem("resource not found"))

    async def forms(self, request: Request) -> Response:
        """`GET /marketing/v3/forms`."""
        rows = [] if request.query_params.get("archived", "").lower() == "true" else portal(self.world).marketing.forms
        start, limit = int(request.query_params.get("after", 0)), size_of(request.query_params.get("limit"), 500, 20)
        after = str(start + limit) if start + limit < len(rows) else None
        return paged(request, rows[start : start + limit], after)

    async def submissions(self, request: Request) -> Response:
        """`GET /form-integrations/v1/submissions/forms/{guid}`: the newest first, no dates to ask for."""
        made, ask = portal(self.world).marketing, request.query_params
        which = [place for place, form in enumerate(made.forms) if form["id"] == request.path_params["key"]]
        if not which:
            raise RefusedError(404, problem("resource not found"))
        fit = (made.submission_form == which[0]) & (made.submitted_at <= self.world.instant * 1000 + 999)
        places = np.flatnonzero(fit)
        places = places[np.argsort(-made.submitted_at[places], kind="stable")]
        start, limit = int(ask.get("after", 0)), size_of(ask.get("limit"), 50, 20)
        after = str(start + limit) if start + limit < len(places) else None
        return paged(request, [made.submissions[int(p)] for p in places[start : start + limit]], after)
