"""Enriched events of the company's website and the files that they are loaded from."""

from __future__ import annotations

import gzip
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import md5
from typing import TYPE_CHECKING

import numpy as np
import orjson

from abm_pipeline.sandbox import _web
from abm_pipeline.sandbox._web import BOT, HOME, OFFICE, Events, Visits
from abm_pipeline.sandbox.vendor import Delivery
from abm_pipeline.sandbox.world.guests import Guests
from abm_pipeline.sandbox.world.names import COUNTRIES
from abm_pipeline.sandbox.world.scales import DAY, to_date
from abm_pipeline.sandbox.world.tables import Array

if TYPE_CHECKING:
    from abm_pipeline.sandbox.world import World

HOST = "www.northwind-abm.example"
PAGES = ("/", "/product", "/pricing", "/customers", "/blog/data-trust", "/blog/cost-control", "/about")
DOWNLOADS = ("/files/whitepapers/data-trust.pdf", "/files/case_studies/acme.pdf", "/files/ebooks/one-view.pdf")
FORMS = ("demo-request", "contact-form", "newsletter")
BROWSER = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36"
)
ROBOT = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"


def _names(text: str) -> tuple[str, ...]:
    return tuple(text.split())


# Fields in the order of the file; those that stay empty here are left out of the events, not of the file.
FIELDS = _names(
    """
    app_id platform etl_tstamp collector_tstamp dvce_created_tstamp event event_id txn_id name_tracker v_tracker
    v_collector v_etl user_id user_ipaddress user_fingerprint domain_userid domain_sessionidx network_userid geo_country
    geo_region geo_city geo_zipcode geo_latitude geo_longitude geo_region_name ip_isp ip_organization ip_domain
    ip_netspeed page_url page_title page_referrer page_urlscheme page_urlhost page_urlport page_urlpath page_urlquery
    page_urlfragment refr_urlscheme refr_urlhost refr_urlport refr_urlpath refr_urlquery refr_urlfragment refr_medium
    refr_source refr_term mkt_medium mkt_source mkt_term mkt_content mkt_campaign contexts se_category se_action
    se_label se_property se_value unstruct_event tr_orderid tr_affiliation tr_total tr_tax tr_shipping tr_city tr_state
    tr_country ti_orderid ti_sku ti_name ti_category ti_price ti_quantity pp_xoffset_min pp_xoffset_max pp_yoffset_min
    pp_yoffset_max useragent br_name br_family br_version br_type br_renderengine br_lang br_features_pdf
    br_features_flash br_features_java br_features_director br_features_quicktime br_features_realplayer
    br_features_windowsmedia br_features_gears br_features_silverlight br_cookies br_colordepth br_viewwidth
    br_viewheight os_name os_family os_manufacturer os_timezone dvce_type dvce_ismobile dvce_screenwidth
    dvce_screenheight doc_charset doc_width doc_height tr_currency tr_total_base tr_tax_base tr_shipping_base
    ti_currency ti_price_base base_currency geo_timezone mkt_clickid mkt_network etl_tags dvce_sent_tstamp
    refr_domain_userid refr_dvce_tstamp derived_contexts domain_sessionid derived_tstamp event_vendor event_name
    event_format event_version event_fingerprint true_tstamp
    """
)


@dataclass(frozen=True)
class Stream:
    """All that the tracker saw, who came, and the browser's and visit's ids."""

    guests: Guests
    visits: Visits
    events: Events
    device: Array
    session: Array
    id: Array
    fingerprint: Array


def stream(world: World) -> Stream:
    """The whole timeline, made once."""
    return world.part("snowplow", _make)


def _make(world: World) -> Stream:
    guests = _web.web_guests(world, "snowplow")
    visits = _web.make_visits(world, "snowplow", guests, 2.5 if world.calendar.scale.name == "tiny" else 12.0)
    events = _web.make_events(world, "snowplow", visits, len(PAGES))
    seed = world.calendar.seed

    def ids(what: str, numbers: Array) -> Array:
        known = {int(n): str(uuid.uuid5(uuid.NAMESPACE_URL, f"snowplow/{seed}/{what}/{n}")) for n in np.unique(numbers)}
        return np.array([known[int(n)] for n in numbers], object)

    ident = ids("event", events.visit * 100 + events.place)
    prints = np.array([md5(f"{i}".encode()).hexdigest() for i in ident], object)
    device = ids("device", visits.device)
    return Stream(guests, visits, events, device, ids("visit", np.arange(len(visits))), ident, prints)


def deliver(world: World) -> Iterator[Delivery]:
    """A file for every day of loading by the clock."""
    made = stream(world)
    loaded = made.events.arrived // DAY
    content = world.part("snowplow files", lambda w: _contents(w, made))
    for day in np.unique(loaded[loaded <= world.day]):
        name = f"enriched/good/{to_date(day)}/part-00000.tsv.gz"
        yield Delivery(name, int(day + 1) * DAY - 60, content[int(day)])


def _contents(world: World, made: Stream) -> dict[int, bytes]:
    lines: dict[int, list[str]] = {}
    for row in range(len(made.events)):
        fields = event(world, made, row)
        text = "\t".join(fields.get(name, "") for name in FIELDS)
        lines.setdefault(int(made.events.arrived[row]) // DAY, []).append(text)
    return {day: gzip.compress(("\n".join(of) + "\n").encode(), mtime=0) for day, of in lines.items()}


def content_of(made: Stream, row: int) -> str:
    """What an event is about: the page, the document or the form."""
    e = made.events
    if e.kind[row] == _web.VIEW:
        return PAGES[e.page[row]]
    if e.kind[row] == _web.DOWNLOAD:
        return DOWNLOADS[e.page[row] % len(DOWNLOADS)]
    return FORMS[e.page[row] % len(FORMS)]


def event(world: World, made: Stream, row: int) -> dict[str, str]:
    """The fields of one event that have a value."""
    e, v = made.events, made.visits
    visit, kind = int(e.visit[row]), int(e.kind[row])
    company, guest, origin = int(v.company[visit]), int(v.guest[visit]), int(v.origin[visit])
    path = PAGES[e.page[row]]
    made_at, arrived = _stamp(int(e.at[row])), _stamp(int(e.arrived[row]))
    fields = {
        "app_id": "northwind-www", "platform": "web", "etl_tstamp": arrived, "collector_tstamp": arrived,
        "dvce_created_tstamp": made_at, "dvce_sent_tstamp": arrived, "derived_tstamp": made_at,
        "event": "page_view" if kind == _web.VIEW else "unstruct", "event_id": made.id[row],
        "event_fingerprint": made.fingerprint[row], "name_tracker": "sp", "v_tracker": "js-3.24.0",
        "v_collector": "ssc-3.2.0-kinesis", "v_etl": "snowplow-enrich-kinesis-5.0.0-common-5.0.0",
        "user_ipaddress": f"203.0.113.{visit % 250}", "domain_userid": made.device[visit], "domain_sessionidx": "1",
        "domain_sessionid": made.session[visit], "page_url": f"https://{HOST}{path}", "page_title": "Northwind",
        "page_urlscheme": "https", "page_urlhost": HOST, "page_urlport": "443", "page_urlpath": path,
        "useragent": ROBOT if origin == BOT else BROWSER, "br_lang": "en", "br_cookies": "1", "br_viewwidth": "1280",
        "br_viewheight": "720", "dvce_type": "Computer", "dvce_ismobile": "0", "os_family": "Windows",
        "doc_charset": "UTF-8", "event_vendor": "com.snowplowanalytics.snowplow", "event_format": "jsonschema",
        "event_version": "1-0-0", "event_name": ("page_view", "link_click", "submit_form")[kind],
    }  # fmt: skip
    if company >= 0:
        fields["geo_country"] = COUNTRIES[world.companies.country[company]][0]
    if origin == OFFICE:
        domain = str(world.companies.domain[company])
        name = str(world.companies.legal_name[company])
        fields |= {"ip_isp": name, "ip_organization": name, "ip_domain": domain, "ip_netspeed": "Corporate"}
    if origin == HOME:
        provider = "Metro Broadband"
        fields |= {"ip_isp": provider, "ip_organization": provider, "ip_domain": "metro-broadband.net",
                   "ip_netspeed": "Cable/DSL"}  # fmt: skip
    if kind == _web.DOWNLOAD:
        fields["unstruct_event"] = _self_describing(
            "link_click", {"targetUrl": f"https://{HOST}{content_of(made, row)}"}
        )
    if kind == _web.SAYS:
        fields["unstruct_event"] = _self_describing("submit_form", {"formId": content_of(made, row), "formClasses": []})
        fields["user_id"] = str(made.guests.email[guest])
    return fields


def _self_describing(name: str, data: dict[str, object]) -> str:
    schema = f"iglu:com.snowplowanalytics.snowplow/{name}/jsonschema/1-0-1"
    outer = "iglu:com.snowplowanalytics.snowplow/unstruct_event/jsonschema/1-0-0"
    return orjson.dumps({"schema": outer, "data": {"schema": schema, "data": data}}).decode()


def _stamp(seconds: int) -> str:
    day, rest = divmod(seconds, DAY)
    return f"{to_date(day)} {rest // 3600:02d}:{rest // 60 % 60:02d}:{rest % 60:02d}.000"
