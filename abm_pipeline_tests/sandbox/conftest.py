"""A tiny sandbox that runs for the whole folder, and clients logged in to each vendor."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from abm_pipeline.sandbox import credentials as known
from abm_pipeline.sandbox.serve import running_sandbox
from abm_pipeline.sandbox.world import World, build_world

UNTIL = dt.date(2026, 6, 30)


@dataclass
class Vendor:
    """A client with a vendor's base URL and headers."""

    http: httpx.Client
    base: str

    def get(self, path: str, **more: Any) -> httpx.Response:
        """GET a path under the base."""
        return self.http.get(self.base + path, **more)

    def post(self, path: str, **more: Any) -> httpx.Response:
        """POST to a path under the base."""
        return self.http.post(self.base + path, **more)


@pytest.fixture(scope="session")
def tiny() -> World:
    """The tiny world that tests may look into."""
    return build_world("tiny", 7, UNTIL)


@pytest.fixture(scope="session")
def demo() -> World:
    """The demo world, for pages, truncation and planted rates."""
    return build_world("demo", 7, UNTIL)


@pytest.fixture(scope="session")
def big_sandbox(demo: World) -> Iterator[running_sandbox]:
    """A server over the demo world; nobody moves its clock."""
    with running_sandbox(world=demo) as running:
        yield running


@pytest.fixture
def sandbox() -> Iterator[running_sandbox]:
    """A server of one's own over a tiny world."""
    with running_sandbox("tiny", 7, UNTIL) as running:
        yield running


def salesforce_login(url: str) -> Vendor:
    """Client-credentials login; the base is the instance URL's data path."""
    http = httpx.Client(timeout=20)
    form = {
        "grant_type": "client_credentials",
        "client_id": known.SALESFORCE_CLIENT_ID,
        "client_secret": known.SALESFORCE_CLIENT_SECRET,
    }
    answer = http.post(f"{url}/salesforce/services/oauth2/token", data=form).json()
    http.headers["Authorization"] = f"Bearer {answer['access_token']}"
    return Vendor(http, answer["instance_url"] + "/services/data/v62.0")


def linkedin_login(url: str) -> Vendor:
    """Client-credentials login with the headers that every call needs."""
    http = httpx.Client(timeout=20)
    form = {
        "grant_type": "client_credentials",
        "client_id": known.LINKEDIN_CLIENT_ID,
        "client_secret": known.LINKEDIN_CLIENT_SECRET,
    }
    token = http.post(f"{url}/linkedin/oauth/v2/accessToken", data=form).json()["access_token"]
    http.headers.update(
        {"Authorization": f"Bearer {token}", "LinkedIn-Version": "202609", "X-Restli-Protocol-Version": "2.0.0"}
    )
    return Vendor(http, f"{url}/linkedin/rest")


def bombora_login(url: str) -> Vendor:
    """JSON login."""
    http = httpx.Client(timeout=20)
    body = {"client_id": known.BOMBORA_CLIENT_ID, "client_secret": known.BOMBORA_CLIENT_SECRET}
    token = http.post(f"{url}/bombora/oauth/token", json=body).json()["access_token"]
    http.headers["Authorization"] = f"Bearer {token}"
    return Vendor(http, f"{url}/bombora")
