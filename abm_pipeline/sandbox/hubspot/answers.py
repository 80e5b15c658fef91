"""Answers of the HubSpot sandbox: pages, refusals, and how sizes are asked for."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from abm_pipeline.sandbox.hubspot.search import InvalidError


class RefusedError(Exception):
    """A refusal with its status and body."""

    def __init__(self, status: int, body: dict[str, Any], headers: dict[str, str] | None = None) -> None:
        super().__init__(status)
        self.status, self.body, self.headers = status, body, headers


def problem(message: str, category: str | None = None, **more: Any) -> dict[str, Any]:
    """An error body."""
    out = {"status": "error", "message": message, "correlationId": str(uuid.uuid4()), **more}
    return out | ({"category": category} if category else {})


def throttled(policy: str) -> dict[str, Any]:
    """The body of a 429: it has an errorType and no category."""
    words = policy.lower()
    return {
        "status": "error", "message": f"You have reached your {words} limit.", "errorType": "RATE_LIMIT",
        "correlationId": str(uuid.uuid4()), "policyName": policy, "requestId": str(uuid.uuid4()),
        "groupName": f"publicapi:private-apps-{words}:sandbox",
    }  # fmt: skip


def split(text: str | None) -> list[str]:
    """Names parted by commas."""
    return [name for name in (text or "").split(",") if name]


def size_of(text: Any, most: int, usual: int = 10) -> int:
    """The page size asked for. Raises InvalidError."""
    wanted = int(text or usual)
    if not 1 <= wanted <= most:
        raise InvalidError(f"limit must be 1 to {most}")
    return wanted


def paged(request: Request, results: Sequence[Any], after: str | None) -> Response:
    """A page that ends with `paging` gone."""
    answer: dict[str, Any] = {"results": results}
    if after is not None:
        answer["paging"] = {"next": {"after": after, "link": f"{request.url.replace_query_params(after=after)}"}}
    return as_json(answer)


def by_offset(name: str, rows: list[dict[str, Any]], offset: str | None, limit: int) -> Response:
    """A page that ends with `hasMore` false."""
    start = int(offset or 0)
    end = start + limit
    return as_json({"hasMore": end < len(rows), "offset": str(end), name: rows[start:end]})


def as_json(body: Any, status: int = 200) -> Response:
    """A JSON answer."""
    return Response(orjson.dumps(body), status_code=status, media_type="application/json")
