"""Judging Zoom's answers: HTTP status and a number in the body, whose meaning hangs on what was asked."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import orjson

from abm_pipeline.sources._errors import Permanent, Retriable, Skippable, SourceError
from abm_pipeline.sources._http import Response, Session, retry_after, served_at

VENDOR = "zoom"
REFUSED = "Check ABM_ZOOM_ACCOUNT_ID, ABM_ZOOM_CLIENT_ID and ABM_ZOOM_CLIENT_SECRET; the app must be activated."
SCOPES = "The app needs the scopes user:read:admin, webinar:read:admin and report:read:admin."
# Per-second limits are told without a wait.
QPS_SECONDS = 1.0
NO_PLAN, PAGE_TOKEN, NO_USER, NOT_OURS, NOT_THERE = "200", "300", "1001", "1010", "3001"
NO_SCOPE = frozenset({"4700", "4711"})


class TokenGone(Permanent):
    """A page token that is not taken any more: they live for 15 minutes."""


class NotThere(Permanent):
    """Deleted, not over yet, or not of the kind that was asked for."""


def judge(session: Session, response: Response, stream: str) -> SourceError | None:
    """What an answer is worth; None if it can be used."""
    status = response.status_code
    if status < 300:
        return None
    code = _code(response)
    has_token = "next_page_token=" in str(response.request.url)
    if status == 400 and code == PAGE_TOKEN and has_token:
        return TokenGone("the page token was refused", vendor=VENDOR, stream=stream, status=status, code=code)
    if status == 400 and code == NO_PLAN:
        what = "the plan has no webinars or no reports"
        return Skippable(what, vendor=VENDOR, stream=stream, status=status, code=code)
    if status == 404 or (status == 400 and code in (PAGE_TOKEN, NOT_OURS, NOT_THERE)):
        return NotThere("not there, or not to be read", vendor=VENDOR, stream=stream, status=status, code=code)
    remedy = SCOPES if status == 403 or code in NO_SCOPE else REFUSED if status == 401 else ""
    error = session.judge_status(response, stream, code, remedy)
    if isinstance(error, Retriable) and status == 429:
        error.asking_for(_wait(response))
    return error


def _wait(response: Response) -> float:
    """Seconds to wait when throttled: a daily limit is over at midnight, a second's limit after a second."""
    asked = retry_after(response)
    if asked is not None:
        return asked
    if "daily" not in response.headers.get("X-RateLimit-Type", "").lower():
        return QPS_SECONDS
    now = served_at(response) or datetime.now(UTC)
    midnight = datetime(now.year, now.month, now.day, tzinfo=UTC) + timedelta(days=1)
    return (midnight - now).total_seconds()


def path_of(uuid: str) -> str:
    """A session's uuid in a path: encoded twice where it begins with a slash or has two in a row."""
    once = quote(uuid, safe="")
    return quote(once, safe="") if uuid.startswith("/") or "//" in uuid else once


def _code(response: Response) -> str | None:
    try:
        said = orjson.loads(response.content)
    except orjson.JSONDecodeError:
        return None
    return str(said["code"]) if isinstance(said, dict) and "code" in said else None
