"""Paths of the G2 sandbox: buyer intent (of a product, and of all), reviews and removed reviews, products.

A hundred requests a second and address; who sends more is shut out for a minute by a page that is not JSON.
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import orjson
import pandas as pd
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from abm_pipeline.sandbox.g2.query import InvalidParameterError, ask
from abm_pipeline.sandbox.g2.rows import OWN, PRODUCT_IDS, book
from abm_pipeline.sandbox.vendor import BaseApi
from abm_pipeline.sandbox.world import World
from abm_pipeline.sandbox.world.scales import NEVER

TOKEN = "sandbox-g2-token"
SIZE, MAX_SIZE = 25, 250
BLOCKED_SECONDS = 60
PLAN = (
    "Your current plan does not provide access to this resource. To unlock it, explore your upgrade options. "
    "Talk to G2 at the link below"
)
CENTRAL = dt.timezone(dt.timedelta(hours=-6))
Handler = Callable[[Request], Awaitable[Response]]


@dataclass
class G2Api(BaseApi):
    """Handlers. `has_reviews`: whether the plan includes them; `per_second`: requests before the door shuts."""

    world: World
    per_second: int = 100
    has_reviews: bool = True
    recent: deque[float] = field(default_factory=deque)
    blocked_until: float = 0.0
    kept: dict[tuple[object, ...], list[dict[str, Any]]] = field(default_factory=dict)

    def routes(self) -> Sequence[Route]:
        """All G2 paths, to be mounted under /g2."""
        return [
            Route("/api/v2/products", self.guarded(self.products)),
            Route("/api/v2/buyer_intent", self.guarded(self.all_intent)),
            Route("/api/v2/products/{product}/buyer_intent", self.guarded(self.intent)),
            Route("/api/v2/products/{product}/reviews", self.guarded(self.reviews)),
        ]

    def guarded(self, handler: Handler) -> Handler:
        """Token and the front's limit."""

        async def answer(request: Request) -> Response:
            now = time.monotonic()
            while self.recent and self.recent[0] < now - 1:
                self.recent.popleft()
            self.recent.append(now)
            if len(self.recent) > self.per_second:
                self.blocked_until = now + BLOCKED_SECONDS
            if now < self.blocked_until:
                return Response("<html><title>Error 1015</title>You are being rate limited</html>", 429,
                                media_type="text/html")  # fmt: skip
            if request.headers.get("authorization") != f"Bearer {TOKEN}":
                return _error(401, "Bad Credentials")
            try:
                return await handler(request)
            except InvalidParameterError as error:
                return _error(400, str(error))

        return answer

    async def products(self, request: Request) -> Response:
        """`GET /api/v2/products`: ours."""
        rows = [
            {"id": ident, "type": "products", "attributes": {"type": "Software", "name": name, "slug": slug}}
            for ident, (slug, name) in zip(PRODUCT_IDS, OWN, strict=True)
        ]
        return self._page(request, rows)

    async def all_intent(self, request: Request) -> Response:
        """`GET /api/v2/buyer_intent`: over all of our products, without scores."""
        return self._page(request, self._asked(None, request))

    async def intent(self, request: Request) -> Response:
        """`GET /api/v2/products/{id}/buyer_intent`."""
        subject = _product(request)
        return self._page(request, self._asked(subject, request)) if subject is not None else _unknown(request)

    def _asked(self, subject: int | None, request: Request) -> list[dict[str, Any]]:
        params = {key: value for key, value in request.query_params.items() if not key.startswith("page[")}
        key = (self.world.day, subject, *sorted(params.items()))
        if key not in self.kept:
            if len(self.kept) > 20:
                self.kept.clear()
            self.kept[key] = ask(self.world, subject, params)
        return self.kept[key]

    async def reviews(self, request: Request) -> Response:
        """`GET /api/v2/products/{id}/reviews`: those that stand, or with `filter[removed]` those that were removed."""
        product = _product(request)
        if product is None:
            return _unknown(request)
        if not self.has_reviews:
            return _error(403, PLAN)
        now, params = self.world.instant, request.query_params
        known = book(self.world).reviews
        known = known[(known["product"] == product) & (known["published"] <= now)]
        edited = known["edited"].where(known["edited"] <= now, 0)
        known = known.assign(updated=edited.clip(lower=known["published"]), is_edited=edited > 0)
        if params.get("filter[removed]"):
            known = known[known["removed"] <= now]
            return self._page(request, [_removed(row) for row in known.to_dict("records")])
        known = known[known["removed"] > now]
        after, before = (_stamp(params.get(f"filter[updated_at_{side}]", "")) for side in ("gt", "lt"))
        known = known[(known["updated"] > (after or 0)) & (known["updated"] < (before or NEVER))]
        return self._page(request, [_review(row) for row in known.sort_values("updated").to_dict("records")])

    def _page(self, request: Request, rows: Sequence[dict[str, Any]]) -> Response:
        params = dict(request.query_params)
        size = params.get("page[size]", str(SIZE))
        if not size.isdigit() or not 1 <= int(size) <= MAX_SIZE:
            raise InvalidParameterError('Invalid parameter: "page[size]" must be 1 to 250')
        start = _offset(params.get("page[after]"))
        end = start + int(size)
        url = str(request.url)
        following = None
        if end < len(rows):
            cursor = base64.urlsafe_b64encode(f'{{"offset":{end}}}'.encode()).decode()
            following = f"{url.partition('?')[0]}?{urlencode({**params, 'page[after]': cursor})}"
        body = {"data": rows[start:end], "links": {"self": url, "next": following, "prev": None}}
        return _answer(200, body)


def _answer(status: int, body: Any) -> Response:
    return Response(
        orjson.dumps(body, option=orjson.OPT_SERIALIZE_NUMPY), status, media_type="application/vnd.api+json"
    )


def _error(status: int, title: str) -> Response:
    return _answer(status, {"errors": [{"status": str(status), "title": title}]})


def _product(request: Request) -> int | None:
    asked = request.path_params["product"]
    return next((i for i, (slug, _) in enumerate(OWN) if asked in (slug, PRODUCT_IDS[i])), None)


def _unknown(request: Request) -> Response:
    """Somebody else's product is forbidden, not missing."""
    is_id = len(request.path_params["product"]) == 36
    return _error(403, "You do not have access to that resource") if is_id else _error(404, "Not Found")


def _offset(cursor: str | None) -> int:
    if cursor is None:
        return 0
    try:
        return int(orjson.loads(base64.urlsafe_b64decode(cursor))["offset"])
    except (binascii.Error, orjson.JSONDecodeError, KeyError, TypeError, ValueError):
        raise InvalidParameterError('Invalid parameter: "page[after]"') from None


def _stamp(text: str) -> float | None:
    try:
        return pd.Timestamp(text).timestamp() if text else None
    except ValueError:
        raise InvalidParameterError('Invalid parameter: "filter"') from None


def _told(seconds: int) -> str:
    """An instant as G2 writes it: milliseconds, in Chicago's winter time."""
    return dt.datetime.fromtimestamp(int(seconds), CENTRAL).isoformat(timespec="milliseconds")


def _slug(row: dict[Any, Any]) -> str:
    return f"{OWN[row['product']][0]}-review-{row['number']}"


def _removed(row: dict[Any, Any]) -> dict[str, Any]:
    attributes = {
        "product_name": OWN[row["product"]][1],
        "removed_at": _told(row["removed"]),
        "slug": _slug(row),
        "submitted_at": _told(row["sent"]),
    }
    return {"id": row["id"], "type": "reviews", "attributes": attributes}


def _review(row: dict[Any, Any]) -> dict[str, Any]:
    url = f"https://www.g2.com/products/{OWN[row['product']][0]}/reviews/{_slug(row)}"
    answers = {"love": {"text": "What do you like best?", "value": row["love"]}}
    if row["hate"] is not None:
        answers["hate"] = {"text": "What do you dislike?", "value": row["hate"]}
    return {
        "id": row["id"],
        "type": "reviews",
        "attributes": {
            "answers": answers,
            "attribution": {"text": "Verified by G2", "url": url, "logo": "https://www.g2.com/assets/g2-logo.svg"},
            "comments_present": False,
            "country_name": row["country"],
            "default_sort": 0.8,
            "is_public": True,
            "official_response_present": False,
            "percent_complete": 0.9,
            "product_name": OWN[row["product"]][1],
            "published_at": _told(row["published"]),
            "regions": [],
            "review_incentive": row["is_paid"],
            "slug": _slug(row),
            "source": "Organic review." if not row["is_paid"] else "G2 invite.",
            "star_rating": row["stars_edited"] if row["is_edited"] else row["stars"],
            "submitted_at": _told(row["sent"]),
            "title": row["title"],
            "url": url,
            "user_updated_at": _told(row["edited"] if row["is_edited"] else row["sent"]),
            "verified_current_user": not row["is_paid"],
        },
    }
