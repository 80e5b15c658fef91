"""Calls from the documentation site and the product, and the archive that Segment keeps of them.

Visitors of the site are anonymous until they give an address (identify). Customers' users are signed in to the product:
an identify and a group call at first, then track calls for their group.
"""

from __future__ import annotations

import gzip
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson
import pandas as pd

from abm_pipeline.sandbox import _web
from abm_pipeline.sandbox._web import BOT, OFFICE, Events, Visits
from abm_pipeline.sandbox.vendor import Delivery
from abm_pipeline.sandbox.world.customers import customers
from abm_pipeline.sandbox.world.guests import Guests
from abm_pipeline.sandbox.world.scales import DAY

if TYPE_CHECKING:
    from abm_pipeline.sandbox.world import World

DOCS, APP = "docs.northwind-abm.example", "app.northwind-abm.example"
PAGES = ("/", "/guides/start", "/guides/identity", "/api", "/api/errors", "/changelog")
DOWNLOADS = (("Deployment checklist", "whitepaper"), ("Sizing workbook", "roi_calculator"))
FEATURES = ("Report Opened", "Segment Exported", "Alert Created")
SOURCES = {"docs": "dX7docs001", "app": "pQ9app0002"}
BROWSER = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/17.4 Safari/605.1.15"
ROBOT = "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)"


@dataclass(frozen=True)
class Archive:
    """Who came to the site and what they did; `usage`: a frame of (company, user, day, feature, times) in the product.

    `calls`: source, second of receipt, and the call as archived, in order of receipt.
    """

    guests: Guests
    visits: Visits
    events: Events
    usage: pd.DataFrame
    calls: list[tuple[str, int, dict[str, Any]]]


def archive(world: World) -> Archive:
    """The whole timeline, made once."""
    return world.part("segment", _make)


def device(world: World, number: int) -> str:
    """A browser's anonymousId."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"segment/{world.calendar.seed}/device/{number}"))


def message(world: World, what: str) -> str:
    """A call's id."""
    return "ajs-next-" + uuid.uuid5(uuid.NAMESPACE_URL, f"segment/{world.calendar.seed}/{what}").hex


def _make(world: World) -> Archive:
    guests = _web.web_guests(world, "segment")
    small = world.calendar.scale.name == "tiny"
    visits = _web.make_visits(world, "segment", guests, 1.5 if small else 5.0)
    events = _web.make_events(world, "segment", visits, len(PAGES))
    usage = _usage(world)
    made = Archive(guests, visits, events, usage, [])
    made.calls.extend(sorted([*_site(world, made), *_product(world, usage)], key=lambda c: (c[1], c[2]["messageId"])))
    return made


def _usage(world: World) -> pd.DataFrame:
    """Working days of customers that run the product in the cloud: every fourth of them, two or three users each."""
    cal, who, rng = world.calendar, customers(world), world.calendar.rng("segment usage")
    usable = world.companies.has_own_domain
    sites = np.array([c for c in who.companies if usable[c]])[1 :: 4 if cal.scale.name == "tiny" else 16]
    first = max(cal.start, cal.horizon - 241 - _web.EARLY_DAYS)
    days = np.arange(first, cal.horizon + 1)
    days = days[(days + 3) % 7 < 5]
    company, user, day = (a.ravel() for a in np.meshgrid(sites, np.arange(2), days, indexing="ij"))
    keep = rng.random(len(company)) < 0.3
    frame = pd.DataFrame({"company": company, "user": user, "day": day})[keep].reset_index(drop=True)
    start = who.start[[int(np.flatnonzero(who.company == c)[0]) for c in frame["company"]]]
    frame = frame.assign(
        feature=rng.integers(0, len(FEATURES), len(frame)), times=rng.integers(1, 4, len(frame)),
        second=rng.integers(8 * 3600, 17 * 3600, len(frame)), late=rng.random(len(frame)) < 0.03,
    )  # fmt: skip
    running: pd.DataFrame = frame[start < frame["day"] * DAY].reset_index(drop=True)
    return running


def _site(world: World, made: Archive) -> Iterator[tuple[str, int, dict[str, Any]]]:
    e, v = made.events, made.visits
    for row in range(len(e)):
        visit, kind = int(e.visit[row]), int(e.kind[row])
        path, anonymous = PAGES[e.page[row]], device(world, int(v.device[visit]))
        url = f"https://{DOCS}{path}"
        context: dict[str, Any] = {
            "library": {"name": "analytics.js", "version": "next-1.70.0"}, "ip": f"198.51.100.{visit % 250}",
            "page": {"url": url, "path": path, "referrer": "", "search": "", "title": "Northwind Docs"},
            "userAgent": ROBOT if v.origin[visit] == BOT else BROWSER, "locale": "en-US",
        }  # fmt: skip
        if v.origin[visit] == OFFICE:
            context["company"] = {"domain": world.companies.domain[v.company[visit]]}
        call = _call(world, f"docs/{visit}/{e.place[row]}", int(e.at[row]), int(e.arrived[row]), context)
        call |= {"anonymousId": anonymous, "userId": None}
        if kind == _web.VIEW:
            call |= {"type": "page", "name": path, "properties": {"url": url, "path": path, "title": "Northwind Docs"}}
        elif kind == _web.DOWNLOAD:
            name, sort = DOWNLOADS[e.page[row] % len(DOWNLOADS)]
            properties = {"content": name, "content_type": sort}
            call |= {"type": "track", "event": "Content Downloaded", "properties": properties}
        else:
            guest = int(v.guest[visit])
            person = f"{made.guests.first[guest]} {made.guests.last[guest]}"
            traits = {"email": made.guests.email[guest], "name": person, "title": made.guests.title[guest]}
            call |= {"type": "identify", "traits": traits}
        yield "docs", int(e.arrived[row]), call


def _product(world: World, usage: pd.DataFrame) -> Iterator[tuple[str, int, dict[str, Any]]]:
    seen = set()
    rows: Any = usage.itertuples()
    for r in rows:
        domain = world.companies.domain[r.company]
        user = f"u-{r.company}-{r.user}"
        at = int(r.day * DAY + r.second)
        arrived = at + (2 * DAY if r.late else 3)
        base = {"anonymousId": device(world, 2_000_000 + 10 * int(r.company) + int(r.user)), "userId": user}
        context = {
            "library": {"name": "analytics-node", "version": "2.1.0"}, "groupId": domain,
            "app": {"name": "Northwind Cloud", "version": "4.2"}, "ip": "192.0.2.7", "userAgent": BROWSER,
            "page": {"url": f"https://{APP}/", "path": "/", "referrer": "", "search": "", "title": "Northwind Cloud"},
        }  # fmt: skip
        if user not in seen:
            seen.add(user)
            for kind, more in (
                ("identify", {"traits": {"email": f"{user}@{domain}", "name": user, "title": "Analyst"}}),
                ("group", {"groupId": domain, "traits": {"name": world.companies.name[r.company],
                                                         "website": f"https://www.{domain}"}}),
            ):  # fmt: skip
                call = _call(world, f"app/{user}/{kind}", at - 5, at - 2, context) | base | {"type": kind} | more
                yield "app", at - 2, call
        for time in range(r.times):
            call = _call(world, f"app/{user}/{r.day}/{r.feature}/{time}", at + time, arrived + time, context) | base
            yield "app", arrived + time, call | {"type": "track", "event": FEATURES[r.feature], "properties": {}}


def _call(world: World, what: str, at: int, arrived: int, context: dict[str, Any]) -> dict[str, Any]:
    """What every call has. The device's clock is two minutes slow; Segment has set `timestamp` right."""
    return {
        "messageId": message(world, what), "timestamp": _iso(at), "originalTimestamp": _iso(at - 120),
        "sentAt": _iso(arrived - 120), "receivedAt": _iso(arrived), "context": context, "integrations": {},
        "version": 2, "channel": "client", "writeKey": "sandbox", "projectId": "prjNorthwind",
    }  # fmt: skip


def _iso(seconds: int) -> str:
    return pd.Timestamp(seconds, unit="s").strftime("%Y-%m-%dT%H:%M:%S.000Z")


def deliver(world: World) -> Iterator[Delivery]:
    """A packed file for every source and day of receipt by the clock."""
    files = world.part("segment files", _files)
    for (source, day), content in files.items():
        if day <= world.day:
            name = f"segment-logs/{SOURCES[source]}/{day * DAY * 1000}/{day}.{source}.gz"
            yield Delivery(name, (day + 1) * DAY - 60, content)


def _files(world: World) -> dict[tuple[str, int], bytes]:
    lines: dict[tuple[str, int], list[bytes]] = {}
    for source, arrived, call in archive(world).calls:
        lines.setdefault((source, arrived // DAY), []).append(orjson.dumps(call))
    return {key: gzip.compress(b"\n".join(of) + b"\n", mtime=0) for key, of in lines.items()}
