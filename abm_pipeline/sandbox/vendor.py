"""What a simulated vendor is: a package of the sandbox with a module-level `SPEC`; nothing else is edited to add one.

Belongs here: the declaration, and how faults get at a vendor's answers without knowing them. What the vendor answers is
in its package.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from starlette.requests import Request
from starlette.routing import BaseRoute

if TYPE_CHECKING:
    import pandas as pd

    from abm_pipeline.sandbox.world import World


class BaseApi:
    """What most vendors' handlers share: a setting is an attribute, and keys are not revoked."""

    def revoke(self, token: str) -> None:
        """Keys stay valid."""

    def configure(self, name: str, value: Any) -> None:
        """Set an attribute."""
        setattr(self, name, value)


@dataclass
class TokenApi(BaseApi):
    """Of a vendor whose access tokens end. `tokens`: the instant of the monotonic clock at which each does."""

    tokens: dict[str, float] = field(default_factory=dict, init=False)

    def revoke(self, token: str) -> None:
        """End an access token."""
        self.tokens.pop(token, None)

    def holds(self, token: str) -> bool:
        """Whether an access token was given out and has not ended."""
        return self.tokens.get(token, 0.0) >= time.monotonic()


def bearer(request: Request) -> str:
    """The token that a request brings."""
    return request.headers.get("authorization", "").removeprefix("Bearer ")


class NoApi(BaseApi):
    """Of a vendor that only writes files."""

    def __init__(self, world: World) -> None:
        """Nothing is served."""

    def routes(self) -> Sequence[BaseRoute]:
        """None."""
        return ()


class Api(Protocol):
    """A vendor's handlers. What its records are is best worked out at the first request, not when it is made."""

    def routes(self) -> Sequence[BaseRoute]:
        """The vendor's own paths, to be mounted under `/<name>`."""
        ...

    def revoke(self, token: str) -> None:
        """End an access token: its next request is refused as the vendor refuses expired ones. Keys stay valid."""
        ...

    def configure(self, name: str, value: Any) -> None:
        """Set one of the vendor's `settings`."""
        ...


def _unchanged(body: Any) -> None:
    """Nothing to change."""


def _no_loop(body: Any, request: Request) -> None:
    """No paging."""


def _bare(status: int) -> tuple[Mapping[str, str], Any]:
    return {}, None


class Delivery(NamedTuple):
    """A file: its name below the vendor's folder, when it was last written to (seconds UTC), and what is in it."""

    name: str
    at: int
    content: bytes


@dataclass(frozen=True)
class Vendor:
    """One vendor.

    `environment`: the pipeline's variables for it, base URL included, with `{url}` where the sandbox's own URL goes.
    `settings`: names that tests and `/_sandbox/config` may set (limits, lifetimes of tokens). `truth`: rows that
    it adds to the truth tables, by table. `files` makes the files that the vendor has delivered by the clock;
    they stand in a folder of its name below the one that `{files}` in `environment` stands for.

    For faults on JSON answers: `lists` are the keys (joined by dots) of the lists, or mappings, of records; `end` makes
    the answer a last page, in place; `loop` points its next page at this one, in place; `refusal` gives headers and
    body of a 429 or 500 in the vendor's words. Faults on `text/csv` answers need none of it.
    """

    name: str
    title: str
    create: Callable[[World], Api]
    environment: Mapping[str, str]
    lists: tuple[str, ...] = ()
    end: Callable[[Any], None] = _unchanged
    loop: Callable[[Any, Request], None] = _no_loop
    refusal: Callable[[int], tuple[Mapping[str, str], Any]] = _bare
    settings: tuple[str, ...] = ()
    truth: Callable[[World], Mapping[str, pd.DataFrame]] = field(default=lambda world: {})
    files: Callable[[World], Iterable[Delivery]] | None = None

    def records(self, body: Any) -> list[list[Any] | dict[str, Any]]:
        """The lists and mappings of records in an answer, wherever `lists` says."""
        found = []
        for path in self.lists:
            holders = [body]
            for key in path.split("."):
                below = [part for holder in holders for part in (holder if isinstance(holder, list) else [holder])]
                holders = [part[key] for part in below if isinstance(part, dict) and key in part]
            found += [holder for holder in holders if isinstance(holder, list | dict)]
        return found
