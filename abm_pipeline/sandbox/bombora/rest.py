"""Paths of the Bombora sandbox: token, intent data in two steps, signal definitions, topics; 60 calls a minute and
endpoint.
"""

from __future__ import annotations

import time
import uuid
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from abm_pipeline.sandbox import credentials as known
from abm_pipeline.sandbox.bombora import files, rows
from abm_pipeline.sandbox.vendor import TokenApi, bearer
from abm_pipeline.sandbox.world import World
from abm_pipeline.sandbox.world.intent import TOPIC_IDS
from abm_pipeline.sandbox.world.names import TOPICS

MAX_TOPICS = 50
LIMIT, MAX_LIMIT = 100, 10_000
POLLS_TO_READY = 2
Handler = Callable[[Request], Awaitable[Response]]


@dataclass
class Signal:
    """A signal definition and how often its status has been read."""

    name: str
    topics: list[str]
    created: str
    reads: int = 0

    @property
    def ready(self) -> bool:
        """Whether its data can be asked for."""
        return self.reads >= POLLS_TO_READY


@dataclass
class BomboraApi(TokenApi):
    """Handlers, tokens and pulls. `per_minute` is the call limit of one endpoint."""

    world: World
    per_minute: int = 60
    token_seconds: float = 86_400.0
    calls: dict[str, deque[float]] = field(default_factory=dict)
    pulls: dict[str, tuple[list[dict[str, Any]], int]] = field(default_factory=dict)
    signals: dict[str, Signal] = field(default_factory=dict)
    made: int = 0

    def routes(self) -> list[Route]:
        """All Bombora paths, to be mounted under /bombora."""
        return [
            Route("/oauth/token", self.token, methods=["POST"]),
            Route("/intent/v1/data", self.guarded(self.ask), methods=["POST"]),
            Route("/intent/v1/data", self.guarded(self.page)),
            Route("/intent/v1/signal-definition", self.guarded(self.define), methods=["POST"]),
            Route("/intent/v1/signal-definitions", self.guarded(self.definitions)),
            Route("/reference/v1/topics", self.guarded(self.topics)),
            Route("/files", self.guarded(self.list_files)),
            Route("/files/{name}", self.guarded(self.file)),
        ]

    async def token(self, request: Request) -> Response:
        """`POST /oauth/token` with a JSON body and no grant type."""
        body = _json(await request.body())
        if body is None:
            return Response(status_code=400)
        if (body.get("client_id"), body.get("client_secret")) != (known.BOMBORA_CLIENT_ID, known.BOMBORA_CLIENT_SECRET):
            return Response(status_code=401)
        self.made += 1
        token = f"eyJzYW5kYm94.{self.made:06d}.{self.world.calendar.seed:x}"
        self.tokens[token] = time.monotonic() + self.token_seconds
        return JSONResponse({"access_token": token, "token_type": "Bearer", "expires_in": int(self.token_seconds)})

    def guarded(self, handler: Handler) -> Handler:
        """Token and call limit. Refusals carry neither body nor headers."""

        async def answer(request: Request) -> Response:
            if not self.holds(bearer(request)):
                return Response(status_code=401)
            recent = self.calls.setdefault(f"{request.method} {request.url.path}", deque())
            now = time.monotonic()
            while recent and recent[0] < now - 60:
                recent.popleft()
            if len(recent) >= self.per_minute:
                return Response(status_code=429)
            recent.append(now)
            try:
                return await handler(request)
            except rows.UnprocessableError as error:
                return JSONResponse({"message": str(error)}, status_code=422)

        return answer

    async def ask(self, request: Request) -> Response:
        """`POST /intent/v1/data`: fix the rows, answer with a page token."""
        body = _json(await request.body())
        if body is None:
            return Response(status_code=400)
        ident, topics = body.get("signalDefinitionId"), body.get("topics")
        if (ident is None) == (topics is None):
            raise rows.UnprocessableError("Give either topics or signalDefinitionId")
        if ident is not None:
            signal = self.signals.get(str(ident))
            if signal is None:
                raise rows.UnprocessableError("Unknown signalDefinitionId")
            if not signal.ready:
                return Response(status_code=409)
            topics = signal.topics
        if not isinstance(topics, list) or not 1 <= len(topics) <= MAX_TOPICS:
            raise rows.UnprocessableError(f"topics must hold 1 to {MAX_TOPICS} names")
        condition = body.get("filter", body.get("filters"))
        made = rows.build(self.world, [str(topic) for topic in topics], body.get("attributes") or [], condition)
        return JSONResponse({"pageToken": self._token(made, 0)})

    async def page(self, request: Request) -> Response:
        """`GET /intent/v1/data?pageToken=&limit=`: a page may be short without being the last."""
        kept = self.pulls.get(request.query_params.get("pageToken", ""))
        if kept is None:
            raise rows.UnprocessableError("Unknown pageToken")
        made, start = kept
        wanted = request.query_params.get("limit", str(LIMIT))
        if not wanted.isdigit() or not 1 <= int(wanted) <= MAX_LIMIT:
            raise rows.UnprocessableError(f"limit must be 1 to {MAX_LIMIT}")
        size = int(wanted)
        if start and size > 3:
            # The body limit of the real service cuts pages short; every page after the first is cut here.
            size -= size // 4
        end = start + size
        token = self._token(made, end) if end < len(made) else None
        body = orjson.dumps({"data": made[start:end], "nextPageToken": token})
        return Response(body, media_type="application/json")

    def _token(self, made: list[dict[str, Any]], start: int) -> str:
        self.made += 1
        token = f"nSA{self.made:05d}gW"
        self.pulls[token] = (made, start)
        if len(self.pulls) > 200:
            self.pulls.pop(next(iter(self.pulls)))
        return token

    async def define(self, request: Request) -> Response:
        """`POST /intent/v1/signal-definition`: accepted, then processed."""
        body = _json(await request.body())
        if body is None:
            return Response(status_code=400)
        topics = body.get("topics")
        if not isinstance(topics, list) or not topics:
            raise rows.UnprocessableError("topics must hold at least one name")
        ident = str(uuid.uuid5(uuid.NAMESPACE_URL, f"signal/{self.world.calendar.seed}/{len(self.signals)}"))
        created = f"{self.world.until.isoformat()}T00:00:00+00:00"
        self.signals[ident] = Signal(str(body.get("name", "")), [str(topic) for topic in topics], created)
        return JSONResponse({"signalDefinitionId": ident}, status_code=202)

    async def definitions(self, request: Request) -> Response:
        """`GET /intent/v1/signal-definitions`: all of them; reading is what moves them on here."""
        listed = []
        for ident, signal in self.signals.items():
            signal.reads += 1
            listed.append(
                {
                    "signalDefinitionId": ident,
                    "status": "Available" if signal.ready else "Processing",
                    "topicCount": len(signal.topics) if signal.ready else 0,
                    "createdDate": signal.created,
                    "modifiedDate": signal.created,
                    "metadata": {"name": signal.name, "description": "", "clientId": known.BOMBORA_CLIENT_ID},
                }
            )
        return JSONResponse({"signalDefinitions": listed})

    async def topics(self, request: Request) -> Response:
        """`GET /reference/v1/topics?id=&name=&category=&s=&maxTopics=`: not paged."""
        ask = request.query_params
        made = [
            {
                "id": int(ident),
                "name": name,
                "theme": "Technology",
                "category": "Business",
                "description": f"Interest in {name}",
            }
            for ident, name in zip(TOPIC_IDS, TOPICS, strict=True)
        ]
        if "id" in ask:
            made = [topic for topic in made if str(topic["id"]) == ask["id"]]
        if "name" in ask:
            made = [topic for topic in made if topic["name"] == ask["name"]]
        if "category" in ask:
            made = [topic for topic in made if topic["category"] == ask["category"]]
        if "s" in ask:
            made = [topic for topic in made if ask["s"].lower() in str(topic["name"]).lower()]
        if ask.get("maxTopics", "").isdigit():
            made = made[: int(ask["maxTopics"])]
        return JSONResponse({"topics": made})

    async def list_files(self, request: Request) -> Response:
        """`GET /files`: names of the weekly files delivered so far."""
        return JSONResponse({"files": files.names(self.world)})

    async def file(self, request: Request) -> Response:
        """`GET /files/{name}`: one weekly file."""
        body = files.content(self.world, request.path_params["name"])
        return Response(status_code=404) if body is None else Response(body, media_type="application/gzip")


def _json(raw: bytes) -> dict[str, Any] | None:
    try:
        body = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return None
    return body if isinstance(body, dict) else None
