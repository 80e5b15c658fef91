"""HTTP for every vendor: one session with tokens, retries, pacing, time-outs. The only import of httpx.

Belongs here: what all vendors share. How a vendor's answers are judged and how it logs in is handed in by its client.
"""

from __future__ import annotations

import ssl
import threading
import time
from base64 import b64encode
from collections import defaultdict, deque
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache
from typing import Any, Self, TypeVar

import httpx
import orjson
import stamina

from abm_pipeline.sources._errors import Permanent, Retriable, SourceError

Response = httpx.Response
T = TypeVar("T")
# What an answer is worth: None if it can be used.
Judge = Callable[[Response, str], SourceError | None]

TIMEOUT = httpx.Timeout(connect=10, read=120, write=60, pool=120)
LIMITS = httpx.Limits(max_connections=8, max_keepalive_connections=8)
# No single wait is longer than this, whatever vendor or back-off ask for. Tests make it short.
WAIT_CAP_SECONDS = 900.0
USE_CLIENT = httpx.USE_CLIENT_DEFAULT
# Answers that a vendor's front gives when it is busy or being deployed.
BUSY = frozenset({408, 420, 425, 429, 500, 502, 503, 504, 520, 522, 524})


@dataclass(frozen=True)
class Backoff:
    """How long to go on trying: waits grow from `initial` by doubling up to `cap`, in seconds.

    A vendor that asks for more than `cap_asked` is not waited for in this run.
    """

    tries: int = 8
    total: float = 600
    initial: float = 0.5
    cap: float = 60
    cap_asked: float = 300


class Pace:
    """At most `calls` per `seconds` and endpoint, counted on our side so as not to be throttled at all.

    `IS_KEPT` is off only where simulated weeks pass in seconds (the demo), as the simulated limits are then.
    """

    IS_KEPT = True

    def __init__(self, calls: int, seconds: float) -> None:
        self._calls, self._seconds = calls, seconds
        self._sent: dict[str, deque[float]] = defaultdict(deque)
        self._lock = threading.Lock()

    def wait(self, endpoint: str) -> None:
        """Sleep until the endpoint may be called, and count the call."""
        if not Pace.IS_KEPT:
            return
        with self._lock:
            sent, now = self._sent[endpoint], time.monotonic()
            while sent and sent[0] <= now - self._seconds:
                sent.popleft()
            due = max(now, sent[-self._calls] + self._seconds) if len(sent) >= self._calls else now
            sent.append(due)
        if due > now:
            pause(due - now)


@dataclass(frozen=True)
class Token:
    """An access token, what else the login said, and when to renew it (`time.monotonic`; None: when refused)."""

    value: str = field(repr=False)
    said: Mapping[str, Any] = field(repr=False)
    until: float | None = None


class SessionChanged(Exception):  # noqa: N818 - a signal, not a fault
    """The token was renewed, and what was asked for belongs to the session of the old one."""


class TokenRefused(Retriable):
    """An answer says in its body that the token is over: the next try logs in again."""


@dataclass(frozen=True)
class Login:
    """The request that gets a token; `json`, `form` or `params` (a GET) is what it says."""

    url: str
    form: Mapping[str, str] | None = field(default=None, repr=False)
    json: Mapping[str, str] | None = field(default=None, repr=False)
    params: Mapping[str, str] | None = field(default=None, repr=False)
    headers: Mapping[str, str] | None = field(default=None, repr=False)


class KeyAuth(httpx.Auth):
    """A key that never changes, in headers or in the query string; kept out of URLs that a person may see."""

    def __init__(self, headers: Mapping[str, str] | None = None, params: Mapping[str, str] | None = None) -> None:
        self._headers, self._params = dict(headers or {}), dict(params or {})

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        request.headers.update(self._headers)
        if self._params:
            request.url = request.url.copy_merge_params(self._params)
        yield request


def basic(user: str, password: str) -> KeyAuth:
    """HTTP Basic."""
    return KeyAuth({"Authorization": "Basic " + b64encode(f"{user}:{password}".encode()).decode()})


def bearer(key: str) -> KeyAuth:
    """A key or long-lived token as a bearer."""
    return KeyAuth({"Authorization": f"Bearer {key}"})


class TokenAuth(httpx.Auth):
    """Bearer tokens: got when first needed, renewed once when refused (401), shared by all threads.

    `generation` counts the tokens. A request with the extension `generation` is bound to that token: it is not sent
    with another, but raises SessionChanged. `accepted` is handed what each login said before its token is used: the
    place to keep a refresh token that the vendor rotates (`credentials.Credentials.keep`). `headers` go with every
    request beside the token.
    """

    requires_response_body = True

    def __init__(
        self,
        vendor: str,
        login: Callable[[], Login],
        refused: str,
        *,
        accepted: Callable[[Mapping[str, Any]], None] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self._vendor, self._login, self._refused = vendor, login, refused
        self._accepted, self._headers = accepted, dict(headers or {})
        self._lock = threading.Lock()
        self.token: Token | None = None
        self.generation = 0

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        bound: int | None = request.extensions.get("generation")
        used = self.generation
        if self.token is None or (self.token.until is not None and time.monotonic() >= self.token.until):
            yield from self._renew(used)
        used = self._sign(request, bound)
        response = yield request
        if response.status_code == 401:
            yield from self._renew(used)
            self._sign(request, bound)
            yield request

    def _sign(self, request: httpx.Request, bound: int | None) -> int:
        with self._lock:
            assert self.token is not None
            if bound is not None and bound != self.generation:
                raise SessionChanged
            request.headers.update(self._headers)
            request.headers["Authorization"] = f"Bearer {self.token.value}"
            request.extensions["signed"] = self.generation
            return self.generation

    def _renew(self, refused: int) -> Generator[httpx.Request, httpx.Response, None]:
        """A new token, unless another thread got one since generation `refused`."""
        with self._lock:
            if self.generation == refused:
                self.accept((yield self.request()))

    def request(self) -> httpx.Request:
        """The login."""
        login = self._login()
        method = "GET" if login.params is not None else "POST"
        return httpx.Request(
            method, login.url, data=login.form, json=login.json, params=login.params, headers=login.headers
        )

    def accept(self, response: httpx.Response) -> None:
        """Take the token out of a login's answer. Raises SourceError."""
        token = self._read(response)
        if self._accepted is not None:
            self._accepted(token.said)
        self.token = token
        self.generation += 1

    def forget(self, generation: int) -> None:
        """Log in again before the next request, unless that has happened since `generation`."""
        with self._lock:
            if self.generation == generation:
                self.token = None

    def _read(self, response: httpx.Response) -> Token:
        if response.status_code in BUSY:
            raise Retriable("login failed", vendor=self._vendor, status=response.status_code).asking_for(
                retry_after(response)
            )
        try:
            said = orjson.loads(response.content)
        except orjson.JSONDecodeError:
            said = {}
        if response.status_code != 200:
            code = said.get("error") if isinstance(said, dict) else None
            raise Permanent(
                "login refused", vendor=self._vendor, status=response.status_code, code=code, remedy=self._refused
            )
        # Some vendors write the standard's names in camel case.
        value = said.get("access_token", said.get("accessToken")) if isinstance(said, dict) else None
        if not isinstance(value, str):
            raise Retriable("login answer without a token", vendor=self._vendor)
        lasts = said.get("expires_in", said.get("expiresIn"))
        until = time.monotonic() + max(float(lasts) - 60, 1) if isinstance(lasts, int | float) else None
        return Token(value, said, until)


@cache
def _trusted() -> ssl.SSLContext:
    """Whose certificates are believed: read once, as it takes longer than many a vendor's answer."""
    return httpx.create_ssl_context()


class Session:
    """A vendor's connection pool. Safe to use from several threads."""

    def __init__(
        self,
        vendor: str,
        base_url: str,
        *,
        auth: TokenAuth | KeyAuth,
        judge: Judge | None = None,
        headers: Mapping[str, str] | None = None,
        pace: Pace | None = None,
        backoff: Backoff | None = None,
    ) -> None:
        self.vendor, self.auth = vendor, auth
        self._judge = judge or self.judge_status
        self._pace, self._backoff = pace, backoff or Backoff()
        self._client = httpx.Client(
            base_url=base_url, auth=auth, headers=dict(headers or {}), timeout=TIMEOUT, limits=LIMITS, trust_env=True,
            verify=_trusted(),
        )  # fmt: skip

    def __enter__(self) -> Self:
        """Log in, so that wrong credentials are told once and before anything else. Raises SourceError."""
        auth = self.auth
        if isinstance(auth, TokenAuth):
            self._retrying(lambda: auth.accept(self._exchange(auth.request(), "", auth=None)))
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    @property
    def said_at_login(self) -> Mapping[str, Any]:
        """What the last login's answer said beside the token; nothing where there is no login."""
        token = self.auth.token if isinstance(self.auth, TokenAuth) else None
        return token.said if token is not None else {}

    def send(
        self,
        method: str,
        url: str,
        read: Callable[[Response], T],
        *,
        stream: str = "",
        json: Any = None,
        content: bytes | None = None,
        params: Mapping[str, str | int] | None = None,
        headers: Mapping[str, str] | None = None,
        generation: int | None = None,
        is_signed: bool = True,
    ) -> T:
        """The answer as `read` makes of it; `read` runs inside the retries, so it may raise Retriable too.

        `url` is a path under the base URL, or a whole URL, and is sent as it stands. `generation` binds the request to
        that token. Not `is_signed`: a URL that is a key itself, on a host that must not see ours. Raises SourceError,
        and SessionChanged for a bound request.
        """

        def once() -> T:
            if self._pace is not None:
                self._pace.wait(f"{method} {url.partition('?')[0]}")
            request = self._client.build_request(
                method, url, json=json, content=content, params=params, headers=headers,
                extensions={"generation": generation},
            )  # fmt: skip
            response = self._exchange(request, stream, auth=USE_CLIENT if is_signed else None)
            if problem := self._judge(response, stream):
                if isinstance(problem, TokenRefused) and isinstance(self.auth, TokenAuth):
                    self.auth.forget(response.request.extensions["signed"])
                raise problem
            return read(response)

        return self._retrying(once)

    def _exchange(
        self, request: httpx.Request, stream: str, auth: httpx.Auth | httpx._client.UseClientDefault | None = USE_CLIENT
    ) -> Response:
        try:
            return self._client.send(request, auth=auth)
        except httpx.RequestError as error:
            what = f"no complete answer ({type(error).__name__})"
            raise Retriable(what, vendor=self.vendor, stream=stream) from None

    def _retrying(self, once: Callable[[], T]) -> T:
        backoff, tries = self._backoff, 0
        try:
            for attempt in stamina.retry_context(
                on=lambda error: _wait(error, backoff),
                attempts=backoff.tries,
                timeout=backoff.total,
                wait_initial=min(backoff.initial, WAIT_CAP_SECONDS),
                wait_max=min(backoff.cap, WAIT_CAP_SECONDS),
                wait_jitter=min(backoff.initial, WAIT_CAP_SECONDS),
            ):
                with attempt:
                    tries += 1
                    return once()
        except Retriable as error:
            raise error.given_up(tries) from None
        raise AssertionError("stamina ends with a return or an error")

    def json(self, method: str, url: str, *, stream: str = "", **rest: Any) -> Answer:
        """The answer's JSON, when it was fetched and what the vendor's clock said. Raises SourceError."""
        return self.send(method, url, lambda response: self._parse(response, stream), stream=stream, **rest)

    def _parse(self, response: Response, stream: str) -> Answer:
        try:
            body = orjson.loads(response.content)
        except orjson.JSONDecodeError:
            raise Retriable(
                "the answer is cut off or is not JSON", vendor=self.vendor, stream=stream, status=response.status_code
            ) from None
        generation = response.request.extensions.get("signed", 0)
        return Answer(body, datetime.now(UTC), served_at(response), response.headers, generation)

    def judge_status(
        self, response: Response, stream: str, code: str | None = None, remedy: str = ""
    ) -> SourceError | None:
        """What the bare status says."""
        status = response.status_code
        if status < 300:
            return None
        if status in BUSY:
            what = "throttled" if status == 429 else "not available"
            error = Retriable(what, vendor=self.vendor, stream=stream, status=status, code=code, remedy=remedy)
            return error.asking_for(retry_after(response))
        if status == 401:
            what = "the token was refused, a new one too"
            remedy = remedy or "Check the credentials and what they may read."
        else:
            what = "the request was refused"
        return Permanent(what, vendor=self.vendor, stream=stream, status=status, code=code, remedy=remedy)


@dataclass(frozen=True)
class Answer:
    """A parsed answer. `served_at` is the vendor's own clock, if it told; `generation` the token it was given to."""

    body: Any
    fetched_at: datetime
    served_at: datetime | None
    headers: Mapping[str, str]
    generation: int


def pause(seconds: float) -> None:
    """Sleep, but not longer than the cap."""
    time.sleep(min(seconds, WAIT_CAP_SECONDS))


def served_at(response: Response) -> datetime | None:
    """The answer's `Date`, in UTC."""
    return _http_date(response.headers.get("Date"))


def retry_after(response: Response) -> float | None:
    """Seconds that `Retry-After` asks for, given as seconds, an HTTP date or an ISO time; None if it doesn't say."""
    value = response.headers.get("Retry-After", "").strip()
    if not value:
        return None
    try:
        return max(0.0, float(value))
    except ValueError:
        when = _http_date(value)
    if when is None:
        return None
    return max(0.0, (when - (served_at(response) or datetime.now(UTC))).total_seconds())


def _http_date(value: str | None) -> datetime | None:
    if not value:
        return None
    for parse in (parsedate_to_datetime, datetime.fromisoformat):
        try:
            when = parse(value)
        except ValueError:
            continue
        return when.astimezone(UTC) if when.tzinfo else when.replace(tzinfo=UTC)
    return None


def _wait(error: Exception, backoff: Backoff) -> bool | float:
    """Whether and how long to wait before the next try."""
    if not isinstance(error, Retriable):
        return False
    if error.retry_after is None:
        return True
    if error.retry_after > backoff.cap_asked:
        error.remedy = (
            f"The vendor asks to wait {error.retry_after:.0f} s, which is too long for a run: run again later."
        )
        return False
    return min(error.retry_after, WAIT_CAP_SECONDS)
